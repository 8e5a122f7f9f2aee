"""Our chroma against librosa's filter bank, against the frames of transformers, and against the reference's own resampler."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import SequenceFeatureExtractor
from transformers.audio_utils import chroma_filter_bank
from transformers.models.musicgen_melody.feature_extraction_musicgen_melody import (
    MusicgenMelodyFeatureExtractor,
)
from tunes import silence, tone, tune

from bandstand.audio.clip import Clip
from bandstand.audio.resample import resample
from bandstand.musicgen.chroma import chroma, filter_bank, melody_frames


class Theirs(MusicgenMelodyFeatureExtractor):
    """transformers' extractor with librosa's spectrogram, for its own one needs torchaudio, which we do not."""

    def __init__(self) -> None:
        SequenceFeatureExtractor.__init__(
            self, feature_size=12, sampling_rate=32000, padding_value=0.0
        )
        self.return_attention_mask = False
        self.n_fft, self.hop_length, self.n_samples = 2**14, 2**12, 30 * 32000
        self.stem_indices = [3, 2]
        bank = chroma_filter_bank(
            num_frequency_bins=2**14, num_chroma=12, sampling_rate=32000, tuning=0
        )
        self.chroma_filters = torch.from_numpy(bank).float()

    def spectrogram(self, waves: Tensor) -> Tensor:
        """As torchaudio's with normalized=True and power=2."""
        power = np.abs(
            librosa.stft(waves.numpy(), n_fft=2**14, hop_length=2**12, pad_mode="reflect")
        )
        window = librosa.filters.get_window("hann", 2**14)
        return torch.from_numpy(power**2 / (window**2).sum()).float()

    def frames(self, mono: NDArray[np.float32]) -> Tensor:
        return self(torch.tensor(mono)[None], sampling_rate=32000)["input_features"][0]


def test_filter_bank_is_librosas() -> None:
    theirs = librosa.filters.chroma(sr=32000, n_fft=2**14, tuning=0, n_chroma=12)

    assert np.abs(filter_bank().numpy() - theirs).max() < 1e-6


@pytest.mark.parametrize("classes", [12, 24, 36])
def test_finer_filter_banks_are_librosas(classes: int) -> None:
    theirs = librosa.filters.chroma(sr=32000, n_fft=2**14, tuning=0, n_chroma=classes)

    assert np.abs(filter_bank(classes).numpy() - theirs).max() < 1e-6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_frames_of_a_melody_are_theirs(seed: int, noise: float) -> None:
    clip = tune(30.0, seed=seed, noise=noise)

    frames = melody_frames(clip)

    assert torch.equal(frames, Theirs().frames(clip.samples[0]))


@pytest.mark.parametrize("seconds", [0.0001, 0.1, 0.5, 0.512, 0.6001, 5.123, 29.999])
def test_frames_of_a_short_melody_are_theirs_repeated(seconds: float) -> None:
    clip = tune(seconds, seed=3)
    theirs = Theirs().frames(clip.samples[0])

    frames = melody_frames(clip)

    assert torch.equal(frames, theirs.repeat(235, 1)[:235])


def test_a_long_melody_is_theirs_but_for_the_last_two_frames() -> None:
    """They cut the sound at 30 s, where the last two spectra are still open; the reference cuts the frames."""
    clip = tune(45.0, seed=5)

    frames = melody_frames(clip)

    assert torch.equal(frames[:233], Theirs().frames(clip.samples[0])[:233])


def test_silence_is_the_same_to_them() -> None:
    clip = silence(12.0)

    assert torch.equal(melody_frames(clip)[:94], Theirs().frames(clip.samples[0]))


def test_librosa_hears_an_a_as_class_nine_too() -> None:
    clip = tone(440.0, 4.0)
    theirs = librosa.feature.chroma_stft(y=clip.samples[0], sr=32000, n_fft=2**14, tuning=0)

    assert set(theirs.argmax(0)) == set(melody_frames(clip).argmax(1).tolist()) == {9}


def julius_like(sound: NDArray[np.float32], old: int, new: int) -> Tensor:
    """The reference's resampler: a sinc with 24 zeros to each side under a cosine window, cut off at 0.945 of the lower half rate.

    One filter for each of the new rate's phases, normalised to pass a constant; the ends go on as they are.
    """
    shared = np.gcd(old, new)
    before, after = old // shared, new // shared
    cut = 0.945 * min(before, after)
    wide = int(np.ceil(24 * before / cut))
    place = np.arange(-wide, wide + before) / before - np.arange(after)[:, None] / after
    zeros = np.clip(place * cut, -24, 24)
    filters = np.sinc(zeros) * np.cos(zeros * np.pi / 48) ** 2
    filters /= filters.sum(1, keepdims=True)
    padded = torch.tensor(np.pad(sound, (wide, wide + before), mode="edge"))
    phases = torch.nn.functional.conv1d(
        padded[None, None], torch.from_numpy(filters).float()[:, None], stride=before
    )
    return phases[0].T.reshape(-1)[: len(sound) * new // old]


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_the_resampler_does_not_change_what_is_heard(rate: int) -> None:
    clip = tune(15.0, rate=rate, seed=7)

    ours = chroma(torch.tensor(resample(clip, 32000).samples[0]))

    assert torch.equal(ours, chroma(julius_like(clip.samples[0], rate, 32000)))


def test_stems_are_mixed_as_they_mix_them() -> None:
    """Four stems of Demucs, here at 32 kHz already: vocals and other, summed over stems and averaged over sides."""
    stems = torch.stack([torch.tensor(tune(3.0, seed=seed).samples[0]) for seed in range(8)])
    stems = stems.reshape(1, 4, 2, -1)
    theirs = Theirs()(stems, sampling_rate=32000)["input_features"][0]

    def separate(_: Tensor) -> Tensor:
        return stems[0, [3, 2]].sum(0).mean(0)

    frames = melody_frames(Clip(np.zeros((1, 96000), np.float32), 32000), separate=separate)

    assert torch.equal(frames[: len(theirs)], theirs)
