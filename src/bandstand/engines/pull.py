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

from bandstand.catalog import MODELS, NON_COMMERCIAL, allows_commerce
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
from bandstand.engines.weights import TEN, base_of, look_at
from bandstand.errors import Conflict, Failed, Invalid, NotFound, Unavailable

PINNED = "pull.json"
CHUNK_BYTES = 1 << 20
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# Besides the tensors: what the text encoder's tokenizer and the sizes are read from.
SMALL_FILES = frozenset(
    {
        *("config.json", "generation_config.json", "preprocessor_config.json"),
        *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        *("spiece.model", "added_tokens.json"),
    }
)
WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
AUDIOCRAFT = ("state_dict.bin", "compression_state_dict.bin")
MULTIBAND_FILE = "mbd_musicgen_32khz.th"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Told = Callable[[int], None]


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
    """What somebody asked for: a name to have it under, and a repository on the hub or a folder here."""

    name: str
    repository: str | None
    folder: Path | None

    def pinned(self, models: Path) -> str | None:
        """The revision at which an earlier pull of the same was broken off."""
        there = _read_pin(models / PARTIAL / self.name)
        return there[1] if there and there[0] == self.repository else None

    def licence(self, given: str | None, claimed: str | None = None) -> str:
        """Under which licence it is used here.

        What is tuned from Meta's weights stays under Meta's terms, whatever its page says; only a stricter claim is believed.
        Whoever knows better gives the licence.
        """
        if self.name in COMPANIONS:
            return COMPANIONS[self.name].licence
        stricter = claimed if claimed and not allows_commerce(claimed) else None
        return given or stricter or NON_COMMERCIAL


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


def aim_at(source: str, name: str | None = None) -> Aim:
    """One of the ten or a companion by name, a repository as owner/name, or a folder.

    raises  Invalid, NotFound
    """
    if source in TEN or source in COMPANIONS:
        known = MODELS[source].weights if source in TEN else COMPANIONS[source].repository
        return Aim(_checked(name or source), known, None)
    if Path(source).expanduser().is_dir():
        folder = Path(source).expanduser().resolve()
        return Aim(_checked(name or folder.name), None, folder)
    if REPOSITORY.fullmatch(source):
        own = next((n for n, c in COMPANIONS.items() if c.repository == source), None)
        short = own or source.partition("/")[2].removeprefix("musicgen-")
        return Aim(_checked(name or short), source, None)
    ten = ", ".join(TEN)
    raise NotFound(f"{source!r} is no folder, no OWNER/NAME on the hub and none of: {ten}")


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


def choose_files(names: Iterable[str], where: str) -> list[str]:
    """Those that are needed: safetensors when there are any, otherwise what audiocraft writes.

    raises  Invalid when there are neither
    """
    there = set(names)
    shards = sorted(name for name in there if SHARD.fullmatch(name))
    if WHOLE in there:
        tensors = [WHOLE]
    elif INDEX in there and shards:
        tensors = [INDEX, *shards]
    elif MULTIBAND_FILE in there:
        return [MULTIBAND_FILE]
    elif AUDIOCRAFT[0] in there:
        return [name for name in AUDIOCRAFT if name in there]
    else:
        raise Invalid(
            "source",
            f"{where} holds no weights: neither {WHOLE} nor shards of it nor state_dict.bin",
        )
    return [*sorted(there & SMALL_FILES), *tensors]


class FolderOrigin:
    """A folder on this machine. linked: each file stays where it is, and a link to it is laid."""

    revision = None

    def __init__(self, folder: Path, *, linked: bool = False) -> None:
        self.source = str(folder)
        self.copies = not linked
        self._folder = folder
        known = read_manifest(folder)
        self.licence = known.licence if known else None
        names = choose_files((path.name for path in folder.iterdir()), self.source)
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
    if name in MODELS and name not in TEN:
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
    found = look_at(partial, name)
    if isinstance(found, BrokenModel):
        shutil.rmtree(partial)
        raise Invalid(name, f"it was not installed: {found.problem}")
    return found.description.layout, base_of(found.sizes)
