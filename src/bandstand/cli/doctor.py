"""`bandstand doctor`: what is here, what is not, and what to do about it. Changes nothing, and makes no folder."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bandstand import __version__
from bandstand.cli.additions import additions
from bandstand.cli.config import hide
from bandstand.cli.player import PLAYERS, find_player
from bandstand.cli.say import FAILED, AsJson, show_json, show_table
from bandstand.errors import BandstandError, Misconfigured

if TYPE_CHECKING:
    from bandstand.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. remedy: what to do about it, "" when nothing needs doing."""

    what: str
    state: str
    remedy: str = ""
    is_broken: bool = False


def doctor(*, as_json: AsJson = False) -> None:
    """What is installed, what is not, and what to do about it. Exit code 1 when something is broken."""
    from bandstand.settings import load_settings

    settings = load_settings()
    findings = [
        *_program(),
        *_engines(settings),
        *_weights(settings),
        *_additions(settings),
        *_sound(),
        _playground(settings),
        _folder(settings),
        _database(settings),
        _blobs(settings),
    ]
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        show_table(
            ("", "what", "state", "do"),
            [
                ("broken" if found.is_broken else "ok", found.what, found.state, found.remedy)
                for found in findings
            ],
        )
    if any(found.is_broken for found in findings):
        raise typer.Exit(FAILED)


def _program() -> Iterator[Finding]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    yield Finding("bandstand", __version__)
    yield Finding("Python", platform.python_version())
    yield Finding(
        "machine",
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.1f} GB memory",
    )


def _engines(settings: Settings) -> Iterator[Finding]:
    from bandstand.engines import open_engine
    from bandstand.engines.offer import EXTRAS, engines_of, equipment_of

    for name in engines_of(settings):
        try:
            engine = open_engine(name, equipment_of(settings))
        except Misconfigured as error:
            yield Finding(f"engine {name}", error.message, "mend BANDSTAND_ENGINES", is_broken=True)
        except ImportError as error:
            yield Finding(
                f"engine {name}",
                str(error),
                f"pip install 'bandstand[{EXTRAS.get(name, name)}]'",
                is_broken=True,
            )
        else:
            yield Finding(f"engine {name}", f"opens, {engine.slots} jobs at once")
    yield from _torch()


def _torch() -> Iterator[Finding]:
    if find_spec("torch") is None:
        yield Finding("torch", "not installed; the composer needs none")
        return
    from bandstand.engines.device import describe_device, describe_step_library

    yield Finding("torch", f"{metadata.version('torch')}, {describe_device()}")
    yield Finding("step library", describe_step_library())


def _weights(settings: Settings) -> Iterator[Finding]:
    from bandstand.engines.companions import COMPANIONS, companion
    from bandstand.engines.offer import engines_of, hindrance_of
    from bandstand.engines.pull import shown_bytes
    from bandstand.engines.weights import broken_models, installed_diffusers, installed_models

    folder, engines = settings.models_folder, engines_of(settings)
    there = (*installed_models(folder), *installed_diffusers(folder))
    yield Finding("models folder", f"{folder}, {len(there)} installed")
    for model in there:
        hindrance = hindrance_of(model, settings, engines)
        state = f"{shown_bytes(model.bytes)}, {model.licence}"
        yield Finding(f"model {model.name}", state, f"not played: {hindrance}" if hindrance else "")
    for name in COMPANIONS:
        if companion(folder, name):
            yield Finding(f"weights {name}", f"beside the models, {COMPANIONS[name].licence}")
    for broken in broken_models(folder):
        remedy = f"bandstand models rm {broken.name}, then pull it again"
        yield Finding(f"model {broken.name}", broken.problem, remedy, is_broken=True)


def _additions(settings: Settings) -> Iterator[Finding]:
    """What could be here besides, with the one command that brings it."""
    for addition in additions(settings):
        remedy = "" if addition.is_here else addition.command
        yield Finding(addition.name, addition.state, remedy)


def _sound() -> Iterator[Finding]:
    import soundfile

    from bandstand.audio.codecs import FORMATS

    wanted = {form.container for form in FORMATS.values()}
    missing = wanted - set(soundfile.available_formats())
    version = f"libsndfile {soundfile.__libsndfile_version__}"
    if missing:
        state = f"{version} cannot write {', '.join(sorted(missing))}"
        yield Finding("codecs", state, "pip install --upgrade soundfile", is_broken=True)
    else:
        yield Finding("codecs", f"{version}: {', '.join(sorted(wanted)).lower()}")
    player = find_player()
    remedy = "" if player else f"for --play install one of: {', '.join(PLAYERS)}"
    yield Finding("player", player or "none found", remedy)


def _playground(settings: Settings) -> Finding:
    if not settings.playground:
        return Finding("playground", "switched off by BANDSTAND_PLAYGROUND")
    return Finding("playground", f"at {settings.url}; bandstand login prints a way in")


def _folder(settings: Settings) -> Finding:
    from bandstand.service import FREE_BYTES_MIN

    folder = settings.data.absolute()
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    state = f"{folder}, {free / 1e9:.1f} GB free" + ("" if folder.exists() else ", not made yet")
    if not os.access(there, os.W_OK):
        return Finding(
            "data folder", f"{state}, not writable", "set BANDSTAND_DATA", is_broken=True
        )
    if free < FREE_BYTES_MIN:
        return Finding(
            "data folder", state, "make room: no job is accepted until then", is_broken=True
        )
    return Finding("data folder", state)


def _database(settings: Settings) -> Finding:
    from sqlalchemy.exc import SQLAlchemyError

    from bandstand.store.database import open_database
    from bandstand.store.migrate import current, newest

    url = hide(settings.database)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        return Finding("database", f"{url}, not made yet")
    try:
        database = open_database(settings.database)
        schema = database.read_now(current)
        database.close()
    except (BandstandError, SQLAlchemyError) as error:
        state = f"{url} does not answer: {_first_line(error)}"
        return Finding("database", state, "start it, or set BANDSTAND_DATABASE_URL", is_broken=True)
    if schema == newest():
        return Finding("database", f"{url}, schema {schema}")
    if schema is not None and schema > newest():
        return Finding(
            "database",
            f"{url}, schema {schema} of a newer version",
            "upgrade this program",
            is_broken=True,
        )
    return Finding(
        "database",
        f"{url}, schema {schema or 'empty'}",
        f"nothing: the next start brings it to {newest()}",
    )


def _blobs(settings: Settings) -> Finding:
    """Write a file, read it, remove it."""
    from bandstand.blobs import open_blobs

    url = hide(settings.blobs)
    if "://" not in url and not Path(url).exists():
        return Finding("files", f"{url}, not made yet")

    async def try_it() -> None:
        blobs = open_blobs(settings.blobs)
        folder = f"doctor/{uuid.uuid4().hex}"
        await blobs.put(f"{folder}/trial", b"trial")
        await blobs.get(f"{folder}/trial")
        await blobs.delete_prefix(folder)

    try:
        asyncio.run(try_it())
    except BandstandError as error:
        return Finding(
            "files", f"{url}: {error.message}", "set BANDSTAND_BLOBS_URL", is_broken=True
        )
    return Finding("files", f"{url}, writable")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).partition("\n")[0]
