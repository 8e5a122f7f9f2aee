"""Ornaments that singers on instruments share: notes beside a note, within its length. Knows no tradition.

None of them moves a note's beginning: who counts along still hears the note on its beat.
"""

from __future__ import annotations

from collections.abc import Collection

from bandstand.composer.compose.chart import Event
from bandstand.composer.instruments import Instrument


def beside(pitch: int, scale: Collection[int], known: Instrument) -> tuple[int, int] | None:
    """The steps below and above a pitch; None where one is wider than a tone or out of reach."""
    below = next((p for p in (pitch - 1, pitch - 2) if p % 12 in scale), None)
    above = next((p for p in (pitch + 1, pitch + 2) if p % 12 in scale), None)
    if below is None or above is None or below < known.low or above > known.high:
        return None
    return below, above


def turned(event: Event, below: int, above: int) -> list[Event]:
    """The note, and in its second half above, itself, below, itself."""
    start, length, pitch, loud = event
    half, quick = length / 2, length / 8
    around = ((above, 0.8), (pitch, 0.85), (below, 0.75), (pitch, 0.85))
    return [
        (start, half, pitch, loud),
        *(
            (start + half + n * quick, quick, height, share * loud)
            for n, (height, share) in enumerate(around)
        ),
    ]


def trilled(event: Event, above: int, quick: float) -> list[Event]:
    """The note, then itself and the one above by turns, so many beats each, and at the end itself."""
    start, length, pitch, loud = event
    still = length / 3
    count = max(2, 2 * int((length - still) / (2 * quick)))
    each = (length - still) / count
    return [
        (start, still, pitch, loud),
        *(
            (start + still + n * each, each, pitch if n % 2 else above, 0.78 * loud)
            for n in range(count)
        ),
    ]


def sobbed(event: Event, above: int, quick: float) -> list[Event]:
    """The note, choked by a flick of the one above."""
    start, length, pitch, loud = event
    return [
        (start, length - 1.5 * quick, pitch, loud),
        (start + length - 1.5 * quick, quick, above, 0.6 * loud),
    ]
