"""Clips to files and back: WAV, MP3, FLAC and Ogg out; those four and Opus in.

Not for resampling on the way (`resample.py`): a rate that a format cannot hold is refused. The same
clip and tags give the same bytes, always: no dither, no clock, no chance. Strangers' files are let in
by their first bytes and not by their names (`kinds.py`), and are read in blocks, for half a megabyte can hold hours.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from bandstand.audio.clip import Clip, Samples
from bandstand.audio.flac import with_picture
from bandstand.audio.kinds import FORMATS, Format, Undecodable, admitted
from bandstand.audio.ogg import with_own_serial, with_vorbis_comment
from bandstand.audio.resample import to_channels
from bandstand.audio.riff import FLOAT, PCM, wave_header
from bandstand.audio.tags import (
    Cover,
    Tags,
    id3_header,
    picture_block,
    riff_texts,
    vorbis_picture,
    vorbis_texts,
)

_BLOCK = 65536  # samples per channel
_RATES_IN = range(1000, 192_001)
_PCM_IN = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
_KINDS_IN = {
    *((container, subtype) for container in ("WAV", "WAVEX", "FLAC") for subtype in _PCM_IN),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
}


def encode(
    clip: Clip,
    encoding: str,
    target: Path | str | BinaryIO,
    tags: Tags | None = None,
    *,
    cover: Cover | None = None,
) -> None:
    """Write a clip as a whole file.

    encoding  a name in FORMATS
    target    a path, or a file open for writing bytes; need not be seekable
    cover     for MP3 (beside tags), FLAC and Ogg; WAV has no place for it
    raises    ValueError for an unknown encoding, an empty clip, NaN or infinite samples, and a rate
              that the format cannot hold (MP3 has nine); beyond -1..1 all but wav32f are clipped
    """
    if encoding not in FORMATS:
        raise ValueError(f"unknown encoding {encoding!r}; there are {', '.join(FORMATS)}")
    form = FORMATS[encoding]
    if clip.rate not in form.rates:
        raise ValueError(f"{encoding} cannot hold {clip.rate} Hz; resample the clip first")
    if not clip.samples.shape[1]:
        raise ValueError("an empty clip cannot be written")
    if not all(np.isfinite(block).all() for block in _blocks(clip)):
        raise ValueError("the samples are not all finite numbers")
    if isinstance(target, str | Path):
        with Path(target).open("wb") as file:
            _write(clip, form, file, tags, cover)
    else:
        _write(clip, form, target, tags, cover)


def decode(
    source: Path | str | bytes,
    *,
    seconds_max: float = 120.0,
    channels: Literal[1, 2] | None = None,
) -> Clip:
    """Read a file of a kind we trust: plain WAV, FLAC, MP3, Ogg Vorbis, Ogg Opus.

    What is whole of a file that breaks off is returned. Memory stays within seconds_max of samples
    (twice, while they are joined), whatever the file claims about itself.

    source    a path, or the file's bytes
    channels  None keeps what the file has; 1 mixes down, 2 doubles
    raises    Undecodable for all else, and when the sound is longer than seconds_max
    """
    if isinstance(source, bytes):
        clip = _decode(io.BytesIO(source), seconds_max)
    else:
        with Path(source).open("rb") as file:
            clip = _decode(file, seconds_max)
    return to_channels(clip, channels) if channels else clip


def _write(
    clip: Clip, form: Format, file: BinaryIO, tags: Tags | None, cover: Cover | None
) -> None:
    if form.container == "WAV":
        _write_wave(clip, form, file, tags)
    else:
        file.write(_touched(_compressed(clip, form, tags), form.container, tags, cover))


def _write_wave(clip: Clip, form: Format, file: BinaryIO, tags: Tags | None) -> None:
    kind, bits, pack = _WAVE_SAMPLES[form.subtype]
    length = clip.samples.shape[1]
    texts = riff_texts(tags) if tags else {}
    header = wave_header(
        kind, bits, channels=clip.channels, rate=clip.rate, length=length, texts=texts
    )
    file.write(header)
    file.writelines(pack(block) for block in _blocks(clip))
    file.write(b"\0" * (length * clip.channels * bits // 8 % 2))


def _compressed(clip: Clip, form: Format, tags: Tags | None) -> bytes:
    """Through memory, because what libsndfile makes of MP3 and Ogg needs a last touch."""
    stream = io.BytesIO()
    with soundfile.SoundFile(
        stream,
        "w",
        clip.rate,
        clip.channels,
        form.subtype,
        format=form.container,
        compression_level=form.compression,
        bitrate_mode=form.bitrate_mode,
    ) as file:
        if tags and form.container != "MP3":
            for name, text in vorbis_texts(tags).items():
                setattr(file, name, text)
        # Trap: libsndfile 1.2 overflows its stack when a long Vorbis stream is written in one call.
        for block in _blocks(clip):
            file.write(_to_int16(block) if form.subtype == "PCM_16" else block.clip(-1.0, 1.0))
    return stream.getvalue()


def _touched(stream: bytes, container: str, tags: Tags | None, cover: Cover | None) -> bytes:
    """What libsndfile does not write: ID3, the cover, a serial number that is not chance."""
    if container == "OGG":
        return with_own_serial(
            with_vorbis_comment(stream, vorbis_picture(cover)) if cover else stream
        )
    if container == "FLAC" and cover:
        return with_picture(stream, picture_block(cover))
    if container == "MP3" and tags:
        return id3_header(tags, cover) + stream
    return stream


def _blocks(clip: Clip) -> Iterator[Samples]:
    """Interleaved pieces [n, C], as files have them."""
    for start in range(0, clip.samples.shape[1], _BLOCK):
        yield np.ascontiguousarray(clip.samples[:, start : start + _BLOCK].T)


def _to_int16(block: Samples) -> NDArray[np.int16]:
    return np.rint(block * 2.0**15).clip(-(2**15), 2**15 - 1).astype("<i2")


def _pack_int16(block: Samples) -> bytes:
    return _to_int16(block).tobytes()


def _pack_int24(block: Samples) -> bytes:
    whole = np.rint(block * 2.0**23).clip(-(2**23), 2**23 - 1).astype("<i4")
    return whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _pack_float(block: Samples) -> bytes:
    return block.astype("<f4").tobytes()


_WAVE_SAMPLES: Mapping[str, tuple[int, int, Callable[[Samples], bytes]]] = {
    "PCM_16": (PCM, 16, _pack_int16),
    "PCM_24": (PCM, 24, _pack_int24),
    "FLOAT": (FLOAT, 32, _pack_float),
}


def _decode(file: BinaryIO, seconds_max: float) -> Clip:
    body = admitted(file)
    try:
        with soundfile.SoundFile(body) as sound:
            return _read(sound, seconds_max)
    except soundfile.LibsndfileError as error:
        raise Undecodable(f"damaged sound file: {error.error_string}") from error


def _read(sound: soundfile.SoundFile, seconds_max: float) -> Clip:
    if (sound.format, sound.subtype) not in _KINDS_IN:
        raise Undecodable(f"{sound.format} with {sound.subtype} samples is not read")
    if sound.channels > 2:
        raise Undecodable(f"the file has {sound.channels} channels; one or two are read")
    if sound.samplerate not in _RATES_IN:
        raise Undecodable(f"the file has {sound.samplerate} Hz; 1000 to 192000 are read")
    length, length_max = 0, int(seconds_max * sound.samplerate)
    pieces: list[Samples] = []
    for piece in _pieces(sound):
        length += piece.shape[1]
        if length > length_max:
            raise Undecodable(f"the sound is longer than {seconds_max:g} seconds")
        if not np.isfinite(piece).all():
            raise Undecodable("the samples are not all finite numbers")
        pieces.append(piece)
    if not length:
        raise Undecodable("there is no sound in the file")
    return Clip(np.concatenate(pieces, axis=1), sound.samplerate)


def _pieces(sound: soundfile.SoundFile) -> Iterator[Samples]:
    """What can be read until the end or the first damage, [C, n] at a time."""
    block = np.empty((_BLOCK, sound.channels), np.float32)
    length = _BLOCK
    while length == _BLOCK:
        block.fill(np.nan)
        try:
            length = sound.buffer_read_into(block, "float32")
        except soundfile.LibsndfileError:
            # The count is lost with the error; what the decoder left untouched is still NaN.
            # A FLAC file that was piped, and so does not know its length, ends like this too.
            untouched = np.isnan(block[:, 0])
            yield block[~untouched].T.copy()
            return
        # A copy always: one channel turned round is the block itself, which is filled anew.
        yield block[:length].T.copy()
