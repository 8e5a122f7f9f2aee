"""What a family is told: colours, dice, which of its variants, and how loud the music is. Not the prompt: it has been read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bandstand.canvas.palette import Field, Palette
from bandstand.canvas.sheet import Dice, wander

VARIANTS = 4
DAWN, DAY, DUSK, NIGHT = range(VARIANTS)


@dataclass(frozen=True, kw_only=True)
class Brief:
    """variant   0..3: for a family with a sky the time of day, else its layout; 0 and 2 are not alike, nor 1 and 3
    envelope  float32 [N], 0..1, how loud the music is from its beginning to its end; None when there is no music
    """

    palette: Palette
    dice: Dice
    variant: int
    envelope: Field | None = None

    def ground(self, place: float) -> Field:
        """As `Palette.mix`, but every other variant is printed light instead of dark: 0 is paper, 1 is ink."""
        return self.palette.mix(1 - place if self.variant % 2 else place)

    def loudness(self, count: int) -> Field:
        """The envelope at so many places, its loudest 1; without music, a piece that swells and ebbs. float32 [count]"""
        if self.envelope is not None:
            places = np.linspace(0, len(self.envelope) - 1, count)
            return np.interp(places, np.arange(len(self.envelope)), self.envelope).astype(
                np.float32
            )
        time = np.linspace(0, 1, count, dtype=np.float32)
        swell = 0.55 + 0.4 * wander(self.dice, time, 5, 3)
        beat = 0.75 + 0.25 * wander(self.dice, time, count / 2.5, 1)
        shape = np.minimum(1, np.minimum(time, 1 - time) * 9 + 0.12)
        heard = np.maximum(swell * beat * shape, np.float32(0.02))
        return (heard / heard.max()).astype(np.float32)
