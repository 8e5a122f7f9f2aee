"""Writes the score: `compose_score` is the only door. Pure: the same plan and seed give the same notes.

chart.py     bars with their chords and intensity, who enters when
harmony.py   which chord              groove.py   drums, percussion
bass.py      bass, drone              comp.py     chords, pads, arpeggios
motif.py     rhythm and contour       melody.py   the tune          counter.py   what answers it
ending.py    the last chord           perform.py  swing and imprecision
holes.py     strokes where a lone instrument would fall silent
idioms/      players of the traditions that do everything differently
critic.py    whether the key is clear; if not, the piece is written again with other dice
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bandstand.composer import chance
from bandstand.composer.compose import bass, comp, ending, groove, harmony, idioms, melody
from bandstand.composer.compose.chart import Bar, Event, give_bars, write_chart
from bandstand.composer.compose.counter import answer
from bandstand.composer.compose.critic import CLEAR
from bandstand.composer.compose.figures import key_margin
from bandstand.composer.compose.holes import fill_holes
from bandstand.composer.compose.perform import perform
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Part, Role, Score

PLAYERS = {
    Role.DRUMS: (groove.drum, chance.DRUMS),
    Role.PERCUSSION: (groove.drum, chance.DRUMS),
    Role.BASS: (bass.play_bass, chance.BASS),
    Role.DRONE: (bass.play_drone, chance.BASS),
    Role.COMP: (comp.comp, chance.CHORDS),
    Role.PAD: (comp.hold_pad, chance.CHORDS),
    Role.ARP: (comp.arpeggiate, chance.CHORDS),
    Role.LEAD: (melody.sing, chance.MELODY),
}
ENOUGH = 4
"""Notes that an instrument which was asked for plays at least."""


DRAFTS = 8
"""How often a piece is written at most, before the clearest draft is taken; long ones less often, see `_tries`."""
TRIED_SECONDS = 240.0
REWRITTEN = 100
"""Between the dice of a player in one draft and in the next; more than there are players."""


def compose_score(plan: Plan, seed: int) -> Score:
    """Write every note of a planned piece: the first draft whose key is clear, else the clearest of all."""
    drafts: list[tuple[float, Score]] = []
    for number in range(_tries(plan)):
        draft = _draft(plan, seed, number)
        drafts.append((key_margin(draft.parts, plan.key), draft))
        if drafts[-1][0] >= CLEAR:
            break
    return max(drafts, key=lambda marked: marked[0])[1]


def _tries(plan: Plan) -> int:
    """Long pieces average out whatever the dice say, and take longer to write."""
    return max(1, min(DRAFTS, int(TRIED_SECONDS / plan.seconds)))


def _draft(plan: Plan, seed: int, number: int) -> Score:
    """Another number, other chords and another tune; the rest plays along."""
    chart = write_chart(plan, chance.stage(seed, chance.HARMONY, number))
    chart = idioms.harmonise(chart, plan)
    parts = _whole(plan, chart, seed, number) if plan.bars else _figure(plan)
    chords = tuple(chord for bar in chart for chord in bar.chords)
    hands = chance.stage(seed, chance.PERFORMANCE)
    return Score(
        title=plan.title,
        style=plan.style.name,
        seed=seed,
        seconds=plan.seconds,
        bpm=plan.bpm,
        key=plan.key,
        metre=plan.metre,
        bars=plan.bars,
        sections=plan.sections,
        chords=chords if plan.loops else (*chords, _last(plan)),
        parts=tuple(
            Part(
                voice.role,
                voice.instrument,
                perform(events, plan, voice.role, hands),
                voice.level,
                voice.pan,
            )
            for voice, events in parts
            if events
        ),
        mix=plan.mix,
        loops=plan.loops,
    )


def _last(plan: Plan) -> Chord:
    start = plan.bars * plan.metre.beats
    return harmony.home(plan, start, plan.seconds * plan.bpm / 60.0 - start)


def _figure(plan: Plan) -> list[tuple[Voice, list[Event]]]:
    chord = _last(plan)
    return [(voice, ending.figure(voice, chord, plan)) for voice in plan.voices]


def _whole(
    plan: Plan, chart: Sequence[Bar], seed: int, draft: int
) -> list[tuple[Voice, list[Event]]]:
    """Each player in turn, the singer first: the answer listens to the tune."""
    final = _last(plan)
    traditional = idioms.players(plan.style.idiom)
    tune: list[Event] = []
    parts: list[tuple[Voice, list[Event]]] = []
    for number, (voice, bars) in enumerate(
        zip(plan.voices, give_bars(chart, plan.voices), strict=True)
    ):
        own = traditional.get(voice.role)
        if voice.role is Role.COUNTER:
            dice = chance.stage(seed, chance.COUNTER, number)
            events = own(bars, plan, voice, dice) if own else answer(bars, tune, voice, dice)
        else:
            play, stage = PLAYERS[voice.role]
            again = draft * REWRITTEN if voice.role is Role.LEAD else 0
            events = (own or play)(bars, plan, voice, chance.stage(seed, stage, number + again))
        if voice.role is Role.LEAD:
            tune = events
        if not plan.loops:
            sung = events[-1][2] if events else None
            events += ending.last_chord(voice, final, plan, sung=sung)
        if voice.asked and 0 < len(events) < ENOUGH:
            events = _at_least(events, final)
        parts.append((voice, events))
    _begin(parts)
    fill_holes(parts, plan)
    return parts


def _begin(parts: Sequence[tuple[Voice, list[Event]]]) -> None:
    """Who would come in first comes in at once: a piece does not begin with a rest."""
    first = min(event[0] for _, events in parts for event in events)
    for _, events in parts:
        for place, (start, length, pitch, loud) in enumerate(events):
            if start == first > 0.0:
                events[place] = (0.0, start + length, pitch, loud)


def _at_least(events: list[Event], final: Chord) -> list[Event]:
    """Repeat the last chord's note on the beats before it, until the part is one."""
    end = events[-1]
    beats = np.linspace(0.0, final.start, ENOUGH, endpoint=False)
    return [(float(np.floor(2 * beat) / 2), 0.5, end[2], 0.8 * end[3]) for beat in beats] + [end]
