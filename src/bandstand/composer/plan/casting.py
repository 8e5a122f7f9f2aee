"""Who plays: every instrument that was asked for gets a part, the style fills the places that are left.

A role is given by what an instrument can do (a flute does not strum) and what the style expects of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bandstand.composer.instruments import INSTRUMENTS
from bandstand.composer.plan.style import Style
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.prompt.lexicon import lexicon
from bandstand.composer.score import Role

SINGERS = frozenset({"sitar", "harmonica", "lead-synth", "square-lead"})
"""Melody instruments by nature, apart from whole families."""
SINGING = frozenset({"bowed", "brass", "wind", "voice"})
VOICES = frozenset({"voice", "choir", "voice-synth", "choir-synth"})
HANDS = frozenset(
    {
        "hand-percussion",
        "tabla",
        "congas",
        "bongos",
        "djembe",
        "cajon",
        "frame-drum",
        "bodhran",
        "dhol",
    }
)
"""Drums that are played by hand: they have no snare and no cymbals."""
SECTIONS = frozenset({"strings", "brass", "choir"})
"""Many players at once: they hold chords before they sing."""

ABILITIES: dict[str, tuple[Role, ...]] = {
    "keys": (Role.COMP, Role.ARP, Role.COUNTER, Role.LEAD, Role.PAD),
    "mallet": (Role.ARP, Role.COUNTER, Role.LEAD, Role.COMP),
    "organ": (Role.PAD, Role.COMP, Role.COUNTER, Role.LEAD),
    "plucked": (Role.COMP, Role.ARP, Role.LEAD, Role.COUNTER),
    "bowed": (Role.COUNTER, Role.PAD, Role.LEAD),
    "brass": (Role.COUNTER, Role.PAD, Role.LEAD),
    "wind": (Role.COUNTER, Role.LEAD, Role.PAD),
    "voice": (Role.PAD, Role.COUNTER, Role.LEAD),
    "synth": (Role.ARP, Role.PAD, Role.COMP, Role.COUNTER, Role.LEAD),
    "bass": (Role.BASS,),
    "kit": (Role.DRUMS, Role.PERCUSSION),
}
PANS: dict[Role, tuple[float, ...]] = {
    Role.COMP: (-0.35, 0.4, -0.6),
    Role.ARP: (0.45, -0.5, 0.6),
    Role.COUNTER: (0.3, -0.3, 0.5),
    Role.PERCUSSION: (0.3, -0.3),
    Role.PAD: (0.0, 0.2, -0.2),
}
ESSENTIAL = (Role.LEAD, Role.BASS, Role.DRUMS, Role.DRONE)
LINE_UP_MAX = 10
FEWEST_GROUNDED, LOW_ENOUGH = 3, 43
"""Players who need a bass among them, and the lowest note, a G, that he should have at least."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One player. asked: by the prompt, so that the arrangement may not leave it out."""

    role: Role
    instrument: str
    pan: float = 0.0
    level: float = 0.0
    asked: bool = False


def cast(intent: Intent, style: Style, chance: np.random.Generator) -> tuple[Voice, ...]:
    """Give out the roles, the lead first."""
    excluded = _with_members(intent.excluded)
    if "instrumental" in intent.flags:
        excluded |= VOICES - set(intent.instruments)
    asked = _asked(intent, style, excluded)
    alone = "alone" in intent.flags and bool(asked)
    if alone and len(asked) == 1:
        return _alone(asked[0])
    voices = _asked_voices(asked, style, _member(intent.solo, style, excluded))
    voices = _grounded(voices) if alone else voices
    taken = {voice.role for voice in voices}
    # A drummer who was not asked stays away from a tabla that was.
    if any(voice.instrument == "tabla" for voice in voices):
        taken |= {Role.DRUMS, Role.PERCUSSION}
    for role, names in () if alone else style.instruments.items():
        allowed = [
            n for n in names if n not in excluded and n not in {v.instrument for v in voices}
        ]
        if role in taken or str(role) in intent.excluded or not allowed:
            continue
        if len(voices) >= LINE_UP_MAX and role not in ESSENTIAL:
            continue
        if "sparse" in intent.flags and role not in {*ESSENTIAL, Role.COMP}:
            continue
        voices.append(Voice(role, str(chance.choice(allowed))))
    if not alone and not any(voice.role is Role.LEAD for voice in voices):
        voices.insert(0, _someone_leads(voices, excluded))
    if "no-melody" in intent.flags:
        voices = _without_tune(voices, style)
    levels = {_member(word, style, excluded): level for word, level in intent.levels.items()}
    return tuple(
        replace(voice, level=voice.level + levels.get(voice.instrument, 0.0))
        for voice in _placed(voices)
    )


def _alone(name: str) -> tuple[Voice, ...]:
    family = INSTRUMENTS[name].family
    if family in {"kit", "bass"}:
        return (Voice(ABILITIES[family][0], name, asked=True),)
    accompanies = family in {"keys", "organ", "plucked", "mallet", "synth"} and name not in SINGERS
    own = (Voice(Role.COMP, name), Voice(Role.BASS, name)) if accompanies else ()
    return (Voice(Role.LEAD, name, asked=True), *own)


def _asked(intent: Intent, style: Style, excluded: frozenset[str]) -> tuple[str, ...]:
    """The instruments that were asked for, each word for several settled on one."""
    members = (_member(name, style, excluded) for name in intent.instruments)
    return tuple(dict.fromkeys(name for name in members if name is not None))


def _member(word: str | None, style: Style, excluded: frozenset[str]) -> str | None:
    if word is None or word in INSTRUMENTS:
        return None if word in excluded else word
    choice = [name for name in lexicon().choices[word] if name not in excluded]
    liked = [n for names in style.instruments.values() for n in names if n in choice]
    return next(iter([*liked, *choice]), None)


def _with_members(words: Iterable[str]) -> frozenset[str]:
    choices = lexicon().choices
    return frozenset(name for word in words for name in (word, *choices.get(word, ())))


def _asked_voices(asked: Sequence[str], style: Style, solo: str | None) -> list[Voice]:
    melodic = [name for name in asked if _may_lead(name)]
    if solo is not None and solo in melodic:
        lead = solo
    else:
        lead = max(melodic, key=lambda name: _lead_wish(name, melodic, style), default=None)
    voices = [Voice(Role.LEAD, lead, asked=True)] if lead else []
    taken = {voice.role for voice in voices}
    for name in asked:
        if name != lead:
            role = _role_for(name, style, taken)
            taken.add(role)
            voices.append(Voice(role, name, asked=True))
    return voices


def _grounded(voices: Sequence[Voice]) -> list[Voice]:
    """Of three or more who play by themselves, the lowest of those who sing plays the bass: the cello of a quartet."""
    low = [v for v in voices[1:] if INSTRUMENTS[v.instrument].family in SINGING]
    if len(voices) < FEWEST_GROUNDED or not low or any(v.role is Role.BASS for v in voices):
        return list(voices)
    lowest = min(low, key=lambda voice: INSTRUMENTS[voice.instrument].low)
    if INSTRUMENTS[lowest.instrument].low > LOW_ENOUGH:
        return list(voices)
    return [replace(v, role=Role.BASS) if v is lowest else v for v in voices]


def _may_lead(name: str) -> bool:
    pads = {"warm-pad", "pad-synth", "tanpura"}
    return INSTRUMENTS[name].family not in {"kit", "bass"} and name not in pads


def _lead_wish(name: str, asked: Sequence[str], style: Style) -> float:
    leads = style.instruments.get(Role.LEAD, ())
    wish = 6.0 - 0.5 * leads.index(name) if name in leads else 0.0
    if name in SINGERS or (INSTRUMENTS[name].family in SINGING and name not in SECTIONS):
        wish += 4.0
    return wish - 0.6 * asked.index(name)


def _role_for(name: str, style: Style, taken: set[Role]) -> Role:
    """The first free role among what the style has it for, then among what it can do at all."""
    if name == "tanpura":
        return Role.DRONE
    if name in HANDS and name not in style.instruments.get(Role.DRUMS, ()):
        return Role.PERCUSSION
    able = ABILITIES[INSTRUMENTS[name].family]
    if name in SECTIONS | {"pad-synth", "warm-pad"}:
        able = (Role.PAD, *(role for role in able if role is not Role.PAD))
    customary = [
        role for role, names in style.instruments.items() if name in names and role in able
    ]
    free = [role for role in (*customary, *able) if role not in taken]
    return next((role for role in free if role is not Role.LEAD), able[0])


def _someone_leads(voices: Sequence[Voice], excluded: frozenset[str]) -> Voice:
    melodic = [v.instrument for v in voices if _may_lead(v.instrument)]
    spare = [name for name in ("piano", "flute", "lead-synth", "bells") if name not in excluded]
    return Voice(Role.LEAD, next(iter([*melodic, *spare]), "music-box"))


def _without_tune(voices: Sequence[Voice], style: Style) -> list[Voice]:
    """Who would sing plays along if it was asked for, and stays away if not; who is left over at last sings all the same."""
    kept = [voice for voice in voices if voice.role not in {Role.LEAD, Role.COUNTER}]
    taken = {voice.role for voice in kept} | {Role.COUNTER}
    for voice in voices:
        if voice.asked and voice not in kept:
            role = _role_for(voice.instrument, style, taken)
            kept.append(
                replace(voice, role=Role.PAD if role in {Role.LEAD, Role.COUNTER} else role)
            )
    return kept or list(voices)


def _placed(voices: Sequence[Voice]) -> tuple[Voice, ...]:
    """Seat the players: those of one role apart from each other, doubled roles a little softer."""
    seated: list[Voice] = []
    count: dict[Role, int] = {}
    for voice in voices:
        nth = count.get(voice.role, 0)
        count[voice.role] = nth + 1
        pans = PANS.get(voice.role, (0.0,))
        pan = pans[nth % len(pans)]
        seated.append(Voice(voice.role, voice.instrument, pan, -1.5 * min(nth, 2), voice.asked))
    return tuple(seated)
