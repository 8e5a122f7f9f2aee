"""Each API keeps to its own description: a thousand requests made from it, right ones and wrong ones, never break the server
and are never answered by what is not described.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import pytest
import requests
import schemathesis
from apis import APIS, NATIVE, Api
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi import checks
from servers import KEY, Server

from bandstand.catalog import REPLICATE_VERSION

CASES = 500  # of each kind: such as the description allows, and such as it does not
CHECKED = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# Pieces of any length, and an answer at once: nothing needs to be made for them. The others may wait for the piece.
NEED_NO_WORKER = {"native", "replicate", "leap"}
# What a body must say for anything to come of it, and no description tells.
KNOWN = {"native": {"model": "fake"}, "replicate": {"version": "meta/musicgen"}}


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Accepts jobs, and nobody works on them."""
    roomy = {"jobs_max_account": 10**6, "jobs_max_total": 10**6}
    settings = {"engines": "composer,canvas,fake", "role": "api", **roomy}
    running = Server(tmp_path_factory.mktemp("idle"), settings)
    running.start()
    yield running
    running.stop()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
def test_requests_made_from_the_description_are_answered_as_described(
    idle: Server, busy_sqlite_server: Server, api: Api, mode: GenerationMode
):
    server = idle if api.name in NEED_NO_WORKER else busy_sqlite_server
    description = schemathesis.openapi.from_url(f"{server.url}/openapi.json").include(tag=api.name)
    operations = [found.ok() for found in description.get_all_operations()]
    there = things_that_are_there(server, api)
    cases = st.one_of(
        *(each.as_strategy(mode) for each in operations),
        *(each.as_strategy(path_parameters=found) for each, found in reachable(operations, there)),
    )
    session = requests.Session()
    session.trust_env = False
    asked = 0

    @given(case=cases)
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case) -> None:
        nonlocal asked
        asked += 1
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
            case.body |= {
                name: value for name, value in KNOWN.get(api.name, {}).items() if name in case.body
            }
        response = case.call(session=session, headers=_with_key(api, case))
        case.validate_response(response, checks=CHECKED)

    with session:
        ask()
    assert asked >= CASES


def things_that_are_there(server: Server, api: Api) -> dict[str, str]:
    """Values for the paths: of a job that is over, of a file, of a webhook, of the one model."""
    job = api.created(server)
    NATIVE.ask(server, "POST", f"/v1/jobs/{job}/cancel")
    with server.client() as client:
        sent = client.post("/v1/files", files={"content": ("a.wav", b"RIFF", "audio/wav")})
    return {
        **dict.fromkeys(("job_id", "prediction_id", "inference_id", "request_id", "number"), job),
        "model_id": "canvas",
        "file_id": sent.json()["id"],
        "owner": "meta",
        "name": "musicgen",
        "version": REPLICATE_VERSION,
    }


def reachable(
    operations: Sequence[APIOperation[Any]], there: Mapping[str, str]
) -> Iterator[tuple[APIOperation[Any], dict[str, str]]]:
    """Those whose whole path is known, with its values; what removes it is left out."""
    for operation in operations:
        names = re.findall(r"{(\w+)}", operation.path)
        if names and set(names) <= there.keys() and operation.method.upper() != "DELETE":
            yield operation, {name: there[name] for name in names}


def _with_key(api: Api, case: Case) -> dict[str, str]:
    """The key where the API wants it; in a body only if that can hold one."""
    if api.key_header is None:
        if isinstance(case.body, dict):
            case.body["key"] = KEY
        return {}
    return {api.key_header: f"Bearer {KEY}" if api.key_header == "authorization" else KEY}
