"""A piece from text to sound against transformers' `generate`, and what a piece's parts do to it. Tiny models of all ten kinds."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import torch
from tiny import NAMES, loaded_tiny, tiny_folder, tiny_tokenizer
from tracks import GREEDY

from bandstand.audio.clip import Clip
from bandstand.errors import Canceled, Failed
from bandstand.musicgen.chroma import melody_frames, null_frames
from bandstand.musicgen.model import MusicGen
from bandstand.musicgen.piece import Brake, Piece, Sampling, Section

MELODIES = [name for name in NAMES if "melody" in name]
TEXT = "lofi beats"


class Shelf:
    """Models that the tests of this file share, each opened once."""

    def __init__(self) -> None:
        self._open: dict[str, MusicGen] = {}

    def __getitem__(self, name: str) -> MusicGen:
        if name not in self._open:
            self._open[name] = MusicGen.read(tiny_folder(name), precision="float32", slots=2)
        return self._open[name]

    def close(self) -> None:
        for model in self._open.values():
            model.close()


@pytest.fixture(scope="module")
def models() -> Generator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.close()


def piece(**wishes: Any) -> Piece:
    return Piece(**{"text": TEXT, "seconds": 1.0, "seed": 1, **wishes})


def theirs(name: str, *, frames: int, **given: Any) -> np.ndarray:
    """What `generate` gives greedily at guidance 3; its last step's columns hold three frames less."""
    words = tiny_tokenizer()([TEXT], return_tensors="pt")
    sound = loaded_tiny(name).generate(
        **words, **given, max_new_tokens=frames + 3, do_sample=False, guidance_scale=3.0
    )
    return sound[0].numpy()


def tune(*, seconds: float = 3.0, channels: int = 1, seed: int = 0) -> Clip:
    generator = np.random.default_rng(seed)
    times = np.arange(round(seconds * 32000)) / 32000
    notes = 220 * 2 ** (
        generator.integers(0, 24, 1 + int(seconds * 4))[(times * 4).astype(int)] / 12
    )
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(notes) / 32000)
    return Clip(np.repeat(wave[np.newaxis], channels, axis=0).astype(np.float32), 32000)


@pytest.mark.parametrize("name", NAMES)
def test_greedy_piece_of_200_steps_is_that_of_transformers(name: str, models: Shelf) -> None:
    ours = models[name].make(piece(seconds=197 / 50, sampling=GREEDY))

    wanted = theirs(name, frames=197)

    assert ours.samples.shape == wanted.shape
    assert np.abs(ours.samples - wanted).max() < 1e-5


@pytest.mark.parametrize("name", MELODIES)
def test_greedy_piece_that_follows_a_melody_is_that_of_transformers(
    name: str, models: Shelf
) -> None:
    melody = tune()

    ours = models[name].make(piece(sampling=GREEDY, melody=melody))

    wanted = theirs(name, frames=50, input_features=melody_frames(melody)[None])
    assert np.abs(ours.samples - wanted).max() < 1e-5


@pytest.mark.parametrize("name", ["small", "stereo-medium"])
def test_greedy_continuation_is_that_of_transformers(name: str, models: Shelf) -> None:
    given = tune(seconds=0.5, channels=models[name].sizes.channels)

    ours = models[name].make(piece(sampling=GREEDY, continues=given))

    wanted = theirs(name, frames=25, input_values=torch.from_numpy(given.samples)[None])
    assert np.abs(ours.samples - wanted).max() < 1e-5


@pytest.mark.parametrize("name", ["melody", "stereo-melody"])
def test_melody_models_go_on_from_given_sound_and_hear_no_tune_then(
    name: str, models: Shelf
) -> None:
    given = tune(seconds=0.5, channels=models[name].sizes.channels)
    codes = models[name].codec.encode(torch.from_numpy(given.samples))

    ours = models[name].make(piece(sampling=GREEDY, continues=given))

    # transformers' melody models refuse given sound; they take it as codes.
    wanted = theirs(name, frames=25, input_features=null_frames()[None], decoder_input_ids=codes)
    assert np.abs(ours.samples - wanted).max() < 1e-5


@pytest.mark.parametrize("name", ["small", "stereo-small", "melody"])
def test_8_seconds_are_400_frames_and_256000_samples(name: str, models: Shelf) -> None:
    eight = piece(seconds=8)

    assert eight.frames == 400
    assert models[name].make(eight).samples.shape[1] == 256_000


@pytest.mark.parametrize("seconds", [0.5, 0.501, 1.0, 1.23456, 2.34])
def test_length_is_exact_to_the_sample(seconds: float, models: Shelf) -> None:
    clip = models["small"].make(piece(seconds=seconds))

    assert clip.samples.shape[1] == round(seconds * 32000)


def test_continuation_begins_with_the_given_sound_encoded_and_decoded(models: Shelf) -> None:
    model = models["small"]
    given = tune(seconds=0.6)
    again = model.codec.decode(model.codec.encode(torch.from_numpy(given.samples)))

    whole = model.make(piece(continues=given, seconds=2.0))

    known = 0.6 * 32000 - model.codec.lag
    assert (
        np.abs(whole.samples - np.pad(again.numpy(), ((0, 0), (0, 44_800))))[:, : int(known)].max()
        < 1e-5
    )


def test_continuation_works_from_another_rate_and_other_channels(models: Shelf) -> None:
    given = Clip(tune(channels=2).samples[:, :44100], 44100)

    assert models["small"].make(piece(continues=given, seconds=2.0)).samples.shape == (1, 64_000)
    assert models["stereo-small"].make(piece(continues=given, seconds=2.0)).channels == 2


@pytest.mark.parametrize("seconds", [1.0, 1.01, 5.0, 40.0])
def test_continuation_that_leaves_nothing_to_make_is_told_as_the_reference_does(
    seconds: float, models: Shelf
) -> None:
    with pytest.raises(Failed, match="Prompt is longer than audio to generate"):
        models["small"].make(piece(continues=tune(seconds=seconds), seconds=1.0))


def test_sound_that_is_no_sound_is_not_continued(models: Shelf) -> None:
    broken = Clip(np.full((1, 3200), np.nan, np.float32), 32000)

    with pytest.raises(Failed, match="no numbers"):
        models["small"].make(piece(continues=broken))


def test_long_prompt_is_gone_on_from(models: Shelf) -> None:
    clip = models["small"].make(piece(continues=tune(seconds=31), seconds=32.0))

    assert clip.seconds == 32.0


def test_stretches_that_were_heard_are_the_piece(models: Shelf) -> None:
    heard = Heard()

    clip = models["stereo-small"].make(piece(seconds=3.3), heard)

    assert np.array_equal(np.concatenate(heard.stretches, axis=1), clip.samples)
    assert len(heard.stretches) > 3
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[-1] == 1.0


def test_text_of_a_section_is_heard_from_its_start_on(models: Shelf) -> None:
    plain = models["small"].make(piece(seconds=3))
    parted = models["small"].make(piece(seconds=3, sections=(Section(1.5, "drums"),)))

    assert np.array_equal(plain.samples[:, :40_000], parted.samples[:, :40_000])
    assert np.abs(plain.samples[:, 60_000:] - parted.samples[:, 60_000:]).max() > 1e-3


def test_melody_leads_on_in_pieces_longer_than_a_window(models: Shelf) -> None:
    first = models["melody"].make(piece(seconds=31, melody=tune(seed=1)))
    other = models["melody"].make(piece(seconds=31, melody=tune(seed=2)))

    assert np.abs(first.samples[:, -10_000:] - other.samples[:, -10_000:]).max() > 1e-3


def test_texts_and_seeds_and_guidance_make_a_difference(models: Shelf) -> None:
    pieces = [
        piece(),
        piece(seed=2),
        piece(text="drums"),
        piece(text=""),
        piece(sampling=Sampling(guidance=-3.0)),
    ]

    sounds = {models["small"].make(wanted).samples.tobytes() for wanted in pieces}

    assert len(sounds) == len(pieces)


def test_without_text_the_guidance_does_not_matter(models: Shelf) -> None:
    first, other = (
        models["small"].make(piece(text="", sampling=Sampling(guidance=g))) for g in (3.0, 0.0)
    )

    assert np.array_equal(first.samples, other.samples)


def test_pieces_made_at_once_are_those_made_alone(models: Shelf) -> None:
    wanted = [piece(seed=seed, seconds=0.5 + seed / 4) for seed in range(5)]
    alone = [models["small"].make(one) for one in wanted]
    together: dict[int, Clip] = {}

    def make(number: int) -> None:
        together[number] = models["small"].make(wanted[number])

    threads = [threading.Thread(target=make, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for number in range(5):
        assert np.array_equal(together[number].samples, alone[number].samples)


def test_piece_that_is_called_off_frees_its_slot(models: Shelf) -> None:
    brakes = [Brake() for _ in range(2)]
    begun = threading.Barrier(3)
    ended: list[type[BaseException]] = []

    def make(brake: Brake) -> None:
        try:
            models["small"].make(piece(seconds=120), Heard(begun), brake)
        except Canceled as error:
            ended.append(type(error))

    threads = [threading.Thread(target=make, args=(brake,)) for brake in brakes]
    for thread in threads:
        thread.start()
    begun.wait(timeout=60)

    for brake in brakes:
        brake.pull()
    for thread in threads:
        thread.join(timeout=60)

    assert ended == [Canceled, Canceled]
    assert models["small"].make(piece()).seconds == 1.0


def test_piece_that_was_called_off_before_it_began_is_not_made(models: Shelf) -> None:
    brake = Brake()
    brake.pull()

    with pytest.raises(Canceled):
        models["small"].make(piece(), None, brake)


def test_model_that_is_closed_ends_what_is_under_way() -> None:
    model = MusicGen.read(tiny_folder("small"), slots=1)
    begun, ended = threading.Barrier(2), threading.Event()

    def make() -> None:
        with pytest.raises(Exception, match=r"stopped|^$"):
            model.make(piece(seconds=120), Heard(begun))
        ended.set()

    threading.Thread(target=make).start()
    begun.wait(timeout=60)
    model.close()

    assert ended.wait(timeout=60)


def test_multiband_diffusion_without_weights_is_told(models: Shelf) -> None:
    with pytest.raises(Failed, match="MultiBand Diffusion has no weights"):
        models["small"].make(piece(multiband=True))


class Heard:
    """A listener that keeps everything. begun: is told of the first stretch"""

    def __init__(self, begun: threading.Barrier | None = None) -> None:
        self.fractions: list[float] = []
        self.lines: list[str] = []
        self.stretches: list[np.ndarray] = []
        self._begun = begun

    def progress(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def log(self, line: str) -> None:
        self.lines.append(line)

    def audio(self, stretch: Clip) -> None:
        self.stretches.append(stretch.samples)
        if self._begun is not None and len(self.stretches) == 1:
            self._begun.wait(timeout=60)
