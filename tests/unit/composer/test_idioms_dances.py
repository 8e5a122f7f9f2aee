"""Facts of tango, ragtime and klezmer that their players keep."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from bands import band, chart, part

from bandstand.composer import theory
from bandstand.composer.compose.draft import sketch
from bandstand.composer.compose.figures import moves
from bandstand.composer.compose.idioms import klezmer, ornaments, polish, ragtime, tango
from bandstand.composer.instruments import INSTRUMENTS, KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.style import style
from bandstand.composer.score import Role

VIOLIN, PIANO, BASS = (
    Voice(Role.LEAD, "violin"),
    Voice(Role.COMP, "piano"),
    Voice(Role.BASS, "acoustic-bass"),
)
RIGHT_HAND, FILLS = Voice(Role.LEAD, "piano"), Voice(Role.ARP, "piano")


def tango_plan(**wanted):
    return band("tango", bpm=120, mode="harmonic minor", seconds=60, **wanted)


def rag_plan(**wanted):
    return band("ragtime", **{"bpm": 90, "metre": "2/4", "mode": "major", "seconds": 60} | wanted)


def klezmer_plan(**wanted):
    return band("klezmer", **{"bpm": 130, "mode": "phrygian dominant", "seconds": 60} | wanted)


def inside(events, bar):
    return [event for event in events if bar.start <= event[0] < bar.start + bar.beats]


def test_a_tango_has_no_drummer():
    assert not {Role.DRUMS, Role.PERCUSSION} & style("tango").instruments.keys()


@pytest.mark.parametrize("seed", range(4))
def test_a_section_of_a_tango_ends_on_dominant_and_tonic(seed):
    plan = tango_plan(seed=seed)
    closing = [bar for bar in chart(plan) if tango.closes(bar, plan)]

    assert closing
    for bar in closing[:-1]:
        assert [(chord.root - plan.key.tonic) % 12 for chord in bar.chords] == [7, 0]


def test_the_last_dominant_of_a_tango_leads_to_the_last_chord():
    plan = tango_plan()

    assert [(c.root - plan.key.tonic) % 12 for c in chart(plan)[-1].chords] == [7]


def test_band_and_tune_strike_two_chords_at_the_end_of_a_section():
    plan = tango_plan()
    bar = next(bar for bar in chart(plan) if tango.closes(bar, plan))

    for voice in (PIANO, VIOLIN):
        struck = {round(event[0] - bar.start, 4) for event in inside(part(plan, voice), bar)}
        assert struck == {0.0, 2.0}


def test_the_tune_of_a_tango_comes_home_by_step():
    for seed in range(4):
        plan = tango_plan(seed=seed)
        notes = part(plan, VIOLIN, seed=seed)
        for bar in [bar for bar in chart(plan) if tango.closes(bar, plan)][:-1]:
            dominant, tonic = inside(notes, bar)
            assert tonic[2] % 12 == plan.key.tonic
            assert abs(tonic[2] - dominant[2]) <= 2


def test_basses_slide_into_the_beat():
    plans = [tango_plan(seed=seed) for seed in range(6)]
    slides = [
        (after[2] - before[2], after[0])
        for plan in plans
        for before, after in itertools.pairwise(part(plan, BASS))
        if before[1] <= tango.SLIDE and after[0] % 1 == 0
    ]

    assert len(slides) >= 20
    assert all(0 < up <= 4 for up, _ in slides)


def test_the_piano_fills_the_ends_of_phrases():
    plan = tango_plan()
    runs = [event[0] % 4 for event in part(plan, FILLS) if event[0] % 4 != 0]

    assert runs
    assert min(runs) >= 2


def test_verses_of_a_tango_are_bitten_off_and_choruses_sung():
    lengths = {True: [], False: []}
    for seed in range(4):
        plan = tango_plan(seed=seed)
        notes = part(plan, VIOLIN, seed=seed)
        for bar in chart(plan):
            lengths[bar.is_peak] += [event[1] for event in inside(notes, bar)]

    assert np.mean(lengths[True]) > 1.3 * np.mean(lengths[False])


def test_the_left_hand_strides():
    plan = rag_plan()
    low = [event for event in part(plan, PIANO) if event[2] < 48]
    chords = [event for event in part(plan, PIANO) if event[0] % 1 == 0.5]

    assert all(event[0] % 1 == 0 for event in low)
    assert min(event[2] for event in chords) >= 48


def test_a_lone_piano_does_not_double_its_basses():
    alone = rag_plan()
    plan = type(alone)(
        **{name: getattr(alone, name) for name in alone.__dataclass_fields__}
        | {"voices": (RIGHT_HAND, PIANO, Voice(Role.BASS, "piano"))}
    )

    assert all(event[0] % 1 == 0.5 for event in part(plan, PIANO))
    assert all(event[0] % 1 == 0 for event in part(plan, plan.voices[2]))


def test_the_right_hand_is_held_over_the_beat():
    held = [
        event[0] % 1 + event[1] > 1.1 and event[0] % 1 != 0
        for seed in range(4)
        for event in part(rag_plan(seed=seed), RIGHT_HAND, seed=seed)
    ]

    assert np.mean(held) >= 0.05


def test_the_right_hand_is_one_voice_for_the_critic():
    plan = rag_plan()
    heard = sketch(plan, 0).tune()

    assert all(after[0] - before[0] > 0.05 for before, after in itertools.pairwise(heard))
    assert np.mean(np.abs(moves(heard)) >= 12) < 0.05


@pytest.mark.parametrize("seed", range(4))
def test_the_trio_is_in_the_subdominant(seed):
    plan = rag_plan(seconds=120, seed=seed)
    key = ragtime.trio_key(plan.key)
    trio = [
        bar for bar, at in zip(chart(plan), ragtime.places(plan), strict=True) if at.name == "trio"
    ]

    assert trio
    assert trio[0].chords[0].root == key.tonic == (plan.key.tonic + 5) % 12
    tune = [event for bar in trio for event in inside(part(plan, VIOLIN, seed=seed), bar)]
    assert np.mean([event[2] % 12 in theory.scale(key) for event in tune]) > 0.8


@pytest.mark.parametrize("bars", [2, 4, 6, 8, 16])
def test_a_strain_of_any_length_comes_home(bars):
    for strain in ragtime.STRAINS["major"]["a"]:
        assert ragtime._unit(strain, bars - 1, bars)[0] == "1:"
        assert ragtime._unit(strain, bars - 2, bars)[-1] == "5:7"


def test_strains_are_sixteen_bars():
    for mode in ragtime.STRAINS.values():
        for name, strains in mode.items():
            lengths = {sum(len(phrase) for phrase in ragtime._phrases(s)) for s in strains}
            assert lengths == {4 if name == "intro" else 16}


def test_stop_time_leaves_the_first_beat_alone():
    plans = [rag_plan(seconds=90, seed=seed) for seed in range(12)]
    for plan in plans:
        strains = ragtime.places(plan)
        stopped = [b for b in chart(plan) if ragtime.stops(strains[b.index], plan)]
        notes = part(plan, PIANO)
        assert all({event[0] for event in inside(notes, bar)} == {bar.start} for bar in stopped)
    assert any(
        ragtime.stops(ragtime.places(plan)[bar.index], plan)
        for plan in plans
        for bar in chart(plan)
    )


@pytest.mark.parametrize(
    ("mode", "leading"), [("phrygian dominant", {10, 1}), ("ukrainian dorian", {2, 7})]
)
def test_cadences_are_those_of_the_mode(mode, leading):
    for loop in klezmer.CHANGES[mode]:
        plan = klezmer_plan(mode=mode)
        last, home = loop.split(" | ")[-2:]
        spelled = klezmer.changes.spell(last, plan.key)[0]
        assert (spelled - plan.key.tonic) % 12 in leading
        assert home.startswith("1:")


def test_a_long_piece_opens_with_a_doina():
    plan = klezmer_plan(seconds=150)
    free = klezmer.doina(plan)
    end = free * plan.metre.beats
    drums = [e for e in part(plan, Voice(Role.DRUMS, "acoustic-kit")) if e[0] < end]
    held = [e for e in part(plan, Voice(Role.COMP, "accordion")) if e[0] < end]

    assert 4 <= free <= 12
    assert {event[2] for event in drums} == {KEYS["tambourine"]}
    assert {event[0] % plan.metre.beats for event in held} == {0.0}


def test_a_short_piece_dances_at_once():
    assert klezmer.doina(klezmer_plan(seconds=30)) == 0


def test_a_hora_limps():
    for metre, third in (("3/8", 1.0), ("3/4", 2.0)):
        plan = klezmer_plan(metre=metre, bpm=110, mode="ukrainian dorian")
        notes = part(plan, Voice(Role.BASS, "tuba")) + part(plan, PIANO)
        places = {round(event[0] % plan.metre.beats, 4) for event in notes}

        assert {0.0, third} <= places
        assert third / 2 not in places


def test_a_bulgar_counts_three_three_two():
    line = klezmer.DANCES["duple"]["bulgar"].drums["snare"]

    assert [n for n, stroke in enumerate(line) if stroke == "X"] == [0, 6, 12]


def test_ornaments_keep_the_beginning_and_the_length_of_a_note():
    event = (4.0, 1.5, 70, 0.7)
    for dressed in (
        ornaments.turned(event, 68, 72),
        ornaments.trilled(event, 72, 0.125),
        ornaments.sobbed(event, 72, 0.1),
    ):
        assert dressed[0][::2] == (4.0, 70)
        assert dressed[-1][0] + dressed[-1][1] <= 5.5 + 1e-9
        assert all(b[0] >= a[0] + a[1] - 1e-9 for a, b in itertools.pairwise(dressed))


def test_a_step_wider_than_a_tone_is_no_ornament():
    known = INSTRUMENTS["clarinet"]
    scale = theory.scale(klezmer_plan().key)

    # D freygish: from E flat the next note above is F sharp.
    assert ornaments.beside(75, scale, known) is None
    assert ornaments.beside(74, scale, known) == (72, 75)


def test_a_leap_is_answered_by_a_step_back():
    plan = klezmer_plan(mode="major")
    bars = chart(plan)
    tune = [(0.0, 0.5, 62, 0.7), (0.5, 0.5, 71, 0.7), (1.5, 0.5, 73, 0.7), (2.0, 0.5, 69, 0.7)]

    mended = polish.answered(tune, bars, plan, VIOLIN)

    assert 0 < mended[1][2] - mended[2][2] <= 2
    assert [mended[n] for n in (0, 1, 3)] == [tune[n] for n in (0, 1, 3)]


def test_what_passes_between_eighths_does_not_rub():
    plan = klezmer_plan(mode="major")
    bars = chart(plan)
    assert 7 in bars[0].chords[0].notes or 9 in bars[0].chords[0].notes
    notes = bars[0].chords[0].notes
    tune = [(0.25, 0.25, pitch, 0.7) for pitch in range(62, 74)]

    for event in tune:
        (eased,) = polish.eased([event], bars, plan, VIOLIN)
        above = {(eased[2] - note) % 12 for note in notes}
        assert 0 in above or not above & {1, 11}
