"""Pictures as PNG, JPEG and WebP, with what they were made from written into them. Not for reading strangers' pictures.

PNG gets text chunks: `parameters`, as the web interfaces for diffusion models write and read it, and `bandstand`, which is
JSON. JPEG and WebP get the parameters as the EXIF user comment.

source  Exif 2.32 (CIPA DC-008-2019), 4.6.5: UserComment begins with its character code
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Literal

from PIL import Image, PngImagePlugin

from bandstand.canvas.picture import Picture

Format = Literal["png", "jpeg", "webp"]
SOFTWARE = "Bandstand canvas (drawn, not diffused)"
EXIF_POINTER, EXIF_SOFTWARE, EXIF_COMMENT = 0x8769, 0x0131, 0x9286
COMMENT_BYTES_MAX = 48_000  # a JPEG's EXIF segment holds 64 kB
CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])


def to_file(
    picture: Picture,
    format: Format,  # noqa: A002 - what everybody calls it
    text: Mapping[str, str] | None = None,
    *,
    quality: int = 90,
    describe: bool = True,
) -> bytes:
    """The picture as a file.

    text      more to tell in it, such as the title of the track
    describe  False: nothing of the prompt is written, only which program drew it
    """
    image = Image.fromarray(picture.pixels)
    told = {key: _clean(value) for key, value in (text or {}).items()}
    out = io.BytesIO()
    if format == "png":
        image.save(out, "PNG", pnginfo=_chunks(picture, told, describe=describe), compress_level=5)
    else:
        exif = _exif(image, picture, told, describe=describe)
        options = (
            {"method": 4}
            if format == "webp"
            else {"subsampling": 0 if quality >= 90 else 2, "optimize": True}
        )
        image.save(out, format.upper(), quality=quality, exif=exif, **options)
    return out.getvalue()


def parameters(picture: Picture) -> str:
    """The picture's making as diffusion tools write theirs: prompt, negative prompt, a line of settings."""
    lines = [_clean(picture.prompt)]
    if picture.negative:
        lines.append(f"Negative prompt: {_clean(picture.negative)}")
    settings = {
        "Steps": "0",
        "Sampler": "drawn",
        "Seed": str(picture.seed),
        "Size": f"{picture.width}x{picture.height}",
        "Model": SOFTWARE.replace(",", " and"),
        "Family": picture.family,
        "Palette": picture.palette,
        "Variant": str(picture.variant),
    }
    return "\n".join([*lines, ", ".join(f"{key}: {value}" for key, value in settings.items())])


def _record(picture: Picture, told: Mapping[str, str]) -> str:
    return json.dumps(
        {
            "software": SOFTWARE,
            "prompt": _clean(picture.prompt),
            "negative": _clean(picture.negative),
            "seed": picture.seed,
            "width": picture.width,
            "height": picture.height,
            "family": picture.family,
            "palette": picture.palette,
            "variant": picture.variant,
            "words": list(picture.words),
            **({"text": dict(told)} if told else {}),
        }
    )


def _chunks(picture: Picture, told: Mapping[str, str], *, describe: bool) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Software", SOFTWARE)
    if describe:
        chunks.add_text("parameters", parameters(picture))
        chunks.add_text("bandstand", _record(picture, told))
    for key, value in told.items():
        chunks.add_itxt(key[:79], value)
    return chunks


def _exif(
    image: Image.Image, picture: Picture, told: Mapping[str, str], *, describe: bool
) -> Image.Exif:
    exif = image.getexif()
    exif[EXIF_SOFTWARE] = SOFTWARE
    said = [parameters(picture)] if describe else []
    said += [f"{key}: {value}" for key, value in told.items()]
    if said:
        comment = "\n".join(said).encode("utf-16-be")[:COMMENT_BYTES_MAX]
        exif.get_ifd(EXIF_POINTER)[EXIF_COMMENT] = b"UNICODE\0" + comment
    return exif


def _clean(text: str) -> str:
    """Without control characters and halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8").translate(CONTROLS)
