"""Facts of reggae, dub, ska and trap that their players keep."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from bands import band, chart, part

from bandstand.composer.compose.idioms import dub, lines, reggae, trap
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.render.perform import perform
from bandstand.composer.score import Note, Part, Role, Score

KIT, BASS = Voice(Role.DRUMS, "acoustic-kit"), Voice(Role.BASS, "electric-bass")
GUITAR, ORGAN = Voice(Role.COMP, "clean-guitar"), Voice(Role.COMP, "organ")
EIGHT_O_EIGHT = Voice(Role.BASS, "sub-bass")


def steps(events, start, tick=0.25):
    return {round((event[0] - start) / tick) for event in events}


def seed_of(feel):
    return next(s for s in range(50) if reggae.feel_of(band("reggae", bpm=76, seed=s)) == feel)


def test_one_drop_leaves_the_one_to_nobody_and_falls_on_three():
    plan = band("reggae", bpm=76, seed=seed_of("one drop"))
    bars = [bar for bar in chart(plan) if not bar.is_last]

    for bar in bars:
        low = [n for n in part(plan, KIT, bars=[bar]) if n[2] == KEYS["kick"]]
        assert steps(low, bar.start) == {4, 12}


def test_a_fast_bar_is_one_bar_of_the_count():
    plan = band("reggae", bpm=150, seed=seed_of("one drop"))
    bar = chart(plan)[4]

    kicks = [n for n in part(plan, KIT, bars=[bar]) if n[2] == KEYS["kick"]]

    assert steps(kicks, bar.start) == {8}


def test_the_chop_is_never_on_the_beat():
    for idiom, bpm in (("reggae", 76), ("ska", 140)):
        plan = band(idiom, bpm=bpm, mode="major")
        loud = [n for n in part(plan, GUITAR) if n[3] > 0.5]

        assert loud
        assert all(n[0] % 1 != 0 for n in loud)


def test_the_organ_bubbles_on_both_sides_of_the_chop():
    plan = band("reggae", bpm=76, mode="major")
    bar = chart(plan)[2]
    notes = part(plan, ORGAN, bars=[bar])
    right = max(n[3] for n in notes)

    assert steps([n for n in notes if n[3] == right], bar.start) == {2, 6, 10, 14}
    assert steps([n for n in notes if n[3] < right], bar.start) == {1, 3, 5, 7, 9, 11, 13, 15}


def test_a_riddim_rests_on_the_one_and_stays_for_the_whole_piece():
    for seed in range(8):
        plan = band("reggae", bpm=76, seed=seed, seconds=90)
        shapes = {bar.place % 2: set() for bar in chart(plan)[:2]} | {0: set(), 1: set()}
        for bar in chart(plan):
            rhythm = frozenset(steps(part(plan, BASS, bars=[bar], seed=seed), bar.start))
            shapes[bar.place % 2].add(rhythm)

        assert all(len(found) == 1 for found in shapes.values())
        assert all(0 not in rhythm for found in shapes.values() for rhythm in found)


def test_the_picked_guitar_doubles_the_riddim():
    plan = band("reggae", bpm=76)
    low = part(plan, BASS)
    high = part(plan, Voice(Role.ARP, "muted-guitar"))

    assert [(n[0], n[2] % 12) for n in low] == [(n[0], n[2] % 12) for n in high]


def test_dub_takes_the_chop_away_and_leaves_its_echo():
    seed = next(s for s in range(50) if dub.faders_of(band("dub", seed=s), Role.COMP)[:4] == "xxxe")
    plan = band("dub", bpm=76, seed=seed, seconds=90)
    bars = [bar for bar in chart(plan) if bar.section.bars >= 4][:4]

    notes = part(plan, GUITAR, bars=bars)
    gone = [n for n in notes if n[0] >= bars[3].start]

    assert {bar.place for bar in bars} == {0, 1, 2, 3}
    by_time = sorted({n[0]: n[3] for n in gone}.items())
    assert all(later < sooner for (_, sooner), (_, later) in pairwise(by_time))


def test_dub_never_takes_the_bass_away():
    plan = band("dub", bpm=76, seconds=90)

    assert all(part(plan, BASS, bars=[bar]) for bar in chart(plan))


def test_a_ska_bass_walks_on_every_beat_and_begins_with_the_root():
    plan = band("ska", bpm=140, mode="major")
    notes = part(plan, BASS)
    at = {n[0]: n[2] for n in notes}

    for bar in chart(plan):
        assert [bar.start + beat in at for beat in range(4)] == [True] * 4
        bass = bar.chords[0].bass
        assert at[bar.start] % 12 == (bar.chords[0].root if bass is None else bass)


def test_the_trap_clap_falls_on_three():
    plan = band("trap", bpm=140)
    bars = [bar for bar in chart(plan) if not bar.is_last]
    claps = [n for n in part(plan, KIT, bars=bars) if n[2] in {KEYS["clap"], KEYS["snare"]}]

    assert {n[0] % 4 for n in claps} == {2.0}


def test_an_808_sounds_one_note_at_a_time_but_where_it_glides():
    for seed in range(8):
        notes = part(band("trap", bpm=140, seed=seed), EIGHT_O_EIGHT, seed=seed)

        assert all(a[0] + a[1] <= b[0] + trap.TOUCH + 1e-6 for a, b in pairwise(notes))


def test_the_kick_is_under_every_808():
    plan = band("trap", bpm=140)
    bars = [bar for bar in chart(plan) if not bar.is_last]
    kicks = {n[0] for n in part(plan, KIT, bars=bars) if n[2] == KEYS["kick"]}

    assert {n[0] for n in part(plan, EIGHT_O_EIGHT, bars=bars)} <= kicks


def test_hats_roll_where_a_phrase_ends():
    for seed in range(8):
        plan = band("trap", bpm=140, seed=seed)
        bars = [b for b in chart(plan) if b.section.bars >= 4 and b.intensity >= 0.5][:4]
        hats = [
            [n for n in part(plan, KIT, bars=[bar], seed=seed) if n[2] == KEYS["hat"]]
            for bar in bars
        ]

        assert min(n[1] for n in hats[3]) < 0.25
        assert len(hats[3]) > len(hats[0])


def test_a_bass_glides_where_its_notes_overlap():
    plan = band("trap", bpm=120)
    overlapping = Part(Role.BASS, "sub-bass", (Note(0.0, 1.04, 36, 0.8), Note(1.0, 1.0, 41, 0.8)))
    apart = replace(overlapping, notes=(Note(0.0, 0.95, 36, 0.8), Note(1.0, 1.0, 41, 0.8)))

    counts = [len(perform(_score(plan, played), 0, 32000)) for played in (overlapping, apart)]

    assert counts == [1, 2]


def _score(plan, played):
    return Score(
        title="",
        style="trap",
        seed=1,
        seconds=8.0,
        bpm=120.0,
        key=plan.key,
        metre=plan.metre,
        bars=4,
        sections=plan.sections,
        chords=(),
        parts=(played,),
        mix=plan.mix,
    )


def test_a_line_in_degrees_follows_the_chord():
    plan = band("reggae", mode="major")
    for bar in chart(plan):
        chord = bar.chords[0]
        for symbol, place in (("3", 1), ("5", 2)):
            pitch = lines.degree(symbol, bar, 0.0, plan, "electric-bass")
            assert pitch % 12 in {chord.notes[place], *chord.notes[3:]} or len(chord.notes) < 3


def test_an_approach_does_not_rub_against_the_chord_it_leaves():
    for seed in range(6):
        plan = band("gospel", mode="major", seed=seed)
        for bar in chart(plan):
            last = bar.chord_at(bar.beats - 0.01)
            if bar.next_chord.root != last.root and len(last.notes) == 3:
                led = lines.degree("a", bar, bar.beats - 0.01, plan, "electric-bass") % 12
                beside = {(led - note) % 12 for note in last.notes}
                assert 0 in beside or not beside & {1, 11} or np.isclose(bar.beats, 0)
