"""5, 6: the instruments that were asked for play, can be heard, and a soloist stands in front."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.prompt.lexicon import lexicon
from bandstand.composer.score import Role
from battery.checks import Bound, Check
from battery.take import Take

FEWEST = 4
UNHEARD = 20.0  # LU under the mix


def asked(take: Take) -> list[frozenset[str]]:
    """What may play for each instrument asked for: "guitar" leaves the choice."""
    choices = lexicon().choices
    wanted = (frozenset(choices.get(word, (word,))) for word in take.intent.instruments)
    return [names for names in wanted if names & INSTRUMENTS.keys()]


def missing_instruments(take: Take) -> float | None:
    """How many instruments asked for are missing: fewer than 4 notes, another program in the MIDI file."""
    wanted = asked(take)
    if not wanted or take.score.bars == 0:
        return None
    return float(sum(not any(_plays(take, n) for n in _parts(take, names)) for names in wanted))


def _parts(take: Take, names: Iterable[str]) -> list[int]:
    return [n for n, part in enumerate(take.score.parts) if part.instrument in names]


def _plays(take: Take, index: int) -> bool:
    part, track = take.score.parts[index], take.midi.tracks[index + 1]
    program = INSTRUMENTS[part.instrument].program
    return len(track.notes) >= FEWEST and program in track.programs


def faintest_asked(take: Take) -> float | None:
    """LU by which the faintest instrument asked for lies under the mix."""
    present = [indices for names in asked(take) if (indices := _parts(take, names))]
    if not present or take.score.bars == 0:
        return None
    heard = take.stem_levels
    return max(-max(heard[index] for index in indices) for indices in present)


def solo_margin(take: Take) -> float | None:
    """LU by which a soloist who was asked for is louder than the loudest of those who accompany."""
    if take.intent.solo is None or len(take.score.parts) < 2:
        return None
    heard = take.stem_levels
    roles = [part.role for part in take.score.parts]
    leads = [level for level, role in zip(heard, roles, strict=True) if role is Role.LEAD]
    others = [level for level, role in zip(heard, roles, strict=True) if role is not Role.LEAD]
    return max(leads, default=-np.inf) - max(others)


def solo_bars(take: Take) -> float | None:
    """Share of the bars in which the soloist plays."""
    if take.intent.solo is None or take.score.bars == 0:
        return None
    leads = [part for part in take.score.parts if part.role is Role.LEAD]
    bars = {int(note.start // take.bar) for part in leads for note in part.notes}
    return len({bar for bar in bars if bar < take.score.bars}) / take.score.bars


CHECKS = (
    Check("5a", "asked instruments missing", Bound(0, 0), missing_instruments, share=1.0),
    Check("5b", "faintest asked one, LU under mix", Bound(high=UNHEARD), faintest_asked, share=1.0),
    Check("6a", "solo over accompaniment, LU", Bound(low=0.0), solo_margin, share=1.0),
    Check("6b", "bars with the soloist", Bound(low=0.35), solo_bars, share=1.0),
)
