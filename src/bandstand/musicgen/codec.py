"""EnCodec: sound to codes, and codes to sound, whole or piece by piece as they are drawn.

Always in float32. What lies between sound and codes, the networks, is in `seanet.py`. Not MultiBand Diffusion, which makes another sound of the
same codes (`multiband.py`), and not for the EnCodecs that work in segments, in stereo or on normalised sound: MusicGen's do none of these.

C channels, K codebooks of all channels together (in stereo left, right, left, right ...), T frames, D width of a code's vector.
Source: High Fidelity Neural Audio Compression (arXiv:2210.13438); musicgen.md section 2.10.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.seanet import SeaNet
from bandstand.musicgen.streamed import Chain

CHUNK = 50  # frames at once: of more the layers' results no longer fit the processor's cache


class Codec:
    """Without a memory: it may serve any number of streams."""

    def __init__(self, part: Part, *, device: str = "cpu") -> None:
        """raises  Misconfigured when the settings are not MusicGen's kind, or the tensors not those of the settings"""
        if torch.device(device).type == "cuda":
            # Of the whole process: by default cuDNN rounds what it convolves to TF32, 10 bits.
            torch.backends.cudnn.allow_tf32 = False
        self._networks = SeaNet(part, device=device)
        self._tables = self._networks.tables()
        said = self._networks.said
        self.device = device
        self.rate: int = said["sampling_rate"]  # Hz
        self.hop = math.prod(said["upsampling_ratios"])  # samples of one frame
        self.codebooks = len(self._tables)  # of one channel
        self.codes: int = said["codebook_size"]  # of one codebook
        self.width: int = said["hidden_size"]  # D
        # Samples by which a stream's sound is behind its codes.
        self.lag = self._networks.decoder().lag(0)

    @torch.no_grad()
    def encode(self, samples: Tensor) -> Tensor:
        """Each channel alone. In pieces, so that the memory does not grow with the sound.

        samples  float32 [C, N] at `rate`, C is 1 or 2, N at least 1
        return   int64 [K, T], T = N / hop, rounded up
        raises   ValueError when the shape is another, or a sample is not a number
        """
        if samples.ndim != 2 or samples.shape[0] not in {1, 2} or not samples.shape[1]:
            raise ValueError(f"samples must be [1 or 2, at least 1], not {list(samples.shape)}")
        samples = samples.to(self.device, torch.float32)
        if not samples.isfinite().all():
            raise ValueError("samples must be finite")
        encoder = self._networks.encoder()
        *chunks, end = samples[:, None].split(CHUNK * self.hop, dim=-1)  # each [C, 1, n]
        found = [self._nearest(encoder.push(chunk, last=False)) for chunk in chunks]
        found.append(self._nearest(encoder.push(end, last=True)))
        return torch.cat(found, dim=1)

    def _nearest(self, latents: Tensor) -> Tensor:
        """The vectors that come nearest: of each codebook to what the ones before have left over.

        latents  float32 [C, D, t]
        return   int64 [K, t]
        """
        rest = latents.transpose(1, 2)  # [C, t, D]
        found: list[Tensor] = []
        for table in self._tables:
            # |rest - vector|^2 = |rest|^2 - 2 rest . vector + |vector|^2, and the first is the same for all vectors.
            distances = table.square().sum(dim=1) - 2 * rest @ table.T
            found.append(distances.argmin(dim=-1))
            rest = rest - table[found[-1]]
        return torch.stack(found).flatten(0, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """The whole piece. A stream makes it, in less memory and less time than all at once would take.

        codes   int64 [K, T], K for 1 or 2 channels, T at least 1
        return  float32 [C, T * hop]
        raises  ValueError when these are no codes of this codec
        """
        books = (self.codebooks, 2 * self.codebooks)
        if codes.ndim != 2 or codes.shape[0] not in books or not codes.shape[1]:
            raise ValueError(
                f"codes must be [{books[0]} or {books[1]}, at least 1], not {list(codes.shape)}"
            )
        stream = self.stream(codes.shape[0] // self.codebooks)
        whole = torch.empty(stream.channels, codes.shape[1] * self.hop, device=self.device)
        rest = whole
        for chunk in codes.split(CHUNK, dim=1):
            rest = _fill(rest, stream.push(chunk))
        _fill(rest, stream.finish())
        return whole

    def stream(self, channels: int) -> Stream:
        """A piece that is decoded while its codes come.

        channels  1 or 2
        """
        if channels not in {1, 2}:
            raise ValueError(f"channels must be 1 or 2, not {channels}")
        return Stream(self, self._networks.decoder(), channels)

    @torch.no_grad()
    def latents(self, codes: Tensor) -> Tensor:
        """What the decoder is given: for each frame the sum of the vectors of its codes.

        codes   int64 [codebooks, T], of one channel
        return  float32 [D, T]
        raises  ValueError when these are no codes of this codec
        """
        if codes.ndim != 2 or codes.shape[0] != self.codebooks:
            raise ValueError(f"codes must be [{self.codebooks}, T], not {list(codes.shape)}")
        codes = codes.to(self.device, torch.int64)
        strange = codes[(codes < 0) | (codes >= self.codes)]
        if strange.numel():
            raise ValueError(f"codes must be 0 to {self.codes - 1}, not {int(strange[0])}")
        vectors = [table[row] for table, row in zip(self._tables, codes, strict=True)]
        return torch.stack(vectors).sum(dim=0).T


class Stream:
    """One piece on its way. What `push` and `finish` give, joined, is what `Codec.decode` gives of all the codes together.

    However the piece is cut: after some frames, all their samples but the last `Codec.lag` are out; `finish` gives those.
    """

    def __init__(self, codec: Codec, decoder: Chain, channels: int) -> None:
        self.channels = channels
        self._codec = codec
        self._decoder = decoder
        self._is_finished = False

    def push(self, codes: Tensor) -> Tensor:
        """What is final now that more frames have come.

        codes   int64 [K, t], t may be 0
        return  float32 [C, m], m may be 0
        raises  ValueError when these are no codes of this codec; the stream is then as it was before
        """
        assert not self._is_finished, "nothing can be pushed after the end"
        books = self.channels * self._codec.codebooks
        if codes.ndim != 2 or codes.shape[0] != books:
            raise ValueError(f"codes must be [{books}, t], not {list(codes.shape)}")
        sides = [self._codec.latents(codes[side :: self.channels]) for side in range(self.channels)]
        chunks = torch.stack(sides).split(CHUNK, dim=-1)  # each [C, D, t]
        return torch.cat([self._decode(chunk, last=False) for chunk in chunks], dim=-1)

    def finish(self) -> Tensor:
        """The samples that waited for frames to come: float32 [C, m], m at most `Codec.lag`."""
        assert not self._is_finished, "a piece ends once"
        self._is_finished = True
        nothing = torch.empty(self.channels, self._codec.width, 0, device=self._codec.device)
        return self._decode(nothing, last=True)

    @torch.no_grad()
    def _decode(self, latents: Tensor, *, last: bool) -> Tensor:
        return self._decoder.push(latents, last=last)[:, 0]


def _fill(rest: Tensor, piece: Tensor) -> Tensor:
    """Put the piece where the rest begins.

    return  the rest that is left
    """
    rest[:, : piece.shape[1]] = piece
    return rest[:, piece.shape[1] :]
