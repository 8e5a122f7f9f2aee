"""A sound in bands, each as wide to the ear: their sum is the sound. For MultiBand Diffusion, which rescales sounds band by band.

Not sharp filters and not for separating instruments: neighbours overlap. Everything goes block by block, so that no clip is too long.
Source: windowed-sinc low passes at frequencies evenly spaced in mel (O'Shaughnessy), as `SplitBands` of julius 0.2 has them.

A band is what one low pass lets through and the one below it does not; the highest is what the last low pass stops. A low pass at c (a
share of the rate) is 2c sinc(2c t), under a Hann window that holds 8 zero crossings of the lowest c on either side, summing to one.

C channels, N samples, M bands.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

CROSSINGS = 8
SILENT = 1e-9  # a standard deviation below which a band holds nothing
BLOCK = 2**15  # samples of one Fourier transform


class MelBands:
    def __init__(self, rate: int, count: int, device: torch.device | str = "cpu") -> None:
        """
        rate   Hz
        count  M, at least 1
        """
        self.cutoffs = _cutoffs(rate, count)
        kernels = _kernels(self.cutoffs / rate)
        self._half = kernels.shape[1] // 2
        self._kernels = torch.from_numpy(kernels).to(device, torch.float32)

    def pieces(self, sound: Tensor) -> Iterator[Tensor]:
        """The bands of a sound, a stretch at a time.

        sound   float32 [C, N]
        return  float32 [M, C, n], joined [M, C, N]
        """
        return self._filtered(sound, self._kernels)

    def weigh(self, sound: Tensor, gains: Tensor) -> Tensor:
        """The sum of the bands, each by its own gain: all of it is one filter.

        sound   float32 [C, N]
        gains   [M]
        return  float32 [C, N]
        """
        kernel = gains.to(self._kernels) @ self._kernels
        return torch.cat([piece[0] for piece in self._filtered(sound, kernel[None])], dim=1)

    def deviations(self, sound: Tensor) -> Tensor:
        """The standard deviation of each band, over all channels at once: float64 [M]."""
        sums = torch.zeros(2, self._kernels.shape[0], dtype=torch.float64)
        for piece in self.pieces(sound):
            sums[0] += piece.sum(dim=(1, 2)).cpu()
            sums[1] += piece.square().sum(dim=(1, 2)).cpu()
        return ((sums[1] - sums[0] ** 2 / sound.numel()) / (sound.numel() - 1)).clamp(min=0).sqrt()

    def match(self, sound: Tensor, model: Tensor) -> Tensor:
        """The sound with each band as strong as in the model; a silent band stays silent."""
        have, want = self.deviations(sound), self.deviations(model)
        return self.weigh(sound, torch.where(have > SILENT, want / have.clamp(min=SILENT), 0))

    def _filtered(self, sound: Tensor, kernels: Tensor) -> Iterator[Tensor]:
        """[C, N] -> [kernels, C, n] ..., by fast convolution (overlap and save); the ends go on as they are."""
        length, taps = sound.shape[1], kernels.shape[1]
        size = max(BLOCK, 4 * taps)
        fresh = size - taps + 1
        spectra = torch.fft.rfft(kernels, n=size)[:, None]
        padded = functional.pad(sound[None], (self._half, self._half), mode="replicate")[0]
        for start in range(0, length, fresh):
            spectrum = torch.fft.rfft(padded[:, start : start + size], n=size)
            piece = torch.fft.irfft(spectrum * spectra, n=size)
            yield piece[..., taps - 1 : taps - 1 + min(fresh, length - start)]


def _cutoffs(rate: int, count: int) -> NDArray[np.float64]:
    """Hz between the bands: M - 1 of them."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    mels = np.linspace(0, top, count + 1)[1:-1]
    return 700 * (10 ** (mels / 2595) - 1)


def _kernels(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cutoffs as shares of the rate -> the bands' filters [M, taps], all as long as the lowest needs."""
    half = int(CROSSINGS / shares.min(initial=0.5) / 2)
    time = np.arange(-half, half + 1)
    lows = 2 * shares[:, None] * np.sinc(2 * shares[:, None] * time) * np.hanning(2 * half + 1)
    lows /= lows.sum(axis=1, keepdims=True)
    everything = (time == 0).astype(np.float64)
    return np.diff(np.vstack([np.zeros_like(everything), lows, everything]), axis=0)
