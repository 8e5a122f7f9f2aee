"""`bandstand models pull` and `convert`: getting weights, with their licence, and writing them in another layout."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from bandstand.cli.say import AsJson, err, show_done, show_json
from bandstand.errors import Invalid, Misconfigured

if TYPE_CHECKING:
    from bandstand.engines.pull import Aim, Origin, Pull
    from bandstand.engines.weights import InstalledModel, Manifest, Weights

IN_WORDS = {
    "CC-BY-NC-4.0": "not for commercial use; whoever shares it names Meta AI as the author of the model."
    " Whether what it plays falls under it, too, is not settled: treat the music as not for commercial use."
    " https://creativecommons.org/licenses/by-nc/4.0/",
    "Apache-2.0": "commercial use is allowed. https://www.apache.org/licenses/LICENSE-2.0",
    **dict.fromkeys(
        ("CreativeML-OpenRAIL-M", "OpenRAIL++-M", "creativeml-openrail-m", "openrail++"),
        "commercial use is allowed, some uses are not; what they are stands in its attachment, and goes with every copy.",
    ),
    "unknown": "its page tells none; read it before you use it.",
}


def pull(
    source: Annotated[
        str,
        typer.Argument(
            help="A model's name, OWNER/NAME on the Hugging Face hub, a folder, or a .safetensors file."
        ),
    ],
    *,
    name: Annotated[
        str | None, typer.Option(help="To have it under; by default as the source is called.")
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="Branch, tag or commit on the hub; the newest if left out.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(help="The .safetensors file that is meant, where there are several."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            help="Of weights of your own, as SPDX calls it; else what its page says, and of MusicGen's kind Meta's."
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Take note of the licence without being asked.")
    ] = False,
    commercial_only: Annotated[
        bool,
        typer.Option("--commercial-only", help="Refuse weights that are not for commercial use."),
    ] = False,
    link: Annotated[
        bool, typer.Option("--link", help="Link the files of a folder instead of copying them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Install weights from the hub or from a folder. Goes on where an earlier pull was broken off."""
    from bandstand.engines.manifests import read_manifest
    from bandstand.engines.pull import (
        aim_at,
        carry_out,
        licence_of,
        prepare,
        refuse_unless_commercial,
    )
    from bandstand.settings import load_settings

    settings = load_settings()
    models = settings.models_folder
    aim = aim_at(source, name, file)
    strict = commercial_only or settings.commercial_only
    if strict and (licence or aim.is_known):
        refuse_unless_commercial(aim.licence(licence))
    there = read_manifest(models / aim.name)
    if there and aim.repository == there.source and revision in {None, there.revision}:
        err.print(f"{aim.name} is here already, revision {there.revision}", highlight=False)
    else:
        origin = _open(aim, models, revision, link=link)
        planned = prepare(aim, origin, models, licence_of(aim, origin, licence))
        if strict:
            refuse_unless_commercial(planned.licence)
        _acknowledge(planned, is_accepted=accept_licence)
        with _bar(planned) as told:
            there = carry_out(planned, acknowledged_at=time.time(), told=told)
        _tell_missing(there.name, models)
    _tell(there, models, as_json=as_json)


def convert(
    source: Annotated[str, typer.Argument(help="An installed model, or a folder.")],
    target: Annotated[Path, typer.Argument(help="Folder to write; it must not exist.")],
    *,
    to: Annotated[str, typer.Option(help="huggingface or audiocraft.")],
    dtype: Annotated[
        str | None, typer.Option(help="float16 or float32; as it is if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a model in the other layout, or with other numbers."""
    from bandstand.engines.weights import files_of
    from bandstand.settings import load_settings

    models = load_settings().models_folder
    found = _find(source, models)
    weights: Weights = files_of(found, models)
    try:
        from bandstand.engines import convert as convert_
    except ImportError as error:
        raise _without(error) from None
    made = convert_.convert(found, weights, target, to=to, dtype=dtype)
    show_done(str(made.folder), as_json=as_json, folder=str(made.folder))


def _find(source: str, models: Path) -> InstalledModel:
    from bandstand.engines.weights import NAME, BrokenModel, find_model, look_at

    folder = Path(source)
    if not folder.is_dir() or (NAME.fullmatch(source) and (models / source).is_dir()):
        return find_model(models, source)
    found = look_at(folder.resolve(), folder.resolve().name)
    if isinstance(found, BrokenModel):
        raise Invalid("source", found.problem)
    return found


def _open(aim: Aim, models: Path, revision: str | None, *, link: bool) -> Origin:
    from bandstand.engines.pull import FolderOrigin

    if aim.folder is not None:
        if revision is not None:
            raise Invalid("revision", "a folder has none")
        return FolderOrigin(aim.folder, linked=link, choose=aim.choose)
    if link:
        raise Invalid("link", "only a folder can be linked")
    try:
        from bandstand.engines.hub import HubOrigin
    except ImportError as error:
        raise _without(error) from None
    assert aim.repository is not None, "what is no folder is a repository"
    return HubOrigin(aim.repository, revision or aim.pinned(models), choose=aim.choose)


def _without(error: ImportError) -> Misconfigured:
    return Misconfigured(
        f"{error.name} is not installed; run: pip install 'bandstand[musicgen]'"
        " (for pictures: 'bandstand[images]')"
    )


def _acknowledge(planned: Pull, *, is_accepted: bool) -> None:
    from bandstand.catalog import allows_commerce
    from bandstand.engines.pull import shown_bytes

    usual = "commercial use is allowed." if allows_commerce(planned.licence) else ""
    words = IN_WORDS.get(planned.licence, usual or "read it before you use it commercially.")
    err.print(
        f"[bold]{escape(planned.name)}[/bold] from {escape(planned.origin.source)}, {shown_bytes(planned.bytes)}"
        + (f" ({shown_bytes(planned.bytes_there)} already there)" if planned.bytes_there else ""),
        f"licence [bold]{escape(planned.licence)}[/bold]: {words}",
        sep="\n",
        soft_wrap=True,
        highlight=False,
    )
    if is_accepted:
        return
    if not sys.stdin.isatty():
        raise Misconfigured(
            "nothing was downloaded; to take note of the licence, add: --accept-licence"
        )
    typer.confirm("Do you take note of it?", abort=True, err=True)


@contextlib.contextmanager
def _bar(planned: Pull) -> Generator[Callable[[int], None]]:
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("", total=planned.bytes)
        yield lambda count: progress.advance(task, count)


def _tell_missing(name: str, models: Path) -> None:
    """Which companions it wants that are not here."""
    from bandstand.engines.checkpoints import InstalledDiffuser
    from bandstand.engines.companions import COMPANIONS, lacking, missing_companions
    from bandstand.engines.weights import InstalledModel, look_at_any

    found = None if name in COMPANIONS else look_at_any(models / name, name)
    lacked = found.lacks if isinstance(found, InstalledModel | InstalledDiffuser) else ()
    if missing := missing_companions(lacked, models):
        err.print(f"{name}: {lacking(missing)}", highlight=False, markup=False, soft_wrap=True)


def _tell(manifest: Manifest, models: Path, *, as_json: bool) -> None:
    if as_json:
        show_json(asdict(manifest) | {"folder": str(models / manifest.name)})
    else:
        typer.echo(models / manifest.name)
