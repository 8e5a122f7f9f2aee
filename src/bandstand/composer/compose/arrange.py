"""Who plays in which bar. Not what: that is every player's own affair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer.compose.chart import Bar
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.form import PEAKS, PHRASE
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Role

ENTERS: dict[Role, float] = {
    Role.DRONE: 0.0,
    Role.PAD: 0.0,
    Role.COMP: 0.2,
    Role.BASS: 0.42,
    Role.DRUMS: 0.42,
    Role.ARP: 0.55,
    Role.PERCUSSION: 0.58,
    Role.COUNTER: 0.68,
}
"""How intense a bar must be for a role to play in it; the lead has its own rule."""
ASKED_ENTERS, DENSER = 0.45, 0.15
COLOURS = (Role.ARP, Role.PERCUSSION, Role.COUNTER, Role.PAD)
"""Roles that may come and go without anybody missing them."""
OPENING = (Role.COMP, Role.ARP, Role.BASS, Role.DRUMS, Role.PERCUSSION, Role.COUNTER)
"""Who may open a piece; a drone or a pad is what one opens it over, and the tune comes with the verse."""
LAST_TO_OPEN = frozenset({Role.PERCUSSION, Role.COUNTER})
OPENERS = 2
THIN = frozenset({"intro", "break", "bridge", "outro"})
NEW = 2
"""Colours that a chorus brings; where a lively band would have them all from the start, some wait for it."""
LATE, ABSENT = 0.35, 0.2
"""How often one of the colours comes in late, or leaves out a section that has been heard before."""


def arrange(chart: Sequence[Bar], plan: Plan, dice: np.random.Generator) -> list[list[Bar]]:
    """The bars in which each voice plays; where nobody would, the first does."""
    voices = plan.voices
    rests = _rests(plan, dice) | _kept(chart, plan, dice)
    solo = soloist(voices)
    given = [
        [
            bar
            for bar in _bars_of(chart, voice, plan, solo=solo == place)
            if ((voice.role, bar.index) not in rests or voice.asked)
            and _is_wanted(bar, voice, plan)
        ]
        for place, voice in enumerate(voices)
    ]
    if not plan.opens:
        _open(given, chart, voices, dice)
    filled = {bar.index for played in given for bar in played}
    own = {bar.index for bar in given[0]}
    given[0] = [bar for bar in chart if bar.index in own or bar.index not in filled]
    return given


def _open(
    given: list[list[Bar]], chart: Sequence[Bar], voices: Sequence[Voice], dice: np.random.Generator
) -> None:
    """An intro is played by two at least, or the verse would come as a blow: who they are is a matter of chance.

    Over a drone it is the tune that opens: an alap, a taqsim.
    """
    intro = [bar for bar in chart if bar.section.name == "intro"]
    places = {bar.index for bar in intro}
    roles = {voice.role for voice in voices}
    droned = Role.DRONE in roles and Role.PAD not in roles
    able = (Role.LEAD,) if droned else OPENING
    play = {n for n, played in enumerate(given) if any(bar.index in places for bar in played)}
    # Nobody opens who would then fall silent.
    stay = {n for n, played in enumerate(given) if len(intro) in {bar.index for bar in played}}
    ready = [n for n in sorted(stay - play) if voices[n].role in able]
    order = [ready[n] for n in dice.permutation(len(ready))]
    order = [n for late in (False, True) for n in order if (voices[n].role in LAST_TO_OPEN) is late]
    missing = OPENERS - droned - sum(voices[n].role in able for n in play)
    for n in order[: max(0, missing)]:
        given[n] = [*intro, *(bar for bar in given[n] if bar.index not in places)]


def soloist(voices: Sequence[Voice]) -> int | None:
    """Who takes the solos from the leader: the first who answers him."""
    return next((n for n, voice in enumerate(voices) if voice.role is Role.COUNTER), None)


def _bars_of(chart: Sequence[Bar], voice: Voice, plan: Plan, *, solo: bool) -> list[Bar]:
    if voice.role is Role.LEAD:
        if plan.given is not None and plan.given.tune:
            return list(chart)
        answered = soloist(plan.voices) is not None and not plan.soloing
        first = voice.instrument in plan.opens
        return [
            bar
            for bar in chart
            if _sings(bar, answered=answered) or (first and bar.section.name == "intro")
        ]
    threshold = min(ENTERS[voice.role], ASKED_ENTERS) if voice.asked else ENTERS[voice.role]
    threshold -= DENSER if "dense" in plan.asked else 0.0
    if len(chart) <= 4 and chart[0].section.name != "intro":
        threshold = 0.0
    return [
        bar
        for bar in chart
        if (bar.intensity >= threshold and not _left_out(bar, voice.role))
        or (solo and bar.section.name == "solo")
        or (bar.section.name in {"intro", "outro"} and voice.instrument in plan.opens | plan.closes)
    ]


def _sings(bar: Bar, *, answered: bool) -> bool:
    """The hook is heard early, from the second half of an intro of phrases on; in bridge and solo others speak."""
    if bar.section.name == "intro":
        return bar.section.bars >= PHRASE and 2 * bar.place >= bar.section.bars
    return bar.section.name != "bridge" and not (bar.section.name == "solo" and answered)


def _is_wanted(bar: Bar, voice: Voice, plan: Plan) -> bool:
    """Who was asked to begin or to end has the first or the last section for himself."""
    first, last = plan.sections[0], plan.sections[-1]
    if first is last:
        return True
    if plan.opens and bar.section is first:
        return voice.instrument in plan.opens
    return not plan.closes or bar.section is not last or voice.instrument in plan.closes


def _left_out(bar: Bar, role: Role) -> bool:
    """A stripped section has neither beat nor bass, a break no beat, and before the drop the bass holds its breath."""
    traits = bar.section.traits
    if "stripped" in traits:
        return role in {Role.DRUMS, Role.PERCUSSION, Role.BASS, Role.ARP, Role.COUNTER}
    if bar.section.name == "break":
        return role in {Role.DRUMS, Role.PERCUSSION, Role.BASS}
    late = bar.section.bars < PHRASE or 2 * bar.place >= bar.section.bars
    return bar.section.name == "build" and role is Role.BASS and late


def _kept(chart: Sequence[Bar], plan: Plan, dice: np.random.Generator) -> set[tuple[Role, int]]:
    """What the verses go without, so that a chorus has something to bring."""
    verses = [bar for bar in chart if bar.section.name in {"a", "build"}]
    peak = max((bar.intensity for bar in chart if bar.is_peak), default=0.0)
    calm = max((bar.intensity for bar in verses), default=1.0)
    roles = {voice.role for voice in plan.voices if voice.role in COLOURS and not voice.asked}
    colours = [role for role in COLOURS if role in roles]
    brought = [role for role in colours if calm < ENTERS[role] <= peak]
    early = [role for role in colours if ENTERS[role] <= calm]
    order = [early[n] for n in dice.permutation(len(early))]
    # Of several colours one is left to the verse.
    kept = order[: max(0, min(NEW - len(brought), max(1, len(order) - 1)))] if peak > 0.0 else []
    return {(role, bar.index) for role in kept for bar in verses}


def _rests(plan: Plan, dice: np.random.Generator) -> set[tuple[Role, int]]:
    """Colours that come in late or stay away, so that no two sections sound alike; not where everything is wanted, nor
    where hardly anybody plays.
    """
    roles = [role for role in COLOURS if any(voice.role is role for voice in plan.voices)]
    rests: set[tuple[Role, int]] = set()
    heard: set[str] = set()
    for section in plan.sections:
        bars = range(section.first_bar, section.first_bar + section.bars)
        whole = section.name in PEAKS or section.name in THIN or "stripped" in section.traits
        for role in roles:
            roll = float(dice.random())
            if whole:
                continue
            if section.bars >= 2 * PHRASE and roll < LATE:
                rests |= {(role, bar) for bar in bars[:PHRASE]}
            elif section.name in heard and roll < LATE + ABSENT:
                rests |= {(role, bar) for bar in bars}
        heard.add(section.name)
    return rests
