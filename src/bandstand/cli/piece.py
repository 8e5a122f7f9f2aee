"""Pieces made in this process: the engines, their progress on the terminal, the files. Not what is wanted: that is `asked.py`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bandstand.cli.say import err
from bandstand.errors import Unavailable

if TYPE_CHECKING:
    from bandstand.audio.clip import Clip
    from bandstand.catalog import Model
    from bandstand.cli.elsewhere import Offer
    from bandstand.engines import Inputs
    from bandstand.engines.spool import Pressed
    from bandstand.settings import Settings
    from bandstand.specs import MusicSpec

WANTED = frozenset({"audio", "stems"})


@dataclass(frozen=True)
class Made:
    """What was written: the track first, then what lies beside it."""

    files: Sequence[dict[str, Any]]
    seed: int | None


class Studio:
    """The engines of this machine; one that was started stays open from piece to piece.

    also  kinds of files to keep besides the track and its stems
    """

    def __init__(self, settings: Settings, also: frozenset[str]) -> None:
        self._settings = settings
        self._kinds = WANTED | also
        self._loop = asyncio.Runner()
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Self:
        from bandstand.logs import set_up_logs

        set_up_logs("error", as_json=False)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for engine in self._open.values():
            self._loop.run(engine.stop())
        self._loop.close()

    def make(self, spec: MusicSpec, target: Path) -> Made:
        """spec: its model is a name in the catalog, or a folder of weights"""
        from bandstand.cli.elsewhere import offer_of
        from bandstand.cli.given import read_given
        from bandstand.engines.press import press

        offer = offer_of(spec.model, self._settings)
        made_by = offer.catalog.choose(dataclasses.replace(spec, model=offer.model))
        if made_by.name != offer.model:
            err.print(f"{offer.model} cannot be played here; {made_by.name} plays instead")
        spec = dataclasses.replace(spec, model=made_by.name)
        with working_folder(target) as folder:
            given = self._loop.run(read_given(spec, self._settings.allowed_private_hosts))
            made = self._loop.run(self._play(made_by, offer, spec, given))
            pressed = press(made, spec, _tags(spec, made_by), folder)
            wanted = [file for file in pressed if file.kind in self._kinds]
            return Made([_deliver(file, folder, target) for file in wanted], spec.seed)

    async def _play(self, model: Model, offer: Offer, spec: MusicSpec, given: Inputs) -> Any:
        from bandstand.engines import open_engine

        with bar() as report:
            # Weights in a folder of the asker's own are known to the engine that was opened for them only.
            name = model.name if offer.equipment.elsewhere else model.engine
            if name not in self._open:
                engine = open_engine(model.engine, offer.equipment)
                self._open[name] = engine
                await engine.start()
            return await self._open[name].make(spec, given, report)


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
def working_folder(target: Path) -> Generator[Path]:
    """Beside the target, so that a file is there whole or not at all, and so that a folder that is not ours is found out first."""
    try:
        with tempfile.TemporaryDirectory(prefix=".bandstand-", dir=target.parent) as folder:
            yield Path(folder)
    except OSError as error:
        raise Unavailable(f"Cannot write {target}: {error.strerror}") from None


def place_of(kind: str, name: str, target: Path) -> Path:
    """The track under its own name, the others beside it."""
    return target if kind == "audio" else target.with_name(f"{target.stem}.{name}")


def _deliver(file: Pressed, folder: Path, target: Path) -> dict[str, Any]:
    place = place_of(file.kind, file.name, target)
    (folder / file.name).replace(place)
    return {"name": place.name, "kind": file.kind, "bytes": file.bytes, "about": dict(file.about)}


class Bar:
    """The engine's `Report`, drawn."""

    def __init__(self, progress: Progress, doing: str) -> None:
        self._progress = progress
        self._task = progress.add_task(doing, total=1.0)

    def progress(self, fraction: float) -> None:
        self._progress.update(self._task, completed=fraction)

    def log(self, line: str) -> None:
        self._progress.console.print(line, style="dim", markup=False, highlight=False)

    def audio(self, stretch: Clip) -> None:
        """Nobody listens yet."""

    def preview(self, jpeg: bytes) -> None:
        """A terminal shows none."""


@contextlib.contextmanager
def bar(doing: str = "composing") -> Generator[Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield Bar(progress, doing)
