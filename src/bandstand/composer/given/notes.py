"""A stranger's notes, a MIDI file or the plan of a piece, told apart by their first bytes."""

from __future__ import annotations

import re

from bandstand.composer.given.chart import read_plan
from bandstand.composer.given.midi import read_midi
from bandstand.composer.score import Given

RIFF = re.compile(rb"RIFF....RMIDdata....(?=MThd)", re.DOTALL)
"""What Windows puts around MIDI files."""


def read_notes(content: bytes) -> Given:
    """raises  Invalid with field "score" for what cannot be read"""
    wrapped = RIFF.match(content)
    content = content[wrapped.end() :] if wrapped else content
    return read_midi(content) if content.startswith(b"MThd") else read_plan(content)
