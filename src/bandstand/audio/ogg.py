"""Ogg pages: which codec a file carries, one more comment, and a stream number that does not depend on the clock.

Not a demultiplexer. libsndfile draws the stream's serial number from the time of day; we write one
derived from the stream itself over it, so that the same seed gives the same bytes.

Source: RFC 3533, "The Ogg Encapsulation Format Version 0"; Vorbis I specification (Xiph.Org, 2020), section 5.
"""

from __future__ import annotations

import zlib

_HEADER = 27
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)
_CONTINUED = 1
_SEGMENTS_MAX = 255
_NOTHING_ENDS = bytes([0xFF] * 8)  # the granule of a page in which no packet ends
_VORBIS_COMMENT = 7  # bytes of the kind and the word "vorbis" before the comments
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


def with_vorbis_comment(stream: bytes, comment: bytes) -> bytes:
    """The same Vorbis stream with one more comment, however long. Checksums are left to `with_own_serial`.

    comment  NAME=value
    """
    first = at = _page_end(stream, 0)
    lacing, body = bytearray(), bytearray()
    while sum(length < _SEGMENTS_MAX for length in lacing) < 2:  # the comments, then the codebooks
        end = _page_end(stream, at)
        table = at + _HEADER
        lacing += stream[table : table + stream[at + 26]]
        body += stream[table + stream[at + 26] : end]
        at = end
    ends = next(i for i, length in enumerate(lacing) if length < _SEGMENTS_MAX) + 1
    size = sum(lacing[:ends])
    comments = _commented(bytes(body[:size]), comment)
    lacing = bytearray([*_laces(len(comments)), *lacing[ends:]])
    headers = _pages(stream[first : first + _HEADER], lacing, comments + bytes(body[size:]))
    return stream[:first] + _numbered(headers + stream[at:])


def _commented(packet: bytes, comment: bytes) -> bytes:
    """A packet of comments and one more at its end, before the bit that closes it."""
    vendor = int.from_bytes(packet[_VORBIS_COMMENT : _VORBIS_COMMENT + 4], "little")
    at = _VORBIS_COMMENT + 4 + vendor
    count = int.from_bytes(packet[at : at + 4], "little") + 1
    more = len(comment).to_bytes(4, "little") + comment
    return packet[:at] + count.to_bytes(4, "little") + packet[at + 4 : -1] + more + packet[-1:]


def _laces(size: int) -> list[int]:
    return [_SEGMENTS_MAX] * (size // _SEGMENTS_MAX) + [size % _SEGMENTS_MAX]


def _pages(head: bytes, lacing: bytearray, body: bytes) -> bytes:
    """Packets laid out in pages of their own. head: a page's, to be like it"""
    pages, at = bytearray(), 0
    for start in range(0, len(lacing), _SEGMENTS_MAX):
        own = lacing[start : start + _SEGMENTS_MAX]
        page = bytearray(head)
        page[5] = _CONTINUED if start and lacing[start - 1] == _SEGMENTS_MAX else 0
        page[6:14] = bytes(8) if min(own) < _SEGMENTS_MAX else _NOTHING_ENDS
        page[26] = len(own)
        pages += page + own + body[at : at + sum(own)]
        at += sum(own)
    return bytes(pages)


def _numbered(pages: bytes) -> bytes:
    """The pages behind the first one, counted anew."""
    counted, at, number = bytearray(pages), 0, 1
    while at < len(counted):
        counted[at + 18 : at + 22] = number.to_bytes(4, "little")
        at, number = _page_end(counted, at), number + 1
    return bytes(counted)


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
