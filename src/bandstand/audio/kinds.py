"""Which files there are: what is written, and by which first bytes a stranger's sound or notes are let in. No decoder in here.

Not for reading or writing one: that is `codecs.py`, which a process that only answers requests never loads.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from bandstand.audio.ogg import is_vorbis_or_opus
from bandstand.audio.riff import is_plain_wave
from bandstand.audio.tags import id3_length

NOTES_BYTES_MAX = 400_000
_MP3_BYTES_MAX = 64 << 20
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class Undecodable(ValueError):
    """This is nothing that can be read here; the text says why and may be shown to the sender."""


@dataclass(frozen=True)
class Format:
    """One row of what can be written.

    rates  Hz that the format can hold
    container, subtype, compression, bitrate_mode
           in libsndfile's words; compression is 0 for the best sound and 1 for the smallest file
    """

    extension: str
    media_type: str
    container: str
    subtype: str
    rates: Collection[int]
    compression: float | None = None
    bitrate_mode: str | None = None


# MP3 is LAME's V0 and Ogg is Vorbis q6: sound before size, and a minute is still under 2 MB.
FORMATS: Mapping[str, Format] = {
    "wav": Format("wav", "audio/wav", "WAV", "PCM_16", range(1, 768_001)),
    "wav24": Format("wav", "audio/wav", "WAV", "PCM_24", range(1, 768_001)),
    "wav32f": Format("wav", "audio/wav", "WAV", "FLOAT", range(1, 768_001)),
    "mp3": Format("mp3", "audio/mpeg", "MP3", "MPEG_LAYER_III", _MP3_RATES, 0.0, "VARIABLE"),
    "flac": Format("flac", "audio/flac", "FLAC", "PCM_16", range(1, 655_351)),
    "ogg": Format("ogg", "audio/ogg", "OGG", "VORBIS", range(8000, 192_001), 0.4),
}


def check_kind(content: bytes) -> None:
    """Look at the first bytes only, without a decoder. raises Undecodable for what `decode` would not even try."""
    admitted(io.BytesIO(content))


def check_notes(content: bytes) -> None:
    """Look at size and first bytes. raises Undecodable for what is neither a MIDI file nor the plan of a piece."""
    if len(content) > NOTES_BYTES_MAX:
        raise Undecodable(f"notes take at most {NOTES_BYTES_MAX // 1000} kB")
    if not content.startswith(b"MThd") and not content[:64].lstrip().startswith(b"{"):
        raise Undecodable("it is neither a MIDI file nor a plan.json")


def admitted(file: BinaryIO) -> BinaryIO:
    """The file from where its sound starts, when its first bytes are of a kind we trust.

    libsndfile knows some 25 containers, and old ones are where its holes are; so it never sees what
    has not passed here. A tag in front of MP3 is cut off, for libsndfile looks behind it for any kind.
    """
    head = file.read(64)
    file.seek(0)
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        file.seek(12)
        trusted = is_plain_wave(file)
        file.seek(0)
        if not trusted:
            raise Undecodable("WAV is read with PCM or float samples only")
        return file
    if head[:4] == b"fLaC" or is_vorbis_or_opus(head):
        return file
    if head[:3] == b"ID3":
        file.seek(id3_length(head))
        body = io.BytesIO(file.read(_MP3_BYTES_MAX))
        if _starts_mp3_frame(body.getbuffer()[:4]):
            return body
    elif _starts_mp3_frame(head):
        return file
    raise Undecodable("no sound file of a known kind; WAV, MP3, FLAC, Ogg Vorbis and Opus are read")


def _starts_mp3_frame(head: bytes | memoryview) -> bool:
    """Eleven bits of 1, a version that exists, layer III, a bit rate and a sampling rate that exist."""
    return (
        len(head) >= 4
        and head[0] == 0xFF
        and head[1] & 0xE0 == 0xE0
        and head[1] & 0x18 != 0x08
        and head[1] & 0x06 == 0x02
        and head[2] & 0xF0 != 0xF0
        and head[2] & 0x0C != 0x0C
    )
