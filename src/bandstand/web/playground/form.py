"""What the form of the page is made from: the schema of a wish, the models, and prompts to begin with."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from bandstand.dialects import wire
from bandstand.dialects.native import models
from bandstand.dialects.native.images import ImageWish
from bandstand.dialects.native.wishes import Wish
from bandstand.service import Service

EXAMPLES = (
    "lo-fi hip hop with a mellow Rhodes and vinyl crackle, 78 bpm, D minor",
    "sunny tropical house with marimba and bass, 118 bpm",
    "slow cinematic strings and brass, heroic, C minor",
    "irish reel for fiddle, whistle and bodhran, 112 bpm, G major",
    "gentle felt piano, sparse, calm, 70 bpm",
    "dub techno, deep chords in long echoes, 122 bpm, A minor",
    "bossa nova with nylon guitar and brushed drums, 130 bpm",
    "chiptune boss fight, fast arpeggios, 160 bpm, E minor",
)


class Form:
    """The endpoint."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def schema(self) -> Response:
        shown: dict[str, Any] = {
            "music": Wish.model_json_schema(),
            "image": ImageWish.model_json_schema(),
            "models": models.rows(self._service),
            "examples": EXAMPLES,
        }
        return wire.told(shown)
