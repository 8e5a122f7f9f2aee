"""`bandstand image`: one to four pictures, here and now, without a server."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bandstand.cli.say import err, show_json
from bandstand.errors import Invalid

if TYPE_CHECKING:
    from bandstand.catalog import Model
    from bandstand.engines import Drawn, Inputs
    from bandstand.settings import Settings
    from bandstand.specs import ImageSpec, Lora

DIFFUSION = "Diffusion models only"
ENDINGS = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "webp": "webp"}
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", help="File to write; several get numbers. Its ending chooses the format."
    ),
]
ModelName = Annotated[str, typer.Option("--model", "-m", help="See: bandstand models list.")]
Seed = Annotated[
    int | None, typer.Option(help="The same seed makes the same picture; drawn if left out.")
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        help=f"{DIFFUSION}: NAME or NAME=WEIGHT of a file in the models' folder, again and again."
    ),
]


def image(
    prompt: Annotated[str, typer.Argument(help="What to draw, in plain words.")],
    *,
    out: Out = None,
    model: ModelName = "canvas",
    negative: Annotated[str, typer.Option("--not", help="What must not be in it.")] = "",
    width: Annotated[int | None, typer.Option(help="Pixels.")] = None,
    height: Annotated[int | None, typer.Option(help="Pixels.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", help="1 to 4, each a seed further.")] = 1,
    seed: Seed = None,
    steps: Annotated[int | None, typer.Option(help=f"{DIFFUSION}.")] = None,
    guidance: Annotated[float, typer.Option(help=f"{DIFFUSION}; 1 is quickest.")] = 7.0,
    scheduler: Annotated[str | None, typer.Option(help=f"{DIFFUSION}.")] = None,
    init: Annotated[
        str | None, typer.Option(help=f"{DIFFUSION}: a picture file or address to start from.")
    ] = None,
    strength: Annotated[float, typer.Option(help="How much of --init may change, 0 to 1.")] = 0.75,
    lora: Loras = None,
    upscale: Annotated[int, typer.Option(help="1, 2 or 4 times as large in the end.")] = 1,
    safety: Annotated[str, typer.Option(help="off, blur or refuse.")] = "off",
    describe: Annotated[
        bool, typer.Option(help="Write prompt and settings into the files.")
    ] = True,
    family: Annotated[str | None, typer.Option(help="canvas only: a kind of picture.")] = None,
    palette: Annotated[str | None, typer.Option(help="canvas only: its colours.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Tell all about it as JSON.")] = False,
) -> None:
    """Draw pictures without a server and print the paths of the files."""
    from bandstand.settings import load_settings
    from bandstand.specs import ImageSpec, PictureFormat, Safety, Source

    target = out or _free_name()
    ending = target.suffix.lstrip(".").lower()
    if ending not in ENDINGS:
        raise Invalid("out", f"{target} does not end in one of: {', '.join(ENDINGS)}")
    if not target.parent.is_dir():
        raise Invalid("out", f"there is no folder {target.parent}")
    if safety not in [*Safety]:
        raise Invalid("safety", f"{safety!r} is none of: {', '.join(Safety)}")
    spec = ImageSpec(
        prompt=prompt,
        model=model,
        negative=negative,
        width=width,
        height=height,
        count=count,
        steps=steps,
        guidance=guidance,
        seed=secrets.randbelow(2**31 - 1) if seed is None else seed,
        scheduler=scheduler,
        init=None if init is None else Source(uri=init),
        strength=strength,
        loras=_loras(lora or []),
        upscale=upscale,
        safety=Safety(safety),
        format=PictureFormat(ENDINGS[ending]),
        describe=describe,
        family=family,
        palette=palette,
    )
    files = _draw(spec, target, load_settings())
    if as_json:
        show_json({"seed": spec.seed, "files": files})
        return
    err.print(f"seed {spec.seed}")
    for file in files:
        sys.stdout.write(f"{file['file']}\n")


def _loras(given: list[str]) -> tuple[Lora, ...]:
    from bandstand.specs import Lora

    loras: list[Lora] = []
    for text in given:
        name, _, weight = text.partition("=")
        try:
            loras.append(Lora(name=name, weight=float(weight or 1)))
        except ValueError:
            raise Invalid("lora", f"{text!r} is not NAME=WEIGHT, such as ink=0.8") from None
    return tuple(loras)


def _draw(spec: ImageSpec, target: Path, settings: Settings) -> list[dict[str, Any]]:
    from bandstand.cli.given import read_picture
    from bandstand.engines import Inputs
    from bandstand.engines.offer import open_catalog
    from bandstand.logs import set_up_logs
    from bandstand.specs import ImageSpec, check_spec

    set_up_logs("error", as_json=False)
    catalog = open_catalog(settings)
    complete = catalog.complete(spec)
    check_spec(complete)
    assert isinstance(complete, ImageSpec), "a spec stays of its kind"
    made_by = catalog.choose(complete)
    if made_by.name != spec.model:
        err.print(f"{spec.model} cannot draw here; {made_by.name} draws instead")
    picture = None
    if spec.init is not None:
        picture = asyncio.run(read_picture(spec.init, settings.allowed_private_hosts))
    wanted = dataclasses.replace(complete, model=made_by.name)
    drawn = asyncio.run(_drawn(made_by, wanted, Inputs(picture=picture), settings))
    return _written(drawn, target)


async def _drawn(made_by: Model, spec: ImageSpec, inputs: Inputs, settings: Settings) -> Drawn:
    from bandstand.cli.piece import bar
    from bandstand.engines import Artist, open_engine
    from bandstand.engines.offer import equipment_of

    artist = open_engine(made_by.engine, equipment_of(settings))
    assert isinstance(artist, Artist), "the catalog knows which engines draw"
    with bar("drawing") as report:
        await artist.start()
        try:
            return await artist.draw(spec, inputs, report)
        finally:
            await artist.stop()


def _written(drawn: Drawn, target: Path) -> list[dict[str, Any]]:
    """Whole or not at all: each is written beside its place first."""
    from bandstand.cli.piece import working_folder

    files: list[dict[str, Any]] = []
    with working_folder(target) as folder:
        for number, picture in enumerate(drawn.pictures, 1):
            assert isinstance(picture.content, bytes), "pictures are small enough for memory"
            several = f"{target.stem}-{number}{target.suffix}"
            place = target if len(drawn.pictures) == 1 else target.with_name(several)
            (folder / place.name).write_bytes(picture.content)
            (folder / place.name).replace(place)
            files.append({"file": str(place), "about": {**drawn.about, **picture.about}})
    return files


def _free_name() -> Path:
    """bandstand.png, bandstand-2.png ... whatever is not there yet."""
    names = [f"bandstand{number}.png" for number in ("", *(f"-{n}" for n in range(2, 10_000)))]
    return next(path for name in names if not (path := Path(name)).exists())
