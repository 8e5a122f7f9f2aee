"""Writes SoundFont files of a few sines, by the specification and not by our reader."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field

import numpy as np
import soundfile

RATE = 22050
ROOT = 69


@dataclass
class TinySample:
    """sound: float [N], nominally -1..1; loop: (start, end) within it."""

    sound: np.ndarray
    root: int = ROOT
    loop: tuple[int, int] = (0, 0)
    correction: int = 0


@dataclass
class TinyZone:
    """generators: (what, amount), in the order of the specification; sample: row, None for a global zone."""

    sample: int | None
    generators: list[tuple[int, int]] = field(default_factory=list)
    modulators: list[tuple[int, int, int, int, int]] = field(default_factory=list)


@dataclass
class TinyPreset:
    """One instrument each; upper: generators of the preset's own zone."""

    bank: int
    program: int
    zones: list[TinyZone]
    upper: list[tuple[int, int]] = field(default_factory=list)


def sine(seconds=0.5, hertz=440.0, level=0.5, rate=RATE):
    return level * np.sin(2.0 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def looped_sine(hertz=441.0, level=0.5):
    """441 Hz has a period of 50 samples at 22050 Hz, so that the loop is exact; it lies 3.9 cents over A4."""
    return TinySample(sine(0.2, hertz, level), loop=(1000, 4000))


def _chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(kind, *chunks):
    return _chunk(b"LIST", kind + b"".join(chunks))


def _sample_data(samples, *, vorbis):
    data, headers, at = b"", b"", 0
    for index, sample in enumerate(samples):
        name = f"sample {index}".encode().ljust(20, b"\0")
        if vorbis:
            file = io.BytesIO()
            soundfile.write(file, sample.sound, RATE, format="OGG", subtype="VORBIS")
            content, start, loop, kind = file.getvalue(), len(data), sample.loop, 0x11
            end = start + len(content)
        else:
            content = (np.append(sample.sound, np.zeros(46)) * 32767).astype("<i2").tobytes()
            start, kind = at, 1
            end = at + len(sample.sound)
            loop = (sample.loop[0] + at, sample.loop[1] + at)
            at += len(content) // 2
        data += content
        headers += name + struct.pack(
            "<IIIIIBbHH", start, end, *loop, RATE, sample.root, sample.correction, 0, kind
        )
    return data, headers + b"EOS".ljust(20, b"\0") + bytes(26)


def soundfont(samples, presets, *, vorbis=False):
    """The bytes of a SoundFont 2, or 3 with `vorbis`."""
    data, shdr = _sample_data(samples, vorbis=vorbis)
    phdr = pbag = pgen = inst = ibag = igen = imod = b""
    for row, preset in enumerate(presets):
        phdr += b"preset".ljust(20, b"\0") + struct.pack(
            "<HHHIII", preset.program, preset.bank, len(pbag) // 4, 0, 0, 0
        )
        pbag += struct.pack("<HH", len(pgen) // 4, 0)
        for what, amount in [*preset.upper, (41, row)]:
            pgen += struct.pack("<Hh", what, amount)
        inst += b"instrument".ljust(20, b"\0") + struct.pack("<H", len(ibag) // 4)
        for zone in preset.zones:
            ibag += struct.pack("<HH", len(igen) // 4, len(imod) // 10)
            pointer = [] if zone.sample is None else [(53, zone.sample)]
            for what, amount in [*zone.generators, *pointer]:
                igen += struct.pack("<HH", what, amount & 0xFFFF)
            for modulator in zone.modulators:
                imod += struct.pack("<HHhHH", *modulator)
    phdr += b"EOP".ljust(20, b"\0") + struct.pack("<HHHIII", 0, 0, len(pbag) // 4, 0, 0, 0)
    pbag += struct.pack("<HH", len(pgen) // 4, 0)
    inst += b"EOI".ljust(20, b"\0") + struct.pack("<H", len(ibag) // 4)
    ibag += struct.pack("<HH", len(igen) // 4, len(imod) // 10)
    body = b"sfbk" + b"".join(
        (
            _list(b"INFO", _chunk(b"ifil", struct.pack("<HH", 3 if vorbis else 2, 1))),
            _list(b"sdta", _chunk(b"smpl", data)),
            _list(
                b"pdta",
                _chunk(b"phdr", phdr),
                _chunk(b"pbag", pbag),
                _chunk(b"pmod", bytes(10)),
                _chunk(b"pgen", pgen + bytes(4)),
                _chunk(b"inst", inst),
                _chunk(b"ibag", ibag),
                _chunk(b"imod", imod + bytes(10)),
                _chunk(b"igen", igen + bytes(4)),
                _chunk(b"shdr", shdr),
            ),
        )
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
