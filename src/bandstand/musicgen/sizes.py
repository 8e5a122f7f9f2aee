"""What a MusicGen decoder is built of, and what each of its tensors is called and shaped here. No tensors, no torch.

D width, F inner width, K codebooks, V codes of one codebook (2048; code V is the special token), L layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FRAME_RATE = 50  # frames of one second
RATE = 32000  # Hz
WINDOW_FRAMES = 1500  # 30 s, as long as the pieces it was trained on


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """
    width     D; a multiple of heads
    inner     F
    channels  1 or 2; stereo has its own codebooks for each side, in turns: left, right, left, right ...
    text      width of what the text encoder gives
    is_prefix melody models: the conditions stand before the sequence, instead of being attended across
    chroma    pitch classes of a melody model
    chroma_frames  how many of them stand in its prefix
    """

    width: int
    layers: int
    heads: int
    inner: int
    codebooks: int
    codes: int = 2048
    channels: int = 1
    text: int = 768
    is_prefix: bool = False
    chroma: int = 12
    chroma_frames: int = 235

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    @property
    def special(self) -> int:
        """The code that stands where there is none."""
        return self.codes

    @property
    def delays(self) -> tuple[int, ...]:
        """Steps by which each codebook lags: 0 1 2 3, in stereo 0 0 1 1 2 2 3 3."""
        return tuple(book // self.channels for book in range(self.codebooks))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor of the decoder and of the projections of its conditions.

        embedding   row k * (V + 1) + c is code c of codebook k      heads   row k * V + c likewise
        attention_in  the query's D rows, then the key's, the value's      cross_in  the key's D rows, then the value's
        """
        width = self.width
        outer = {
            "embedding": (self.codebooks * (self.codes + 1), width),
            "norm.weight": (width,),
            "norm.bias": (width,),
            "heads": (self.codebooks * self.codes, width),
            "text.weight": (width, self.text),
            "text.bias": (width,),
        }
        if self.is_prefix:
            outer |= {"melody.weight": (width, self.chroma), "melody.bias": (width,)}
        return outer | {
            f"layers.{layer}.{name}": shape
            for layer in range(self.layers)
            for name, shape in self._layer()
        }

    def _layer(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        width, inner = self.width, self.inner
        norms = ("attention", "feed") if self.is_prefix else ("attention", "cross", "feed")
        for norm in norms:
            yield f"{norm}_norm.weight", (width,)
            yield f"{norm}_norm.bias", (width,)
        yield "attention_in", (3 * width, width)
        yield "attention_out", (width, width)
        if not self.is_prefix:
            yield "cross_query", (width, width)
            yield "cross_in", (2 * width, width)
            yield "cross_out", (width, width)
        yield "feed_in", (inner, width)
        yield "feed_out", (width, inner)


def _sizes(width: int, layers: int, *, stereo: bool, melody: bool) -> Sizes:
    return Sizes(
        width=width,
        layers=layers,
        heads=width // 64,
        inner=4 * width,
        codebooks=8 if stereo else 4,
        channels=2 if stereo else 1,
        is_prefix=melody,
    )


SIZES: Mapping[str, Sizes] = {
    "small": _sizes(1024, 24, stereo=False, melody=False),
    "medium": _sizes(1536, 48, stereo=False, melody=False),
    "large": _sizes(2048, 48, stereo=False, melody=False),
    "melody": _sizes(1536, 48, stereo=False, melody=True),
    "melody-large": _sizes(2048, 48, stereo=False, melody=True),
    "stereo-small": _sizes(1024, 24, stereo=True, melody=False),
    "stereo-medium": _sizes(1536, 48, stereo=True, melody=False),
    "stereo-large": _sizes(2048, 48, stereo=True, melody=False),
    "stereo-melody": _sizes(1536, 48, stereo=True, melody=True),
    "stereo-melody-large": _sizes(2048, 48, stereo=True, melody=True),
}
