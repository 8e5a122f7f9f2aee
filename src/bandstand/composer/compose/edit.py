"""What happens to a part after it has been written: breaks, swells, the lifted last chorus, the fade; and what the
instrument does not reach. Adds no note.
"""

from __future__ import annotations

from collections.abc import Sequence

from bandstand.composer import theory
from bandstand.composer.compose.chart import Event
from bandstand.composer.compose.melody import fold
from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role, Section

SOFTEST = 0.6
"""How loud a build begins, and an outro ends, of what it would be."""
GONE = 0.25
"""How loud the last notes of a fade are; the desk does the rest."""


def edit(events: Sequence[Event], voice: Voice, plan: Plan) -> list[Event]:
    """The part as it is played in its place."""
    edited = list(events)
    for section in plan.sections:
        if "stop" in section.traits and voice.role is not Role.LEAD:
            edited = _silenced(edited, *_stop(section, plan))
        if section.name in {"build", "outro"}:
            edited = _swelling(edited, section, plan)
        if section.lift and INSTRUMENTS[voice.instrument].family != "kit":
            edited = _lifted(edited, section, plan)
    return _fading(edited, plan) if plan.fade else edited


def in_reach(events: Sequence[Event], voice: Voice) -> list[Event]:
    """The part with every note in an octave that the instrument has; all parts of all pieces pass here."""
    known = INSTRUMENTS[voice.instrument]
    if known.family == "kit":
        return list(events)
    return [
        (at, length, fold(pitch, known.low, known.high), loud) for at, length, pitch, loud in events
    ]


def _stop(section: Section, plan: Plan) -> tuple[float, float]:
    end = (section.first_bar + section.bars) * plan.metre.beats
    return end - theory.pulse(plan.metre), end


def _silenced(events: Sequence[Event], start: float, end: float) -> list[Event]:
    kept: list[Event] = []
    for at, length, pitch, loud in events:
        if at < start - 1e-6:
            short = min(length, max(start - at, 0.1)) if at + length < end + 2.0 else length
            kept.append((at, short, pitch, loud))
        elif at >= end - 1e-6:
            kept.append((at, length, pitch, loud))
    return kept


def _swelling(events: Sequence[Event], section: Section, plan: Plan) -> list[Event]:
    """A build grows, an outro dies away."""
    start, beats = section.first_bar * plan.metre.beats, section.bars * plan.metre.beats
    swelled: list[Event] = []
    for at, length, pitch, loud in events:
        share = (at - start) / beats
        if 0.0 <= share < 1.0:
            share = share if section.name == "build" else 1.0 - share
            swelled.append((at, length, pitch, loud * (SOFTEST + (1.0 - SOFTEST) * share)))
        else:
            swelled.append((at, length, pitch, loud))
    return swelled


def _lifted(events: Sequence[Event], section: Section, plan: Plan) -> list[Event]:
    """Everything from the start of the section to its end, some semitones higher; to the end of the piece in the last."""
    start = section.first_bar * plan.metre.beats
    end = (section.first_bar + section.bars) * plan.metre.beats
    if section is plan.sections[-1]:
        end = float("inf")
    return [
        (at, length, pitch + (section.lift if start - 1e-6 <= at < end - 1e-6 else 0), loud)
        for at, length, pitch, loud in events
    ]


def _fading(events: Sequence[Event], plan: Plan) -> list[Event]:
    end = plan.end
    beats = plan.fade * plan.bpm / 60.0
    return [
        (at, length, pitch, loud * (GONE + (1.0 - GONE) * min((end - at) / beats, 1.0)))
        for at, length, pitch, loud in events
    ]
