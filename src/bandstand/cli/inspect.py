"""`bandstand models`, `doctor` and `config`: what is here, what is not, and what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from bandstand import __version__
from bandstand.cli.say import show_json, show_table

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
models = typer.Typer(help="The models on offer.", no_args_is_help=True)
config = typer.Typer(help="The settings in force.", no_args_is_help=True)


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """All models, which of them can run here, and their licences."""
    rows = [_model_row(model) for model in _catalog().rows()]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("name", "here", "channels", "can", "licence"),
        [
            (
                row["name"],
                "yes" if row["installed"] else "no",
                row["channels"],
                ", ".join(row["abilities"]),
                row["licence"],
            )
            for row in rows
        ],
    )


@models.command("show")
def show_model(name: Annotated[str, typer.Argument(help="A name from `models list`.")]) -> None:
    """All about one model, as JSON."""
    show_json(_model_row(_catalog().find(name)))


@config.command("show")
def show_config(
    as_json: AsJson = False,
    origin: Annotated[
        bool, typer.Option("--origin", help="Tell where each value came from.")
    ] = False,
) -> None:
    """Every setting with the value in force; secrets stay hidden."""
    from bandstand.settings import PREFIX, load_settings, origin_of

    values = load_settings().model_dump(mode="json")
    if as_json:
        show_json(values)
        return
    rows = [
        (
            PREFIX + name.upper(),
            "" if value is None else value,
            *([origin_of(name)] if origin else []),
        )
        for name, value in values.items()
    ]
    show_table(("setting", "value", *(["from"] if origin else [])), rows)


def doctor(as_json: AsJson = False) -> None:
    """What is installed, what is not, and the command that changes it."""
    findings = [*_program(), *_engines(), *_tools(), *_storage()]
    if as_json:
        show_json(
            [{"what": what, "state": state, "try": remedy} for what, state, remedy in findings]
        )
        return
    show_table(("what", "state", "try"), findings)


Finding = tuple[str, str, str]


def _program() -> list[Finding]:
    cores = os.cpu_count() or 1
    return [
        ("bandstand", __version__, ""),
        ("python", platform.python_version(), ""),
        ("machine", f"{platform.system()} {platform.machine()}, {cores} cores", ""),
    ]


def _engines() -> list[Finding]:
    found: list[Finding] = [("composer", "built in", "")]
    has_torch = find_spec("torch") is not None
    found.append(
        (
            "torch",
            metadata.version("torch") if has_torch else "not installed",
            "" if has_torch else "pip install 'bandstand[musicgen]'",
        )
    )
    return found


def _tools() -> list[Finding]:
    import soundfile

    player = next(
        (name for name in ("ffplay", "mpv", "aplay", "afplay") if shutil.which(name)), None
    )
    return [
        ("libsndfile", soundfile.__libsndfile_version__, ""),
        ("player", player or "none found", "" if player else "apt-get install ffmpeg"),
    ]


def _storage() -> list[Finding]:
    from bandstand.settings import load_settings
    from bandstand.store.migrate import newest

    settings = load_settings()
    place = settings.data if settings.data.exists() else settings.data.absolute().parent
    free = shutil.disk_usage(place).free / 1e9
    return [
        ("data folder", f"{settings.data.absolute()}, {free:.1f} GB free", ""),
        ("schema", newest(), ""),
        (
            "settings",
            "python -m bandstand config show --origin" if sys.stdout.isatty() else "valid",
            "",
        ),
    ]


def _catalog() -> Any:
    from bandstand.catalog import Catalog
    from bandstand.engines import find_installed
    from bandstand.settings import load_settings

    settings = load_settings()
    return Catalog(find_installed(settings.engines), settings.stand_in)


def _model_row(model: Any) -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "installed": model.name in _catalog().installed,
        "engine": model.engine,
        "weights": model.weights,
        "channels": model.channels,
        "rate": model.rate,
        "abilities": sorted(model.abilities),
        "licence": model.licence,
        "credits_per_second": model.price / 1000,
    }
