"""One draft of a piece: first a sketch (chords and tune), then every part. Which draft is taken is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bandstand.composer import chance
from bandstand.composer.compose import bass, comp, ending, groove, harmony, idioms, melody
from bandstand.composer.compose.arrange import arrange, soloist
from bandstand.composer.compose.chart import Bar, Event, write_chart
from bandstand.composer.compose.counter import answer
from bandstand.composer.compose.edit import edit, in_reach
from bandstand.composer.compose.figures import Row, topmost
from bandstand.composer.compose.holes import fill_holes
from bandstand.composer.compose.perform import perform
from bandstand.composer.plan.casting import Voice
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Chord, Part, Role, Score

Play = Callable[[Sequence[Bar], Plan, Voice, np.random.Generator], list[Event]]

PLAYERS: dict[Role, Play] = {
    Role.DRUMS: groove.drum,
    Role.PERCUSSION: groove.drum,
    Role.BASS: bass.play_bass,
    Role.DRONE: bass.play_drone,
    Role.COMP: comp.comp,
    Role.PAD: comp.hold_pad,
    Role.ARP: comp.arpeggiate,
    Role.LEAD: melody.sing,
}
STAGES = {
    Role.DRUMS: chance.DRUMS,
    Role.PERCUSSION: chance.DRUMS,
    Role.BASS: chance.BASS,
    Role.DRONE: chance.BASS,
    Role.COMP: chance.CHORDS,
    Role.PAD: chance.CHORDS,
    Role.ARP: chance.CHORDS,
    Role.LEAD: chance.MELODY,
    Role.COUNTER: chance.COUNTER,
}
ENOUGH = 4
"""Notes that an instrument which was asked for plays at least."""
REWRITTEN = 100
"""Between the dice of a player in one draft and in the next; more than there are players."""
LEFT = 0.25
"""Beats of a tune over the last barline that are worth singing to their end."""
VARIED = 100_000
"""Between the dice of a piece and of its first variation; more than there are drafts."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Chords and tune of a draft. given: the bars of each voice, in the order of the plan."""

    number: int
    chart: tuple[Bar, ...]
    given: tuple[tuple[Bar, ...], ...]
    leads: tuple[tuple[Event, ...], ...]

    @property
    def chords(self) -> tuple[Chord, ...]:
        return tuple(chord for bar in self.chart for chord in bar.chords)

    def tune(self) -> list[Row]:
        """What the first of those who lead sings, as the critic reads it."""
        first = next(iter(self.leads), ())
        return topmost((start, length, pitch) for start, length, pitch, _ in first)


def sketch(plan: Plan, number: int) -> Sketch:
    """Another number, other chords and another tune over them, from the same motifs."""
    chart = write_chart(plan, chance.stage(plan.seed, chance.HARMONY, _die(plan, number)))
    chart = chart if plan.given else idioms.harmonise(chart, plan)
    dice = chance.stage(plan.seed, chance.FORM, _die(plan, number))
    given = tuple(tuple(bars) for bars in arrange(chart, plan, dice))
    leads = tuple(
        tuple(_play(plan, voice, bars, number, place))
        for place, (voice, bars) in enumerate(zip(plan.voices, given, strict=True))
        if voice.role is Role.LEAD
    )
    return Sketch(number, chart, given, leads)


def write(plan: Plan, sketched: Sketch) -> Score:
    """Everything that goes with a sketch."""
    hands = chance.stage(plan.seed, chance.PERFORMANCE, plan.variation)
    parts = _parts(plan, sketched)
    chords = sketched.chords
    return _score(
        plan,
        (*chords, last_chord(plan)) if _ends(plan) else chords,
        [(voice, edit(events, voice, plan)) for voice, events in parts],
        hands,
    )


def write_figure(plan: Plan) -> Score:
    """A piece shorter than a bar."""
    chord = last_chord(plan)
    parts = [(voice, ending.figure(voice, chord, plan)) for voice in plan.voices]
    return _score(plan, (chord,), parts, chance.stage(plan.seed, chance.PERFORMANCE))


def _ends(plan: Plan) -> bool:
    """Whether there is a last chord: a loop goes on, and a fade is never heard to end."""
    return not plan.loops and not plan.fade


def last_chord(plan: Plan) -> Chord:
    """The one that everybody ends on."""
    start = plan.bars * plan.metre.beats
    return harmony.home(plan, start, plan.end - start)


def _score(
    plan: Plan,
    chords: tuple[Chord, ...],
    parts: Sequence[tuple[Voice, list[Event]]],
    hands: np.random.Generator,
) -> Score:
    return Score(
        title=plan.title,
        style=plan.style.name,
        seed=plan.seed,
        seconds=plan.seconds,
        bpm=plan.bpm,
        key=plan.key,
        metre=plan.metre,
        bars=plan.bars,
        sections=plan.sections,
        chords=tuple(chord for chord in chords if plan.fade == 0.0 or chord.start < plan.end),
        parts=tuple(
            Part(
                voice.role,
                voice.instrument,
                perform(in_reach(events, voice), plan, voice.role, hands),
                voice.level,
                voice.pan,
            )
            for voice, events in parts
            if events
        ),
        mix=plan.mix,
        loops=plan.loops,
        fade=plan.fade,
        fade_in=plan.fade_in,
        drift=plan.drift,
    )


def _play(plan: Plan, voice: Voice, bars: Sequence[Bar], number: int, place: int) -> list[Event]:
    """What a player of this role does; one of the idiom comes before everybody's."""
    if voice.role is Role.LEAD and plan.given is not None and plan.given.tune:
        return melody.quote(bars, plan, voice)
    own = idioms.players(plan.style.idiom).get(voice.role, PLAYERS.get(voice.role))
    assert own is not None, f"nobody plays {voice.role}"
    # Only who leads begins anew with each draft: the others play along with what they are given.
    again = number if voice.role is Role.LEAD else 0
    dice = chance.stage(plan.seed, STAGES[voice.role], place + _die(plan, again))
    return own(bars, plan, voice, dice)


def _die(plan: Plan, number: int) -> int:
    return number * REWRITTEN + plan.variation * VARIED


def _parts(plan: Plan, sketched: Sketch) -> list[tuple[Voice, list[Event]]]:
    """Each player in turn; the answer listens to the tune, the soloist takes over from it."""
    final = last_chord(plan)
    leads = iter(sketched.leads)
    tune = list(next(iter(sketched.leads), ()))
    solo = soloist(plan.voices)
    parts: list[tuple[Voice, list[Event]]] = []
    for place, (voice, bars) in enumerate(zip(plan.voices, sketched.given, strict=True)):
        played = [bar for bar in bars if place != solo or bar.section.name != "solo"]
        if voice.role is Role.LEAD:
            events = list(next(leads))
        elif hears := _listener(voice.role, plan):
            dice = chance.stage(plan.seed, STAGES[voice.role], place + _die(plan, 0))
            events = hears(played, tune, plan, voice, dice)
        else:
            events = _play(plan, voice, played, sketched.number, place)
        taken = [bar for bar in bars if place == solo and bar.section.name == "solo"]
        if taken:
            dice = chance.stage(plan.seed, chance.SOLO, _die(plan, 0))
            improvise = idioms.players(plan.style.idiom).get(Role.LEAD, melody.improvise)
            events = sorted(events + improvise(taken, plan, voice, dice))
        # Who has had nothing to say all along does not come in for the last chord.
        heard = bool(events) or voice.asked
        if _ends(plan) and heard and not _sings_on(voice, events, final):
            sung = events[-1][2] if events else None
            events += ending.last_chord(voice, final, plan, sung=sung)
        if voice.asked and 0 < len(events) < ENOUGH:
            events = _at_least(events, final)
        parts.append((voice, events))
    _begin(parts)
    fill_holes(parts, plan)
    return parts


def _listener(role: Role, plan: Plan) -> idioms.Listener | None:
    """Who plays this role to the tune: one of the idiom, or for the second voice everybody's; None: nobody does."""
    own = idioms.listeners(plan.style.idiom)
    if role is Role.COUNTER and role not in idioms.players(plan.style.idiom):
        return own.get(role, answer)
    return own.get(role)


def _sings_on(voice: Voice, events: Sequence[Event], final: Chord) -> bool:
    """Whether a given tune is not over when the others have come to the last chord."""
    ends = (start + length for start, length, _, _ in events)
    return voice.role is Role.LEAD and max(ends, default=0.0) > final.start + LEFT


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
