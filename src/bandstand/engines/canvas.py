"""The built-in cover artist as an engine: pictures that are drawn, not diffused, and say so. Not covers of tracks: `cover.py`.

Steps, guidance and schedulers mean nothing to it. "Upscaling" is drawing again, larger, with all detail that there is room for.
"""

from __future__ import annotations

import asyncio
import os

from bandstand.canvas import SOFTWARE, Format, Picture, render, to_file
from bandstand.engines import Drawn, Equipment, Extra, Inputs, Report
from bandstand.specs import ImageSpec, PictureFormat

FILES: dict[PictureFormat, tuple[Format, str, str]] = {
    PictureFormat.PNG: ("png", "png", "image/png"),
    PictureFormat.JPEG: ("jpeg", "jpg", "image/jpeg"),
    PictureFormat.WEBP: ("webp", "webp", "image/webp"),
}


class CanvasArtist:
    name = "canvas"

    def __init__(self) -> None:
        self.slots = max(1, os.cpu_count() or 1)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def draw(self, spec: ImageSpec, inputs: Inputs, report: Report) -> Drawn:
        """Between two pictures a cancel is heard, and the work stops."""
        del inputs
        pictures: list[Extra] = []
        for index in range(spec.count):
            picture = await asyncio.to_thread(drawn, spec, index)
            pictures.append(await asyncio.to_thread(written, picture, spec, index))
            report.log(f"image {index + 1}: {picture.family} in {picture.palette}")
            report.progress((index + 1) / spec.count)
        return Drawn(pictures=tuple(pictures))


def drawn(spec: ImageSpec, index: int) -> Picture:
    assert spec.width is not None, "the service fills the size in"
    assert spec.height is not None, "the service fills the size in"
    return render(
        spec.prompt,
        seed=(spec.seed or 0) + index,
        width=spec.width * spec.upscale,
        height=spec.height * spec.upscale,
        palette=spec.palette,
        family=spec.family,
        negative=spec.negative,
    )


def written(picture: Picture, spec: ImageSpec, index: int) -> Extra:
    form, extension, media_type = FILES[spec.format]
    return Extra(
        name=f"image-{index + 1}.{extension}",
        kind="image",
        media_type=media_type,
        content=to_file(picture, form, describe=spec.describe),
        about={
            "seed": picture.seed,
            "width": picture.width,
            "height": picture.height,
            "family": picture.family,
            "palette": picture.palette,
            "understood": list(picture.words),
            "software": SOFTWARE,
        },
    )


def open_engine(equipment: Equipment) -> CanvasArtist:
    del equipment
    return CanvasArtist()
