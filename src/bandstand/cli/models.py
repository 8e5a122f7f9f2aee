"""`bandstand models`: what is on offer, what of it can run here, and the folder of weights. Getting and converting: `weights.py`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bandstand.cli import weights
from bandstand.cli.say import AsJson, err, show_done, show_json, show_table
from bandstand.errors import Conflict

if TYPE_CHECKING:
    from bandstand.catalog import Catalog, Model
    from bandstand.engines.checkpoints import InstalledDiffuser, InstalledLora
    from bandstand.engines.weights import InstalledModel

app = typer.Typer(help="The models on offer, and their weights.", no_args_is_help=True)
app.command("pull")(weights.pull)
Name = Annotated[str, typer.Argument(help="As in `bandstand models list`.")]


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """All models: which can run here, how large they are on disk, their licences, and who plays for those that are not here."""
    from bandstand.engines.offer import open_catalog
    from bandstand.engines.weights import (
        broken_models,
        installed_diffusers,
        installed_loras,
        installed_models,
    )
    from bandstand.settings import load_settings

    settings = load_settings()
    catalog, folder = open_catalog(settings), settings.models_folder
    here = {m.name: m for m in (*installed_models(folder), *installed_diffusers(folder))}
    rows = [_picture(catalog, model, here.get(model.name)) for model in catalog.rows()]
    rows += [_lora(found) for found in installed_loras(folder)]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("name", "here", "size", "channels", "can", "licence", "played by"),
        [_row(picture) for picture in rows],
    )
    for broken in broken_models(folder):
        err.print(f"{broken.folder}: {broken.problem}", style="red", markup=False, soft_wrap=True)


@app.command()
def show(name: Name, *, as_json: AsJson = True) -> None:
    """All about one model, as JSON: what it can do, its sizes, licence, revision, files and where they are."""
    from bandstand.engines.checkpoints import InstalledLora
    from bandstand.engines.companions import COMPANIONS
    from bandstand.engines.manifests import BrokenModel, folder_of, read_manifest
    from bandstand.engines.offer import open_catalog
    from bandstand.engines.weights import look_at_any
    from bandstand.settings import load_settings

    del as_json
    settings = load_settings()
    folder = settings.models_folder
    if name in COMPANIONS:
        known = read_manifest(folder / name)
        show_json(asdict(COMPANIONS[name]) | {"name": name, "pulled": known and asdict(known)})
        return
    found = look_at_any(folder_of(folder, name), name) if (folder / name).is_dir() else None
    if isinstance(found, InstalledLora):
        show_json(_lora(found) | _details(found))
        return
    catalog = open_catalog(settings)
    model = catalog.find(name)
    if found is None or model.weights is None:
        show_json(_picture(catalog, model, None))
    elif isinstance(found, BrokenModel):
        show_json(_picture(catalog, model, None) | {"problem": found.problem})
    else:
        show_json(_picture(catalog, model, found) | _details(found))


@app.command()
def rm(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a model's weights, or what a pull that was broken off left behind."""
    from bandstand.engines.pull import shown_bytes
    from bandstand.engines.weights import remove
    from bandstand.settings import load_settings

    folder = load_settings().models_folder
    if not yes and (folder / name).exists():
        if not sys.stdin.isatty():
            raise Conflict(f"Nobody is there to be asked; to remove {name!r} all the same: --yes")
        typer.confirm(f"Remove {folder / name}?", abort=True, err=True)
    freed = remove(folder, name)
    words = f"removed {name}, {shown_bytes(freed)} freed"
    show_done(words, as_json=as_json, removed=name, bytes=freed)


app.command("convert")(weights.convert)


def _picture(
    catalog: Catalog, model: Model, found: InstalledModel | InstalledDiffuser | None
) -> dict[str, Any]:
    from bandstand.specs import Kind

    is_music = model.kind is Kind.MUSIC
    return {
        "name": model.name,
        "kind": model.kind.value,
        "title": model.title,
        "installed": model.name in catalog.installed,
        "absence": catalog.absences.get(model.name),
        "played_by": _player(catalog, model),
        "engine": model.engine,
        "weights": model.weights,
        "bytes": found.bytes if found else None,
        "channels": model.channels if is_music else None,
        "rate": model.rate if is_music else None,
        "side": None if is_music else model.side,
        "abilities": sorted(model.abilities),
        "licence": model.licence,
        f"credits_per_{'second' if is_music else 'picture'}": model.price / 1000,
    }


def _lora(found: InstalledLora) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": "lora",
        "installed": True,
        "for": found.base,
        "bytes": found.bytes,
        "licence": found.licence,
    }


def _player(catalog: Catalog, model: Model) -> str | None:
    """Who makes something from text when this model is asked for."""
    from bandstand.errors import Unavailable
    from bandstand.specs import ImageSpec, Kind, MusicSpec

    words = MusicSpec if model.kind is Kind.MUSIC else ImageSpec
    try:
        return catalog.choose(words(prompt="", model=model.name)).name
    except Unavailable:
        return None


def _row(picture: dict[str, Any]) -> tuple[object, ...]:
    from bandstand.engines.pull import shown_bytes

    is_lora = picture["kind"] == "lora"
    here = "yes" if picture["installed"] else "unused" if picture["bytes"] else "no"
    return (
        picture["name"],
        here,
        shown_bytes(picture["bytes"]) if picture["bytes"] else "",
        picture.get("channels") or "",
        f"lora for {picture['for']}" if is_lora else ", ".join(picture["abilities"]),
        picture["licence"],
        "" if is_lora else picture["played_by"] or "nobody",
    )


def _details(found: InstalledModel | InstalledDiffuser | InstalledLora) -> dict[str, Any]:
    known = found.manifest
    return {
        "folder": str(found.folder),
        "layout": found.layout,
        "base": found.base,
        "parameters": found.parameters,
        "sizes": _sizes(found),
        "source": found.source,
        "revision": known.revision if known else None,
        "acknowledged_at": known.acknowledged_at if known else None,
        "files": {name: asdict(entry) for name, entry in known.files.items()}
        if known
        else {name: {"bytes": size} for name, size in _files(found.folder).items()},
    }


def _sizes(found: InstalledModel | InstalledDiffuser | InstalledLora) -> dict[str, Any]:
    from bandstand.engines.checkpoints import InstalledDiffuser
    from bandstand.engines.weights import InstalledModel

    if isinstance(found, InstalledModel):
        return asdict(found.sizes)
    return dict(found.description.parts) if isinstance(found, InstalledDiffuser) else {}


def _files(folder: Path) -> dict[str, int]:
    """Their sizes, by their names in the folder."""
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in there}
