"""`bandstand generate`: one piece, here and now, without a server."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bandstand.cli.say import err, show_json
from bandstand.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from bandstand.audio.clip import Clip
    from bandstand.engines import Made
    from bandstand.engines.spool import Pressed
    from bandstand.specs import MusicSpec


def generate(
    prompt: Annotated[str, typer.Argument(help="What to play, in plain words.")],
    *,
    seconds: Annotated[float, typer.Option("--seconds", "-s", help="Exact length.")] = 30.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write; its ending chooses the format."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed makes the same piece; drawn if left out.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", help="See: bandstand models list.")
    ] = "composer",
    encoding: Annotated[
        str | None, typer.Option(help="wav, wav24, wav32f, mp3, flac or ogg.")
    ] = None,
    loudness: Annotated[str, typer.Option(help="loudness, clip, peak or rms.")] = "loudness",
    sample_rate: Annotated[int | None, typer.Option(help="Hz.")] = None,
    extras: Annotated[
        bool, typer.Option("--extras", help="Write the MIDI file and the plan beside it, too.")
    ] = False,
    hear: Annotated[bool, typer.Option("--play", help="Play it when it is done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Tell all about it as JSON.")] = False,
) -> None:
    """Make one piece without a server and print the path of the file."""
    from bandstand.cli.player import play
    from bandstand.specs import MusicSpec, check_spec

    target = out or _free_name(encoding or "wav")
    spec = MusicSpec(
        prompt=prompt,
        model=model,
        seconds=seconds,
        seed=secrets.randbelow(2**31 - 1) if seed is None else seed,
        encoding=_encoding(encoding, target),
        loudness=_loudness(loudness),
        sample_rate=sample_rate,
    )
    check_spec(spec)
    if not target.parent.is_dir():
        raise Invalid("out", f"there is no folder {target.parent}")
    if target.is_dir():
        raise Invalid("out", f"{target} is a folder")
    files = _make(spec, target, with_extras=extras)
    if as_json:
        show_json({"file": str(target), "seed": spec.seed, "files": files})
    else:
        err.print(f"seed {spec.seed}")
        sys.stdout.write(f"{target}\n")
    if hear:
        play(target)


def _make(spec: MusicSpec, target: Path, *, with_extras: bool) -> list[dict[str, Any]]:
    from bandstand import __version__
    from bandstand.audio.tags import Tags
    from bandstand.engines.offer import open_catalog
    from bandstand.engines.press import press
    from bandstand.settings import load_settings

    made_by = open_catalog(load_settings()).choose(spec)
    tags = Tags(
        prompt=spec.prompt,
        seed=spec.seed,
        model=made_by.name,
        engine=made_by.engine,
        licence=made_by.licence,
        software=f"Bandstand {__version__}",
    )
    with _working_folder(target) as folder:
        made = asyncio.run(_compose(made_by.engine, spec))
        pressed = press(made, spec, tags, folder)
        wanted = [file for file in pressed if file.kind == "audio" or with_extras]
        return [_deliver(file, folder, target) for file in wanted]


async def _compose(engine_name: str, spec: MusicSpec) -> Made:
    from bandstand.engines import Inputs, open_engine
    from bandstand.engines.offer import equipment_of
    from bandstand.settings import load_settings

    engine = open_engine(engine_name, equipment_of(load_settings()))
    with _bar() as bar:
        await engine.start()
        return await engine.make(spec, Inputs(), bar)


@contextlib.contextmanager
def _working_folder(target: Path) -> Generator[Path]:
    """Beside the target, so that a file is there whole or not at all, and so that a folder that is not ours is found out first."""
    try:
        with tempfile.TemporaryDirectory(prefix=".bandstand-", dir=target.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise Unavailable(f"Cannot write {target}: {error.strerror}") from None


def _deliver(file: Pressed, folder: Path, target: Path) -> dict[str, Any]:
    """The track under its own name, the others beside it."""
    place = target if file.kind == "audio" else target.with_name(f"{target.stem}.{file.name}")
    (folder / file.name).replace(place)
    return {"name": place.name, "kind": file.kind, "bytes": file.bytes, "about": dict(file.about)}


class Bar:
    """The engine's `Report`, drawn."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("composing", total=1.0)

    def progress(self, fraction: float) -> None:
        self._progress.update(self._task, completed=fraction)

    def log(self, line: str) -> None:
        self._progress.console.print(line, style="dim", markup=False, highlight=False)

    def audio(self, stretch: Clip) -> None:
        """Nobody listens yet."""


@contextlib.contextmanager
def _bar() -> Generator[Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield Bar(progress)


def _encoding(given: str | None, target: Path) -> Any:
    from bandstand.specs import Encoding

    word = given or target.suffix.lstrip(".").lower() or "wav"
    try:
        return Encoding(word)
    except ValueError:
        raise Invalid("encoding", f"{word!r} is none of: {', '.join(Encoding)}") from None


def _loudness(word: str) -> Any:
    from bandstand.specs import Loudness

    try:
        return Loudness(word)
    except ValueError:
        raise Invalid("loudness", f"{word!r} is none of: {', '.join(Loudness)}") from None


def _free_name(encoding: str) -> Path:
    """bandstand.wav, bandstand-2.wav ... whatever is not there yet."""
    ending = "wav" if encoding.startswith("wav") else encoding
    names = [f"bandstand{number}.{ending}" for number in ("", *(f"-{n}" for n in range(2, 10_000)))]
    return next(path for name in names if not (path := Path(name)).exists())
