"""Owns the tensors of the running tracks: writes a track's row when it joins, fills its cache, takes steps. Decides nothing.

Whoever joins or leaves writes rows of tensors whose shapes never change, and a step reads nothing back from the device.

N slots, K codebooks, S columns of the longest track, P frames of a prompt, L tokens of text, C prefix vectors, D width.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from bandstand.musicgen.decoder import Decoder
from bandstand.musicgen.delay import UNKNOWN, columns_of, frames_drawn, lay_out, undo_delays
from bandstand.musicgen.graphs import capture
from bandstand.musicgen.piece import Sampling
from bandstand.musicgen.sampling import draw, exponential_noise, guide
from bandstand.musicgen.sizes import WINDOW_FRAMES
from bandstand.musicgen.state import State, Stepper, new_state

FILL_COLUMNS = 128  # filled in between two steps: bounds how long the other tracks wait
FILL_COLUMNS_CPU = 8  # there it takes about as long as a step
MOST = 256  # codes that a track usually keeps at most: then a step need not sort
REACHES = (256, 512, 768, 1024, 1536, 2048)  # positions that a step looks at, at most


@dataclass(frozen=True, kw_only=True)
class Track:
    """A piece of at most 30 seconds that is decoded in one go.

    frames  of the track, prompt included
    prompt  int64 [K, P], the codes it goes on from
    text    float32 [L, D], for models that attend across; prefix: float32 [2, C, D], for those that do not
    draws   number of the first step, so that the windows of one piece draw different noise
    """

    frames: int
    seed: int
    prompt: Tensor
    text: Tensor | None = None
    prefix: Tensor | None = None
    draws: int = 0
    sampling: Sampling = field(default_factory=Sampling)


@torch.inference_mode()
def step(decoder: Decoder, state: State, tracks: int, most: int | None = None) -> None:
    """Draw the next column of every track that plays. No value of a tensor decides what is run.

    tracks  slots from here on are idle
    most    as in `sampling.draw`, for those before
    """
    at = state.column[:, None, None].expand(-1, state.columns.shape[1], 1)
    tokens = state.columns.gather(2, at).squeeze(2)
    positions = torch.where(state.is_playing, state.prefix + state.column, -1)
    logits = decoder.logits(tokens, positions)
    near = State(*(rows[:tracks] for rows in vars(state).values()))
    guided = guide(logits[:tracks], near.guidance)
    noise = exponential_noise(near.seed, near.draws + near.column, *guided.shape[1:])
    drawn = draw(guided, near.temperature, near.top_k, near.top_p, noise, most=most)[:, :, None]
    following = (at[:tracks] + 1).clamp(max=state.columns.shape[2] - 1)
    there = near.columns.gather(2, following)
    is_open = (there == UNKNOWN) & near.is_playing[:, None, None]
    near.columns.scatter_(2, following, torch.where(is_open, drawn, there))
    state.column += state.is_playing


@dataclass
class Row:
    """What the host knows of a slot without asking the device.

    column   the last one that is known
    pending  float32 [2, C, D], what stands before the first step; filled: how much of it is in the cache
    """

    track: Track
    column: int
    pending: Tensor
    filled: int = 0

    @property
    def keeps_few(self) -> bool:
        sampling = self.track.sampling
        return sampling.top_p <= 0 and 0 < sampling.top_k <= MOST

    @property
    def position(self) -> int:
        """Of the last known column in the cache."""
        return self.column + (self.track.prefix.shape[1] if self.track.prefix is not None else 0)


class Runner:
    """The tracks of one decoder."""

    def __init__(self, decoder: Decoder, *, device: str = "cpu") -> None:
        self._decoder = decoder
        self._sizes = decoder.sizes
        self._device = device
        self._fill_columns = FILL_COLUMNS_CPU if device == "cpu" else FILL_COLUMNS
        columns = columns_of(WINDOW_FRAMES, self._sizes.delays)
        self._state = new_state(decoder.slots, self._sizes.codebooks, columns, device)
        self._rows: dict[int, Row] = {}
        self._playing: set[int] = set()
        self._ways: dict[tuple[int, int, int | None], Callable[[], None]] = {}

    def join(self, slot: int, track: Track) -> None:
        """Write the track's row. It takes part in steps once `fill` has said that its cache is complete."""
        state, sampling = self._state, track.sampling
        columns = lay_out(track.prompt, track.frames, self._sizes.delays, self._sizes.special)
        state.columns[slot, :, : columns.shape[1]] = columns.to(self._device)
        known = track.prompt.shape[1]
        before = track.prefix.shape[1] if track.prefix is not None else 0
        state.column[slot] = known
        state.prefix[slot] = before
        state.seed[slot] = track.seed
        state.draws[slot] = track.draws
        state.temperature[slot] = sampling.temperature
        state.top_k[slot] = sampling.top_k
        state.top_p[slot] = sampling.top_p
        state.guidance[slot] = sampling.guidance
        if track.text is not None:
            self._decoder.attend(slot, track.text)
        # The last known column is not filled in: the first step takes it, and draws the one after it.
        vectors = self._decoder.embed(columns[:, :known].T.to(self._device)).expand(2, -1, -1)
        if track.prefix is not None:
            vectors = torch.cat([track.prefix.to(vectors), vectors], dim=1)
        self._rows[slot] = Row(track, known, vectors)

    def fill(self, slot: int) -> bool:
        """Fill in some more of the slot's cache. return: it is complete, the track plays"""
        row = self._rows[slot]
        block = row.pending[:, row.filled : row.filled + self._fill_columns]
        if block.shape[1]:
            self._decoder.prefill(slot, block, row.filled)
            row.filled += block.shape[1]
        if row.filled < row.pending.shape[1]:
            return False
        row.pending = row.pending[:, :0]
        self._state.is_playing[slot] = True
        self._playing.add(slot)
        return True

    def step(self) -> None:
        """Every track that plays goes one column on."""
        self._way()()
        for slot in self._playing:
            self._rows[slot].column += 1

    def _way(self) -> Callable[[], None]:
        """The step that looks at no more than it must: on a GPU captured, one graph for each bound that occurs."""
        if isinstance(self._decoder, Stepper):
            return functools.partial(self._decoder.step, self._state)
        rows = [self._rows[slot] for slot in self._playing]
        farthest = max(row.position for row in rows)
        tracks = min(1 << max(self._playing).bit_length(), self._decoder.slots)
        reach = next((reach for reach in REACHES if reach > farthest), self._decoder.length)
        most = MOST if all(row.keeps_few for row in rows) else None
        bounds = (tracks, reach, most)
        if bounds not in self._ways:
            self._decoder.bound(tracks, reach)
            way = functools.partial(step, self._decoder, self._state, tracks, most)
            if not self._device.startswith("cuda"):
                return way
            self._ways[bounds] = self._captured(way)
        return self._ways[bounds]

    def _captured(self, way: Callable[[], None]) -> Callable[[], None]:
        """Recorded while nobody plays: then a step changes nothing."""
        playing = self._state.is_playing.clone()
        self._state.is_playing.zero_()
        graph = capture(way)
        self._state.is_playing.copy_(playing)
        return graph

    def frames(self, slot: int) -> int:
        """How many frames of the track are complete."""
        row = self._rows[slot]
        return min(frames_drawn(row.column, self._sizes.delays), row.track.frames)

    def is_done(self, slot: int) -> bool:
        return self.frames(slot) == self._rows[slot].track.frames

    def codes(self, slot: int, first: int, last: int) -> Tensor:
        """int64 [K, last - first], frames that are complete; read back from the device."""
        columns = self._state.columns[slot].cpu()
        return undo_delays(columns, last, self._sizes.delays)[:, first:]

    def leave(self, slot: int) -> None:
        """The slot is free again; also when its track could not even be written."""
        self._playing.discard(slot)
        self._rows.pop(slot, None)
        self._state.is_playing[slot] = False
