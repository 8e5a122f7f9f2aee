"""MultiBand Diffusion as plainly as it can be said: numpy, loops over time, one clip in one piece. The twin of `musicgen/multiband.py`.

Slow. Written from the paper (arXiv:2308.02560) and its reference, not from our code.
"""

from __future__ import annotations

import numpy as np


def convolve(x, weight, bias, stride=1, padding=0, dilation=1):
    x = np.pad(x, ((0, 0), (padding, padding)))
    reach = (weight.shape[2] - 1) * dilation
    starts = range(0, x.shape[1] - reach, stride)
    pieces = [x[:, start : start + reach + 1 : dilation] for start in starts]
    return np.stack([np.einsum("oik,ik->o", weight, piece) + bias for piece in pieces], axis=1)


def spread(x, weight, stride, padding):
    out = np.zeros((weight.shape[1], (x.shape[1] - 1) * stride + weight.shape[2]))
    for time in range(x.shape[1]):
        here = slice(time * stride, time * stride + weight.shape[2])
        out[:, here] += np.einsum("i,iok->ok", x[:, time], weight)
    return out[:, padding : out.shape[1] - padding]


def activate(x, tensors, name, groups):
    parts = x.reshape(groups, -1)
    parts = (parts - parts.mean(1, keepdims=True)) / np.sqrt(parts.var(1, keepdims=True) + 1e-5)
    scale, shift = (tensors[f"{name}.{part}"][:, None] for part in ("weight", "bias"))
    return np.maximum(parts.reshape(x.shape) * scale + shift, 0)


def residual(x, tensors, name, sizes):
    for block in range(sizes.blocks):
        y = x
        for half in (1, 2):
            here = f"{name}.res_blocks.{block}"
            y = activate(y, tensors, f"{here}.norm{half}", sizes.groups)
            weight, bias = (tensors[f"{here}.conv{half}.{part}"] for part in ("weight", "bias"))
            y = convolve(y, weight, bias, padding=2**block, dilation=2**block)
        x = x + y
    return x


def unet(x, step, heard, tensors, sizes):
    """x [N], heard [latent, T] -> the noise [N]."""
    length, padding, skips = len(x), (sizes.kernel - sizes.stride) // 2, []
    x = x[None]
    for level in range(sizes.levels):
        x = np.pad(x, ((0, 0), (0, -x.shape[1] % sizes.stride)))
        x = convolve(x, tensors[f"encoders.{level}.conv.weight"], 0, sizes.stride, padding)
        x = activate(x, tensors, f"encoders.{level}.norm", sizes.groups)
        x = residual(x, tensors, f"encoders.{level}", sizes)
        if level == 0:
            x = x + tensors["embedding.weight"][step][:, None]
        elif sizes.everywhere:
            x = x + tensors[f"embeddings.{level - 1}.weight"][step][:, None]
        skips.append(x)
    told = convolve(heard, tensors["conv_codec.weight"], tensors["conv_codec.bias"][:])
    nearest = np.arange(x.shape[1]) * told.shape[1] // x.shape[1]
    skips[-1] = skips[-1] + told[:, nearest]
    x = np.zeros_like(x)  # nothing passes at the bottom but what stands beside
    for level in range(sizes.levels):
        x = residual(x[:, : skips[-1].shape[1]] + skips.pop(), tensors, f"decoders.{level}", sizes)
        x = activate(x, tensors, f"decoders.{level}.norm", sizes.groups)
        x = spread(x, tensors[f"decoders.{level}.convtr.weight"], sizes.stride, padding)
    return x[0, :length]


def split(x, rate, count):
    """x [N] -> its bands [count, N]."""
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 1400), count + 1)[1:-1]
    cutoffs = 700 * (10 ** (mel / 2595) - 1) / rate
    half = int(4 / cutoffs[0])
    time = np.arange(-half, half + 1)
    lows = [np.zeros_like(x)]
    for cutoff in cutoffs:
        kernel = np.sinc(2 * cutoff * time) * np.cos(np.pi * time / (2 * half)) ** 2
        lows.append(np.convolve(np.pad(x, half, mode="edge"), kernel / kernel.sum(), mode="valid"))
    return np.diff(np.stack([*lows, x]), axis=0)


def diffuse(tell, noises, betas, limit):
    """From noise to a sound: through an estimate of the sound itself, as in "Denoising Diffusion Probabilistic Models" (7).

    tell    (noisy, step) -> the noise in it
    noises  noise to begin with, then for each step but the last
    """
    left = np.cumprod(1 - betas)
    x = next(noises)
    for step in [*range(len(betas))[::-50]]:
        below = step - 50 if step >= 50 else 0
        alpha = left[step] / left[below]
        before = left[below]
        clean = (x - np.sqrt(1 - left[step]) * tell(x, step)) / np.sqrt(left[step])
        x = (
            np.sqrt(before) * (1 - alpha) / (1 - left[step]) * clean
            + (np.sqrt(alpha) * (1 - before) / (1 - left[step])) * x
        )
        if below:
            x = x + np.sqrt((1 - before) / (1 - left[step]) * (1 - alpha)) * next(noises)
        x = np.clip(x, -limit, limit)
    return x
