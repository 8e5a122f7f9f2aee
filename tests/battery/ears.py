"""Measuring finished sound with other people's code: librosa, pyloudnorm, scipy. Knows nothing of scores.

Tempo and key are heard as in `unit/composer/hearing.py`. Sound is float32 [2, N], nominally -1..1.
"""

from __future__ import annotations

import functools
import itertools
import warnings

import numpy as np
import scipy.ndimage
import scipy.signal

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa
    import pyloudnorm

RATE = 22050
HOP = 128
WINDOW = 512
FLOOR = 1e-12
THIRDS = 1000.0 * 2.0 ** (np.arange(-10, 7) / 3.0)  # 100 Hz .. 4 kHz
BANDS = ((20, 60), (60, 250), (250, 2000), (2000, 6000), (6000, 16000))


def mono(sound, rate, wanted=RATE):
    """float32 [N] at another rate."""
    return librosa.resample(
        np.asarray(sound, dtype=np.float32).mean(axis=0), orig_sr=rate, target_sr=wanted
    )


def onsets(sound, rate, *, clear=0.06):
    """Seconds at which something begins. Windows of 23 ms every 6 ms: a 16th at 240 bpm has 62.

    clear  by how much an onset stands out from what is around it, 0..1 of the strongest
    """
    heard = mono(sound, rate)
    strength = librosa.onset.onset_strength(
        y=heard, sr=RATE, hop_length=HOP, n_fft=WINDOW, n_mels=40, fmax=RATE / 2
    )
    return librosa.onset.onset_detect(
        onset_envelope=strength, sr=RATE, hop_length=HOP, units="time", delta=clear
    )


def loudness(sound, rate):
    """LUFS, integrated; -inf for silence and for less than the 0.4 s that the standard needs."""
    if sound.shape[1] < 0.41 * rate:
        return -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of log10(0) in silence
        return float(_meter(rate).integrated_loudness(np.asarray(sound.T, dtype=np.float64)))


@functools.cache
def _meter(rate):
    return pyloudnorm.Meter(rate)


def true_peak(sound, rate):
    """dBTP at four times the rate; scipy's polyphase filter, where the limiter was tuned on soxr's."""
    return decibels(np.abs(scipy.signal.resample_poly(sound, 4, 1, axis=1)).max())


def decibels(amplitude):
    return float(20.0 * np.log10(max(float(amplitude), FLOOR)))


def level(sound):
    """dB of the mean square."""
    return float(10.0 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + FLOOR))


def half_seconds(sound, rate):
    """Levels in dB of successive half seconds."""
    half = rate // 2
    count = sound.shape[1] // half
    frames = sound[:, : count * half].reshape(sound.shape[0], count, half)
    return 10.0 * np.log10(np.square(frames, dtype=np.float64).mean(axis=(0, 2)) + FLOOR)


def spectrum(sound, rate):
    """Frequencies, and the power at them, mean of the channels."""
    size = min(16384 if rate > 24000 else 8192, sound.shape[1])
    frequencies, powers = scipy.signal.welch(sound, fs=rate, nperseg=size, axis=1)
    return frequencies, powers.mean(axis=0) + 1e-20


def band_levels(sound, rate):
    """dB of BANDS relative to all from 20 Hz on."""
    frequencies, powers = spectrum(sound, rate)
    whole = powers[frequencies >= 20].sum()
    shares = [powers[(frequencies >= a) & (frequencies < b)].sum() / whole for a, b in BANDS]
    return 10.0 * np.log10(np.array(shares) + FLOOR)


def third_octaves(sound, rate):
    """dB of the thirds from 100 Hz to 4 kHz."""
    frequencies, powers = spectrum(sound, rate)
    edge = 2.0 ** (1.0 / 6.0)
    sums = [powers[(frequencies >= c / edge) & (frequencies < c * edge)].sum() for c in THIRDS]
    return 10.0 * np.log10(np.array(sums) + FLOOR)


def slope(levels):
    """dB per octave of a line through the thirds."""
    return float(np.polyfit(np.arange(len(levels)) / 3.0, levels, 1)[0])


def mid_side(sound):
    return 0.5 * (sound[0] + sound[1]), 0.5 * (sound[0] - sound[1])


def low_passed(sound, rate, frequency):
    sections = scipy.signal.butter(8, frequency, fs=rate, output="sos")
    return scipy.signal.sosfiltfilt(sections, np.asarray(sound, dtype=np.float64), axis=-1)


def timbre(sound, rate):
    """14 mel cepstrum coefficients [14, frames], and the frames per second."""
    return librosa.feature.mfcc(y=mono(sound, rate), sr=RATE, hop_length=512, n_mfcc=14), RATE / 512


def fine_chroma(heard):
    """[12, frames] of mono sound at RATE, every 256 samples."""
    return librosa.feature.chroma_cqt(y=heard, sr=RATE, hop_length=256)


def by_beat(features, frames_per_second, beats):
    """Means [B, D] of features [D, frames] between successive beats given in seconds."""
    frames = np.round(np.asarray(beats) * frames_per_second).astype(int)
    frames = np.minimum(frames, features.shape[1] - 1)
    return np.array(
        [features[:, a : max(b, a + 1)].mean(axis=1) for a, b in itertools.pairwise(frames)]
    )


def novelty(features, half):
    """How much the beats before each differ from those after it: distance of their means, `half` of them a side.

    Near the ends fewer beats are there to average, and count for less.
    """
    total = len(features)
    curve = np.zeros(total)
    for place in range(1, total - 1):
        before, after = features[max(0, place - half) : place], features[place : place + half]
        apart = np.linalg.norm(before.mean(axis=0) - after.mean(axis=0))
        curve[place] = apart * np.sqrt(min(len(before), len(after)))
    return curve


def traits(sound, rate):
    """31 numbers that tell one kind of music from another: tone, width, dynamics, busyness, timbre, strokes."""
    heard = mono(sound, rate)
    power = librosa.feature.melspectrogram(y=heard, sr=RATE, hop_length=512, n_mels=64)
    timbre = librosa.feature.mfcc(S=librosa.power_to_db(power), n_mfcc=9)[1:]
    strength = librosa.onset.onset_strength(S=librosa.power_to_db(power), sr=RATE)
    magnitude = np.abs(librosa.stft(heard, n_fft=2048, hop_length=1024))
    middle, sides = mid_side(sound)
    halves = half_seconds(sound, rate)
    begun = len(onsets(sound, rate)) * rate / sound.shape[1]
    return [
        *band_levels(sound, rate),
        float(np.log2(librosa.feature.spectral_centroid(S=magnitude, sr=RATE).mean() + 1.0)),
        float(np.log2(librosa.feature.spectral_rolloff(S=magnitude, sr=RATE).mean() + 1.0)),
        float(np.log10(librosa.feature.spectral_flatness(S=magnitude).mean() + FLOOR)),
        level(sides) - level(middle),
        float(np.percentile(halves, 95) - np.percentile(halves, 10)),
        begun,
        float(strength.mean()),
        float(strength.std()),
        *timbre.mean(axis=1).tolist(),
        *timbre.std(axis=1)[:3].tolist(),
        *_struck(magnitude),
        *librosa.feature.spectral_contrast(S=magnitude, sr=RATE).mean(axis=1)[1:6].tolist(),
    ]


def _struck(magnitude):
    """How much of the power is strokes and not notes: of all, and below 650 Hz. Log of the ratio."""
    held, strokes = librosa.decompose.hpss(magnitude, kernel_size=17)
    return [
        float(np.log10((strokes[:top] ** 2).sum() / ((held[:top] ** 2).sum() + FLOOR) + 1e-6))
        for top in (None, 60)
    ]
