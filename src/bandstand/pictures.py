"""Which pictures of strangers are let in, by their first bytes, and reading one in a process of its own. No decoder in here.

A picture's head tells its size before anything is decoded: a few bytes may stand for gigabytes. What passes is decoded by
`canvas/given.py`, in a process that has given up all else, and comes back as a plain PNG.

Sources: PNG (W3C, third edition), 11.2.1; ITU-T T.81 (JPEG), annex B; RFC 9649 (WebP), 2.5 to 2.7.
"""

from __future__ import annotations

import struct
from typing import IO

from bandstand.audio.apart import ask_apart
from bandstand.audio.kinds import Undecodable

PICTURE_BYTES_MAX = 20_000_000
PIXELS_MAX = 25_000_000  # a camera's 24 megapixels
SIDE_MAX = 12_000
READ_SIDE_MAX = 2048  # larger ones are made smaller as they are read
READ_BYTES_MAX = 4 * READ_SIDE_MAX * READ_SIDE_MAX
READER = "bandstand.canvas.given"
PNG = b"\x89PNG\r\n\x1a\n"
STARTS_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
STANDS_ALONE = {0x01, *range(0xD0, 0xD8)}
SCAN = 0xDA
NO_PICTURE = "no picture of a known kind; PNG, JPEG and WebP are read"
BROKEN = "its head is broken"


def check_picture(content: bytes) -> None:
    """Look at size and head only. raises Undecodable for what is not going to be decoded"""
    if len(content) > PICTURE_BYTES_MAX:
        raise Undecodable(f"a picture has at most {PICTURE_BYTES_MAX // 1_000_000} MB")
    width, height = size_of(content)
    if not width or not height:
        raise Undecodable("it has no pixels")
    if max(width, height) > SIDE_MAX or width * height > PIXELS_MAX:
        raise Undecodable(
            f"it has {width} x {height} pixels; at most {PIXELS_MAX // 1_000_000} million are read"
        )


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height as the head tells them. raises Undecodable"""
    try:
        if content.startswith(PNG):
            return _size_of_png(content)
        if content.startswith(b"\xff\xd8\xff"):
            return _size_of_jpeg(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _size_of_webp(content)
    except (struct.error, IndexError):
        raise Undecodable(BROKEN) from None
    raise Undecodable(NO_PICTURE)


def _size_of_png(content: bytes) -> tuple[int, int]:
    kind, width, height = struct.unpack_from(">4sII", content, 12)
    if kind != b"IHDR":
        raise Undecodable(BROKEN)
    return width, height


def _size_of_jpeg(content: bytes) -> tuple[int, int]:
    """The one frame before the first scan; what has two is made to deceive somebody."""
    sizes: list[tuple[int, int]] = []
    place, marker = 2, 0
    while marker != SCAN:
        while content[place] == 0xFF and content[place + 1] == 0xFF:
            place += 1
        lead, marker = content[place], content[place + 1]
        if lead != 0xFF:
            raise Undecodable(BROKEN)
        place += 2
        if marker in STANDS_ALONE:
            continue
        if marker in STARTS_FRAME:
            height, width = struct.unpack_from(">HH", content, place + 3)
            sizes.append((width, height))
        (length,) = struct.unpack_from(">H", content, place)
        place += max(length, 2)
    if len(sizes) != 1:
        raise Undecodable(BROKEN)
    return sizes[0]


def _size_of_webp(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (packed,) = struct.unpack_from("<I", content, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        sides = content[24:27], content[27:30]
        if len(sides[1]) < 3:
            raise Undecodable(BROKEN)
        width, height = (1 + int.from_bytes(side, "little") for side in sides)
        return width, height
    raise Undecodable(BROKEN)


def read_picture_apart(content: bytes) -> bytes:
    """The picture as a plain PNG: RGB, upright, no side longer than 2048, and nothing else in it.

    raises  Undecodable; a crash, too much memory or too much time is that as well
    """
    check_picture(content)
    return ask_apart(READER, [str(READ_SIDE_MAX)], content, _read_png)


def _read_png(stream: IO[bytes]) -> bytes | None:
    """None when what comes is no picture, or more than was allowed."""
    png = stream.read(READ_BYTES_MAX)
    is_small = png.startswith(PNG) and max(size_of(png)) <= READ_SIDE_MAX
    return png if is_small and not stream.read(1) else None
