"""Facts of the blues and of the maqam that their players keep."""

from __future__ import annotations

import numpy as np
import pytest
from bands import band, chart, part

from bandstand.composer.compose.idioms import maqam
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Role

HARP, BASS, OUD = (
    Voice(Role.LEAD, "harmonica"),
    Voice(Role.BASS, "acoustic-bass"),
    Voice(Role.LEAD, "oud"),
)


def test_the_blues_comes_round_after_twelve_bars():
    plan = band("blues", mode="mixolydian", seconds=90)
    bars = chart(plan)
    roots = [(bar.chords[0].root - plan.key.tonic) % 12 for bar in bars]

    assert roots[:12] == roots[12:24]
    assert roots[0] == roots[2] == roots[6] == 0
    assert roots[4] == roots[5] == 5
    assert roots[8] == 7


def test_a_short_blues_leaves_its_first_chord():
    plan = band("blues", mode="mixolydian", seconds=20)
    roots = {chord.root for bar in chart(plan)[:4] for chord in bar.chords}

    assert plan.bars < 9
    assert len(roots) >= 2


def test_the_piano_of_the_blues_plays_ninths_without_their_root():
    plan = band("blues", mode="mixolydian")
    held = {(note[0], note[2] % 12) for note in part(plan, Voice(Role.COMP, "piano"))}

    for bar in chart(plan):
        classes = {pitch for at, pitch in held if bar.start <= at < bar.start + bar.beats}
        roots = {chord.root for chord in bar.chords}
        if len(roots) == 1 and classes:
            root = next(iter(roots))
            assert (root + 2) % 12 in classes
            assert root not in classes


def test_a_call_is_followed_by_silence():
    plan = band("blues", mode="mixolydian", seconds=90)
    bars = [bar for bar in chart(plan) if bar.section.name == "a"]
    sounding = [len(part(plan, HARP, bars=[bar])) for bar in bars]

    full = part(plan, HARP, bars=bars)
    silent = [bar for bar in bars if not any(bar.start <= n[0] < bar.start + 4 for n in full)]
    assert max(sounding) > 0
    assert silent


def test_the_lead_bends_to_the_blue_notes():
    plan = band("blues", mode="mixolydian", seconds=90)
    tonic = plan.key.tonic
    steps = {(n[2] - tonic) % 12 for seed in range(4) for n in part(plan, HARP, seed=seed)}

    assert steps & {3, 6}
    assert steps <= {0, 2, 3, 4, 5, 6, 7, 9, 10}


def test_the_boogie_has_the_root_where_a_chord_begins():
    plan = band("blues", mode="mixolydian")
    at = {n[0]: n[2] for n in part(plan, BASS)}

    for bar in chart(plan):
        assert at[bar.start] % 12 == bar.chords[0].root


def test_a_maqam_stands_on_one_chord():
    bars = chart(band("maqam", mode="phrygian dominant"))

    assert len({chord.notes for bar in bars for chord in bar.chords}) == 1


def test_the_tune_stays_in_its_maqam():
    plan = band("maqam", mode="phrygian dominant", seconds=60)
    steps = {(n[2] - plan.key.tonic) % 12 for n in part(plan, OUD)}

    assert steps <= {0, 1, 4, 5, 7, 8, 10}


@pytest.mark.parametrize("metre", sorted(maqam.IQAAT))
def test_an_iqa_fills_its_bar_and_begins_with_dum(metre):
    numerator, unit = (int(n) for n in metre.split("/"))

    for strokes in maqam.IQAAT[metre].values():
        assert strokes[0] == "D"
        assert (16 * numerator / unit) % len(strokes) == 0


def test_the_frame_drum_plays_the_iqa():
    plan = band("maqam", metre="4/4")
    iqa = maqam.iqa_of(plan)
    strokes = part(plan, Voice(Role.PERCUSSION, "frame-drum"))
    dums = sorted({n[0] % 4 for n in strokes if n[2] == KEYS["kick"]})

    assert dums == [n * 0.25 for n, symbol in enumerate(iqa) if symbol == "D"]
    assert np.mean([n[3] for n in strokes if n[2] == KEYS["kick"]]) > 0.5
