"""FLAC's metadata blocks: one more for the cover. Not a decoder.

Source: RFC 9639, "Free Lossless Audio Codec", section 8.
"""

from __future__ import annotations

_MAGIC = 4
_HEAD = 4
_LAST = 0x80
_PICTURE = 6


def with_picture(stream: bytes, picture: bytes) -> bytes:
    """The same stream with a PICTURE block behind its other blocks.

    picture  the block's body, `tags.picture_block`
    """
    at = _MAGIC
    while not stream[at] & _LAST:
        at = _block_end(stream, at)
    end = _block_end(stream, at)
    last = bytes([stream[at] & ~_LAST])
    head = bytes([_PICTURE | _LAST]) + len(picture).to_bytes(3, "big")
    return stream[:at] + last + stream[at + 1 : end] + head + picture + stream[end:]


def _block_end(stream: bytes, at: int) -> int:
    return at + _HEAD + int.from_bytes(stream[at + 1 : at + _HEAD], "big")
