"""One piece made in this process: the engine, its progress on the terminal, the files. Not what is wanted: that is `generate.py`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bandstand.cli.say import err
from bandstand.errors import Unavailable

if TYPE_CHECKING:
    from bandstand.audio.clip import Clip
    from bandstand.catalog import Model
    from bandstand.engines import Equipment, Inputs, Made
    from bandstand.engines.spool import Pressed
    from bandstand.settings import Settings
    from bandstand.specs import MusicSpec


def make(
    spec: MusicSpec, target: Path, settings: Settings, *, with_extras: bool
) -> list[dict[str, Any]]:
    """What was written: the track at the target, the extras beside it.

    spec  its model is a name in the catalog, or a folder of weights
    """
    from bandstand.cli.elsewhere import offer_of
    from bandstand.cli.given import read_given
    from bandstand.engines.press import press
    from bandstand.logs import set_up_logs

    set_up_logs("error", as_json=False)
    offer = offer_of(spec.model, settings)
    made_by = offer.catalog.choose(dataclasses.replace(spec, model=offer.model))
    if made_by.name != offer.model:
        err.print(f"{offer.model} cannot be played here; {made_by.name} plays instead")
    spec = dataclasses.replace(spec, model=made_by.name)
    with _working_folder(target) as folder:
        given = asyncio.run(read_given(spec, settings.allowed_private_hosts))
        made = asyncio.run(_play(made_by, spec, given, offer.equipment))
        pressed = press(made, spec, _tags(spec, made_by), folder)
        wanted = [file for file in pressed if file.kind in {"audio", "stems"} or with_extras]
        return [_deliver(file, folder, target) for file in wanted]


async def _play(model: Model, spec: MusicSpec, given: Inputs, equipment: Equipment) -> Made:
    from bandstand.engines import open_engine

    engine = open_engine(model.engine, equipment)
    with _bar() as bar:
        await engine.start()
        try:
            return await engine.make(spec, given, bar)
        finally:
            await engine.stop()


def _tags(spec: MusicSpec, made_by: Model) -> Any:
    from bandstand import __version__
    from bandstand.audio.tags import Tags

    return Tags(
        prompt=spec.prompt,
        seed=spec.seed,
        model=made_by.name,
        engine=made_by.engine,
        licence=made_by.licence,
        software=f"Bandstand {__version__}",
    )


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
