"""Files that mean no good, or are not what their names say: for whatever takes sound from strangers."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import soundfile


def silence(seconds: int, rate: int, kind: str, subtype: str) -> bytes:
    """So long a silence, a few bytes a second."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate, 1, subtype, format=kind) as sound:
        minute = np.zeros(60 * rate, np.float32)
        for _ in range(seconds // 60):
            sound.write(minute)
    return file.getvalue()


def sound(kind: str, subtype: str | None = None) -> bytes:
    """A second of sound in one of libsndfile's containers."""
    file = io.BytesIO()
    samples = 0.1 * np.sin(np.arange(8000) / 5)
    soundfile.write(file, samples, 8000, format=kind, subtype=subtype)
    return file.getvalue()


def wave(
    *,
    kind: int = 1,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    claimed: int | None = None,
) -> bytes:
    """A WAV file of 1000 bytes of sound with any header. claimed: what it says of the length of its data."""
    body = bytes(1000)
    size = len(body) if claimed is None else claimed
    block = channels * bits // 8 & 0xFFFF
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", size) + body
    return b"RIFF" + struct.pack("<I", min(4 + len(chunks), 2**32 - 1)) + b"WAVE" + chunks


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("track.wav", wave())
    return file.getvalue()


NOT_SOUND = {
    "zip": archive(),
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "m3u8": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "empty": b"",
}
# Containers and codecs that libsndfile would read if it were let.
UNWANTED = {
    "paf": sound("PAF"),
    # Its sound has no header. Written by libsndfile it would leave a file "._" here, which that takes for the header of MP3.
    "sd2": b"\x00\x01" * 1000,
    "mat5": sound("MAT5"),
    "voc": sound("VOC"),
    "w64": sound("W64"),
    "aiff": sound("AIFF"),
    "ima adpcm": sound("WAV", "IMA_ADPCM"),
    "ms adpcm": sound("WAV", "MS_ADPCM"),
    "gsm": sound("WAV", "GSM610"),
    "alaw": sound("WAV", "ALAW"),
}
DAMAGED = {
    "0 channels": wave(channels=0),
    "1 GHz": wave(rate=1_000_000_000),
    "0 Hz": wave(rate=0),
    "65535 channels": wave(channels=65535),
    "adpcm header": wave(kind=0x11, bits=4),
}
