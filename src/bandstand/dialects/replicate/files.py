"""Files: clients upload what they want to name in an input, list, get, download and delete them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from bandstand.dialects import wire
from bandstand.dialects.replicate.multipart import Part, read_form
from bandstand.errors import Invalid
from bandstand.service import Account, File, Scope, Service

NAME_CHARACTERS_MAX = 255
METADATA_BYTES_MAX = 10_000
FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["content"],
                    "properties": {
                        "content": {"type": "string", "format": "binary"},
                        "metadata": {"type": "string", "description": "A JSON object."},
                    },
                }
            }
        },
    }
}


class FileView(BaseModel):
    """A file, for the description of the API."""

    id: str
    name: str
    content_type: str
    size: int
    etag: str
    checksums: dict[str, str]
    metadata: dict[str, Any]
    created_at: str
    expires_at: str
    urls: dict[str, str]


class FilesView(BaseModel):
    previous: None
    next: None
    results: list[FileView]


class Files:
    """The endpoints. All but `download` have routes that have admitted the caller (`request.state.account`)."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create(self, request: Request) -> Response:
        form = read_form(request.headers.get("content-type", ""), await request.body())
        if "content" not in form:
            raise Invalid("content", "is missing: the file itself")
        content = form["content"]
        file = await self._service.upload(
            request.state.account,
            content.content,
            name=_name(content),
            media_type=content.media_type,
            about=_metadata(form.get("metadata")),
        )
        return wire.told(self._render(file), status=201)

    async def page(self, request: Request) -> Response:
        files = await self._service.files(request.state.account)
        results = [self._render(file) for file in files]
        return wire.told({"previous": None, "next": None, "results": results})

    async def get(self, request: Request, file_id: str) -> Response:
        return wire.told(self._render(await self._service.file(request.state.account, file_id)))

    async def delete(self, request: Request, file_id: str) -> Response:
        await self._service.delete_file(request.state.account, file_id)
        return Response(status_code=204)

    async def download(
        self, request: Request, file_id: str, exp: str = "", sig: str = ""
    ) -> Response:
        account: Account | None = None
        if not self._service.is_signed(_download_path(file_id), exp, sig):
            key, caller = wire.bearer(request), wire.caller(request)
            account = await self._service.admit(key, Scope.READ, caller=caller)
        file = await self._service.file(account, file_id)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "Content-Length": str(file.bytes),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        }
        # A stranger's word on what it is would be believed by a browser.
        return StreamingResponse(
            self._service.blobs.stream(file.key, 0, file.bytes),
            headers=headers,
            media_type="application/octet-stream",
        )

    def _render(self, file: File) -> dict[str, Any]:
        address = f"{self._service.settings.url}/v1/files/{file.id}"
        return {
            "id": file.id,
            "name": file.name,
            "content_type": file.media_type,
            "size": file.bytes,
            "etag": file.sha256,
            "checksums": {"sha256": file.sha256},
            "metadata": file.about,
            "created_at": wire.iso(file.created_at),
            "expires_at": wire.iso(file.expires_at),
            "urls": {"get": address, "download": self._service.signed(_download_path(file.id))},
        }


def _download_path(file_id: str) -> str:
    return f"/v1/files/{file_id}/download"


def _name(part: Part) -> str:
    given = (part.file_name or "file").encode("utf-8", "replace").decode()
    return "".join(letter for letter in given if letter.isprintable())[:NAME_CHARACTERS_MAX]


def _metadata(part: Part | None) -> dict[str, Any]:
    """A text field of one client, a JSON file of the other. raises Invalid."""
    if part is None or not part.content:
        return {}
    if len(part.content) > METADATA_BYTES_MAX:
        raise Invalid("metadata", f"has more than {METADATA_BYTES_MAX} bytes")
    try:
        metadata = json.loads(part.content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Invalid("metadata", "must be valid JSON") from None
    if not isinstance(metadata, dict):
        raise Invalid("metadata", "must be a JSON object")
    return metadata


def _no_number(word: str) -> None:
    """NaN and Infinity are not JSON, whatever Python says."""
    raise ValueError(word)
