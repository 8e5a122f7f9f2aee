"""How loud a clip is, after ITU-R BS.1770-4, and the four ways to bring it to a level.

Not a limiter: a gain that would pass full scale is clipped, as the reference does. The reference
(audiocraft, data/audio_utils.py) weighs loudness with near copies of the filters; ours are exact.

Source: Recommendation ITU-R BS.1770-4 (10/2015), annexes 1 and 2; musicgen.md section 2.12.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import soxr
from numpy.typing import NDArray

from bandstand.audio.clip import Clip, Samples
from bandstand.audio.resample import to_channels

Numbers = NDArray[np.float64]

_HOP = 10  # per second: a gating block is 0.4 s and starts every 0.1 s
_HOPS_PER_BLOCK = 4
_CHUNK = 100  # hops, 10 s: what is filtered at once
_RINGING = 0.5  # seconds after which the filters are silent: their slowest pole has fallen to 1e-52
_ABSOLUTE_GATE = -70.0  # LUFS
_RELATIVE_GATE = -10.0  # LU
_OFFSET = -0.691
_OVERSAMPLING = 4
_PIECE = 1 << 19  # samples per channel

_LOUDNESS = -14.0  # LUFS
_LOUDNESS_FLOOR = 2e-3  # RMS under which the reference leaves a clip alone
_PEAK = 10 ** (-1 / 20)
_RMS = 10 ** (-18 / 20)
_RMS_FLOOR = 1e-5

# Tables 1 and 2 of the recommendation, for 48 kHz: rows of b0 b1 b2 1 a1 a2.
_TABLE_RATE = 48000
_TABLE = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585],
        [1, -2, 1, 1, -1.99004745483398, 0.99007225036621],
    ]
)  # fmt: skip


def integrated_loudness(clip: Clip) -> float:
    """LUFS, gated; -inf for silence and for what is all under the gate.

    A clip shorter than one gating block of 0.4 s counts as one block of its own length.

    raises  ValueError when samples are NaN or infinite
    """
    _check(clip)
    blocks = _block_powers(clip)
    loud = blocks[_to_lufs(blocks) >= _ABSOLUTE_GATE]
    if not loud.size:
        return -np.inf
    gate = _to_lufs(loud.mean()) + _RELATIVE_GATE
    return float(_to_lufs(loud[_to_lufs(loud) > gate].mean()))


def true_peak(clip: Clip) -> float:
    """dBTP: the highest point of the wave between the samples too, read at four times the rate."""
    _check(clip)
    stream = soxr.ResampleStream(
        clip.rate, clip.rate * _OVERSAMPLING, clip.channels, dtype="float32", quality="HQ"
    )
    size = clip.rate * _CHUNK // _HOP
    length = clip.samples.shape[1]
    peak = _highest(clip.samples)
    for start in range(0, length, size):
        piece = np.ascontiguousarray(clip.samples[:, start : start + size].T)
        between: Samples = stream.resample_chunk(piece, last=start + size >= length)
        peak = max(peak, _highest(between.reshape(1, -1)))
    return _to_decibels(peak)


def normalize(clip: Clip, strategy: str) -> Clip:
    """The clip at the level that a strategy asks for; silence stays as it is.

    strategy  "loudness"  -14 LUFS, then clipped to -1..1; under an RMS of 2e-3 untouched
              "clip"      clipped at -1 dBFS, else untouched
              "peak"      the highest sample to -1 dBFS, up or down
              "rms"       the RMS of the mean of the channels to -18 dBFS, then clipped to -1..1
              "none"      untouched
    raises    ValueError for another strategy, and when samples are NaN or infinite
    """
    if strategy not in _STRATEGIES:
        raise ValueError(f"unknown strategy {strategy!r}; there are {', '.join(_STRATEGIES)}")
    _check(clip)
    return _STRATEGIES[strategy](clip)


def _to_loudness(clip: Clip) -> Clip:
    if _root_mean_square(clip.samples) < _LOUDNESS_FLOOR:
        return clip
    lufs = integrated_loudness(clip)
    return _gained(clip, 10 ** ((_LOUDNESS - lufs) / 20)) if np.isfinite(lufs) else clip


def _to_clipped(clip: Clip) -> Clip:
    return Clip(clip.samples.clip(-_PEAK, _PEAK), clip.rate)


def _to_peak(clip: Clip) -> Clip:
    peak = _highest(clip.samples)
    return _gained(clip, _PEAK / peak) if peak else clip


def _to_rms(clip: Clip) -> Clip:
    # Stereo in opposite phase has next to no mean; the gain it asks for would be absurd.
    level = _root_mean_square(to_channels(clip, 1).samples)
    return _gained(clip, _RMS / level) if level > _RMS_FLOOR else clip


def _untouched(clip: Clip) -> Clip:
    return clip


_STRATEGIES: Mapping[str, Callable[[Clip], Clip]] = {
    "loudness": _to_loudness,
    "clip": _to_clipped,
    "peak": _to_peak,
    "rms": _to_rms,
    "none": _untouched,
}


def _gained(clip: Clip, gain: float) -> Clip:
    louder = clip.samples * np.float32(gain)
    return Clip(louder.clip(-1.0, 1.0, out=louder), clip.rate)


def _block_powers(clip: Clip) -> Numbers:
    """Mean square of the weighted sound in each gating block, summed over channels (equation 1)."""
    sums: list[Numbers] = []
    lengths: list[Numbers] = []
    for hops, edges in _weighted_hops(clip):
        sums.append(np.add.reduceat(hops, edges[:-1] - edges[0]))
        lengths.append(np.diff(edges).astype(np.float64))
    if not sums:
        return np.zeros(0)
    powers, samples = np.concatenate(sums), np.concatenate(lengths)
    size = min(_HOPS_PER_BLOCK, len(powers))
    return _sliding_sum(powers, size) / _sliding_sum(samples, size)


def _weighted_hops(clip: Clip) -> Iterator[tuple[Numbers, NDArray[np.int64]]]:
    """Squares of the K-weighted sound, ten seconds at a time, with the edges of the hops in them.

    Incomplete hops at the end are left out, but for a clip that is shorter than one block.
    """
    length = clip.samples.shape[1]
    count = length * _HOP // clip.rate
    edges = np.arange(count + 1, dtype=np.int64) * clip.rate // _HOP
    if count < _HOPS_PER_BLOCK:
        edges = np.array([0, length], np.int64) if length else np.zeros(1, np.int64)
    ringing = np.zeros((clip.channels, round(_RINGING * clip.rate)))
    for first in range(0, len(edges) - 1, _CHUNK):
        part = edges[first : first + _CHUNK + 1]
        sound = clip.samples[:, part[0] : part[-1]].astype(np.float64)
        weighted, ringing = _weighted(sound, ringing, clip.rate)
        yield np.square(weighted).sum(axis=0), part


def _weighted(sound: Numbers, ringing: Numbers, rate: int) -> tuple[Numbers, Numbers]:
    """K-weighted sound, and how the filters ring on after it.

    The filters are applied as their spectrum, with so much room behind the sound that what rings on
    does not come round to its beginning. Exact to rounding, and the only filter here: not worth a
    library of signal processing, which takes longer to load than a short piece to make.

    sound, ringing  float64 [channels, samples]
    """
    length, tail = sound.shape[1], ringing.shape[1]
    size = 1 << (length + tail - 1).bit_length()
    spectrum = np.fft.rfft(sound, size) * _response(rate, size)
    heard = np.fft.irfft(spectrum, size)[:, : length + tail]
    heard[:, :tail] += ringing
    return heard[:, :length], heard[:, length:]


@functools.lru_cache(maxsize=4)
def _response(rate: int, size: int) -> NDArray[np.complex128]:
    """What the filters do to each frequency of a real spectrum of `size` samples."""
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    powers = np.stack([np.ones_like(delay), delay, delay * delay])
    sections = k_weighting(rate)
    return np.prod((sections[:, :3] @ powers) / (sections[:, 3:] @ powers), axis=0)


def _sliding_sum(values: Numbers, size: int) -> Numbers:
    return np.lib.stride_tricks.sliding_window_view(values, size).sum(axis=1)


def k_weighting(rate: int) -> Numbers:
    """Two filter sections, rows of b0 b1 b2 1 a1 a2, that weigh at `rate` Hz as the table does at 48 kHz.

    A digital section H(z) is its analogue origin at s = c (z - 1) / (z + 1), c twice the rate. To move
    it from rate to rate, solve the one for z and put the other in: z becomes (p + q z) / (q + p z)
    with p = table rate - rate and q = table rate + rate. Each polynomial times (q + p z) squared is
    again a polynomial of degree two.
    """
    p, q = float(_TABLE_RATE - rate), float(_TABLE_RATE + rate)
    # Rows: (p + q z)^2, (p + q z)(q + p z), (q + p z)^2 in falling powers of z.
    moved = np.array(
        [[q * q, 2 * p * q, p * p], [p * q, p * p + q * q, p * q], [p * p, 2 * p * q, q * q]]
    )
    sections = np.concatenate([_TABLE[:, :3] @ moved, _TABLE[:, 3:] @ moved], axis=1)
    return sections / sections[:, 3:4]


def _to_lufs(power: Numbers | np.float64) -> Numbers:
    with np.errstate(divide="ignore"):
        return _OFFSET + 10 * np.log10(np.asarray(power))


def _to_decibels(amplitude: float) -> float:
    return float(20 * np.log10(amplitude)) if amplitude > 0 else -np.inf


def _root_mean_square(samples: Samples) -> float:
    total = sum(float(np.square(piece, dtype=np.float64).sum()) for piece in _pieces(samples))
    return float(np.sqrt(total / samples.size)) if samples.size else 0.0


def _highest(samples: Samples) -> float:
    return max((float(np.abs(piece).max()) for piece in _pieces(samples)), default=0.0)


def _check(clip: Clip) -> None:
    if not all(np.isfinite(piece).all() for piece in _pieces(clip.samples)):
        raise ValueError("the samples are not all finite numbers")


def _pieces(samples: Samples) -> Iterator[Samples]:
    """Views of a few megabytes, so that ten minutes of sound are not copied to be looked at."""
    for start in range(0, samples.shape[1], _PIECE):
        yield samples[:, start : start + _PIECE]
