from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from tunes import silence, tone, tune

from bandstand.audio.clip import Clip
from bandstand.errors import Failed
from bandstand.musicgen.chroma import (
    FFT,
    FRAMES,
    MelodyCache,
    chroma,
    filter_bank,
    melody_frames,
    null_frames,
)

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
A = NAMES.index("A")


def classes(frames: Tensor) -> list[int]:
    assert torch.equal(frames.sum(1), torch.ones(len(frames))), "each frame is one class"
    return frames.argmax(1).tolist()


def samples(clip: Clip) -> Tensor:
    return torch.tensor(clip.samples[0])


def test_a_melody_model_hears_235_frames() -> None:
    assert FRAMES == 235


def test_concert_pitch_is_an_a_in_every_frame() -> None:
    frames = melody_frames(tone(440.0, 30.0))

    assert classes(frames) == [A] * 235


@pytest.mark.parametrize(("name", "number"), [(name, i) for i, name in enumerate(NAMES)])
def test_every_note_is_its_class(name: str, number: int) -> None:
    frames = melody_frames(tone(440.0 * 2 ** ((60 + number - 69) / 12), 1.0))

    assert classes(frames) == [number] * 235, name


@pytest.mark.parametrize("octave", [-2, -1, 1, 2, 3])
def test_octaves_are_one_class(octave: int) -> None:
    assert classes(melody_frames(tone(440.0 * 2.0**octave, 1.0))) == [A] * 235


def test_loudness_does_not_matter() -> None:
    loud = tune(4.0)

    soft = Clip(loud.samples * np.float32(2**-10), loud.rate)

    assert torch.equal(melody_frames(soft), melody_frames(loud))


def test_silence_is_no_melody() -> None:
    assert torch.equal(melody_frames(silence(10.0)), null_frames())


def test_no_melody_is_the_first_class_throughout() -> None:
    assert classes(null_frames(7)) == [0] * 7


@given(count=st.integers(1, 3 * FFT))
@settings(max_examples=30, deadline=None)
def test_there_is_a_frame_every_4096_samples(count: int) -> None:
    found = chroma(torch.ones(count))

    assert found.shape == (1 + max(FFT, count) // 4096, 12)


def test_short_sound_has_silence_on_both_sides() -> None:
    short = samples(tune(0.3))[:9001]

    padded = torch.cat([torch.zeros(3691), short, torch.zeros(3692)])

    assert torch.equal(chroma(short), chroma(padded))


def test_frames_of_a_short_melody_repeat() -> None:
    clip = tune(2.0)
    once = chroma(samples(clip))

    frames = melody_frames(clip)

    assert len(once) == 16
    assert torch.equal(frames, once.repeat(15, 1)[:235])


def test_a_single_sample_is_melody_enough() -> None:
    assert melody_frames(Clip(np.ones((1, 1), np.float32), 32000)).shape == (235, 12)


def test_a_long_melody_is_heard_as_if_it_were_heard_whole() -> None:
    clip = tune(40.0)

    frames = melody_frames(clip)

    assert torch.equal(frames, chroma(samples(clip))[:235])


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_the_end_of_a_long_melody_is_not_heard(rate: int) -> None:
    clip = tune(31.5, rate=rate)
    ends_otherwise = Clip(clip.samples.copy(), rate)
    ends_otherwise.samples[:, round(31.3 * rate) :] = 0.0

    assert torch.equal(melody_frames(ends_otherwise), melody_frames(clip))


def test_only_what_is_heard_is_separated() -> None:
    lengths: list[int] = []

    def separate(sound: Tensor) -> Tensor:
        lengths.append(len(sound))
        return sound

    melody_frames(tune(60.0), separate=separate)

    assert lengths == [234 * 4096 + FFT // 2], "30.2 s, the last frame's spectrum included"


def test_what_is_separated_is_followed() -> None:
    frames = melody_frames(tune(5.0), separate=torch.zeros_like)

    assert torch.equal(frames, null_frames())


def test_stems_may_be_a_sample_short() -> None:
    assert melody_frames(tune(2.0), separate=lambda sound: sound[:-1]).shape == (235, 12)


def test_sides_are_heard_as_one() -> None:
    left, right = tune(8.0, seed=1).samples, tune(8.0, seed=2).samples

    both = melody_frames(Clip(np.concatenate([left, right]), 32000))

    assert torch.equal(both, melody_frames(Clip((left + right) / 2, 32000)))


def test_sides_that_cancel_are_silence() -> None:
    side = tune(3.0).samples

    assert torch.equal(melody_frames(Clip(np.concatenate([side, -side]), 32000)), null_frames())


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 96000])
def test_concert_pitch_is_an_a_at_any_rate(rate: int) -> None:
    assert classes(melody_frames(tone(440.0, 31.0, rate=rate))) == [A] * 235


def test_a_melody_without_samples_is_refused() -> None:
    with pytest.raises(Failed, match="empty"):
        melody_frames(Clip(np.zeros((2, 0), np.float32), 32000))


def test_a_melody_too_short_for_one_sample_is_refused_in_a_long_piece() -> None:
    with pytest.raises(Failed, match="empty"):
        melody_frames(Clip(np.zeros((1, 1), np.float32), 96000), offset=18.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_melody_with_samples_that_are_no_numbers_is_refused(value: float) -> None:
    clip = tune(2.0)
    clip.samples[0, 1234] = value

    with pytest.raises(Failed, match="no numbers"):
        melody_frames(clip)


def test_a_window_hears_the_melody_from_where_it_begins() -> None:
    clip = tune(60.0)

    frames = melody_frames(clip, offset=18.0)

    assert torch.equal(frames, chroma(samples(clip)[18 * 32000 : 48 * 32000]))


def test_a_melody_goes_round_under_the_windows_in_phase() -> None:
    clip = tune(7.0)
    rounds = samples(clip).repeat(8)

    frames = melody_frames(clip, offset=18.0)

    assert torch.equal(frames, chroma(rounds[18 * 32000 : 48 * 32000]))


def test_a_melody_as_long_as_the_stride_sounds_alike_in_every_window() -> None:
    clip = tune(18.0)

    first, second = (melody_frames(clip, offset=offset) for offset in (0.0, 18.0))

    assert torch.equal(first, second)


def test_a_short_melody_repeats_otherwise_in_a_long_piece() -> None:
    """The reference repeats frames up to 30 s and samples beyond."""
    clip = tune(2.0)

    assert not torch.equal(melody_frames(clip, offset=0.0), melody_frames(clip))


def test_a_window_is_separated_as_it_is_heard() -> None:
    lengths: list[int] = []

    def separate(sound: Tensor) -> Tensor:
        lengths.append(len(sound))
        return sound

    melody_frames(tune(5.0), offset=36.0, separate=separate)

    assert lengths == [30 * 32000]


def test_every_filter_is_widest_open_in_the_middle_register() -> None:
    loudest = filter_bank().argmax(1) * 32000 / FFT

    assert ((loudest > 880 * 0.94) & (loudest < 880 * 1.07)).sum() >= 1
    assert ((loudest > 440.0) & (loudest < 1760.0)).all()


class Counting:
    """A separation that counts its calls, and can be told to fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails = False

    def __call__(self, sound: Tensor) -> Tensor:
        self.calls += 1
        if self.fails:
            raise Failed("no stems today")
        return sound


def test_a_melody_is_worked_out_once() -> None:
    cache, separate = MelodyCache(), Counting()

    found = [cache.frames(tune(2.0), separate=separate) for _ in range(3)]

    assert separate.calls == 1
    assert all(torch.equal(frames, melody_frames(tune(2.0))) for frames in found)


def test_whoever_changes_frames_changes_nobody_elses() -> None:
    cache = MelodyCache()
    cache.frames(tune(2.0)).zero_()

    assert torch.equal(cache.frames(tune(2.0)), melody_frames(tune(2.0)))


def test_what_is_heard_otherwise_is_worked_out_again() -> None:
    cache, clip = MelodyCache(), tune(2.0)

    cache.frames(clip)
    cache.frames(clip, separate=lambda sound: sound)
    cache.frames(clip, offset=0.0)
    cache.frames(clip, offset=18.0)
    cache.frames(clip, frames=20)
    cache.frames(Clip(clip.samples, 44100))
    cache.frames(Clip(clip.samples.reshape(2, -1), 32000))
    cache.frames(tune(2.0, seed=1))

    assert len(cache) == 8


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    cache, separate = MelodyCache(2), Counting()
    one, two, three = (tune(1.0, seed=seed) for seed in range(3))

    for clip in (one, two, one, three, one):
        cache.frames(clip, separate=separate)
    assert separate.calls == 3
    cache.frames(two, separate=separate)

    assert separate.calls == 4
    assert len(cache) == 2


def test_a_failure_is_not_remembered() -> None:
    cache, separate = MelodyCache(), Counting()
    separate.fails = True
    with pytest.raises(Failed, match="no stems today"):
        cache.frames(tune(1.0), separate=separate)

    separate.fails = False

    assert cache.frames(tune(1.0), separate=separate).shape == (235, 12)


def test_threads_that_ask_at_once_share_one_answer() -> None:
    cache, clip = MelodyCache(), tune(1.0)
    asked, answer = threading.Barrier(5), threading.Event()
    calls: list[int] = []

    def separate(sound: Tensor) -> Tensor:
        calls.append(len(sound))
        assert answer.wait(20.0)
        return sound

    def ask() -> Tensor:
        asked.wait(20.0)
        return cache.frames(clip, separate=separate)

    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(ask) for _ in range(4)]
        asked.wait(20.0)
        answer.set()
        results = [future.result(20.0) for future in found]

    assert len(calls) == 1
    assert all(torch.equal(frames, results[0]) for frames in results)
