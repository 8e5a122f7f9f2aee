"""Score -> stems: every instrument sounds, is in tune, and does not depend on how it is cut into blocks."""

from itertools import pairwise

import numpy as np
import pytest
from scores import one_note, score_of

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.render.amp import CABINET, TAPS, convolve, minimum_phase
from bandstand.composer.render.drums import in_tune
from bandstand.composer.render.kits import KITS, hit_of
from bandstand.composer.render.patches import PATCHES
from bandstand.composer.render.perform import LONG_SECONDS, perform
from bandstand.composer.render.stem import Player, Stem
from bandstand.composer.score import Note, Part, Role

RATE = 32000
PITCHED = [name for name, instrument in INSTRUMENTS.items() if instrument.family != "kit"]
KIT_NAMES = [name for name, instrument in INSTRUMENTS.items() if instrument.family == "kit"]


def is_chorused(instrument):
    """Whether several detuned voices make its note, so that the pitch of one is no exact thing."""
    patch = PATCHES[instrument]
    return max(getattr(patch, "detune", 0.0), getattr(patch, "chorus", 0.0)) > 4.0


def stem_of(score, seconds, rate=RATE):
    return Stem(Player(score, 0, rate)).block(round(seconds * rate))


def a_phrase(instrument):
    known = INSTRUMENTS[instrument]
    if known.family == "kit":
        notes = [
            Note(0.5 * i, 0.5, key, 0.8) for i, key in enumerate((36, 42, 38, 46, 42, 49, 64, 76))
        ]
    else:
        notes = [Note(0.5 * i, 0.6, known.low + 5 + 3 * i % 12, 0.5 + 0.06 * i) for i in range(8)]
    return score_of(Part(Role.LEAD, instrument, tuple(notes)))


def cents_off(sound, pitch, rate):
    """How far the harmonics of a note are from where they should be."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18))
    bins = np.arange(len(spectrum)) * rate / (1 << 18)
    candidates = np.arange(-40.0, 40.5, 0.5)
    frequencies = 440.0 * 2.0 ** ((pitch - 69) / 12.0) * 2.0 ** (candidates / 1200.0)
    heard = sum(
        np.sqrt(np.interp(k * frequencies, bins, spectrum, right=0.0)) / k for k in range(1, 6)
    )
    return float(candidates[np.argmax(heard)])


def mean_cents_off(sound, pitch, rate):
    """The same of a note with vibrato: where the power around each harmonic has its middle."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18)) ** 2
    hertz = np.fft.rfftfreq(1 << 18, 1.0 / rate)
    middles, weights = [], []
    for k in range(1, 6):
        centre = k * 440.0 * 2.0 ** ((pitch - 69) / 12.0)
        cents = 1200.0 * np.log2(np.maximum(hertz, 1.0) / centre)
        near = np.abs(cents) < 70.0
        middles.append(float(np.average(cents[near], weights=power[near])))
        weights.append(float(power[near].sum()))
    return float(np.average(middles, weights=weights))


def test_every_instrument_has_a_sound_and_every_sound_an_instrument():
    assert set(PATCHES) | set(KITS) == set(INSTRUMENTS)


@pytest.mark.parametrize("instrument", sorted(INSTRUMENTS))
def test_instrument_sounds_without_clipping_or_offset(instrument):
    sound = stem_of(a_phrase(instrument), 4.0)

    assert np.isfinite(sound).all()
    assert 0.05 < np.abs(sound).max() < 2.0
    assert abs(sound.mean()) < 3e-3


@pytest.mark.parametrize("instrument", PITCHED)
def test_instrument_is_in_tune(instrument):
    known = INSTRUMENTS[instrument]
    within = 12.0 if is_chorused(instrument) else 5.0
    measure = mean_cents_off if getattr(PATCHES[instrument], "depth", 0.0) else cents_off

    for pitch in (45, 57, 69, 81):
        if known.low <= pitch <= known.high:
            sound = stem_of(one_note(instrument, pitch), 2.0).sum(axis=0)

            assert abs(measure(sound[RATE // 5 :], pitch, RATE)) <= within, pitch


@pytest.mark.parametrize("instrument", ["piano", "violin", "distorted-guitar", "sitar", "lofi-kit"])
def test_stem_is_the_same_however_it_is_cut(instrument):
    score = a_phrase(instrument)

    at_once = stem_of(score, 4.0)
    stem = Stem(Player(score, 0, RATE))
    in_blocks = np.concatenate([stem.block(n) for n in (1, 999, 31000, 64000, 32000)], axis=1)

    assert np.array_equal(at_once, in_blocks)


@pytest.mark.parametrize("instrument", ["piano", "trumpet", "lead-synth", "nylon-guitar"])
def test_harder_is_louder_and_brighter(instrument):
    def loudness_and_centre(velocity):
        sound = stem_of(one_note(instrument, 64, velocity=velocity), 1.0).sum(axis=0)
        power = np.abs(np.fft.rfft(sound)) ** 2
        return power.sum(), (power * np.arange(len(power))).sum() / power.sum()

    soft, hard = loudness_and_centre(0.3), loudness_and_centre(0.95)

    assert hard[0] > 4.0 * soft[0]
    assert hard[1] > 1.05 * soft[1]


def test_no_two_instruments_sound_alike():
    def colour(instrument):
        sound = stem_of(one_note(instrument, 64 if INSTRUMENTS[instrument].high >= 64 else 45), 2.5)
        power = np.abs(np.fft.rfft(sound.mean(axis=0))) ** 2
        edges = np.geomspace(60, 12000, 25) * len(power) * 2 / RATE
        bands = [power[int(a) : int(b)].sum() + 1e-9 for a, b in pairwise(edges)]
        steps = np.sqrt((sound**2).mean(axis=0)[: 2 * RATE].reshape(20, -1).mean(axis=1))
        levels = 10 * np.log10(np.array(bands) / max(bands))
        return np.concatenate([np.maximum(levels, -50.0), 20.0 * steps / steps.max()])

    colours = {name: colour(name) for name in PITCHED}

    for first in PITCHED:
        for second in PITCHED:
            if first < second:
                assert np.abs(colours[first] - colours[second]).max() > 3.0, (first, second)


@pytest.mark.parametrize("kit", KIT_NAMES)
def test_kick_is_tuned_to_the_key(kit):
    for tonic in range(12):
        hit = hit_of(kit, 36)
        pitch = 69.0 + 12.0 * np.log2(in_tune(hit.tone, tonic, hit.tuned) / 440.0)

        assert hit.tuned
        assert round(pitch) % 12 in {tonic, (tonic + 7) % 12}


def test_pedal_chokes_the_open_hat():
    def late_energy(*keys):
        notes = tuple(Note(0.5 * i, 0.5, key, 0.8) for i, key in enumerate(keys))
        sound = stem_of(score_of(Part(Role.DRUMS, "acoustic-kit", notes)), 1.0)
        return float((sound[:, int(0.40 * RATE) :] ** 2).sum())

    assert late_energy(46, 44) < 0.2 * late_energy(46, 37)


def test_last_chord_rings_to_the_end():
    notes = (Note(0.0, 1.0, 60, 0.7), Note(4.0, 0.5, 60, 0.7))
    sound = stem_of(score_of(Part(Role.PAD, "pad-synth", notes), seconds=6.0), 6.0)

    assert np.abs(sound[:, -RATE:]).max() > 0.02


def test_very_long_note_is_taken_up_again():
    score = score_of(Part(Role.DRONE, "warm-pad", (Note(0.0, 200.0, 48, 0.6),)), seconds=110.0)

    played = perform(score, 0, RATE)

    assert len(played) > 5
    assert all(note.hold <= LONG_SECONDS * RATE + 1 for note in played[:-1])


def test_stem_may_begin_inside_a_held_note():
    score = one_note("organ", 60, length=4.0)

    sound = Stem(Player(score, 0, RATE), start=2 * RATE).block(RATE)

    assert np.abs(sound).max() > 0.05


def test_slurred_notes_have_no_gap_and_one_beginning():
    pitches = (67, 69, 71, 72, 71, 69)
    notes = tuple(Note(i, 1.0, pitch, 0.7) for i, pitch in enumerate(pitches))
    score = score_of(Part(Role.LEAD, "violin", notes))

    phrases = perform(score, 0, RATE)

    assert len(phrases) < len(notes)
    assert sum(1 + len(phrase.turns) for phrase in phrases) == len(notes)


def test_repeated_notes_and_wide_leaps_begin_anew():
    notes = tuple(Note(i, 1.0, pitch, 0.7) for i, pitch in enumerate((60, 60, 72, 60, 60)))
    score = score_of(Part(Role.LEAD, "flute", notes))

    assert not any(phrase.turns for phrase in perform(score, 0, RATE))


def test_slur_arrives_at_its_pitches():
    notes = tuple(Note(i, 1.0, pitch, 0.7) for i, pitch in enumerate((57, 59, 60, 62, 60, 59)))
    sound = stem_of(score_of(Part(Role.LEAD, "clarinet", notes)), 3.0).sum(axis=0)

    for index, note in enumerate(notes):
        at = round((0.5 * index + 0.15) * RATE)
        assert abs(mean_cents_off(sound[at : at + RATE // 4], note.pitch, RATE)) < 12.0, index


def test_slur_may_be_taken_up_in_the_middle():
    notes = tuple(Note(i, 1.0, 60 + 2 * (i % 3), 0.7) for i in range(6))
    score = score_of(Part(Role.LEAD, "flute", notes))

    sound = Stem(Player(score, 0, RATE), start=RATE).block(RATE // 2)

    assert np.abs(sound).max() > 0.05


def test_no_two_strokes_of_a_hand_are_the_same():
    notes = tuple(Note(i, 0.5, 63, 0.7) for i in range(4))
    sound = stem_of(score_of(Part(Role.PERCUSSION, "congas", notes)), 2.0)
    strokes = [sound[:, i * RATE // 2 : i * RATE // 2 + RATE // 8] for i in range(3)]

    assert not np.allclose(strokes[0], strokes[1], atol=1e-4)
    assert not np.allclose(strokes[1], strokes[2], atol=1e-4)


def test_strokes_of_a_machine_are_all_the_same():
    notes = tuple(Note(i, 0.5, 36, 0.7) for i in range(3))
    sound = stem_of(score_of(Part(Role.DRUMS, "909-kit", notes)), 2.0)

    assert np.allclose(sound[:, : RATE // 4], sound[:, RATE // 2 : 3 * RATE // 4], atol=1e-3)


def test_guitar_is_doubled_left_and_right():
    notes = tuple(Note(0.0, 2.0, pitch, 0.8) for pitch in (40, 47, 52))
    sound = stem_of(score_of(Part(Role.COMP, "distorted-guitar", notes)), 2.0)

    assert abs(np.corrcoef(sound)[0, 1]) < 0.5


def test_short_strokes_of_a_guitar_are_muted():
    def centre(length):
        notes = (Note(0.0, length, 45, 0.8), Note(3.0, 0.5, 45, 0.8))
        sound = stem_of(score_of(Part(Role.COMP, "distorted-guitar", notes)), 1.0)
        power = np.abs(np.fft.rfft(sound[0, : RATE // 8])) ** 2
        return (power * np.arange(len(power))).sum() / power.sum()

    assert centre(0.25) < 0.9 * centre(1.0)


@pytest.mark.parametrize("rate", [32000, 48000])
def test_cabinet_is_dark_above_five_kilohertz(rate):
    impulse = np.zeros((2, 4096), dtype=np.float32)
    taps = minimum_phase(CABINET, rate)
    padded = np.zeros((2, TAPS - 1 + 4096), dtype=np.float32)
    padded[:, TAPS - 1] = 1.0

    convolve(impulse, padded, taps)

    levels = 20.0 * np.log10(np.abs(np.fft.rfft(impulse[0])) + 1e-9)
    hertz = np.fft.rfftfreq(4096, 1.0 / rate)
    bite = np.interp(2600.0, hertz, levels)
    assert bite > np.interp(700.0, hertz, levels) + 3.0
    assert bite > np.interp(8000.0, hertz, levels) + 25.0
