"""What a piece is conditioned on, as vectors: text through T5, and in melody models the prefix of chroma and text.

The text of one request is encoded alone, so that no padding and no other request has a say in it. "" is exactly nothing.
Source: the reference's T5Conditioner and ConditionFuser.

L tokens of text, D width, C prefix vectors.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bandstand.errors import Misconfigured
from bandstand.musicgen.checkpoints import Part
from bandstand.musicgen.memory import TOKENS_MAX
from bandstand.musicgen.sizes import Sizes
from bandstand.musicgen.t5 import T5Encoder

REMEMBERED = 256


class TextEncoder:
    """Text to vectors through T5; remembers the last few hundred texts. May be called from several threads."""

    def __init__(self, part: Part, tokenizer: Path, *, device: str = "cpu") -> None:
        """raises  Misconfigured when the tokenizer's file is missing, or the tensors are not those of the settings"""
        file = tokenizer / "tokenizer.json"
        if not file.is_file():
            raise Misconfigured(f"{file} is missing: it turns text into tokens")
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._encoder = T5Encoder(part, device=device)
        self._device = device
        self._known: OrderedDict[str, Tensor] = OrderedDict()
        self._lock = Lock()

    def encode(self, text: str) -> Tensor:
        """float32 [L, text width], L counting the closing </s>; of a longer text the first TOKENS_MAX tokens.

        "" is one zero vector: what the reference makes of an empty description.
        """
        with self._lock:
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
            states = self._states(text)
            self._known[text] = states
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return states

    def tokens(self, text: str) -> int:
        """How many tokens the text has."""
        return len(self._tokenizer.encode(text).ids)

    def _states(self, text: str) -> Tensor:
        ids: list[int] = self._tokenizer.encode(text).ids
        if len(ids) > TOKENS_MAX:
            ids = [*ids[: TOKENS_MAX - 1], ids[-1]]
        if text == "":
            return torch.zeros(len(ids), self._encoder.width, device=self._device)
        return self._encoder(ids)


class Conditions:
    """The projections of a decoder's conditions."""

    def __init__(self, sizes: Sizes, weights: Mapping[str, Tensor]) -> None:
        self._sizes = sizes
        names = [name for name in sizes.shapes() if name.startswith(("text.", "melody."))]
        self._weights = {name: weights[name].float() for name in names}

    def text(self, states: Tensor, *, is_empty: bool) -> Tensor:
        """What the conditional row attends across to. Nothing stays nothing: the bias is not added to it.

        states  float32 [L, text width]
        return  float32 [L, D]
        """
        states = states.to(self._weights["text.weight"].device)
        if is_empty:
            return states.new_zeros(states.shape[0], self._sizes.width)
        return functional.linear(states, self._weights["text.weight"], self._weights["text.bias"])

    def prefix(self, text: Tensor, chroma: Tensor, nothing: Tensor) -> Tensor:
        """What stands before a melody model's sequence: the chroma, then the text.

        The null row has the chroma of silence and as many zero vectors as the text has, for they count as positions.

        text     float32 [L, D], from `text`
        chroma   float32 [chroma frames, classes], one-hot; nothing: that of silence
        return   float32 [2, C, D]
        """
        weight, bias = self._weights["melody.weight"], self._weights["melody.bias"]
        tunes = functional.linear(torch.stack([chroma, nothing]).to(weight.device), weight, bias)
        texts = torch.stack([text, torch.zeros_like(text)])
        return torch.cat([tunes, texts], dim=1)
