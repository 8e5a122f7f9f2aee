"""Facts of gospel and of East Asian heterophony that their players keep, and laws of all who play to the tune."""

from __future__ import annotations

import numpy as np
import pytest
from bands import band, chart, part
from hypothesis import given, settings
from hypothesis import strategies as st

from bandstand.composer import theory
from bandstand.composer.compose import compose_score
from bandstand.composer.compose.idioms import LISTENERS, fives, gospel, listeners, players
from bandstand.composer.compose.idioms.listening import melody_line
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Role

PIANO, CHOIR = Voice(Role.COMP, "piano"), Voice(Role.COUNTER, "choir")
KIT, BASS = Voice(Role.DRUMS, "acoustic-kit"), Voice(Role.BASS, "electric-bass")
ERHU, KOTO = Voice(Role.LEAD, "erhu"), Voice(Role.COMP, "koto")
PLAYED_BY = {
    Role.COMP: ("koto", "piano"),
    Role.ARP: ("guzheng", "harp"),
    Role.COUNTER: ("choir", "shakuhachi", "trumpet"),
    Role.BASS: ("cello", "acoustic-bass"),
}
bands = st.fixed_dictionaries(
    {
        "seconds": st.floats(0.5, 120),
        "bpm": st.floats(40, 240),
        "metre": st.sampled_from(theory.METRES),
        "mode": st.sampled_from(sorted(theory.MODES)),
        "seed": st.integers(0, 2**63),
    }
)


def tune_of(plan, voice=ERHU, *, bars=None, seed=1):
    return part(plan, voice, bars=bars, seed=seed)


def answer(plan, voice, tune, *, bars=None, seed=1):
    play = listeners(plan.style.idiom)[voice.role]
    heard = chart(plan) if bars is None else bars
    return play(heard, tune, plan, voice, np.random.default_rng(seed))


@pytest.mark.parametrize("idiom", sorted(LISTENERS))
@settings(max_examples=25, deadline=None)
@given(wanted=bands, data=st.data())
def test_whatever_is_answered_can_be_played(idiom, wanted, data):
    plan = band(idiom, **wanted)
    bars = chart(plan)
    role = data.draw(st.sampled_from(sorted(listeners(idiom))))
    voice = Voice(role, data.draw(st.sampled_from(PLAYED_BY[role])))
    known = INSTRUMENTS[voice.instrument]
    tune = tune_of(plan) if data.draw(st.booleans()) else []

    events = answer(plan, voice, tune)

    end = plan.bars * plan.metre.beats
    assert bool(bars) or not events
    assert all(0 < loud <= 1 and length > 0 for _, length, _, loud in events)
    assert all(known.low <= pitch <= known.high for _, _, pitch, _ in events)
    assert all(start >= 0 and start + length <= end + 0.06 for start, length, _, _ in events)


@pytest.mark.parametrize("idiom", sorted(LISTENERS))
def test_nobody_both_listens_and_plays_for_himself(idiom):
    assert not listeners(idiom).keys() & players(idiom).keys()


def test_the_choir_answers_when_the_leader_is_silent():
    for seed in range(6):
        plan = band("gospel", bpm=100, mode="major", seed=seed)
        bars = [bar for bar in chart(plan) if not bar.is_peak]
        tune = tune_of(plan, Voice(Role.LEAD, "voice"), bars=bars, seed=seed)

        for start, *_ in answer(plan, CHOIR, tune, bars=bars):
            bar = next(b for b in reversed(bars) if b.start <= start + 1e-6)
            sung = [n for n in tune if bar.start <= n[0] < bar.start + bar.beats]
            assert all(n[0] + n[1] <= start + 0.5 for n in sung)


def test_a_choir_answers_in_three_parts():
    plan = band("gospel", bpm=100, mode="major")
    sung = answer(plan, CHOIR, tune_of(plan, Voice(Role.LEAD, "voice")))
    together = {n[0]: sum(m[0] == n[0] for m in sung) for n in sung}

    assert set(together.values()) == {3}


def test_slow_gospel_has_three_strokes_to_the_beat():
    plan = band("gospel", bpm=70, mode="major")
    hats = [n[0] for n in part(plan, KIT) if n[2] in {KEYS["hat"], KEYS["ride"]}]

    assert all(abs(3 * start - round(3 * start)) < 1e-6 for start in hats)
    assert any(abs(start - round(start)) > 0.1 for start in hats)


def test_claps_are_on_two_and_four_where_gospel_drives():
    plan = band("gospel", bpm=110, mode="major", seconds=60)
    bars = [bar for bar in chart(plan) if bar.is_peak and not bar.is_last]
    claps = [n[0] % 4 for n in part(plan, KIT, bars=bars) if n[2] == KEYS["clap"]]

    assert set(claps) == {1.0, 3.0}


def test_left_hand_and_bass_walk_up_together():
    plan = band("gospel", bpm=100, mode="major")
    bars = [bar for bar in chart(plan) if gospel.walk_up(bar, plan)]
    assert bars
    for bar in bars:
        led = {round(bar.start + offset, 4) for offset, _ in gospel.walk_up(bar, plan)}
        low = {round(n[0], 4): n[2] % 12 for n in part(plan, BASS, bars=[bar])}
        left = {round(n[0], 4): n[2] % 12 for n in part(plan, PIANO, bars=[bar]) if n[2] < 36 + 12}
        assert all(left[at] == low[at] for at in led)


def test_the_fourth_turns_minor_and_dominants_follow_each_other():
    written = " ".join(gospel.CHANGES["major"])

    assert "4:m " in written
    assert "#4:dim" in written
    assert "b2:7" in written
    assert "1 6:7 2:7 5:7" in written


def test_every_scale_of_five_has_five_notes_and_stands_on_a_fifth():
    for five in fives.fives():
        assert len(set(five.notes)) == 5
        assert five.centres[0] == 0
        for mode in five.modes:
            assert set(five.notes) <= set(theory.MODES[mode])


def test_a_koto_plays_in_a_japanese_scale_and_an_erhu_in_a_chinese_one():
    homes = {"koto": "japan", "erhu": "china"}
    for name, home in homes.items():
        plan = band("heterophony", mode="minor", named="east-asian")
        object.__setattr__(plan, "voices", (Voice(Role.LEAD, name),))

        assert fives.five_of(plan).home == home


@pytest.mark.parametrize("mode", ["major", "minor", "phrygian", "dorian"])
def test_everybody_keeps_to_the_five_notes(mode):
    plan = band("heterophony", mode=mode, named="east-asian")
    tune = tune_of(plan)
    inside = fives.classes_of(plan)

    assert {n[2] % 12 for n in tune} <= inside
    for voice in (KOTO, Voice(Role.COUNTER, "shakuhachi"), Voice(Role.BASS, "cello")):
        assert {n[2] % 12 for n in answer(plan, voice, tune)} <= inside


def test_there_are_only_open_fifths():
    plan = band("heterophony", mode="minor", named="east-asian")

    assert all((c.notes[-1] - c.root) % 12 in {0, 7} for bar in chart(plan) for c in bar.chords)


def test_the_zither_plays_the_notes_of_the_tune():
    plan = band("heterophony", mode="minor", named="east-asian")
    tune = melody_line(tune_of(plan))
    plucked = {(round(n[0], 4), n[2] % 12) for n in answer(plan, KOTO, tune)}

    assert all((round(n[0], 4), n[2] % 12) in plucked for n in tune)


def test_a_follower_comes_after_the_tune():
    plan = band("heterophony", mode="major", named="east-asian")
    tune = tune_of(plan)
    followed = [n for n in answer(plan, Voice(Role.COUNTER, "shakuhachi"), tune) if n[3] > 0.4]

    assert followed
    assert not {round(n[0], 4) for n in followed} & {round(n[0], 4) for n in tune if n[1] >= 1.0}


def test_a_low_tone_sounds_through_every_silence():
    plan = band("heterophony", mode="minor", named="east-asian")
    drone = part(plan, Voice(Role.DRONE, "strings"))
    for beat in np.arange(0.0, plan.bars * plan.metre.beats - 0.5, 0.5):
        assert any(n[0] <= beat + 0.3 and beat <= n[0] + n[1] for n in drone)


def test_who_has_nothing_to_say_does_not_come_in_for_the_last_chord():
    plan = band("heterophony", mode="minor", named="east-asian", seconds=30)
    score = compose_score(plan, 1)
    last = max(note.start for played in score.parts for note in played.notes)
    asked = {voice.instrument for voice in plan.voices if voice.asked}

    for played in score.parts:
        assert played.instrument in asked or any(n.start < last - 1.0 for n in played.notes)
