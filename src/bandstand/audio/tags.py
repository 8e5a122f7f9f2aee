"""What a file says about itself: prompt, seed, model, engine and licence, in the words of each container.

Not a reader of strangers' tags; of those only the length of an ID3 header matters, to look behind it.
Source: ID3 tag version 2.4.0, main structure and native frames (id3.org, 2000); RIFF MCI 1991 for INFO;
RFC 9639, section 8.8, for the picture of FLAC, which Vorbis comments carry in base64.
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import dataclass

_TITLE_MAX = 80
_ID3_HEADER = 10
_UTF8 = b"\x03"
_FRONT_COVER = 3
_BITS_PER_PIXEL = 24


@dataclass(frozen=True, kw_only=True)
class Cover:
    """A JPEG that players show beside the track; width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Tags:
    """How a sound came to be, for whoever finds the file later.

    software  with its version, such as "Bandstand 0.1.0"
    """

    prompt: str
    seed: int | None
    model: str
    engine: str
    licence: str
    software: str

    @property
    def title(self) -> str:
        """The prompt on one line, shortened at a word where there is one."""
        words = "".join(c if c.isprintable() else " " for c in _storable(self.prompt)).split()
        line = " ".join(words)
        if len(line) <= _TITLE_MAX:
            return line
        head = line[: _TITLE_MAX - 1]
        whole_words, _, _ = head.rpartition(" ")
        return (whole_words or head) + "…"

    @property
    def comment(self) -> str:
        """Everything needed to make the sound again, as one line of JSON."""
        facts = {
            "prompt": self.prompt,
            "seed": self.seed,
            "model": self.model,
            "engine": self.engine,
            "licence": self.licence,
            "software": self.software,
        }
        return _storable(json.dumps(facts, ensure_ascii=False))


def riff_texts(tags: Tags) -> dict[bytes, str]:
    """Chunks of a RIFF INFO list."""
    return {
        b"INAM": tags.title,
        b"ICMT": tags.comment,
        b"ISFT": tags.software,
        b"ICOP": tags.licence,
    }


def vorbis_texts(tags: Tags) -> dict[str, str]:
    """Attributes of soundfile.SoundFile that become Vorbis comments in FLAC and Ogg."""
    return {
        "title": tags.title,
        "comment": tags.comment,
        "software": tags.software,
        "copyright": tags.licence,
        "license": tags.licence,
    }


def id3_header(tags: Tags, cover: Cover | None = None) -> bytes:
    """An ID3v2.4 tag to stand in front of MP3 frames; libsndfile itself writes only ID3v1."""
    frames = b"".join(
        (
            _id3_frame(b"TIT2", tags.title.encode()),
            _id3_frame(b"COMM", b"eng\0" + tags.comment.encode()),
            _id3_frame(b"TSSE", tags.software.encode()),
            _id3_frame(b"TCOP", tags.licence.encode()),
            _id3_frame(b"TXXX", b"LICENSE\0" + tags.licence.encode()),
            _id3_picture(cover) if cover else b"",
        )
    )
    return b"ID3\x04\x00\x00" + _synchsafe(len(frames)) + frames


def picture_block(cover: Cover) -> bytes:
    """The body of FLAC's PICTURE block."""
    kind = b"image/jpeg"
    sizes = (cover.width, cover.height, _BITS_PER_PIXEL, 0, len(cover.jpeg))
    head = struct.pack(f">II{len(kind)}sI", _FRONT_COVER, len(kind), kind, 0)
    return head + struct.pack(">5I", *sizes) + cover.jpeg


def vorbis_picture(cover: Cover) -> bytes:
    """A Vorbis comment, name and all."""
    return b"METADATA_BLOCK_PICTURE=" + base64.b64encode(picture_block(cover))


def id3_length(head: bytes) -> int:
    """Bytes from `head` to the end of the ID3v2 tag that starts there; 0 when none does."""
    if len(head) < _ID3_HEADER or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
        return 0
    body = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    footer = _ID3_HEADER if head[5] & 0x10 else 0
    return _ID3_HEADER + body + footer


def _id3_frame(name: bytes, text: bytes) -> bytes:
    return name + _synchsafe(len(_UTF8 + text)) + b"\0\0" + _UTF8 + text


def _id3_picture(cover: Cover) -> bytes:
    latin1 = b"\0"
    body = latin1 + b"image/jpeg\0" + bytes([_FRONT_COVER]) + b"\0" + cover.jpeg
    return b"APIC" + _synchsafe(len(body)) + b"\0\0" + body


def _synchsafe(size: int) -> bytes:
    """28 bits in four bytes whose highest bit is 0, so that no decoder takes them for a frame."""
    assert 0 <= size < 1 << 28, "an ID3 tag holds at most 256 MB"
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _storable(text: str) -> str:
    """Lone surrogates, which JSON may carry and UTF-8 may not, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
