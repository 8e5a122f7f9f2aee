"""A MusicGen that is loaded: all its parts, and the way of a piece through them. Use it as a library:

    model = MusicGen.read(Path("models/small"))
    sound = model.make(Piece(text="lo-fi beats", seconds=8, seed=1))
    model.close()

`make` may be called from any number of threads; their tracks share the steps of one decoder.

K codebooks, T frames, C channels, N samples.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from torch import Tensor

from bandstand.audio.clip import Clip
from bandstand.audio.resample import resample, to_channels
from bandstand.errors import Canceled, Failed
from bandstand.musicgen.checkpoints import Checkpoint, read_checkpoint
from bandstand.musicgen.chroma import MelodyCache, Separate, null_frames
from bandstand.musicgen.codec import Codec, Stream
from bandstand.musicgen.conditions import Conditions, TextEncoder
from bandstand.musicgen.decoder import Decoder
from bandstand.musicgen.decoders import open_decoder, precisions_on
from bandstand.musicgen.engine import Engine
from bandstand.musicgen.memory import TOKENS_MAX
from bandstand.musicgen.multiband import MultiBand
from bandstand.musicgen.piece import Brake, Listener, Piece
from bandstand.musicgen.runner import Runner, Track
from bandstand.musicgen.sizes import FRAME_RATE, WINDOW_FRAMES
from bandstand.musicgen.windows import Window, plan_windows

TOO_LONG = "Prompt is longer than audio to generate"  # as the reference says it
MULTIBAND_SHARE = 0.5  # of the progress, when it follows


class Nobody:
    """Listens to nothing."""

    def progress(self, fraction: float) -> None: ...
    def log(self, line: str) -> None: ...
    def audio(self, stretch: Clip) -> None: ...


@dataclass
class Making:
    """One piece under way. codes: int64 [K, T] so far; heard: float32 [C, n] each, the sound of them so far"""

    piece: Piece
    listener: Listener
    brake: Brake
    codes: Tensor
    stream: Stream
    heard: list[Tensor] = field(default_factory=list[Tensor])

    @property
    def share(self) -> float:
        """Of the progress that the codes make up."""
        return 1.0 - MULTIBAND_SHARE if self.piece.multiband else 1.0


class MusicGen:
    """One model, loaded."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        decoder: Decoder,
        *,
        device: str = "cpu",
        multiband: Path | None = None,
        separate: Separate | None = None,
    ) -> None:
        """
        multiband  the checkpoint of MultiBand Diffusion, read when it is first wanted
        separate   takes drums and bass away from a melody
        """
        self.sizes = checkpoint.sizes
        self._device = device
        self.codec = Codec(checkpoint.codec, device=device)
        self.rate = self.codec.rate
        self._texts = TextEncoder(checkpoint.text, checkpoint.tokenizer, device=device)
        self._conditions = Conditions(self.sizes, checkpoint.weights)
        self._melodies = MelodyCache()
        self._separate = separate
        self._multiband_file = multiband
        self._multiband: MultiBand | None = None
        self._reading = Lock()
        self._engine = Engine(Runner(decoder, device=device), slots=decoder.slots)

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        text: Path | None = None,
        codec: Path | None = None,
        multiband: Path | None = None,
        separate: Separate | None = None,
        device: str = "cpu",
        precision: str | None = None,
        slots: int = 4,
    ) -> MusicGen:
        """
        folder       Hugging Face's layout, or audiocraft's; then text and codec are the folders of what that one leaves out
        precision    one of `precisions_on(device)`; None: the usual one
        slots        tracks that are decoded at once
        raises       Misconfigured when the files are not whole, or there is no such precision on this device
        """
        checkpoint = read_checkpoint(folder, text_folder=text, codec_folder=codec)
        precision = precision or precisions_on(device)[0]
        decoder = open_decoder(checkpoint, device=device, precision=precision, slots=slots)
        return cls(checkpoint, decoder, device=device, multiband=multiband, separate=separate)

    def close(self) -> None:
        """End whatever is under way."""
        self._engine.stop()

    def make(
        self, piece: Piece, listener: Listener | None = None, brake: Brake | None = None
    ) -> Clip:
        """The whole piece, exactly as long as wanted, at the model's rate and in its channels.

        raises  Failed with a text for whoever asked when it cannot be made, Canceled when the brake was pulled
        """
        making = Making(
            piece,
            listener or Nobody(),
            brake or Brake(),
            codes=self._prompt(piece),
            stream=self.codec.stream(self.sizes.channels),
        )
        given = making.codes.shape[1]
        self._hear(making, making.codes)
        for window in plan_windows(piece.frames, known=given, cuts=piece.cuts):
            for codes in self._decoded(self._track(making, window), making):
                making.codes = torch.cat([making.codes, codes], dim=1)
                self._hear(making, codes)
                drawn = (making.codes.shape[1] - given) / (piece.frames - given)
                making.listener.progress(drawn * making.share)
        if piece.multiband:
            sound = self._diffused(making)
        else:
            self._keep(making, making.stream.finish())
            sound = torch.cat(making.heard, dim=1)
        return self._clip(sound[:, : round(piece.seconds * self.rate)])

    def _prompt(self, piece: Piece) -> Tensor:
        """int64 [K, P], the codes of what is continued. raises Failed when nothing of the piece is left to make"""
        if piece.continues is None:
            return torch.zeros(self.sizes.codebooks, 0, dtype=torch.int64)
        given = resample(to_channels(piece.continues, self.sizes.channels), self.rate)
        if given.seconds * FRAME_RATE > piece.frames - 1:
            raise Failed(TOO_LONG)
        if given.samples.shape[1] == 0 or not np.isfinite(given.samples).all():
            raise Failed("The audio to continue holds no sound, or samples that are no numbers.")
        return self.codec.encode(torch.from_numpy(given.samples)).cpu()

    def _track(self, making: Making, window: Window) -> Track:
        piece = making.piece
        wanted = piece.text_at(window.known)
        if self._texts.tokens(wanted) > TOKENS_MAX:
            making.listener.log(f"the text is cut: it has more than {TOKENS_MAX} tokens")
        text = self._conditions.text(self._texts.encode(wanted), is_empty=not wanted)
        prefix = self._prefix(making, window, text) if self.sizes.is_prefix else None
        making.brake.check()
        return Track(
            frames=window.end - window.first,
            seed=piece.seed,
            prompt=making.codes[:, window.first : window.known],
            text=None if self.sizes.is_prefix else text,
            prefix=prefix,
            # Steps are counted through the piece: no two of its windows draw the same noise for the same codebook.
            draws=window.first,
            sampling=piece.sampling,
        )

    def _prefix(self, making: Making, window: Window, text: Tensor) -> Tensor:
        piece, sizes = making.piece, self.sizes
        nothing = null_frames(sizes.chroma_frames, sizes.chroma)
        if piece.melody is None or piece.continues is not None:
            return self._conditions.prefix(text, nothing, nothing)
        if window.first == 0:
            heard = "its vocals and harmony" if self._separate else "all of it, drums and bass too"
            making.listener.log(f"the melody is followed by {heard}")
        tune = self._melodies.frames(
            piece.melody,
            offset=None if piece.frames <= WINDOW_FRAMES else window.first / FRAME_RATE,
            frames=sizes.chroma_frames,
            classes=sizes.chroma,
            separate=self._separate,
        )
        return self._conditions.prefix(text, tune, nothing)

    def _decoded(self, track: Track, making: Making) -> Iterator[Tensor]:
        """The track's new codes as they are drawn, int64 [K, t]. raises Canceled, and whatever ended the track"""
        news: queue.SimpleQueue[Tensor | Exception] = queue.SimpleQueue()
        playing = self._engine.submit(track, news.put, owner=making.piece.owner)

        def call_off() -> None:
            self._engine.drop(playing)
            news.put(Canceled())

        making.brake.when_pulled(call_off)
        left = track.frames - track.prompt.shape[1]
        try:
            while left:
                codes = news.get()
                if isinstance(codes, Exception):
                    raise codes
                left -= codes.shape[1]
                yield codes
        finally:
            self._engine.drop(playing)

    def _hear(self, making: Making, codes: Tensor) -> None:
        """Make sound of the newest codes; of MultiBand Diffusion nothing can be heard before all codes are there."""
        making.brake.check()
        if not making.piece.multiband:
            self._keep(making, making.stream.push(codes))

    def _keep(self, making: Making, sound: Tensor) -> None:
        left = round(making.piece.seconds * self.rate) - sum(h.shape[1] for h in making.heard)
        making.heard.append(sound.cpu())
        if sound.shape[1] and left > 0:
            making.listener.audio(self._clip(sound[:, :left]))

    def _diffused(self, making: Making) -> Tensor:
        if self._multiband_file is None:
            raise Failed("MultiBand Diffusion has no weights here.")
        with self._reading:
            if self._multiband is None:
                file = self._multiband_file
                self._multiband = MultiBand.read(file, self.codec, device=self._device)

        def passed(done: int, passes: int) -> None:
            making.brake.check()
            making.listener.progress(making.share + MULTIBAND_SHARE * done / passes)

        return self._multiband.decode(making.codes, seed=making.piece.seed, on_step=passed)

    def _clip(self, sound: Tensor) -> Clip:
        return Clip(sound.float().cpu().numpy(), self.rate)
