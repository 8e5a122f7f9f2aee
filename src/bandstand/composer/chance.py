"""Dice: one independent stream of random numbers for each stage of composing, all from one seed.

A stage that rolls once more does not disturb the others; a change of what a stage does with its rolls raises
VERSION, so that a seed never silently means another piece.
"""

from __future__ import annotations

import zlib

import numpy as np

VERSION = 4

PLAN, CASTING, HARMONY, DRUMS, BASS, CHORDS, MELODY, COUNTER, PERFORMANCE, MOTIF, FORM, SOLO = (
    range(12)
)


def stage(seed: int, number: int, of: int | str = 0) -> np.random.Generator:
    """The dice of one stage.

    of  tells apart what rolls in the same stage: the number of a player, the name of a style
    """
    which = zlib.crc32(of.encode()) if isinstance(of, str) else of
    return np.random.default_rng(np.random.SeedSequence([seed % 2**64, number, VERSION, which]))
