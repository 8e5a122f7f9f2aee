"""Whatever a stranger sends gets a clear answer in the API's own shape, never a 5xx, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Callable, Generator
from typing import Any

import httpx2
import pytest
from patience import PATIENCE_SECONDS
from servers import KEY, Server

JSON = {"Content-Type": "application/json"}


class Api:
    """One API's way to ask for a piece and to say no."""

    def __init__(self, path: str, good: dict[str, Any], error: Callable[[Any], dict[str, Any]]):
        self.path = path
        self.good = good
        self.error = error

    def with_input(self, **changes: Any) -> dict[str, Any]:
        if "input" in self.good:
            return {**self.good, "input": {**self.good["input"], **changes}}
        return {**self.good, **changes}


def native_error(answer: httpx2.Response) -> dict[str, Any]:
    """type, message and fields, and nothing else"""
    body = answer.json()
    assert set(body) == {"error"}
    assert {"type", "message"} <= set(body["error"]) <= {"type", "message", "fields"}
    fields = {problem["field"] for problem in body["error"].get("fields", [])}
    return {"text": body["error"]["message"], "fields": fields}


def replicate_error(answer: httpx2.Response) -> dict[str, Any]:
    body = answer.json()
    assert {"title", "detail", "status"} <= set(body)
    assert set(body) <= {"title", "detail", "status", "invalid_fields"}
    assert body["status"] == answer.status_code
    fields = {problem["field"] for problem in body.get("invalid_fields", [])}
    return {"text": body["detail"], "fields": fields}


APIS = {
    "native": Api(
        "/v1/jobs", {"prompt": "rain", "model": "fake", "seconds": 1}, error=native_error
    ),
    "replicate": Api(
        "/v1/predictions",
        {"version": "meta/musicgen", "input": {"prompt": "rain", "duration": 1}},
        error=replicate_error,
    ),
}


@pytest.fixture(params=APIS)
def api(request: pytest.FixtureRequest) -> Api:
    return APIS[request.param]


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def embedded(sqlite_server: Server) -> Generator[httpx2.Client]:
    """On SQLite only: for what is refused before any database is asked. Nothing may be stored then."""
    before = sqlite_server.stored_jobs()
    with sqlite_server.client() as opened:
        yield opened
    assert sqlite_server.stored_jobs() == before


def refused(api: Api, answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/json"
    return api.error(answer)


MALFORMED = {
    "nothing": b"",
    "truncated": b'{"prompt": "rain", "mod',
    "no object": b'["prompt"]',
    "a number": b"7",
    "null": b"null",
    "not UTF-8": b'{"prompt": "\xff\xfe"}',
    "nested 200,000 deep": b"[" * 200_000,
    "nested 100,000 deep and closed": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 5,000 digits": b'{"prompt": "x", "seed": ' + b"9" * 5000 + b"}",
    "two documents": b"{}{}",
    "comments": b"{/* hello */}",
}


def test_body_that_is_no_json_object_is_malformed(embedded: httpx2.Client, api: Api):
    for name, body in MALFORMED.items():
        answer = embedded.post(api.path, content=body, headers=JSON)

        assert answer.status_code in {400, 422}, name
        assert api.error(answer)["text"], name


def test_body_of_another_kind_is_refused(embedded: httpx2.Client, api: Api):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"):
        answer = embedded.post(
            api.path, content=json.dumps(api.good).encode(), headers={"Content-Type": kind}
        )

        assert refused(api, answer, 400)["text"]


def test_huge_body_is_413_whether_or_not_it_says_so(embedded: httpx2.Client, api: Api):
    body = json.dumps(api.with_input(prompt="x" * 12_000_000)).encode()

    def in_pieces():
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    for content in (body, in_pieces()):
        answer = embedded.post(api.path, content=content, headers=JSON)
        assert "larger than" in refused(api, answer, 413)["text"]


def test_body_that_claims_too_much_is_refused_before_it_is_sent(sqlite_server: Server, api: Api):
    with socket.create_connection(
        ("127.0.0.1", sqlite_server.port), timeout=PATIENCE_SECONDS
    ) as line:
        line.sendall(
            f"POST {api.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
            "Content-Type: application/json\r\nContent-Length: 60000000\r\n\r\n".encode()
        )

        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_eighty_thousand_unknown_fields_get_a_short_answer(embedded: httpx2.Client):
    api = APIS["native"]
    body = api.with_input(**{f"a{i}": 1 for i in range(80_000)})

    began = time.monotonic()
    answer = embedded.post(api.path, json=body)

    refused(api, answer, 422)
    assert len(answer.content) < 100_000
    assert time.monotonic() - began < 30


UNKNOWN = ["state", "status", "id", "owner", "account", "media_uri", "output", "price", "🎵", ""]


def test_unknown_field_is_refused_by_name(embedded: httpx2.Client):
    api = APIS["native"]
    for name in UNKNOWN:
        answer = embedded.post(api.path, json=api.with_input(**{name: "x"}))

        fields = refused(api, answer, 422)["fields"]
        assert any(field.endswith(name) for field in fields), (name, fields)


def raw(api: Api, field: str, text: str) -> bytes:
    """A body whose field is written exactly so: JSON that a library would not write."""
    return json.dumps(api.with_input(**{field: "@@"})).replace('"@@"', text).encode()


HUGE = "1" + "0" * 400
NUMBERS = ["-1", "0", "1e9", '"8"', "null", "true", "[]", "{}", "NaN", "Infinity", "-Infinity"]
NUMBERS += ["1e400", "-1e400", HUGE, "-" + HUGE, str(2**63), str(2**64)]
FORTY_ONE = [{"start": 0.01 * (n + 1), "prompt": "x"} for n in range(41)]
BAD = {
    "native": {
        "seconds": [*NUMBERS, "0.49", "600.1"],
        "seed": ["-1", "-2", "1.5", '"8"', "true", "NaN", "1e400", HUGE, str(2**63)],
        "prompt": ["null", "7", "[]", '""', '"  "', '"\\ud83c"', '"' + "x" * 5000 + '"'],
        "model": ["null", "7", '"nosuch"', '"../../etc/passwd"', '"\\ud83c"', '""', '"FAKE"'],
        "encoding": ["null", "7", '"aiff"', '"WAV"', "[]"],
        "loudness": ["null", '"loud"'],
        "sample_rate": ["0", "-1", "7999", '"44100"', "true", "1e400", HUGE],
        "temperature": ['"1"', "null", "NaN", "Infinity", "1e400", HUGE],
        "top_k": ["1.5", '"1"', "null", "NaN", HUGE, str(2**64)],
        "top_p": ["NaN", "-Infinity", '"1"', HUGE],
        "guidance": ["NaN", "1e400", '"1"', "-" + HUGE],
        "multiband": ["1", '"true"', "null"],
        "melody": ["7", "true", "[]"],
        "continues": ["7", '"http://example.org/"', "[]"],
        "sections": ["null", "7", '"x"', "{}", json.dumps(FORTY_ONE)],
    },
    "replicate": {
        "duration": [*NUMBERS, "601"],
        "seed": ["1.5", '"8"', "true", "NaN", HUGE, str(2**63)],
        "prompt": ["7", "[]", '"\\ud83c"', '"' + "x" * 5000 + '"'],
        "model_version": ["null", "7", '"nosuch"', '"fake"', '"composer"'],
        "output_format": ["null", '"flac"', '"ogg"'],
        "normalization_strategy": ["null", '"lufs"'],
        "continuation": ["null", '"yes"', "1"],
        "continuation_start": ["-1", HUGE, "NaN"],
        "continuation_end": ["-2", HUGE, '"1"'],
        "multi_band_diffusion": ["1", '"true"'],
        "temperature": ['"1"', "null", "NaN", "1e400", HUGE],
        "top_k": ["1.5", "null", HUGE],
        "top_p": ["NaN", HUGE],
        "classifier_free_guidance": ["1.5", "NaN", HUGE],
    },
}
WITHIN = {
    "melody.source": '{"start": 1}',
    "melody.start": '{"source": "http://example.org/", "start": -1}',
    "melody.end": '{"source": "http://example.org/", "end": "1"}',
    "melody.stop": '{"source": "http://example.org/", "stop": 1}',
    "sections.0.prompt": '[{"start": 0.5}]',
    "sections.0.start": '[{"start": 0, "prompt": "x"}]',
    "sections.1.start": '[{"start": 0.5, "prompt": "x"}, {"start": 0.5, "prompt": "x"}]',
    "sections.0.mood": '[{"start": 0.5, "prompt": "x", "mood": "x"}]',
}
CASES = [(name, field) for name, fields in BAD.items() for field in fields]


@pytest.mark.parametrize(("name", "field"), CASES)
def test_value_that_cannot_be_used_is_refused_by_its_field(
    embedded: httpx2.Client, name: str, field: str
):
    api = APIS[name]
    for text in BAD[name][field]:
        answer = embedded.post(api.path, content=raw(api, field, text), headers=JSON)

        told = refused(api, answer, 422)
        own = f"input.{field}" if name == "replicate" else field
        assert told["fields"] == {own}, text[:50]


@pytest.mark.parametrize("field", WITHIN)
def test_what_is_wrong_within_a_field_is_told_by_its_place(embedded: httpx2.Client, field: str):
    api = APIS["native"]

    body = raw(api, field.partition(".")[0], WITHIN[field])
    answer = embedded.post(api.path, content=body, headers=JSON)

    assert refused(api, answer, 422)["fields"] == {field}


def test_strange_prompt_is_accepted(client: httpx2.Client, api: Api):
    strange = [
        "🎵",
        "🎵" * 4000,
        "very slow fast loud silence, no music",
        "\x00",
        "a\u202eb",
        "'; --",
    ]
    for prompt in strange:
        answer = client.post(api.path, json=api.with_input(prompt=prompt))

        assert answer.status_code == 201, prompt
        client.post(f"{api.path}/{answer.json()['id']}/cancel")


def test_field_that_is_given_twice_counts_once(client: httpx2.Client):
    body = b'{"model": "fake", "seconds": 1, "prompt": "first", "prompt": "second"}'

    answer = client.post("/v1/jobs", content=body, headers=JSON)

    assert answer.json()["prompt"] == "second"


def test_missing_field_is_named(embedded: httpx2.Client):
    native, replicate = APIS["native"], APIS["replicate"]

    assert refused(native, embedded.post(native.path, json={}), 422)["fields"] == {"prompt"}
    answer = embedded.post(replicate.path, json={})
    assert refused(replicate, answer, 422)["fields"] == {"version", "input"}


def test_version_that_is_not_ours_is_not_permitted(embedded: httpx2.Client):
    api = APIS["replicate"]
    for version in ["", "x", "a/b", "meta/musicgen:", "meta/musicgen:xyz", "f" * 63, "A" * 64, "/"]:
        answer = embedded.post(api.path, json={**api.good, "version": version})

        assert "Invalid version or not permitted" in refused(api, answer, 422)["text"]


def test_id_that_means_nothing_is_not_found(client: httpx2.Client, api: Api):
    strange = [
        "unknown",
        "a" * 5000,
        "%00",
        "%2e%2e%2f",
        "..%5c",
        "%ff%fe",
        "%F0%9F%8E%B5",
        "%0d%0a",
    ]
    for name, (method, tail) in itertools.product(strange, [("GET", ""), ("POST", "/cancel")]):
        answer = client.request(method, f"{api.path}/{name}{tail}")

        assert refused(api, answer, 404)["text"] == "There is no such thing here."


def test_unknown_path_is_told_in_the_shape_of_its_api(embedded: httpx2.Client):
    for path in ("/", "/nothing/here", "/v1", "/v1/jobs/"):
        refused(APIS["native"], embedded.get(path), 404)
    for path in ("/v1/predictions/", "/predictions/a/b/c"):
        refused(APIS["replicate"], embedded.get(path), 404)


def test_tabs_in_a_path_leave_it_the_path_of_its_api(embedded: httpx2.Client):
    answer = embedded.get("/v1/models/%09/%0a")

    assert answer.status_code == 404
    replicate_error(answer)


def test_wrong_method_is_told_in_the_shape_of_its_api(embedded: httpx2.Client, api: Api):
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = embedded.request(method, api.path)

        refused(api, answer, 405)


def test_impossible_page_size_is_refused(embedded: httpx2.Client):
    for size in ("0", "101", "1e9", "-1", str(2**63), ""):
        answer = embedded.get(f"/v1/jobs?size={size}")

        assert refused(APIS["native"], answer, 422)["fields"] == {"size"}


def test_cursor_that_is_not_ours_is_refused(client: httpx2.Client, api: Api):
    for cursor in ("", "x", "o1-%00", "o" + "9" * 400, "onan-a", "%F0%9F%8E%B5"):
        answer = client.get(f"{api.path}?cursor={cursor}")

        assert refused(api, answer, 422)["fields"] == {"cursor"}


KEYS: list[dict[str, Any]] = [
    {},
    {"Authorization": "Bearer bs_0123456789ab_wrong"},
    {"Authorization": "Bearer"},
    {"Authorization": KEY},
    {"Authorization": f"Basic {KEY}"},
    {"Authorization": f"Bearer Token {KEY}"},
    {"Authorization": f"Bearer {KEY}, Bearer {KEY}"},
    {"Authorization": b"Bearer bs_\xff\xfe_\xe9"},
    {"Authorization": "Bearer bs_" + "a" * 8000 + "_b"},
    {"Cookie": f"key={KEY}"},
]


def test_without_a_good_key_nobody_is_let_in(server: Server, api: Api):
    before = server.stored_jobs()
    calls = [("POST", api.path, api.good), ("GET", api.path, None), ("GET", f"{api.path}/a", None)]
    with server.client(key=None) as client:
        for headers, (method, path, body) in itertools.product(KEYS, calls):
            answer = client.request(method, path, json=body, headers=headers)

            refused(api, answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
    assert server.stored_jobs() == before


def test_key_in_the_query_does_not_count(server: Server, api: Api):
    with server.client(key=None) as client:
        for name in ("key", "api_key", "token", "authorization"):
            refused(api, client.get(api.path, params={name: KEY}), 401)


def test_older_form_of_the_header_is_understood(server: Server, api: Api):
    with server.client(key=None) as client:
        for scheme in ("Token", "token", "bearer", "BEARER"):
            answer = client.get(api.path, headers={"Authorization": f"{scheme} {KEY}"})
            assert answer.status_code == 200


def test_revoked_key_ends_at_once(server: Server, api: Api):
    key = server.run("keys", "create", "--account", "leaving")
    with server.client(key) as client:
        assert client.get(api.path).status_code == 200

        server.run("keys", "revoke", key.split("_")[1])

        refused(api, client.get(api.path), 401)


def test_answers_never_repeat_the_key(embedded: httpx2.Client, api: Api):
    for body in ({KEY: 1}, api.with_input(prompt=[KEY]), {"version": [KEY]}):
        answer = embedded.post(api.path, json=body)
        values = answer.text.replace(f'input.{KEY}"', "").replace(f'"{KEY}"', "")

        assert f'["{KEY}"]' not in values


def test_server_logged_no_key_and_broke_at_no_request(server: Server, client: httpx2.Client):
    client.get("/v1/jobs")

    assert KEY not in server.log
    assert "request broke" not in server.log
