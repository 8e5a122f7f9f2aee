"""Results by signed, expiring link: no key needed, ranges answered, nothing told about links that are wrong or old."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from bandstand.errors import NotFound
from bandstand.jobs import Artifact
from bandstand.service import Service

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def routes(service: Service) -> APIRouter:
    router = APIRouter(tags=["files"])

    async def serve(
        request: Request, job_id: str, name: str, exp: str = "", sig: str = ""
    ) -> Response:
        if not service.is_signed(request.scope["path"], exp, sig):
            raise NotFound
        job = await service.get(None, job_id)
        artifact = next((a for a in job.outputs if a.name == name), None)
        if artifact is None:
            raise NotFound
        return await _answer(request, service, artifact)

    path = "/files/{job_id}/{name}"
    router.add_api_route(path, serve, methods=["GET"], summary="A result, by its signed link")
    router.add_api_route(path, serve, methods=["HEAD"], include_in_schema=False)
    return router


async def _answer(request: Request, service: Service, artifact: Artifact) -> Response:
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(artifact.name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{artifact.sha256}"',
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    size = artifact.bytes
    wanted = _wanted(request.headers.get("range"), size)
    if wanted is None:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, end = wanted
    is_part = "range" in request.headers and (start, end) != (0, size)
    if is_part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    status = 206 if is_part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=artifact.media_type)
    content = await _opened(service.blobs.stream(artifact.key, start, end))
    return StreamingResponse(content, status, headers, media_type=artifact.media_type)


async def _opened(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same, its first piece in hand: that a file is gone or out of reach is told while there is still a status to tell it."""
    first = await anext(content, b"")

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in content:
            yield piece

    return whole()


def _wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first and the last byte but one that a Range header asks for.

    return  the whole for a header that is none or that we do not understand, None for one outside the file
    """
    found = RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    start, end = int(first), min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else None
