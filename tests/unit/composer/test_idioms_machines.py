"""Facts of techno, drum and bass, ambient and chiptune that their players keep."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
from bands import band, chart, part

from bandstand.composer.compose.idioms import breaks, drift, techno
from bandstand.composer.instruments import KEYS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.score import Role

KIT = Voice(Role.DRUMS, "909-kit")
BASS = Voice(Role.BASS, "synth-bass")


def test_techno_has_its_kick_on_every_beat():
    plan = band("techno", bpm=130, seconds=60)
    bars = [bar for bar in chart(plan) if not bar.is_last]
    kicks = [n[0] for n in part(plan, KIT, bars=bars) if n[2] == KEYS["kick"]]

    assert kicks == [bar.start + beat for bar in bars for beat in range(4)]


def test_the_techno_bass_leaves_the_beat_to_the_kick():
    for seed in range(8):
        plan = band("techno", bpm=130, seed=seed)
        starts = [n[0] for n in part(plan, BASS, seed=seed)]

        assert np.mean([start % 1 != 0 for start in starts]) >= 0.6


def test_a_euclidean_loop_has_its_strokes_as_even_as_can_be():
    for strokes, steps in techno.EUCLID:
        line = techno.euclid(strokes, steps)
        places = [n for n, symbol in enumerate(line) if symbol == "x"]
        gaps = {b - a for a, b in pairwise([*places, places[0] + steps])}

        assert len(places) == strokes
        assert max(gaps) - min(gaps) <= 1


def test_a_techno_loop_opens_with_the_filter():
    plan = band("techno", bpm=130, seconds=120)
    bars = [bar for bar in chart(plan) if bar.section.name in {"a", "drop"}]
    closed = min(bars, key=techno.openness)
    opened = max(bars, key=techno.openness)
    arp = Voice(Role.ARP, "pulse-synth")

    counts = [len(part(plan, arp, bars=[bar])) for bar in (closed, opened)]

    assert counts[0] < counts[1]


def test_a_cut_break_keeps_its_backbeat():
    for cut in breaks.CUTS:
        kept = [n for n, place in enumerate(cut) if place % 2 == 1]

        assert kept
        assert sorted(breaks.sliced("0000111122223333", cut)) == sorted(
            "".join(str(place) * 4 for place in cut)
        )


def test_the_break_has_ghost_notes_and_a_loud_backbeat():
    plan = band("breaks", bpm=174)
    bars = [bar for bar in chart(plan) if not bar.is_last and bar.place % 4 == 0]
    snares = [n for n in part(plan, KIT, bars=bars) if n[2] == KEYS["snare"]]

    assert min(n[3] for n in snares) < 0.5
    assert max(n[3] for n in snares) > 0.7


def test_the_reese_holds_and_then_answers():
    for seed in range(6):
        plan = band("breaks", bpm=174, seed=seed)
        bars = chart(plan)[:8]
        counts = [len(part(plan, BASS, bars=[bar], seed=seed)) for bar in bars]

        assert max(counts[0::2]) <= min(counts[1::2]) + 1
        assert sum(counts[0::2]) < sum(counts[1::2])


def test_the_loops_of_ambient_share_no_factor():
    for periods in drift.PERIODS.values():
        assert all(math.gcd(a, b) == 1 for a, b in combinations(periods, 2))


def test_ambient_never_repeats_a_bar_of_its_loops():
    plan = band("drift", bpm=70, seconds=120)
    events = part(plan, Voice(Role.ARP, "harp"))
    bars = [
        frozenset((round(n[0] - b.start, 3), n[2]) for n in events if b.start <= n[0] < b.start + 4)
        for b in chart(plan)
    ]

    assert len(set(bars)) >= 0.8 * len(bars)


def test_ambient_has_no_drummer_of_its_own():
    assert Role.DRUMS not in drift.PLAYERS


def test_a_chip_plays_its_chord_one_note_at_a_time():
    plan = band("chip", bpm=140)
    notes = part(plan, Voice(Role.ARP, "pulse-synth"))

    assert all(a[0] + a[1] <= b[0] + 1e-6 for a, b in pairwise(notes))
    assert len(notes) >= 4 * plan.bars * plan.metre.beats


def test_the_noise_channel_has_one_sound_at_a_time():
    plan = band("chip", bpm=140)
    starts = [n[0] for n in part(plan, Voice(Role.DRUMS, "chip-kit"))]

    assert len(starts) == len(set(starts))
