"""A melody as MusicGen hears it: which of the twelve pitch classes is the strongest, about eight times a second.

Not for keys or chords: every frame is one class, all else is thrown away. Sources: MusicGen (arXiv:2306.05284), section 2.3, and
audiocraft's ChromaStemConditioner; the filter bank is D. Ellis, "Chroma Feature Analysis and Synthesis" (2007), as librosa lays it out.

N samples at 32 kHz, F bins of a spectrum, T frames, C pitch classes; class 0 is C, class 9 is A.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bandstand.audio.clip import Clip, Samples
from bandstand.audio.resample import resample, to_channels
from bandstand.errors import Failed
from bandstand.musicgen.sizes import FRAME_RATE, RATE, WINDOW_FRAMES

FFT = 2**14  # samples of one spectrum, 0.512 s
HOP = 2**12  # samples between two of them
WINDOW = RATE * WINDOW_FRAMES // FRAME_RATE  # samples of 30 s
FRAMES = 1 + WINDOW // HOP  # 235, what a melody model has in front of its sequence
TUNING = 440.0  # Hz, of class 9
OCTAVES_AROUND = 5.0  # above 27.5 Hz: the filters are widest open at 880 Hz ...
OCTAVES_WIDE = 2.0  # ... and close to either side as a bell of this deviation

# [N] -> [N or one less]: the part of the sound that carries the tune.
Separate = Callable[[Tensor], Tensor]


def melody_frames(
    clip: Clip,
    *,
    offset: float | None = None,
    frames: int = FRAMES,
    classes: int = 12,
    separate: Separate | None = None,
) -> Tensor:
    """The pitch classes that a piece is to follow.

    clip      the melody, of any rate and length
    offset    None for a piece of one window (30 s or less): the melody is heard from its start, and the frames of a short one repeat.
              In a longer piece, where the window begins, in seconds: the melody itself goes round under all the windows.
              Trap: so one short melody leads pieces of 30.0 and of 30.1 s differently, as it does in the reference.
    frames    how many the model has in front
    separate  takes drums and bass away first; None: the full mix is heard
    return    float32 [frames, classes], one-hot
    raises    Failed when there is nothing to hear: no samples, or some that are no numbers
    """
    if not np.isfinite(clip.samples).all():
        raise Failed("The melody cannot be followed: some of its samples are no numbers.")
    heard = _beginning(clip, frames) if offset is None else _window(clip, offset)
    sound = torch.tensor(heard)
    found = chroma(sound if separate is None else separate(sound), classes)
    return found.repeat(math.ceil(frames / len(found)), 1)[:frames]


def null_frames(frames: int = FRAMES, classes: int = 12) -> Tensor:
    """What stands for no melody: silence, whose every class is as strong as the first. float32 [frames, classes]"""
    return functional.one_hot(torch.zeros(frames, dtype=torch.int64), classes).float()


def chroma(sound: Tensor, classes: int = 12) -> Tensor:
    """The strongest pitch class of each frame.

    sound   float32 [N] at 32 kHz; less than one spectrum gets silence on both sides
    return  float32 [T, classes], one-hot, T = 1 + max(N, 16384) // 4096; the lower class wins a draw
    """
    lack = max(0, FFT - sound.shape[0])
    sound = functional.pad(sound, (lack // 2, lack - lack // 2))
    bell = torch.hann_window(FFT)
    spectrum = torch.stft(sound, FFT, HOP, window=bell, center=True, return_complex=True)
    power = (spectrum / bell.square().sum().sqrt()).abs().square()  # [F, T]
    strength = functional.normalize(filter_bank(classes) @ power, p=math.inf, dim=0, eps=1e-6)
    return functional.one_hot(strength.argmax(0), classes).float()  # [T, C]


@functools.cache
def filter_bank(classes: int = 12) -> Tensor:
    """How much each bin of a spectrum counts for each pitch class.

    A bin of f Hz lies at place(f) = classes * log2(f / 27.5) on the scale of classes, where 27.5 Hz is an A. To the class c it counts
    as a bell, exp(-2 (d / w)^2), of the distance d = place(f) - c, taken round the octave, and w, what the bin itself spans there,
    at least one class. Each bin's shares have length one; then the middle register counts more than the outer ones.

    return  float32 [classes, F], the first class a C
    source  librosa.filters.chroma(sr=32000, n_fft=16384, tuning=0): the same numbers within 1e-6
    """
    place = classes * np.log2(np.arange(1, FFT) * (RATE / FFT) / (TUNING / 16))
    # 0 Hz lies infinitely deep; one and a half octaves below the first bin is deep enough to count for nothing.
    place = np.concatenate([[place[0] - 1.5 * classes], place])
    span = np.maximum(np.diff(place, append=place[-1] + 1.0), 1.0)
    half = round(classes / 2)
    away = (place - np.arange(classes)[:, None] + half) % classes - half
    shares = np.exp(-2.0 * (away / span) ** 2)
    shares /= np.linalg.norm(shares, axis=0)
    shares *= np.exp(-0.5 * ((place / classes - OCTAVES_AROUND) / OCTAVES_WIDE) ** 2)
    from_c = np.roll(shares, -3 * (classes // 12), axis=0)
    return torch.from_numpy(from_c[:, : FFT // 2 + 1].astype(np.float32))


class MelodyCache:
    """Frames of melodies heard before, for stems take seconds: the last `entries` of them, found again by what was heard.

    For any number of threads: who asks for what another is just working out waits for it.
    """

    def __init__(self, entries: int = 64) -> None:
        self._entries = entries
        self._lock = Lock()
        self._found: OrderedDict[str, Future[Tensor]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def frames(
        self,
        clip: Clip,
        *,
        offset: float | None = None,
        frames: int = FRAMES,
        classes: int = 12,
        separate: Separate | None = None,
    ) -> Tensor:
        """As `melody_frames`. The frames are the caller's own."""
        key = _key(clip, f"{offset} {frames} {classes} {separate is not None}")
        with self._lock:
            found = self._found.get(key)
            if mine := found is None:
                found = self._found[key] = Future()
            self._found.move_to_end(key)
            while len(self._found) > self._entries:
                self._found.popitem(last=False)
        if mine:
            try:
                found.set_result(
                    melody_frames(
                        clip, offset=offset, frames=frames, classes=classes, separate=separate
                    )
                )
            except BaseException as error:
                self._forget(key, found)
                found.set_exception(error)
                raise
        return found.result().clone()

    def _forget(self, key: str, failed: Future[Tensor]) -> None:
        with self._lock:
            if self._found.get(key) is failed:
                del self._found[key]


def _key(clip: Clip, how: str) -> str:
    digest = hashlib.sha256(f"{clip.rate} {clip.channels} {how}\n".encode())
    digest.update(np.ascontiguousarray(clip.samples).data)
    return digest.hexdigest()


def _beginning(clip: Clip, frames: int) -> Samples:
    """As much of the melody as `frames` frames hear; more would be separated for nothing. float32 [N]"""
    heard = (frames - 1) * HOP + FFT // 2
    needed = (
        heard * clip.rate // RATE + clip.rate
    )  # a second more, so that the resampler meets no end
    return _mono(Clip(clip.samples[:, :needed], clip.rate))[:heard]


def _window(clip: Clip, offset: float) -> Samples:
    """30 s from `offset` seconds on, as if the melody went round for ever. float32 [N]"""
    mono = _mono(clip)
    return mono[(round(offset * RATE) + np.arange(WINDOW)) % len(mono)]


def _mono(clip: Clip) -> Samples:
    """At 32 kHz, whatever it came as. float32 [N]"""
    mono = resample(to_channels(clip, 1), RATE).samples[0]
    if len(mono) == 0:
        raise Failed("The melody cannot be followed: it is empty.")
    return mono
