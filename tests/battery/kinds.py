"""Kinds of music that a threshold is another for, by name of style. What belongs where is a musician's judgement."""

from __future__ import annotations

JAZZ = frozenset({"jazz", "swing", "bossa-nova", "blues", "ragtime"})
"""Chromatic by nature: sevenths, passing notes, blue notes."""
BLUES = frozenset({"blues"})
"""Where the third, the fifth and the seventh are sung flat over major chords too."""
DRONES = frozenset({"indian-classical", "ambient", "middle-eastern", "celtic"})
"""One long tone under everything, so that a third of an octave stands out."""
FIVE_NOTES = frozenset({"indian-classical", "middle-eastern", "east-asian"})
"""Of few notes by nature: five of a scale have 2.3 bits at most."""
DARK = frozenset({"lofi"})
BASS = frozenset({"dub", "trap", "dubstep"})
"""Made for subwoofers."""

UNISON = frozenset(
    {"strings", "tremolo-strings", "pizzicato-strings", "brass", "choir", "accordion", "bandoneon"}
)
UNISON |= {
    "honky-tonk-piano",
    "twelve-string-guitar",
    "mandolin",
    "santoor",
    "dulcimer",
    "orchestra-hit",
    "piano",
}
UNISON |= {
    "upright-piano",
    "celesta",
    "church-organ",
    "bagpipe",
    "tanpura",
    "choir-synth",
    "voice-synth",
    "reese-bass",
}
"""Several strings, reeds or players to a note, tuned a little apart on purpose; so is every synthesiser."""
