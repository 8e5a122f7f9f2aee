"""Finished pictures as PNG, JPEG and WebP, with what they were made from written into them as other tools read it.

PNG gets text chunks: `parameters`, as the web interfaces for diffusion models write and read it, and `bandstand`, which is JSON.
JPEG and WebP get the parameters as the EXIF user comment. What is read here was checked before: strangers' pictures are not.

source  Exif 2.32 (CIPA DC-008-2019), 4.6.5: UserComment begins with its character code
"""

from __future__ import annotations

import io
import json
from typing import Any, Literal

import numpy as np
from PIL import Image, PngImagePlugin

from bandstand.diffusion.wish import Picture, Pixels, Wish

Format = Literal["png", "jpeg", "webp"]
SOFTWARE = "Bandstand diffusion"
EXIF_POINTER, EXIF_SOFTWARE, EXIF_COMMENT = 0x8769, 0x0131, 0x9286
COMMENT_BYTES_MAX = 48_000  # a JPEG's EXIF segment holds 64 kB
QUALITY = 92


def to_file(
    picture: Picture,
    wish: Wish,
    model: str,
    format: Format = "png",  # noqa: A002 - what everybody calls it
    *,
    describe: bool = True,
) -> bytes:
    """describe  False: nothing of the prompt is written, only which program made it"""
    image = Image.fromarray(picture.pixels)
    out = io.BytesIO()
    if format == "png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text("Software", SOFTWARE)
        if describe:
            chunks.add_text("parameters", parameters(picture, wish, model))
            chunks.add_text("bandstand", json.dumps(record(picture, wish, model)))
        image.save(out, "PNG", pnginfo=chunks, compress_level=5)
        return out.getvalue()
    exif = image.getexif()
    exif[EXIF_SOFTWARE] = SOFTWARE
    if describe:
        comment = parameters(picture, wish, model).encode("utf-16-be")[:COMMENT_BYTES_MAX]
        exif.get_ifd(EXIF_POINTER)[EXIF_COMMENT] = b"UNICODE\0" + comment
    options: dict[str, Any] = {"method": 4} if format == "webp" else {"subsampling": 0}
    image.save(out, format.upper(), quality=QUALITY, exif=exif, **options)
    return out.getvalue()


def from_file(content: bytes) -> Pixels:
    """Of a picture that somebody trustworthy wrote."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"))


def parameters(picture: Picture, wish: Wish, model: str) -> str:
    """How it was made as diffusion tools write it: prompt with its LoRAs, negative prompt, a line of settings."""
    worn = "".join(f" <lora:{a.file.stem}:{a.weight:g}>" for a in wish.adapters)
    lines = [_clean(wish.prompt) + worn]
    if wish.negative:
        lines.append(f"Negative prompt: {_clean(wish.negative)}")
    settings = {
        "Steps": str(picture.steps),
        "CFG scale": f"{picture.guidance:g}",
        "Seed": str(picture.seed),
        "Size": f"{wish.width}x{wish.height}",
        "Model": model,
        **picture.settings,
        "Version": SOFTWARE,
    }
    return "\n".join([*lines, ", ".join(f"{name}: {text}" for name, text in settings.items())])


def record(picture: Picture, wish: Wish, model: str) -> dict[str, Any]:
    """The same for programs, JSON-able."""
    return {
        "software": SOFTWARE,
        "model": model,
        "prompt": _clean(wish.prompt),
        "negative": _clean(wish.negative),
        "seed": picture.seed,
        "steps": picture.steps,
        "guidance": picture.guidance,
        "scheduler": wish.scheduler,
        "width": wish.width,
        "height": wish.height,
        "strength": wish.strength if wish.init is not None else None,
        "loras": [{"name": a.file.stem, "weight": a.weight} for a in wish.adapters],
        "upscale": wish.upscale,
        "settings": picture.settings,
    }


def _clean(text: str) -> str:
    """Without control characters and halves of characters, which no file can hold; a line break would part the fields."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in whole).strip()
