"""Getting weights into the models' folder, from wherever they are: whole, checked, or not at all.

What is under way lies in `.partial/NAME` and is renamed when every file is there and has its checksum; a pull that was broken
off goes on where it stopped, at the same revision. The network is `hub.py`'s affair.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bandstand.catalog import MODELS, NON_COMMERCIAL, Model, allows_commerce
from bandstand.diffusion.describe import TENSORS
from bandstand.engines.checkpoints import UNKNOWN_LICENCE
from bandstand.engines.choose import are_pictures, choose_files, choose_needed
from bandstand.engines.companions import COMPANIONS
from bandstand.engines.manifests import (
    PARTIAL,
    BrokenModel,
    Entry,
    Manifest,
    folder_of,
    read_manifest,
    write_manifest,
)
from bandstand.engines.weights import TEN, look_at_any
from bandstand.errors import Conflict, Failed, Invalid, NotFound, Unavailable
from bandstand.specs import Kind

PINNED = "pull.json"
CHUNK_BYTES = 1 << 20
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
TEN_REPOSITORIES = frozenset(MODELS[name].weights for name in TEN)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Told = Callable[[int], None]
Choose = Callable[[Iterable[str], str], list[str]]
"""From all names of files, and where they are, to those that are needed."""


@dataclass(frozen=True, kw_only=True)
class File:
    """One file at its origin. sha256, git_sha1: what the origin says of its content, when it does."""

    name: str
    bytes: int
    sha256: str | None = None
    git_sha1: str | None = None


class Origin(Protocol):
    """Where weights come from.

    revision  a commit, or None where there is none
    licence   the one it claims
    copies    False when nothing is copied, for nothing needs room then
    """

    @property
    def source(self) -> str: ...
    @property
    def revision(self) -> str | None: ...
    @property
    def licence(self) -> str | None: ...
    @property
    def copies(self) -> bool: ...
    @property
    def files(self) -> Sequence[File]: ...

    def lay(self, file: File, target: Path, told: Told) -> None:
        """Make `target` the file's content, going on from what is there; tell each stretch of bytes."""
        ...


@dataclass(frozen=True)
class Aim:
    """What somebody asked for: a name to have it under, and a repository on the hub or a folder here.

    file  the one that is meant, where there are several models; None: there is one
    """

    name: str
    repository: str | None
    folder: Path | None
    file: str | None = None

    def choose(self, names: Iterable[str], where: str) -> list[str]:
        """The files that are needed. raises Invalid when they are not there"""
        companion = COMPANIONS.get(self.name)
        if companion and companion.is_all:
            return choose_needed(names, where, companion.needed)
        return choose_files(names, where, self.file)

    def pinned(self, models: Path) -> str | None:
        """The revision at which an earlier pull of the same was broken off."""
        there = _read_pin(models / PARTIAL / self.name)
        return there[1] if there and there[0] == self.repository else None

    def licence(
        self, given: str | None, claimed: str | None = None, *, is_pictures: bool = False
    ) -> str:
        """Under which licence it is used here.

        What is tuned from Meta's weights stays under Meta's terms, whatever its page says; only a stricter claim is believed.
        Models of pictures have many authors: their pages are believed, unless the catalog knows that less is allowed.
        Whoever knows better gives the licence.
        """
        if self.name in COMPANIONS:
            return COMPANIONS[self.name].licence
        stricter = claimed if claimed and not allows_commerce(claimed) else None
        if given:
            return given
        if not (is_pictures or self._listed):
            return stricter or NON_COMMERCIAL
        known = self._listed.licence if self._listed else None
        if known and (stricter is None or not allows_commerce(known)):
            return known
        return claimed or UNKNOWN_LICENCE

    @property
    def is_known(self) -> bool:
        """Whether its licence is, before anything is asked."""
        return self.name in COMPANIONS or self.repository in TEN_REPOSITORIES or bool(self._listed)

    @property
    def _listed(self) -> Model | None:
        """As the catalog has it, for models of pictures."""
        return next(
            (
                m
                for m in MODELS.values()
                if m.kind is Kind.IMAGE and m.weights and m.weights == self.repository
            ),
            None,
        )


@dataclass(frozen=True, kw_only=True)
class Pull:
    """All that is known before the first byte comes. bytes_there: of an earlier try."""

    name: str
    licence: str
    origin: Origin
    models: Path
    bytes: int
    bytes_there: int

    @property
    def partial(self) -> Path:
        return self.models / PARTIAL / self.name


def aim_at(source: str, name: str | None = None, file: str | None = None) -> Aim:
    """A model of the catalog or a companion by name, a repository as owner/name, a folder, or one file of tensors.

    raises  Invalid, NotFound
    """
    known = MODELS.get(source)
    if source in COMPANIONS or (known and known.weights):
        repository = known.weights if known else COMPANIONS[source].repository
        return Aim(_checked(name or source), repository, None, file)
    place = Path(source).expanduser()
    if place.is_dir():
        folder = place.resolve()
        return Aim(_checked(name or folder.name), None, folder, file)
    if place.is_file():
        return _aim_at_file(place.resolve(), name)
    if REPOSITORY.fullmatch(source):
        own = next((n for n, c in COMPANIONS.items() if c.repository == source), None)
        short = own or source.partition("/")[2].removeprefix("musicgen-")
        return Aim(_checked(name or short), source, None, file)
    there = ", ".join(model.name for model in MODELS.values() if model.weights)
    raise NotFound(
        f"{source!r} is no folder, no file, no OWNER/NAME on the hub and none of: {there}"
    )


def _aim_at_file(file: Path, name: str | None) -> Aim:
    if file.suffix != TENSORS:
        raise Invalid(
            "source",
            f"{file.name} is no {TENSORS} file; pickled ones (.ckpt, .bin) are never loaded",
        )
    tidy = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:64]
    return Aim(_checked(name or tidy), None, file.parent, file.name)


def licence_of(aim: Aim, origin: Origin, given: str | None = None) -> str:
    """As `Aim.licence`, once it is known what comes."""
    is_pictures = are_pictures([file.name for file in origin.files])
    return aim.licence(given, origin.licence, is_pictures=is_pictures)


def prepare(aim: Aim, origin: Origin, models: Path, licence: str) -> Pull:
    """raises Conflict when the name is taken, Unavailable when there is no room; both before anything is written"""
    _check_free(aim.name, models)
    pull = Pull(
        name=aim.name,
        licence=licence,
        origin=origin,
        models=models,
        bytes=sum(file.bytes for file in origin.files),
        bytes_there=_bytes_there(models / PARTIAL / aim.name, origin),
    )
    _check_space(pull)
    return pull


def refuse_unless_commercial(licence: str) -> None:
    """raises Invalid"""
    if not allows_commerce(licence):
        raise Invalid(
            "licence", f"{licence} does not allow commercial use, and only what does is wanted here"
        )


def carry_out(pull: Pull, *, acknowledged_at: float, told: Told) -> Manifest:
    """Fetch, check, and put in place.

    told    how many more bytes are there; fewer after a file had to be begun again
    raises  Unavailable (what came is kept, and the next try goes on), Failed for a wrong checksum, Invalid for weights that
            cannot be used, Conflict when somebody else is at it
    """
    with _alone(pull) as partial:
        _check_free(pull.name, pull.models)
        _pin(partial, pull.origin)
        told(_bytes_there(partial, pull.origin))
        entries = {
            file.name: _fetch(file, pull.origin, partial, told) for file in pull.origin.files
        }
        layout, base = _looked_at(pull.name, partial)
        manifest = Manifest(
            name=pull.name,
            base=base,
            source=pull.origin.source,
            revision=pull.origin.revision,
            licence=pull.licence,
            acknowledged_at=acknowledged_at,
            layout=layout,
            files=entries,
        )
        (partial / PINNED).unlink()
        write_manifest(partial, manifest)
        partial.rename(pull.models / pull.name)
        return manifest


class FolderOrigin:
    """A folder on this machine. linked: each file stays where it is, and a link to it is laid."""

    revision = None

    def __init__(
        self, folder: Path, *, linked: bool = False, choose: Choose = choose_files
    ) -> None:
        self.source = str(folder)
        self.copies = not linked
        self._folder = folder
        known = read_manifest(folder)
        self.licence = known.licence if known else None
        found = [path for pattern in ("*", "*/*") for path in folder.glob(pattern)]
        names = choose(
            (path.relative_to(folder).as_posix() for path in found if path.is_file()), self.source
        )
        self.files = [File(name=name, bytes=(folder / name).stat().st_size) for name in names]

    def lay(self, file: File, target: Path, told: Told) -> None:
        source = self._folder / file.name
        started = target.stat().st_size if target.exists() and not target.is_symlink() else 0
        told(-started)
        target.unlink(missing_ok=True)
        if not self.copies:
            target.symlink_to(source)
            told(file.bytes)
            return
        with source.open("rb") as theirs, target.open("wb") as ours:
            while chunk := theirs.read(CHUNK_BYTES):
                write(ours.fileno(), chunk)
                told(len(chunk))


def write(descriptor: int, content: bytes) -> None:
    """raises Unavailable when the disk is full"""
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise Unavailable(
                f"The disk took no more ({error.strerror}); make room and run the same command again:"
                " what came so far is kept."
            ) from None


def digest(file: Path) -> str:
    """The content's SHA-256, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def git_digest(file: Path) -> str:
    """As git names a small file: by the SHA-1 of its length and content."""
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def shown_bytes(count: float) -> str:
    """With the unit that suits: 812 B, 3.3 kB, 587.0 MB, 6.60 GB."""
    for unit, factor, digits in (("GB", 1e9, 2), ("MB", 1e6, 1), ("kB", 1e3, 1)):
        if count >= factor:
            return f"{count / factor:.{digits}f} {unit}"
    return f"{count:.0f} B"


def _checked(name: str) -> str:
    folder_of(Path(), name)
    if name in MODELS and MODELS[name].weights is None:
        raise Invalid("name", f"{name!r} is a built-in model's; choose another with --name")
    return name


def _check_free(name: str, models: Path) -> None:
    if (models / name).exists():
        raise Conflict(f"{name!r} is here already; remove it first: bandstand models rm {name}")


def _check_space(pull: Pull) -> None:
    if not pull.origin.copies:
        return
    place = next(p for p in (pull.models, *pull.models.parents) if p.exists())
    free, needed = shutil.disk_usage(place).free, pull.bytes - pull.bytes_there
    if needed > free:
        raise Unavailable(
            f"{pull.name!r} needs {shown_bytes(needed)} more in {pull.models}, and only {shown_bytes(free)} are free there."
        )


@contextlib.contextmanager
def _alone(pull: Pull) -> Generator[Path]:
    """The partial folder, while nobody else works in it."""
    pull.partial.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(pull.partial, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict(f"{pull.name!r} is being pulled by another process.") from None
    else:
        yield pull.partial
    finally:
        os.close(descriptor)


def _pin(partial: Path, origin: Origin) -> None:
    """Write down what is being pulled; what lies there of something else is cleared away."""
    if _read_pin(partial) != (origin.source, origin.revision):
        for path in partial.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    pin = {"source": origin.source, "revision": origin.revision}
    (partial / PINNED).write_text(json.dumps(pin))


def _read_pin(partial: Path) -> tuple[str, str | None] | None:
    try:
        pin = json.loads((partial / PINNED).read_bytes())
        return pin["source"], pin["revision"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _bytes_there(partial: Path, origin: Origin) -> int:
    if _read_pin(partial) != (origin.source, origin.revision):
        return 0
    places = (place for file in origin.files for place in _places(partial, file))
    return sum(place.stat().st_size for place in places if place.exists())


def _places(partial: Path, file: File) -> tuple[Path, Path]:
    """Where a file lies when it was checked, and before."""
    return partial / file.name, partial / f"{file.name}.part"


def _fetch(file: File, origin: Origin, partial: Path, told: Told) -> Entry:
    place, part = _places(partial, file)
    if not place.exists():
        part.parent.mkdir(exist_ok=True)
        origin.lay(file, part, told)
        try:
            sha256 = _check(file, part, origin)
        except Failed:
            part.unlink()
            raise
        # On disk before it has its name: what is listed as whole must be so after a power cut, too.
        with part.open("rb") as content:
            os.fsync(content.fileno())
        part.rename(place)
        return Entry(file.bytes, sha256)
    return Entry(file.bytes, _check(file, place, origin))


def _check(file: File, place: Path, origin: Origin) -> str:
    """The content's sha256. raises Failed when it is not what the origin said"""
    sha256 = digest(place)
    is_right = place.stat().st_size == file.bytes
    if file.sha256:
        is_right &= sha256 == file.sha256
    elif file.git_sha1:
        is_right &= git_digest(place) == file.git_sha1
    if not is_right:
        raise Failed(
            f"{file.name} does not have the checksum that {origin.source} tells; it was thrown away. Pull again."
        )
    return sha256


def _looked_at(name: str, partial: Path) -> tuple[str, str | None]:
    """Layout and base of what came. What can never be used is not kept. raises Invalid"""
    if name in COMPANIONS:
        return "companion", None
    found = look_at_any(partial, name)
    if isinstance(found, BrokenModel):
        shutil.rmtree(partial)
        raise Invalid(name, f"it was not installed: {found.problem}")
    return found.layout, found.base
