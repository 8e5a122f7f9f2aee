"""Pictures of strangers: their size is known before they are decoded, and what comes out is plain."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from bandstand.audio.kinds import Undecodable
from bandstand.pictures import (
    PICTURE_BYTES_MAX,
    PNG,
    READ_SIDE_MAX,
    check_picture,
    read_picture_apart,
    size_of,
)

SIZES = [(1, 1), (64, 48), (300, 17)]
ORIENTATION, ROTATED = 0x0112, 6


def file_of(size: tuple[int, int], form: str, mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    colour = (200, 30, 30, 0)[: len(mode)] if mode != "L" else 90
    Image.new(mode, size, colour).save(out, form, **more)
    return out.getvalue()


def read(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(read_picture_apart(content)))


def png_of(width: int, height: int) -> bytes:
    """A head that promises so many pixels, and next to nothing behind it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("form", "more"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0" + b"\xff\xd8\xff\xc0" * 4}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0"}),
    ],
    ids=str,
)
def test_size_is_read_from_the_head(form: str, more: dict[str, Any], size: tuple[int, int]):
    assert size_of(file_of(size, form, **more)) == size


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no picture of a known kind"),
        (b"GIF89a" + bytes(20), "no picture of a known kind"),
        (b"%PDF-1.7", "no picture of a known kind"),
        (b"<svg/>", "no picture of a known kind"),
        (PNG, "its head is broken"),
        (b"\xff\xd8\xff\xe0\0\4ab", "its head is broken"),
        (b"\xff\xd8\xff\xc0\0\4ab", "its head is broken"),
        (b"RIFF\0\0\0\0WEBPVP8X", "its head is broken"),
        (b"RIFF\0\0\0\0WEBPALPH", "its head is broken"),
        (png_of(0, 8), "it has no pixels"),
        (png_of(65535, 65535), "at most 25 million"),
        (png_of(12_001, 8), "12001 x 8 pixels"),
        (PNG + bytes(PICTURE_BYTES_MAX), "at most 20 MB"),
    ],
    ids=lambda it: it[:24] if isinstance(it, bytes) else it,
)
def test_what_is_not_going_to_be_decoded_is_refused_at_first_sight(content: bytes, why: str):
    with pytest.raises(Undecodable, match=why):
        check_picture(content)


def test_jpeg_with_two_frames_deceives_nobody():
    small, large = file_of((8, 8), "JPEG"), file_of((512, 512), "JPEG")
    start = small.index(b"\xff\xc0")
    frame = small[start : start + 2 + struct.unpack(">H", small[start + 2 : start + 4])[0]]

    with pytest.raises(Undecodable, match="head is broken"):
        check_picture(large[:2] + frame + large[2:])


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_picture_comes_back_as_a_plain_png(form: str):
    picture = read(file_of((40, 30), form, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"))

    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (40, 30))
    assert not picture.info


def test_picture_comes_back_upright():
    exif = Image.Exif()
    exif[ORIENTATION] = ROTATED

    assert read(file_of((40, 30), "JPEG", exif=exif)).size == (30, 40)


def test_one_looks_through_to_white():
    assert read(file_of((8, 8), "PNG", mode="RGBA")).getpixel((0, 0)) == (255, 255, 255)


def test_large_picture_is_made_smaller():
    assert read(file_of((4096, 1024), "JPEG")).size == (READ_SIDE_MAX, READ_SIDE_MAX // 4)


def test_damaged_picture_is_refused():
    with pytest.raises(Undecodable, match="it is damaged"):
        read_picture_apart(png_of(64, 64))
