"""Files from the page: sound to follow or to go on from, notes, a picture to begin with. Kept for a day, like any upload."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi import Request, Response

from bandstand.audio.kinds import Undecodable, check_kind, check_notes
from bandstand.dialects import wire
from bandstand.errors import Invalid
from bandstand.library import Library
from bandstand.pictures import check_picture
from bandstand.service import Service
from bandstand.sources import SECONDS_MAX

NAME_CHARACTERS_MAX = 255
NOTES = (b"MThd", b"{")
PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class Uploads:
    """The endpoint. Its route has admitted the visitor (`request.state.account`)."""

    def __init__(self, service: Service, library: Library) -> None:
        self._service = service
        self._library = library

    async def create(self, request: Request) -> Response:
        """The body is the file itself. raises Invalid for what no model takes, TooLarge."""
        content = await request.body()
        try:
            media_type, about = await self._looked_at(content)
        except Undecodable as error:
            raise Invalid("file", f"cannot be used: {error}") from None
        name = _name(request.headers.get("x-file-name", ""))
        file = await self._service.upload(
            request.state.account, content, name=name, media_type=media_type, about={}
        )
        shown = {
            "id": file.id,
            "url": f"{self._service.settings.url}/v1/files/{file.id}",
            "name": file.name,
            "media_type": file.media_type,
            "bytes": file.bytes,
            **about,
        }
        return wire.told(shown, status=201)

    async def _looked_at(self, content: bytes) -> tuple[str, dict[str, Any]]:
        """What it is, and if it is sound, its outline. raises Undecodable."""
        if content.startswith(NOTES):
            check_notes(content)
            return "application/octet-stream", {"seconds": None, "peaks": []}
        picture = _picture_type(content)
        if picture is not None:
            check_picture(content)
            return picture, {"seconds": None, "peaks": []}
        check_kind(content)
        outline = await self._library.outline_of(content, SECONDS_MAX)
        return "application/octet-stream", outline.to_json()


def _picture_type(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)


def _name(given: str) -> str:
    """Percent-encoded, for a header holds no letters but those of ASCII."""
    name = unquote(given, errors="replace")
    return (
        "".join(letter for letter in name if letter.isprintable())[:NAME_CHARACTERS_MAX] or "file"
    )
