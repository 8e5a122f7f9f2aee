"""The APIs side by side, as a client sees them: where to ask for a piece, what then is whose, and how each says no.

For tests of what must hold in every one of them; what is special to one stands in its own tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from patience import PATIENCE_SECONDS
from servers import KEY, Server

MODELSLAB = "/api/v1/enterprise/voice"


@dataclass(frozen=True, kw_only=True, eq=False)
class Api:
    """One API.

    wish       the least that makes a piece; `steered` puts other words into its prompt
    id         the member of an answer that names the job
    of_a_job   methods and paths that concern one job: `{id}`
    of_mine    paths that list what is the asker's
    price      millicredits of the least piece, made by the test tone
    """

    name: str
    path: str
    wish: Mapping[str, Any]
    prompt: Sequence[str] = ("prompt",)
    id: str = "id"
    of_a_job: Sequence[tuple[str, str]]
    of_mine: Sequence[str] = ()
    price: int = 1
    no_credit: int = 402
    invalid: int = 422
    key_header: str | None = "authorization"

    def steered(self, words: str) -> dict[str, Any]:
        """The least wish with this prompt."""
        return self.changed(self.prompt, words)

    def changed(self, where: Sequence[str], value: Any) -> dict[str, Any]:
        """The least wish with one member changed, at any depth."""
        body = dict(self.wish)
        inside = body
        for name in where[:-1]:
            inside[name] = dict(inside[name])
            inside = inside[name]
        inside[where[-1]] = value
        return body

    def ask(
        self,
        server: Server,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = KEY,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """One request, the key where this API wants it."""
        given: dict[str, str] = dict(headers or {})
        content = dict(body) if body is not None else None
        if key is not None and self.key_header is None:
            content = {**(content or {}), "key": key}
        elif key is not None and self.key_header is not None:
            scheme = "Bearer " if self.key_header == "authorization" else ""
            given[self.key_header] = scheme + key
        # Reading the system's certificates, which loopback does not need, takes longer than most requests.
        with httpx2.Client(
            base_url=server.url, timeout=PATIENCE_SECONDS, trust_env=False, verify=False
        ) as client:
            return client.request(method, path, json=content, headers=given)

    def create(
        self, server: Server, words: str = "tone", *, key: str | None = KEY, **headers: str
    ) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(server, "POST", self.path, self.steered(words), key=key, headers=named)

    def created(self, server: Server, words: str = "tone", *, key: str = KEY) -> str:
        """The id of a new job."""
        answer = self.create(server, words, key=key)
        assert answer.status_code in {200, 201, 202}, answer.text
        return str(answer.json()[self.id])


NATIVE = Api(
    name="native",
    path="/v1/jobs",
    wish={"prompt": "tone", "model": "fake", "seconds": 1.0},
    of_a_job=(
        ("GET", "/v1/jobs/{id}"),
        ("GET", "/v1/jobs/{id}/events"),
        ("GET", "/v1/jobs/{id}/audio"),
        ("POST", "/v1/jobs/{id}/cancel"),
        ("DELETE", "/v1/jobs/{id}"),
    ),
    of_mine=("/v1/jobs",),
)
REPLICATE = Api(
    name="replicate",
    path="/v1/predictions",
    wish={"version": "meta/musicgen", "input": {"prompt": "tone", "duration": 1}},
    prompt=("input", "prompt"),
    of_a_job=(("GET", "/v1/predictions/{id}"), ("POST", "/v1/predictions/{id}/cancel")),
    of_mine=("/v1/predictions",),
)
LEAP = Api(
    name="leap",
    path="/api/v1/music",
    wish={"prompt": "tone", "mode": "music", "duration": 1},
    of_a_job=(("GET", "/api/v1/music/{id}"),),
    of_mine=("/api/v1/music",),
    invalid=400,
)
MODELSLAB_MUSIC = Api(
    name="modelslab",
    path=f"{MODELSLAB}/music_gen",
    wish={"prompt": "tone", "max_new_token": 256},
    of_a_job=(("POST", f"{MODELSLAB}/fetch/{{id}}"),),
    price=6,
    invalid=400,
    key_header=None,
)
SEGMIND = Api(
    name="segmind",
    path="/v2/meta-musicgen-medium",
    wish={"prompt": "tone", "duration": 1},
    id="request_id",
    of_a_job=(("GET", "/v2/requests/{id}"), ("GET", "/v2/requests/{id}/status")),
    no_credit=406,
    key_header="x-api-key",
)
APIS = (NATIVE, REPLICATE, LEAP, MODELSLAB_MUSIC, SEGMIND)
