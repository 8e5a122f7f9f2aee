"""Bands for the tests of idioms: a plan in any metre and key, its chart, and one player's part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bandstand.composer import theory
from bandstand.composer.compose.chart import Bar, Event, write_chart
from bandstand.composer.compose.idioms import harmonise, players
from bandstand.composer.plan import form
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan, make_plan
from bandstand.composer.plan.style import style
from bandstand.composer.prompt.parse import parse
from bandstand.composer.score import Key, Role

INSTRUMENTS_OF = {
    Role.LEAD: ("sitar", "flute", "violin", "piano", "trumpet"),
    Role.COUNTER: ("violin", "saxophone", "piano", "clean-guitar"),
    Role.COMP: ("nylon-guitar", "piano", "accordion", "harp", "strings", "pulse-synth"),
    Role.PAD: ("strings", "warm-pad", "choir"),
    Role.ARP: ("harp", "piano", "pulse-synth", "kalimba"),
    Role.BASS: ("acoustic-bass", "electric-bass", "sub-bass"),
    Role.DRUMS: ("acoustic-kit", "tabla", "hand-percussion", "brush-kit"),
    Role.PERCUSSION: ("hand-percussion", "acoustic-kit"),
    Role.DRONE: ("tanpura", "accordion", "cello", "strings"),
}
STYLES = {
    "raga": "indian-classical",
    "swing": "jazz",
    "bossa": "bossa-nova",
    "samba": "samba",
    "flamenco": "flamenco",
    "celtic": "celtic",
    "afrobeat": "afrobeat",
    "techno": "techno",
    "breaks": "drum-and-bass",
    "drift": "ambient",
    "chip": "chiptune",
    "cinematic": "cinematic",
    "classical": "classical",
    "baroque": "baroque",
    "blues": "blues",
    "maqam": "middle-eastern",
    "tango": "tango",
    "ragtime": "ragtime",
    "klezmer": "klezmer",
}
"""Whose chords an idiom is tested with; pop otherwise."""


def band(
    idiom: str,
    *,
    seconds: float = 40.0,
    bpm: float = 100.0,
    metre: str = "4/4",
    mode: str = "minor",
    seed: int = 1,
    named: str | None = None,
) -> Plan:
    """A plan for an idiom in D, with exactly this tempo, metre and mode."""
    chosen = replace(style(named or STYLES.get(idiom, "pop")), idiom=idiom)
    plan = make_plan(parse(chosen.name.replace("-", " ")), seconds, seed)
    bars = form.whole_bars(seconds, bpm, theory.metre(metre))
    return replace(
        plan,
        style=chosen,
        bpm=bpm,
        key=Key(2, mode),
        metre=theory.metre(metre),
        bars=bars,
        sections=form.sections(
            bars, seconds, form.Wish(style=chosen.name, section_bars=chosen.section_bars)
        ),
        loops=False,
    )


def chart(plan: Plan) -> tuple[Bar, ...]:
    if not plan.bars:
        return ()
    return harmonise(write_chart(plan, np.random.default_rng(plan.seed % 2**32)), plan)


def voices_of(role: Role) -> list[Voice]:
    return [Voice(role, name) for name in INSTRUMENTS_OF[role]]


def part(
    plan: Plan, voice: Voice, *, seed: int = 1, bars: Sequence[Bar] | None = None
) -> list[Event]:
    """What the idiom's player of a role plays in these bars, or in all of them."""
    play = players(plan.style.idiom)[voice.role]
    return play(chart(plan) if bars is None else bars, plan, voice, np.random.default_rng(seed))
