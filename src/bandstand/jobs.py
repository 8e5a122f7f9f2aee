"""The durable record of one request and what may happen to it. No database in here.

    QUEUED ──> RUNNING ──> SUCCEEDED
      │          ├───────> FAILED
      └──────────┴───────> CANCELED

A running job whose worker died is run again: it stays RUNNING, and `attempts` tells which run it is.
"""

from __future__ import annotations

import base64
import enum
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bandstand.specs import ImageSpec, Kind, MusicSpec, Spec


class Status(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  # on disk, waits for a slot of its engine
    RUNNING = "running"  # a worker has it
    SUCCEEDED = "succeeded"  # outputs are stored, credits captured
    FAILED = "failed"  # the reason is in `error`, credits released
    CANCELED = "canceled"  # somebody called it off, credits released

    @property
    def is_final(self) -> bool:
        return self in FINAL


ID = re.compile("[a-z2-7]{26}")
NUMBER_MAX = 2**53 - 1
FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELED})
MAY_FOLLOW: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.FAILED, Status.CANCELED}),
    Status.RUNNING: frozenset({Status.RUNNING, *FINAL}),
    Status.SUCCEEDED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELED: frozenset(),
}


def may_precede(to: Status) -> frozenset[Status]:
    """The statuses from which a job may become `to`."""
    return frozenset(status for status, next_ones in MAY_FOLLOW.items() if to in next_ones)


class EventKind(enum.StrEnum):
    """What can happen to a job while somebody watches."""

    STATUS = "status"  # {"status", "attempt"?, "error"?}
    PROGRESS = "progress"  # {"fraction", "attempt"}
    LOG = "log"  # {"line"}
    PREVIEW = "preview"  # {"key"}: a small JPEG of how the picture looks so far
    AUDIO = "audio"  # {"start", "frames", "rate", "channels", "key"}: a stretch that can be heard already


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. number: 1, 2, 3 ... within its job; at: UTC seconds."""

    job: str
    number: int
    kind: EventKind
    detail: Mapping[str, Any]
    at: float

    @property
    def is_final(self) -> bool:
        return self.kind is EventKind.STATUS and Status(self.detail["status"]).is_final


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A stored result.

    name   file name a person may see, "track.wav"
    kind   "audio", "cover", "midi", "plan", "stems" or "image"
    key    where `blobs` has it
    about  facts to show: seconds, rate, channels, lufs ...
    copy   address of the same in the account's own bucket, for accounts that have one
    """

    name: str
    kind: str
    media_type: str
    key: str
    bytes: int
    sha256: str
    about: Mapping[str, Any]
    copy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Times:
    """UTC seconds."""

    created: float
    started: float | None = None
    finished: float | None = None


class HookEvent(enum.StrEnum):
    """What a client may want to be told."""

    START = "start"
    OUTPUT = "output"
    LOGS = "logs"
    COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """Where to tell what happened, and which of it."""

    url: str
    events: frozenset[HookEvent] = frozenset({HookEvent.COMPLETED})


@dataclass(frozen=True, kw_only=True)
class Order:
    """A spec with its asker's wishes: what a dialect makes of a request's body.

    asked   the client's own words, echoed back untouched; secrets never in it
    flaw    why it cannot succeed, for APIs that accept such wishes: it costs nothing, runs in no engine and fails with this text
    within  seconds after which it is called off unless it is finished
    is_gift whether the house makes it for nothing
    """

    spec: Spec
    origin: str
    asked: Mapping[str, Any]
    hook: Hook | None = None
    flaw: str | None = None
    within: float | None = None
    is_gift: bool = False

    @property
    def is_free(self) -> bool:
        return self.is_gift or self.flaw is not None


@dataclass(frozen=True, kw_only=True)
class Job:
    """The durable record.

    origin    the dialect that asked; it alone renders this job
    model     the model that really makes it (`spec.model` is the one asked for)
    engine    the engine that runs `model`; also the name of the queue
    number    a random 53-bit integer, for APIs whose ids are numbers
    deadline  when (UTC seconds) it is called off unless it is finished
    removed   since when (UTC seconds) input, outputs and logs are gone, the time of keeping them being over
    price     millicredits held, then captured or released
    attempts  runs begun so far
    """

    id: str
    account: str
    origin: str
    asked: Mapping[str, Any]
    spec: Spec
    model: str
    engine: str
    status: Status
    progress: float
    outputs: tuple[Artifact, ...]
    error: str | None
    price: int
    hook: Hook | None
    times: Times
    attempts: int
    number: int
    deadline: float | None = None
    removed: float | None = None

    @property
    def kind(self) -> Kind:
        return self.spec.kind

    @property
    def music(self) -> MusicSpec:
        """What to play, of a job that is known to be about music."""
        assert isinstance(self.spec, MusicSpec), "whoever asks has looked at the kind"
        return self.spec

    @property
    def image(self) -> ImageSpec:
        """What to draw, of a job that is known to be about pictures."""
        assert isinstance(self.spec, ImageSpec), "whoever asks has looked at the kind"
        return self.spec

    @property
    def pictures(self) -> tuple[Artifact, ...]:
        """The finished pictures, in their order."""
        return tuple(artifact for artifact in self.outputs if artifact.kind == "image")

    @property
    def track(self) -> Artifact | None:
        """The finished piece itself."""
        return next((artifact for artifact in self.outputs if artifact.kind == "audio"), None)


def new_number() -> int:
    """Exact in every JSON reader, and not to be guessed from another."""
    return 1 + secrets.randbelow(NUMBER_MAX)


def new_id() -> str:
    """128 random bits as 26 lower-case base32 characters: unguessable, for some URLs need no key."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def is_id(text: str) -> bool:
    """Whether `new_id` could have given it; anything else need not be looked for, and some databases refuse to."""
    return ID.fullmatch(text) is not None
