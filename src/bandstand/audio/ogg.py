"""Ogg pages: which codec a file carries, and a stream number that does not depend on the clock.

Not a demultiplexer. libsndfile draws the stream's serial number from the time of day; we write one
derived from the stream itself over it, so that the same seed gives the same bytes.

Source: RFC 3533, "The Ogg Encapsulation Format Version 0".
"""

from __future__ import annotations

import zlib

_HEADER = 27
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def is_vorbis_or_opus(head: bytes) -> bool:
    """head  the first bytes of a file, 64 will do"""
    if len(head) < _HEADER or head[:5] != b"OggS\0":
        return False
    packet = head[_HEADER + head[26] :]
    return packet.startswith((b"\x01vorbis", b"OpusHead"))


def with_own_serial(stream: bytes) -> bytes:
    """The same Ogg stream, numbered by its own content instead of by chance.

    stream  whole pages of one logical stream
    """
    pages = bytearray(stream)
    at = 0
    serial = b""
    while at < len(pages):
        end = _page_end(pages, at)
        page = pages[at:end]
        page[_CHECKSUM] = page[_SERIAL] = bytes(4)
        # The first page is alike for all files of one rate, so the second, with the tags, counts too.
        serial = serial or _serial(page + pages[end + _HEADER : _page_end(pages, end)])
        page[_SERIAL] = serial
        page[_CHECKSUM] = checksum(page)
        pages[at:end] = page
        at = end
    return bytes(pages)


def checksum(page: bytes | bytearray) -> bytes:
    """A page's CRC, the field itself being zero.

    Ogg runs the polynomial of zlib's CRC-32 with bits the other way round, from 0 and not inverted at
    the end. So the bits of each byte are mirrored, zlib's start and end inversions cancelled, and the
    result mirrored back; byte by byte in Python it would be a hundred times slower.
    """
    mirrored = zlib.crc32(page.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return mirrored.to_bytes(4, "big").translate(_MIRROR)


def _serial(content: bytes | bytearray) -> bytes:
    return zlib.crc32(content).to_bytes(4, "little")


def _page_end(pages: bytes | bytearray, at: int) -> int:
    segments = pages[at + 26]
    table = at + _HEADER
    return table + segments + sum(pages[table : table + segments])
