"""A guitar amplifier: drive that clips one side before the other, then the cabinet.

Two takes come in, left and right, and stay apart: double tracking. Not for the gentle saturation of a whole mix
(`mix/master.py`).
"""

from __future__ import annotations

import numpy as np

from bandstand.composer.filters import Filter, Stereo, high_pass, low_pass, peak


class Amp:
    """gain: how hot the string goes in; presence: dB of the cabinet's bite."""

    def __init__(self, rate: int, *, gain: float, presence: float) -> None:
        self._gain = gain
        self._tighten = Filter([high_pass(110.0, rate), low_pass(4500.0, rate)])
        self._cabinet = Filter(
            [
                high_pass(75.0, rate),
                peak(125.0, rate, 3.0, 1.2),
                peak(420.0, rate, -3.0, 0.9),
                peak(2400.0, rate, presence, 1.1),
                low_pass(4300.0, rate, 0.9),
                low_pass(5200.0, rate, 0.6),
            ]
        )

    def run(self, sound: Stereo) -> Stereo:
        """Amplify a block in place and return it."""
        self._tighten.run(sound)
        bias = np.float32(0.18)
        hot = np.tanh(np.float32(self._gain) * sound + bias) - np.tanh(bias)
        sound[:] = np.float32(0.3) * hot
        return self._cabinet.run(sound)
