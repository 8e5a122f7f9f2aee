"""Ears for the tests: tempo and key of finished sound, found without looking at the score.

Tempo: how strongly the onsets recur at a tempo is the geometric mean of their spectrum and their autocorrelation there,
as the errors of the two lie at different multiples (Peeters, "Template-Based Estimation of Time-Varying Tempo", EURASIP
Journal on Advances in Signal Processing, 2007); the beat that is found recurs itself and in its halves and quarters or in
its thirds and sixths. The answer is where the Fourier tempogram, summed over the tempo, its double and its quadruple, is
largest on a fine grid around it.
Key: profiles of Albrecht and Shanahan ("The Use of Large Corpora to Train a New Type of Key-Finding Algorithm",
Music Perception 31/1, 2013) on the harmonic part's chroma.
"""

from __future__ import annotations

import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import librosa

_RATE = 22050
_KEY_RATE = 11025
_HOP = 256
_TAPPED = np.exp(np.arange(np.log(40.0), np.log(240.0), 0.0005))
"""Beats per minute that a foot taps."""
_LIKED = 120.0
"""Those it likes best; an octave off, it does so by a factor of e^-0.5 less."""
_DIVIDED = ((1, 2, 4), (1, 3, 6))
_WEIGHTS = (1.0, 0.5, 0.5)
"""What divides a beat tells less of it than its own recurrence: eighths alone may be groups of two or of three."""
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)


def _mono(samples, rate, wanted=_RATE):
    return librosa.resample(
        np.asarray(samples, dtype=np.float32).mean(axis=0), orig_sr=rate, target_sr=wanted
    )


def refined_tempo(samples, rate, near_bpm=None):
    """Beats per minute of float32 [2, N]; near_bpm, if given, is where to look."""
    sound = _mono(samples, rate)
    onsets = librosa.onset.onset_strength(y=sound, sr=_RATE, hop_length=_HOP)
    onsets = onsets - onsets.mean()
    if near_bpm is None:
        near_bpm = _tapped_tempo(onsets)
    time = np.arange(len(onsets)) * _HOP / _RATE
    grid = near_bpm * np.linspace(0.94, 1.06, 961)
    strength = np.zeros(len(grid))
    for times in (1, 2, 4):
        turns = np.exp(-2j * np.pi * np.outer(grid * times / 60.0, time))
        strength += np.abs(turns @ (onsets * np.hanning(len(onsets))))
    return float(grid[np.argmax(strength)])


def _tapped_tempo(onsets):
    """Beats per minute at which a foot would tap, to a frame of the onsets."""
    windowed = np.fft.rfft(onsets * np.hanning(len(onsets)), 1 << 20)
    hertz = np.fft.rfftfreq(1 << 20, _HOP / _RATE)
    again = np.fft.irfft(np.abs(np.fft.rfft(onsets, 2 * len(onsets))) ** 2)[: len(onsets)]

    def recurrence(bpm):
        spectral = np.interp(bpm / 60.0, hertz, np.abs(windowed))
        lag = 60.0 / bpm * _RATE / _HOP
        return np.sqrt(spectral * np.maximum(np.interp(lag, np.arange(len(again)), again), 0.0))

    beaten = [
        sum(w * recurrence(times * _TAPPED) for w, times in zip(_WEIGHTS, ways, strict=True))
        for ways in _DIVIDED
    ]
    liking = np.exp(-0.5 * np.log2(_TAPPED / _LIKED) ** 2)
    return float(_TAPPED[np.argmax(np.maximum(*beaten) * liking)])


def harmonic_chroma(samples, rate):
    """float32 [12, frames] of what is no drum, and the frames per second."""
    sound = librosa.effects.harmonic(_mono(samples, rate, _KEY_RATE), n_fft=1024, margin=2.0)
    return librosa.feature.chroma_cqt(y=sound, sr=_KEY_RATE), _KEY_RATE / 512


def key_of(samples, rate):
    """(tonic pitch class, "major" or "minor") of float32 [2, N]."""
    return key_of_chroma(harmonic_chroma(samples, rate)[0])


def key_of_chroma(chroma):
    """The same, of what `harmonic_chroma` heard."""
    heard = chroma.mean(axis=1)
    marks = {
        (tonic, mode): np.corrcoef(np.roll(profile, tonic), heard)[0, 1]
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
        for tonic in range(12)
    }
    return max(marks, key=marks.__getitem__)
