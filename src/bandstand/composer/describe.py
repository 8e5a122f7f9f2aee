"""Tells people what was composed and how their words were understood. JSON in, JSON out; decides nothing."""

from __future__ import annotations

from typing import Any

from bandstand.composer import chance, theory
from bandstand.composer.given.grid import straightened
from bandstand.composer.prompt.intent import Intent
from bandstand.composer.score import Role, Score


def describe(score: Score, intent: Intent) -> dict[str, Any]:
    """A JSON-able account of a piece; times in seconds."""
    return {
        "title": score.title,
        "style": score.style,
        "seed": score.seed,
        "version": chance.VERSION,
        "seconds": score.seconds,
        "bpm": score.bpm,
        "key": theory.key_name(score.key),
        "metre": score.metre.written,
        "bars": score.bars,
        "sections": [
            {
                "name": section.name,
                "start": round(score.seconds_at(section.first_bar * score.metre.beats), 3),
                "bars": section.bars,
                "energy": section.energy,
            }
            for section in score.sections
        ],
        "chords": [
            {
                "start": round(score.seconds_at(chord.start), 3),
                "beat": round(chord.start, 4),
                "name": chord.name,
            }
            for chord in score.chords
        ],
        "tune": _tune(score),
        "instruments": [
            {"instrument": part.instrument, "role": str(part.role), "notes": len(part.notes)}
            for part in score.parts
        ],
        "marks": {name: round(mark, 3) for name, mark in score.marks.items()},
        "understood": list(intent.understood),
        "ignored": list(intent.ignored),
        "conflicts": [*intent.conflicts, *_unlooped(score, intent)],
    }


def _tune(score: Score) -> list[list[float]]:
    """What the lead plays, as it is written: [beat, beats, pitch, velocity]."""
    lead = next((part for part in score.parts if part.role is Role.LEAD), None)
    written = [straightened(note) for note in lead.notes] if lead else []
    return [
        [round(note.start, 4), round(note.length, 4), note.pitch, round(note.velocity, 3)]
        for note in written
    ]


def _unlooped(score: Score, intent: Intent) -> list[str]:
    if score.loops or "loop" not in intent.flags:
        return []
    bar = score.seconds_at(score.metre.beats)
    fitting = max(1, round(score.seconds / bar)) * bar
    told = f"A loop is asked for, but {score.seconds:g} s are no whole bars at {score.bpm:g} bpm"
    return [f"{told}; {fitting:.3f} s would be."]
