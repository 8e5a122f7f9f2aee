"""The public page of one piece, for whoever has its link, until that expires. Nothing of the account is on it."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request, Response
from starlette.responses import HTMLResponse

from bandstand.errors import NotFound
from bandstand.jobs import Artifact, Job, Status
from bandstand.service import Service
from bandstand.web.playground import documents
from bandstand.web.playground.documents import Piece

TITLE_CHARACTERS_MAX = 120


class Shared:
    """The endpoint. The link itself carries the right to it."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def page(self, request: Request, job_id: str, exp: str = "", sig: str = "") -> Response:
        if not self._service.is_signed(request.scope["path"], exp, sig):
            return _nothing()
        try:
            job = await self._service.get(None, job_id)
        except NotFound:
            return _nothing()
        if job.status is not Status.SUCCEEDED or not job.outputs:
            return _nothing()
        return HTMLResponse(documents.shared(self._piece(job, float(exp))))

    def _piece(self, job: Job, until: float) -> Piece:
        """What is told of it: its words, how long it is and what made it. Its files open as long as the page does."""
        pictures = _of_kind(job, "image") or _of_kind(job, "cover")

        def link(artifact: Artifact) -> str:
            return self._service.link(job, artifact, until=until, at_home=True)

        return Piece(
            title=_title(job),
            words=job.spec.prompt,
            facts=_facts(job),
            maker=job.engine,
            pictures=[link(picture) for picture in pictures],
            track=link(job.track) if job.track else None,
            track_type=job.track.media_type if job.track else "",
            own_url=self._service.settings.url,
        )


def _of_kind(job: Job, kind: str) -> list[Artifact]:
    return [artifact for artifact in job.outputs if artifact.kind == kind]


def _title(job: Job) -> str:
    """The one its maker gave it, or its own first words."""
    given = job.track.about.get("title") if job.track else None
    words = " ".join(str(given or job.spec.prompt).split())
    if len(words) <= TITLE_CHARACTERS_MAX:
        return words or "Untitled"
    return words[: TITLE_CHARACTERS_MAX - 1] + "…"


def _facts(job: Job) -> str:
    if job.track is None:
        return "A picture made from words."
    minutes, seconds = divmod(round(float(job.track.about.get("seconds", 0.0))), 60)
    return f"A piece of music made from words, {minutes}:{seconds:02d} long."


def _nothing() -> Response:
    """The same for a wrong link, an old one and a piece that is gone."""
    return HTMLResponse(documents.not_shared(), HTTPStatus.NOT_FOUND)
