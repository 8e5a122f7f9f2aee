"""Fits a style to the words of a prompt that are not about form: how it swings, how its tune moves, how rich its chords
are. What a style is without them is in its file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bandstand.composer.plan.style import Style
from bandstand.composer.score import Role

SWUNG = 0.62
LIVELIER = 0.25
LEGATO, STACCATO = 1.0, 0.45
SPARE: dict[str, tuple[Role, tuple[str, ...]]] = {
    "arpeggio": (Role.ARP, ("harp", "pluck-synth", "piano", "nylon-guitar")),
    "call-response": (Role.COUNTER, ("flute", "clarinet", "strings", "vibraphone")),
    "counterpoint": (Role.COUNTER, ("cello", "clarinet", "strings", "oboe")),
    "drone": (Role.DRONE, ("cello", "warm-pad")),
    "dense": (Role.PERCUSSION, ("hand-percussion",)),
}
"""Who comes where a word asks for somebody whom the style does not have."""
STEADY = (Role.DRUMS, Role.PERCUSSION)


def tailored(chosen: Style, asked: Collection[str]) -> Style:
    """The style as the prompt wants it."""
    tune = chosen.tune
    if "syncopated" in asked:
        tune = replace(tune, syncopation=min(tune.syncopation + LIVELIER, 0.8))
    if "legato" in asked or "staccato" in asked:
        tune = replace(tune, length=LEGATO if "legato" in asked else STACCATO)
    instruments = dict(chosen.instruments)
    for word, (role, names) in SPARE.items():
        if word in asked:
            instruments.setdefault(role, names)
    if "rubato" in asked:
        instruments = {role: names for role, names in instruments.items() if role not in STEADY}
    swing = SWUNG if "swing" in asked else 0.5 if "straight" in asked else chosen.swing
    rich = "rich-chords" in asked and chosen.colour in {"power", "triad", "add9"}
    return replace(
        chosen,
        tune=tune,
        instruments=instruments,
        swing=swing,
        colour="seventh" if rich else chosen.colour,
    )
