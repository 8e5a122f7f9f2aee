"""What a piece does not keep of the music that it is given, in sentences. Decides nothing: that is `plan/`."""

from __future__ import annotations

from bandstand.composer import theory
from bandstand.composer.plan.plan import Plan
from bandstand.composer.score import Given, Role

SAME = 0.015
"""How near two tempos must be to count as one."""


def changes(given: Given, plan: Plan) -> tuple[str, ...]:
    """Sentences for people."""
    told = list(given.told)
    if given.key is not None and given.key != plan.key:
        old, new = theory.key_name(given.key), theory.key_name(plan.key)
        told.append(f"The given music is in {old}; what is played is in {new}.")
    if given.bpm is not None and abs(given.bpm / plan.bpm - 1.0) > SAME:
        told.append(f"The given music has {given.bpm:.4g} bpm; what is played has {plan.bpm:.4g}.")
    if given.metre is not None and given.metre != plan.metre:
        old, new = given.metre.written, plan.metre.written
        told.append(f"The given music is in {old}; what is played is in {new}.")
    if given.tune and not any(voice.role is Role.LEAD for voice in plan.voices):
        told.append("Nobody who was asked for can play the given tune; its harmony is kept.")
    return tuple(told)
