"""RIFF WAVE files: the header of one we write, and a strict look at one a stranger sent.

Not a reader of samples: that is libsndfile's work, once the header has been found harmless. We write
the header ourselves because libsndfile stamps the time of day into float files, and the same seed
should give the same bytes. The header is written before the samples, for their number is known.

Source: Multimedia Programming Interface and Data Specifications 1.0 (1991); WAVEFORMATEXTENSIBLE.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO

PCM = 1
FLOAT = 3
_EXTENSIBLE = 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
_SIZE_MAX = 2**32 - 1
_BEFORE_FORMAT = {b"JUNK", b"junk", b"bext", b"fmt "}


def wave_header(
    kind: int, bits: int, *, channels: int, rate: int, length: int, texts: Mapping[bytes, str]
) -> bytes:
    """Everything that stands before the samples; an odd number of sample bytes needs one zero after.

    kind    PCM or FLOAT
    length  samples per channel
    texts   chunks of the INFO list, such as b"INAM": title
    raises  ValueError when the file would pass 4 GB, which RIFF cannot say
    """
    stride = channels * bits // 8
    layout = struct.pack("<HHIIHH", kind, channels, rate, rate * stride, stride, bits)
    chunks = _chunk(b"fmt ", layout if kind == PCM else layout + b"\0\0")
    if kind != PCM:
        chunks += _chunk(b"fact", struct.pack("<I", length))
    if texts:
        entries = (_chunk(name, text.encode() + b"\0") for name, text in texts.items())
        chunks += _chunk(b"LIST", b"INFO" + b"".join(entries))
    size = length * stride
    total = len(b"WAVE") + len(chunks) + 8 + size + size % 2
    if total > _SIZE_MAX:
        raise ValueError("a WAV file cannot be larger than 4 GB")
    return b"RIFF" + struct.pack("<I", total) + b"WAVE" + chunks + b"data" + struct.pack("<I", size)


def is_plain_wave(file: BinaryIO) -> bool:
    """Whether the format chunk tells of PCM or float samples: no ADPCM, no codec in disguise.

    Only chunks that recorders are known to put first may stand before it, for where chunks are
    unusual two readers may disagree about which one is the format.

    file  just behind "RIFF", size and "WAVE"
    """
    for _ in _BEFORE_FORMAT:
        name, size = file.read(4), int.from_bytes(file.read(4), "little")
        if name not in _BEFORE_FORMAT:
            return False
        if name == b"fmt ":
            return 16 <= size <= 64 and _is_plain_layout(file.read(size))
        file.seek(size + size % 2, 1)
    return False


def _is_plain_layout(layout: bytes) -> bool:
    if len(layout) < 16:
        return False
    kind, channels, rate, _, stride, bits = struct.unpack_from("<HHIIHH", layout)
    if kind == _EXTENSIBLE:
        kind = int.from_bytes(layout[24:26], "little") if layout[26:40] == _GUID_TAIL else 0
    sound = channels > 0 and rate > 0 and stride == channels * bits // 8
    return sound and (kind, bits) in {
        (PCM, 8),
        (PCM, 16),
        (PCM, 24),
        (PCM, 32),
        (FLOAT, 32),
        (FLOAT, 64),
    }


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
