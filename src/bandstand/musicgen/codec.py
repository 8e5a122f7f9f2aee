"""EnCodec: sound to codes, and codes to sound, whole or piece by piece as they are drawn.

transformers' module with a checkpoint's weights, always in float32. Not MultiBand Diffusion, which makes another sound of the same codes
(`multiband.py`), and not for the EnCodecs that work in segments, in stereo or on normalised sound: MusicGen's do none of these.

C channels, K codebooks of all channels together (in stereo left, right, left, right ...), T frames, D width of a code's vector.
Source: High Fidelity Neural Audio Compression (arXiv:2210.13438); musicgen.md section 2.10.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from torch import Tensor
from torch.nn.utils import parametrize
from transformers.models.encodec.configuration_encodec import EncodecConfig
from transformers.models.encodec.modeling_encodec import EncodecConv1d, EncodecModel

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.streamed import Chain, streamed

CHUNK = 50  # frames decoded at once: with more of them the layers' results no longer fit the processor's cache


class Codec:
    """Without a memory: it may serve any number of streams."""

    def __init__(self, part: Part, *, device: str = "cpu") -> None:
        """raises  Misconfigured when the settings are not MusicGen's kind, or the tensors not those of the settings"""
        model: Any = _loaded(part)
        self._model = model.to(device)
        config = model.config
        self._tables = [layer.codebook.embed for layer in self._model.quantizer.layers]
        self.device = device
        self.rate = config.sampling_rate  # Hz
        self.hop = config.hop_length  # samples of one frame
        self.codebooks = config.num_quantizers  # of one channel
        self.codes = config.codebook_size  # of one codebook
        self.width = config.codebook_dim  # D
        self.lag = streamed(
            self._model.decoder
        ).lag  # samples by which a stream's sound is behind its codes

    @torch.no_grad()
    def encode(self, samples: Tensor) -> Tensor:
        """Each channel alone.

        samples  float32 [C, N] at `rate`, C is 1 or 2, N at least 1
        return   int64 [K, T], T = N / hop, rounded up
        raises   ValueError when the shape is another, or a sample is not a number
        """
        if samples.ndim != 2 or samples.shape[0] not in {1, 2} or not samples.shape[1]:
            raise ValueError(f"samples must be [1 or 2, at least 1], not {list(samples.shape)}")
        samples = samples.to(self.device, torch.float32)
        if not samples.isfinite().all():
            raise ValueError("samples must be finite")
        sides = [self._encode(side) for side in samples]
        return torch.stack(sides, dim=1).flatten(0, 1)  # [K, T]

    def _encode(self, side: Tensor) -> Tensor:
        found: Tensor = self._model.quantizer.encode(self._model.encoder(side[None, None]))
        return found[:, 0]

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
        return Stream(self, streamed(self._model.decoder), channels)

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


_PLAYED: Mapping[str, Collection[Any]] = {
    "audio_channels": (1,),
    "chunk_length_s": (None,),
    "normalize": (False,),
    "norm_type": ("weight_norm",),
    "pad_mode": ("reflect", "constant"),
}


def _loaded(part: Part) -> EncodecModel:
    """The module around the tensors as they lie, mapped files included; only what weight norm scales is written anew."""
    model = _empty(part.settings)
    given = {_new_name(name): tensor for name, tensor in part.tensors.items()}
    _check(given, model.state_dict())
    model.load_state_dict({name: tensor.float() for name, tensor in given.items()}, assign=True)
    for module in list(model.modules()):
        if parametrize.is_parametrized(module):
            parametrize.remove_parametrizations(module, "weight")
        if isinstance(module, EncodecConv1d):
            _measure(module)
    return model.eval().requires_grad_(requires_grad=False)


def _empty(settings: Mapping[str, Any]) -> EncodecModel:
    known = {key: value for key, value in settings.items() if key != "dtype"}
    try:
        with torch.device("meta"):
            model = EncodecModel(EncodecConfig(**known))
    except (StrictDataclassError, ArithmeticError, TypeError, ValueError) as error:
        raise Misconfigured(f"codec: its settings cannot be used: {error}") from error
    for name, values in _PLAYED.items():
        if getattr(model.config, name) not in values:
            wanted = " or ".join(str(value) for value in values)
            raise Misconfigured(
                f"codec: {name} must be {wanted}, not {getattr(model.config, name)}"
            )
    return model


def _new_name(name: str) -> str:
    """Files from before torch 2.0 name the two halves of a weight under weight norm otherwise."""
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        if name.endswith(f".{old}"):
            return name.removesuffix(old) + f"parametrizations.weight.{new}"
    return name


def _check(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    for name, place in wanted.items():
        if name not in given:
            raise Misconfigured(f"codec: {name} is missing")
        if given[name].shape != place.shape:
            raise Misconfigured(
                f"codec: {name} is {list(given[name].shape)}, and not {list(place.shape)} as the settings say"
            )
    for name in given:
        if name not in wanted:
            raise Misconfigured(f"codec: {name} is left over: there is no such tensor in it")


def _measure(module: EncodecConv1d) -> None:
    """Trap: a convolution keeps its measures as tensors that no checkpoint has; made on "meta", they are without a value."""
    conv: Any = module.conv
    reach = (conv.kernel_size[0] - 1) * conv.dilation[0]
    measures = {
        "stride": conv.stride[0],
        "kernel_size": reach + 1,
        "padding_total": reach + 1 - conv.stride[0],
    }
    for name, value in measures.items():
        module.register_buffer(name, torch.tensor(value), persistent=False)
