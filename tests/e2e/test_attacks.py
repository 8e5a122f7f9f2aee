"""Requests that mean no good, in every API: other people's things, broken and monstrous bodies, words that are code elsewhere.

What is said to keys is in test_admission.py, to links in test_native.py, to addresses and sounds in the tests of what fetches
and decodes them.
"""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections.abc import Generator, Sequence
from typing import Any

import httpx2
import pytest
from apis import APIS, LEAP, MODELSLAB_MUSIC, NATIVE, REPLICATE, SEGMIND, Api
from behind import new_key, store
from patience import once
from receiver import Receiver
from servers import KEY, Server

from bandstand.jobs import Job
from bandstand.store import jobs

LENGTHS = {
    "native": ("seconds",),
    "replicate": ("input", "duration"),
    "leap": ("duration",),
    "modelslab": ("max_new_token",),
    "segmind": ("duration",),
}
SEEDS = {"native": ("seed",), "replicate": ("input", "seed"), "segmind": ("seed",)}
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


@pytest.fixture
def calm(busy_server: Server) -> Generator[Server]:
    """Nothing in it may break while a test runs."""
    before = busy_server.log.count("request broke")
    yield busy_server
    assert busy_server.log.count("request broke") == before, busy_server.log[-3000:]


def raw(server: Server, api: Api, content: bytes) -> httpx2.Response:
    """A body as it is, with a key wherever it may be wanted."""
    headers = {
        "Authorization": f"Bearer {KEY}",
        "x-api-key": KEY,
        "Content-Type": "application/json",
    }
    with httpx2.Client(base_url=server.url, trust_env=False, verify=False, timeout=30) as client:
        return client.post(api.path, content=content, headers=headers)


def text_of(api: Api, where: Sequence[str], value: str) -> bytes:
    """The least wish with a member of which the text is given, for what a JSON writer would not write."""
    body = api.changed(where, "@@") | ({"key": KEY} if api.key_header is None else {})
    return json.dumps(body).replace('"@@"', value).encode("utf-8", "surrogatepass")


# ---- somebody else's


@each_api
def test_job_of_somebody_else_is_answered_like_one_that_is_not_there(calm: Server, api: Api):
    stranger = new_key(calm)
    theirs = api.created(calm, "work=1")
    nobodys = "7" * len(theirs) if theirs.isdigit() else uuid.uuid4().hex[:26]

    for method, path in api.of_a_job:
        foreign = api.ask(calm, method, path.format(id=theirs), key=stranger)
        unknown = api.ask(calm, method, path.format(id=nobodys), key=stranger)
        assert foreign.status_code == unknown.status_code == 404, (method, path)
        assert foreign.text == unknown.text
    for path in api.of_mine:
        assert theirs not in api.ask(calm, "GET", path, key=stranger).text
    method, path = api.of_a_job[0]
    assert api.ask(calm, method, path.format(id=theirs)).status_code == 200, "nothing was canceled"


@pytest.mark.parametrize("api", [REPLICATE, LEAP, MODELSLAB_MUSIC, SEGMIND], ids=lambda a: a.name)
def test_job_of_one_api_is_not_there_in_another(calm: Server, api: Api):
    job = NATIVE.created(calm)
    with store(calm) as database:
        stored = database.read_now(jobs.find, job)
    assert stored

    for method, path in api.of_a_job:
        name = str(stored.number) if api is MODELSLAB_MUSIC else job
        assert api.ask(calm, method, path.format(id=name)).status_code == 404, (method, path)


def test_what_is_foreign_is_answered_as_fast_as_what_is_not_there(calm: Server):
    stranger, theirs = new_key(calm), NATIVE.created(calm)
    took: dict[str, list[float]] = {theirs: [], "a" * 26: []}
    with calm.client(stranger) as client:
        for _ in range(150):
            for job, times in took.items():
                began = time.perf_counter()
                assert client.get(f"/v1/jobs/{job}").status_code == 404
                times.append(time.perf_counter() - began)

    # The quickest tenth: what others do on this machine meanwhile only makes some slower.
    foreign, unknown = (statistics.quantiles(times, n=10)[0] for times in took.values())
    assert abs(foreign - unknown) < 0.005


def test_files_and_secrets_are_each_accounts_own(calm: Server):
    stranger = new_key(calm)
    with calm.client(KEY) as mine, calm.client(stranger) as theirs:
        file = mine.post("/v1/files", files={"content": ("a.wav", b"RIFF", "audio/wav")}).json()
        path = f"/v1/files/{file['id']}"
        secret = "/v1/webhooks/default/secret"

        assert [theirs.get(path).status_code, theirs.delete(path).status_code] == [404, 404]
        assert file["id"] not in theirs.get("/v1/files").text
        assert mine.get(path).status_code == 200
        assert mine.get(secret).json() != theirs.get(secret).json()


# ---- bodies


MONSTERS = {
    "200,000 brackets": b"[" * 200_000,
    "200,000 braces": b'{"a":' * 200_000,
    "a hundred thousand members": json.dumps(dict.fromkeys(map(str, range(70_000)))).encode(),
    "beyond a megabyte": b'{"prompt": "' + b"a" * 1_100_000 + b'"}',
    "60 MB": b" " * 60_000_000,
    "half a character": b'{"prompt": "\xc3"}',
    "not UTF-8": b'{"prompt": "\xff\xfe"}',
    "cut off": b'{"prompt": "to',
    "two bodies": b"{}{}",
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "nothing": b"",
    "NUL": b"\x00",
    "a form": b"prompt=tone&duration=1",
}


@each_api
@pytest.mark.parametrize("content", MONSTERS.values(), ids=MONSTERS)
def test_body_that_is_none_is_refused(calm: Server, api: Api, content: bytes):
    answer = raw(calm, api, content)

    # An API whose key is in the body cannot tell who sent what it cannot read.
    assert answer.status_code in {400, 413, 422, *([401] if api.key_header is None else [])}
    assert answer.headers["content-type"] == "application/json"


@each_api
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_number_that_is_none_is_refused(calm: Server, api: Api, number: str):
    assert raw(calm, api, text_of(api, LENGTHS[api.name], number)).status_code in {400, 422}


@each_api
@pytest.mark.parametrize(
    "length", ["-1", "0", "1e9", '"x"', "true", "[]", "{}", "9" * 5000, "1" + "0" * 400, "0.0001"]
)
def test_length_that_makes_no_sense_is_refused(calm: Server, api: Api, length: str):
    answer = raw(calm, api, text_of(api, LENGTHS[api.name], length))

    if answer.status_code < 300:
        assert _comes_to_an_end(calm, api, str(answer.json()[api.id])) == "failed"
    else:
        assert answer.status_code in {400, 422}


def _comes_to_an_end(server: Server, api: Api, name: str) -> str:
    def look() -> Job:
        with store(server) as database:
            find = jobs.find_number if name.isdigit() else jobs.find
            job = database.read_now(find, int(name) if name.isdigit() else name)  # pyright: ignore[reportArgumentType]
        assert job
        return job

    return once(look, lambda job: job.status.is_final).status.value


@pytest.mark.parametrize("api", [NATIVE, REPLICATE, SEGMIND], ids=lambda api: api.name)
@pytest.mark.parametrize("seed", ["-2", "18446744073709551616", "9" * 5000, "1.5", '"7"'])
def test_seed_out_of_range_breaks_nothing(calm: Server, api: Api, seed: str):
    assert raw(calm, api, text_of(api, SEEDS[api.name], seed)).status_code < 500


@each_api
def test_of_members_given_twice_the_last_counts(calm: Server, api: Api):
    first = text_of(api, LENGTHS[api.name], "-5").removesuffix(b"}")
    last = json.dumps(dict(api.wish)).encode().removeprefix(b"{")

    assert raw(calm, api, first + b", " + last).status_code < 300


# ---- words


WORDS = {
    "script": '<script>alert(1)</script>"><img src=x onerror=alert(1)>',
    "template": "{{7*7}} ${7*7} <%= 7*7 %> %s %n {0}",
    "SQL": "'; DROP TABLE jobs; --",
    "shell": "$(touch /tmp/pwned) `id` | cat; && rm -rf ~",
    "line breaks": "one\r\nSet-Cookie: a=b\r\n\r\n2026-01-01 [info] job accepted",
    "ANSI": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b31m",
    "right to left": "\u202egnp.exe\u202c \u2066a\u2069",
    "four bytes": "🎺👩\u200d🎤 𝄞 \U0010ffff",
    "NUL": "a\x00b",
    "separators": "a\u2028b\u2029c\ufeff",
    "path": "../../etc/passwd\\..\\..",
}


@each_api
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_words_are_kept_as_they_are_and_only_as_words(calm: Server, api: Api, words: str):
    began = len(calm.log)
    name = api.created(calm, words)
    assert _comes_to_an_end(calm, api, name) == "succeeded"

    with store(calm) as database:
        find = jobs.find_number if name.isdigit() else jobs.find
        job = database.read_now(find, int(name) if name.isdigit() else name)  # pyright: ignore[reportArgumentType]
    assert job
    assert job.spec.prompt == words
    method, path = api.of_a_job[0]
    told = api.ask(calm, method, path.format(id=name))
    assert told.headers["content-type"] == "application/json"
    assert told.json()
    written = calm.log[began:]
    assert not {"\x1b", "\x00", "\r", "\u202e"} & set(written)
    assert "Set-Cookie" not in written


@each_api
def test_half_a_pair_of_surrogates_is_refused(calm: Server, api: Api):
    assert raw(calm, api, text_of(api, api.prompt, r'"\ud83c"')).status_code in {400, 422}


@each_api
def test_prompt_beyond_four_thousand_characters_is_refused(calm: Server, api: Api):
    assert api.create(calm, "🎵" * 4000).status_code < 300
    assert api.create(calm, "🎵" * 4001).status_code == api.invalid


ASSIGNED = {
    "id": "a" * 26,
    "request_id": "a" * 26,
    "status": "succeeded",
    "state": "finished",
    "account": "somebody",
    "owner": "somebody",
    "output": "https://example.org/evil.wav",
    "outputs": ["https://example.org/evil.wav"],
    "media_uri": "https://example.org/evil.wav",
    "price": 0,
    "credits": -5,
    "created_at": "1970-01-01T00:00:00Z",
    "engine": "composer",
    "number": 7,
    "progress": 1.0,
}


@each_api
def test_what_only_the_server_says_cannot_be_said_by_a_client(calm: Server, api: Api):
    for member, value in ASSIGNED.items():
        answer = api.ask(calm, "POST", api.path, api.changed((member,), value))

        if answer.status_code >= 300:
            assert answer.status_code == api.invalid, member
            continue
        told = answer.json()
        assert told[api.id] != value
        assert "evil" not in answer.text
        assert told.get("status", told.get("state")) not in {"succeeded", "finished"} or api is (
            MODELSLAB_MUSIC
        )


# ---- lists and headers


@pytest.mark.parametrize(
    "query",
    [
        "size=1000000000",
        "size=-1",
        "size=0",
        f"size={2**63}",
        "size=1e9",
        "size=x",
        "cursor=x",
        "cursor=o-1-a",
        "cursor=onan-a",
        "cursor=o1e309-a",
        f"cursor=o{'9' * 80}-a",
        "cursor=%00",
        "cursor=o1.0-%F0%9D%9F%98",
        "cursor=" + "o" * 5000,
        "page=-1&pageSize=1000000000&onlyFinished=%00",
        f"page={2**63}&pageSize=-1",
        "created_after=x&created_before=9999-99-99",
        "created_after=0001-01-01T00:00:00Z&created_before=9999-12-31T23:59:59Z",
    ],
    ids=lambda query: query[:30],
)
@pytest.mark.parametrize("path", [path for api in APIS for path in api.of_mine])
def test_list_is_never_longer_than_a_page_nor_broken(calm: Server, path: str, query: str):
    answer = NATIVE.ask(calm, "GET", f"{path}?{query}")

    assert answer.status_code in {200, 400, 422}
    if answer.status_code == 200:
        told: Any = answer.json()
        found = told if isinstance(told, list) else told.get("jobs", told.get("results"))
        assert len(found) <= 100


@pytest.mark.parametrize(
    "name",
    ["a\r\nX-Evil: 1.wav", 'a".wav', "a\x00.wav", "../../a.wav", "ä🎵.wav", "a" * 5000, ""],
    ids=lambda name: repr(name)[:20],
)
def test_name_of_an_upload_reaches_no_header_as_it_is(calm: Server, name: str):
    boundary = "b0undary"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="'.encode()
    content = part + name.encode() + f'"\r\n\r\nRIFF\r\n--{boundary}--\r\n'.encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with calm.client() as client:
        answer = client.post("/v1/files", content=content, headers=headers)
        assert answer.status_code < 500
        if answer.status_code < 300:
            loaded = client.get(answer.json()["urls"]["get"])
            assert loaded.status_code == 200
            assert "x-evil" not in loaded.headers
            assert loaded.headers.get("content-disposition", "").isascii()


def test_track_id_reaches_a_receiver_as_text(calm: Server):
    evil = 'a\r\nX-Evil: 1\r\n\r\n{"status": "success"}'
    with Receiver() as receiver:
        wish = MODELSLAB_MUSIC.changed(("webhook",), receiver.url) | {"track_id": evil}
        answer = MODELSLAB_MUSIC.ask(calm, "POST", MODELSLAB_MUSIC.path, wish)
        assert answer.status_code == 200, answer.text
        (message,) = receiver.wait()

    assert message.json["track_id"] == evil
    assert "x-evil" not in message.headers
