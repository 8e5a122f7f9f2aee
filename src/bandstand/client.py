"""A typed client of the native API in one file: `Bandstand` for ordinary programs, `AsyncBandstand` for asyncio.

It imports nothing of the rest of the package and needs httpx2 only, so that it can be copied into a program of its own.
Not for the four other APIs; their own clients speak those. Source: docs/dialects/native.md, docs/client.md tells how to use it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Required, Self, TypedDict, Unpack

import httpx2

LOCAL = "http://127.0.0.1:8046"
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0  # an idle stream of events says something every 15
TRIES = 4
PAUSE_SECONDS = 0.5
FINAL = {"succeeded", "failed", "canceled"}
UNREACHABLE = (httpx2.TransportError, httpx2.InvalidURL)  # nobody answers at the address


class Stretch(TypedDict, total=False):
    """A part of given sound, in seconds; all of it when only its source is told."""

    source: Required[str]
    start: float
    end: float


class Section(TypedDict):
    """Another prompt from `start` seconds on."""

    start: float
    prompt: str


class Webhook(TypedDict, total=False):
    url: Required[str]
    events: list[Literal["start", "output", "logs", "completed"]]


class Wish(TypedDict, total=False):
    """What may be asked of a piece besides its prompt; the server tells what is left out."""

    model: str
    seconds: float
    seed: int
    encoding: Literal["wav", "wav24", "wav32f", "mp3", "flac", "ogg"]
    loudness: Literal["loudness", "clip", "peak", "rms"]
    sample_rate: int
    melody: str | Stretch
    continues: Stretch
    score: str
    variation: int
    stems: Literal["wav", "flac"]
    sections: list[Section]
    multiband: bool
    temperature: float
    top_k: int
    top_p: float
    guidance: float
    webhook: Webhook


class Lora(TypedDict, total=False):
    name: Required[str]
    weight: float


class PictureWish(TypedDict, total=False):
    """What may be asked of pictures besides their prompt."""

    model: str
    negative: str
    width: int
    height: int
    count: int
    steps: int
    guidance: float
    seed: int
    scheduler: str
    init: str
    strength: float
    loras: list[Lora]
    upscale: Literal[1, 2, 4]
    safety: Literal["off", "blur", "refuse"]
    format: Literal["png", "jpeg", "webp"]
    describe: bool
    family: str
    palette: str
    webhook: Webhook


@dataclass(frozen=True, kw_only=True)
class Output:
    """A file that a job made. url: works without a key, for a time."""

    name: str
    kind: str
    media_type: str
    bytes: int
    sha256: str
    url: str
    about: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece or a picture that was asked for, as it stands. body: all that the server said of it."""

    id: str
    kind: Literal["music", "image"]
    status: Literal["queued", "running", "succeeded", "failed", "canceled"]
    progress: float
    prompt: str
    model: str
    seed: int
    error: str | None
    outputs: tuple[Output, ...]
    jobs_ahead: int | None = None
    body: Mapping[str, Any]

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def output(self, kind: str | None = None) -> Output:
        """The first file of this kind; without one the track, or the first picture.

        raises  JobFailed when there is none
        """
        kinds = {kind} if kind else {"audio", "image"}
        found = next((output for output in self.outputs if output.kind in kinds), None)
        if found is None:
            raise JobFailed(self)
        return found


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a job. kind: status, progress, log or audio; job: on the last event."""

    number: int
    kind: str
    detail: Mapping[str, Any]
    job: Job | None


class ApiError(Exception):
    """The server said no.

    status       of HTTP
    kind         the server's word for it, such as Invalid or NoCredit
    fields       what is wrong with which field
    retry_after  seconds until it is worth another try
    """

    def __init__(self, answer: httpx2.Response) -> None:
        told = _told(answer)
        self.status = answer.status_code
        self.kind = str(told.get("type", answer.reason_phrase))
        self.fields = {each["field"]: each["problem"] for each in told.get("fields") or ()}
        after = answer.headers.get("retry-after", "")
        self.retry_after = float(after) if after.isdigit() else None
        super().__init__(str(told.get("message") or f"{self.status} {self.kind}"))


class JobFailed(Exception):
    """A job ended without what was asked for, or has not ended yet."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.error or f"the job is {job.status}")
        self.job = job


class Bandstand:
    """A server, and who asks it.

    url   where it is, without a path
    key   as `bandstand keys create` prints it
    http  a connection set up by the caller (proxies, certificates); it is not closed here
    """

    def __init__(
        self, url: str = LOCAL, key: str | None = None, *, http: httpx2.Client | None = None
    ) -> None:
        self._at = _Address(url, key)
        self._http = http or httpx2.Client(timeout=_patience())
        self._is_ours = http is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._is_ours:
            self._http.close()

    def create(self, prompt: str, **wish: Unpack[Wish]) -> Job:
        """Ask for a piece. Sent again when the line breaks, and accepted once all the same."""
        return _job(self._send("POST", "/v1/jobs", json={"prompt": prompt, **wish}))

    def draw(self, prompt: str, **wish: Unpack[PictureWish]) -> Job:
        """Ask for pictures."""
        return _job(self._send("POST", "/v1/images", json={"prompt": prompt, **wish}))

    def make(self, prompt: str, **wish: Unpack[Wish]) -> Job:
        """Ask for a piece and wait for it; canceled on the server when the waiting is broken off.

        raises  JobFailed
        """
        job = self.create(prompt, **wish)
        try:
            return _succeeded(self.wait(job.id))
        except BaseException as error:
            if not isinstance(error, JobFailed):
                self.cancel(job.id)
            raise

    def get(self, job_id: str) -> Job:
        return _job(self._send("GET", f"/v1/jobs/{job_id}"))

    def jobs(self, size: int = 100) -> Iterator[Job]:
        """All jobs of this key's account, newest first; asks for the next `size` when they are reached."""
        params: dict[str, Any] = {"size": size}
        while True:
            page = self._send("GET", "/v1/jobs", params=params).json()
            yield from map(_to_job, page["jobs"])
            if not page["older"]:
                return
            params["cursor"] = page["older"]

    def cancel(self, job_id: str) -> Job:
        return _job(self._send("POST", f"/v1/jobs/{job_id}/cancel"))

    def delete(self, job_id: str) -> None:
        """Remove a job with all that it made."""
        self._send("DELETE", f"/v1/jobs/{job_id}")

    def wait(self, job_id: str) -> Job:
        """The job once it is final, whatever became of it."""
        for event in self.events(job_id):
            if event.job:
                return event.job
        return self.get(job_id)

    def events(self, job_id: str, after: int = 0) -> Iterator[Event]:
        """What happened and happens to a job, to its end; goes on behind the last event when the line breaks."""
        tries = 0
        while True:
            try:
                with self._open(f"/v1/jobs/{job_id}/events", {"last-event-id": str(after)}) as told:
                    for event in _events(told.iter_lines()):
                        after, tries = event.number, 0
                        yield event
                        if event.job or event.detail.get("status") in FINAL:
                            return
            except httpx2.TransportError:
                if tries >= TRIES:
                    raise
            tries += 1
            time.sleep(PAUSE_SECONDS * tries)

    def stream(self, job_id: str) -> Iterator[bytes]:
        """The track as 16-bit WAV while it is being made; the finished file when it is there."""
        with self._open(f"/v1/jobs/{job_id}/audio") as answer:
            yield from answer.iter_bytes()

    def download(self, wanted: Job | Output, file: str | os.PathLike[str]) -> Path:
        """Write an output, or a job's main one, to a file: whole, checked by its digest, or not at all."""
        output = wanted.output() if isinstance(wanted, Job) else wanted
        with _whole(output, Path(file)) as write, self._open(output.url) as answer:
            for piece in answer.iter_bytes():
                write(piece)
        return Path(file)

    def upload(self, file: str | os.PathLike[str]) -> str:
        """Keep a sound or a picture on the server. return: its address, for melody, continues.source, score, image"""
        path = Path(file)
        with path.open("rb") as content:
            answer = self._send("POST", "/v1/files", files={"content": (path.name, content)})
        return str(answer.json()["urls"]["get"])

    def models(self) -> list[dict[str, Any]]:
        return list(self._send("GET", "/v1/models").json()["models"])

    def _send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers, tries = self._at.headers(method, more), 1
        while True:
            try:
                return _checked(self._http.request(method, self._at(path), headers=headers, **more))
            except httpx2.TransportError:
                if tries >= TRIES or "files" in more:  # a file that was read once is at its end
                    raise
            time.sleep(PAUSE_SECONDS * tries)
            tries += 1

    @contextmanager
    def _open(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> Generator[httpx2.Response]:
        where, all_headers = self._at(path), {**self._at.key_for(path), **(headers or {})}
        with self._http.stream("GET", where, headers=all_headers, follow_redirects=True) as answer:
            if answer.is_error:
                answer.read()
            yield _checked(answer)


class AsyncBandstand:
    """As `Bandstand`, to be awaited."""

    def __init__(
        self, url: str = LOCAL, key: str | None = None, *, http: httpx2.AsyncClient | None = None
    ) -> None:
        self._at = _Address(url, key)
        self._http = http or httpx2.AsyncClient(timeout=_patience())
        self._is_ours = http is None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._is_ours:
            await self._http.aclose()

    async def create(self, prompt: str, **wish: Unpack[Wish]) -> Job:
        return _job(await self._send("POST", "/v1/jobs", json={"prompt": prompt, **wish}))

    async def draw(self, prompt: str, **wish: Unpack[PictureWish]) -> Job:
        return _job(await self._send("POST", "/v1/images", json={"prompt": prompt, **wish}))

    async def make(self, prompt: str, **wish: Unpack[Wish]) -> Job:
        """raises  JobFailed"""
        job = await self.create(prompt, **wish)
        try:
            return _succeeded(await self.wait(job.id))
        except BaseException as error:
            if not isinstance(error, JobFailed):
                await self.cancel(job.id)
            raise

    async def get(self, job_id: str) -> Job:
        return _job(await self._send("GET", f"/v1/jobs/{job_id}"))

    async def cancel(self, job_id: str) -> Job:
        return _job(await self._send("POST", f"/v1/jobs/{job_id}/cancel"))

    async def wait(self, job_id: str) -> Job:
        async for event in self.events(job_id):
            if event.job:
                return event.job
        return await self.get(job_id)

    async def events(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """One connection, without going on when it breaks; `after` does that."""
        async with self._open(f"/v1/jobs/{job_id}/events", {"last-event-id": str(after)}) as answer:
            lines: list[str] = []
            async for line in answer.aiter_lines():
                lines.append(line)
                if line == "":
                    for event in _events(lines):
                        yield event
                    lines.clear()

    async def stream(self, job_id: str) -> AsyncIterator[bytes]:
        async with self._open(f"/v1/jobs/{job_id}/audio") as answer:
            async for piece in answer.aiter_bytes():
                yield piece

    async def download(self, wanted: Job | Output, file: str | os.PathLike[str]) -> Path:
        output = wanted.output() if isinstance(wanted, Job) else wanted
        with _whole(output, Path(file)) as write:
            async with self._open(output.url) as answer:
                async for piece in answer.aiter_bytes():
                    write(piece)
        return Path(file)

    async def _send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = self._at.headers(method, more)
        return _checked(await self._http.request(method, self._at(path), headers=headers, **more))

    @asynccontextmanager
    async def _open(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[httpx2.Response]:
        where, all_headers = self._at(path), {**self._at.key_for(path), **(headers or {})}
        async with self._http.stream(
            "GET", where, headers=all_headers, follow_redirects=True
        ) as answer:
            if answer.is_error:
                await answer.aread()
            yield _checked(answer)


@dataclass(frozen=True)
class _Address:
    """Where the server is, and what it is told by whom; a link that leads elsewhere gets no key."""

    url: str
    key: str | None

    def __call__(self, path: str) -> str:
        return path if path.startswith("http") else self.url.rstrip("/") + path

    def key_for(self, path: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"} if self.key and path[0] == "/" else {}

    def headers(self, method: str, more: Mapping[str, Any]) -> dict[str, str]:
        once = {"idempotency-key": uuid.uuid4().hex} if method == "POST" and "json" in more else {}
        return {**self.key_for("/"), **once}


@contextmanager
def _whole(output: Output, file: Path) -> Generator[Callable[[bytes], None]]:
    """Takes the pieces of a file aside, and puts it in its place when they are what was promised."""
    aside, digest = file.with_name(f".{file.name}.part"), hashlib.sha256()
    try:
        with aside.open("wb") as part:

            def write(piece: bytes) -> None:
                part.write(piece)
                digest.update(piece)

            yield write
        if digest.hexdigest() != output.sha256:
            raise httpx2.ReadError(f"{output.name} did not arrive as it was sent")
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)


def _patience() -> httpx2.Timeout:
    return httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)


def _checked(answer: httpx2.Response) -> httpx2.Response:
    if answer.is_error:
        raise ApiError(answer)
    return answer


def _job(answer: httpx2.Response) -> Job:
    return _to_job(answer.json())


def _to_job(body: Mapping[str, Any]) -> Job:
    known: dict[str, Any] = {**_known(Job, body), "body": body}
    known["outputs"] = tuple(Output(**_known(Output, each)) for each in body["outputs"])
    return Job(**known)


def _known(kind: type[Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """A newer server may say more; that is no reason to stumble."""
    return {field.name: body[field.name] for field in fields(kind) if field.name in body}


def _succeeded(job: Job) -> Job:
    if job.status != "succeeded":
        raise JobFailed(job)
    return job


def _events(lines: Iterable[str]) -> Iterator[Event]:
    """Server-sent events, as the HTML standard has them, as far as the server uses them."""
    told: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and name:
            told[name] = value.removeprefix(" ")
        elif not line and "data" in told:
            detail: dict[str, Any] = json.loads(told["data"])
            job = _to_job(body) if (body := detail.pop("job", None)) else None
            yield Event(number=int(told["id"]), kind=told["event"], detail=detail, job=job)
            told = {}


def _told(answer: httpx2.Response) -> dict[str, Any]:
    try:
        return dict(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return {}
