"""An account's pieces on the page: found, marked, drawn, watched, shared; on each kind of database, with the fake engine."""

from __future__ import annotations

import html
import io
import itertools
import re
import threading
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest
import soundfile
from newcomers import new_account
from patience import once
from servers import FINAL, Server, fetched
from visitors import COOKIE, browser, told, visitor

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp; \u202egnirts"


@pytest.fixture
def person(server: Server) -> Generator[httpx2.Client]:
    """Somebody with an account of their own: the library is empty."""
    with visitor(server, new_account(server)) as opened:
        yield opened


@pytest.fixture
def other(server: Server) -> Generator[httpx2.Client]:
    with visitor(server, new_account(server)) as opened:
        yield opened


def ask(person: httpx2.Client, prompt: str = "rain", **more: Any) -> str:
    wish = {"prompt": prompt, "model": "fake", "seconds": 1, **more}
    answer = person.post("/app/v1/jobs", json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def made(person: httpx2.Client, prompt: str = "rain", **more: Any) -> str:
    job = ask(person, prompt, **more)
    once(lambda: person.get(f"/app/v1/jobs/{job}").json()["status"], lambda now: now in FINAL)
    return job


def listed(person: httpx2.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = person.get("/app/library", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_library_tells_the_newest_first_and_page_by_page(person: httpx2.Client):
    jobs = [ask(person, f"piece {number}") for number in range(5)]

    first = person.get("/app/library?size=3").json()
    rest = person.get("/app/library", params={"size": 3, "cursor": first["older"]}).json()

    assert [each["id"] for each in [*first["items"], *rest["items"]]] == jobs[::-1]
    assert rest["older"] is None


def test_library_is_searched_by_all_words_of_the_prompt_in_any_case(person: httpx2.Client):
    jobs = [ask(person, words) for words in ("Süße ÄPFEL, slow", "äpfel fast", "50% off_beat")]

    assert [each["id"] for each in listed(person, search="äPFEL süSSE")] == jobs[:1]
    assert [each["id"] for each in listed(person, search="Äpfel")] == [jobs[1], jobs[0]]
    assert [each["id"] for each in listed(person, search="%")] == jobs[2:]
    assert [each["id"] for each in listed(person, search="f_b")] == jobs[2:]
    assert listed(person, search="nothing like it") == []


def test_prompt_with_a_nul_is_found_and_filtered_like_any_other(person: httpx2.Client):
    job = ask(person, "nul\0here")

    assert [each["id"] for each in listed(person, search="here", kind="music")] == [job]
    assert listed(person, kind="image") == []


def test_favourites_are_marked_and_unmarked(person: httpx2.Client):
    jobs = [ask(person) for _ in range(2)]
    for _ in range(2):
        assert person.put(f"/app/jobs/{jobs[0]}/favourite").status_code == 204

    assert [each["id"] for each in listed(person, favourite=True)] == jobs[:1]
    assert [each["favourite"] for each in listed(person)] == [False, True]
    assert person.delete(f"/app/jobs/{jobs[0]}/favourite").status_code == 204
    assert listed(person, favourite=True) == []


def test_marked_job_can_be_removed(person: httpx2.Client):
    job = ask(person)
    person.put(f"/app/jobs/{job}/favourite")

    assert person.delete(f"/app/v1/jobs/{job}").status_code == 204
    assert listed(person) == []


def test_links_in_the_library_lead_to_this_server_under_any_name(person: httpx2.Client):
    made(person)

    (output, *_) = listed(person)[0]["outputs"]

    assert output["url"].startswith("/files/")
    assert person.get(output["url"], headers={"Host": "localhost"}).status_code == 200


def test_peaks_are_those_of_the_track_and_are_the_same_again(person: httpx2.Client):
    job = made(person, encoding="flac")
    track = next(each for each in listed(person)[0]["outputs"] if each["kind"] == "audio")
    sound, rate = soundfile.read(io.BytesIO(person.get(track["url"]).content))

    first, again = (person.get(f"/app/jobs/{job}/peaks").json() for _ in range(2))

    assert first == again
    assert first["seconds"] == pytest.approx(len(sound) / rate, abs=0.01)
    assert len(first["peaks"]) == 800
    assert max(first["peaks"]) == pytest.approx(np.abs(sound).max(), abs=0.01)


def test_job_without_a_track_has_no_peaks_yet(person: httpx2.Client):
    job = ask(person, "work=600")

    assert person.get(f"/app/jobs/{job}/peaks").status_code == 409
    person.post(f"/app/v1/jobs/{job}/cancel")
    assert person.get(f"/app/jobs/{job}/peaks").status_code == 404


def test_jobs_of_strangers_are_as_if_they_were_not_there(
    person: httpx2.Client, other: httpx2.Client
):
    job = made(person)
    calls = [
        ("GET", f"/app/v1/jobs/{job}"),
        ("GET", f"/app/jobs/{job}/peaks"),
        ("PUT", f"/app/jobs/{job}/favourite"),
        ("DELETE", f"/app/jobs/{job}/favourite"),
        ("POST", f"/app/jobs/{job}/share"),
        ("GET", f"/app/v1/jobs/{job}/audio"),
        ("DELETE", f"/app/v1/jobs/{job}"),
    ]

    answers = [other.request(*call, json={"hours": 1}) for call in calls]
    missing = [
        other.request(method, path.replace(job, "a" * 26), json={"hours": 1})
        for method, path in calls
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert [answer.content for answer in answers] == [answer.content for answer in missing]
    assert listed(other) == []
    assert len(listed(person)) == 1


def test_page_hears_of_everything_that_happens_to_its_jobs(person: httpx2.Client):
    heard: list[tuple[str, dict[str, Any]]] = []

    def listen() -> None:
        with person.stream("GET", "/app/events") as stream:
            begun.set()
            for event, _, content in told(stream):
                heard.append((event, content))
                if event == "gone":
                    return

    begun = threading.Event()
    listening = threading.Thread(target=listen)
    listening.start()
    begun.wait()
    job = made(person, "work=0.7")
    once(lambda: any(content.get("status") == "succeeded" for _, content in heard))
    person.put(f"/app/jobs/{job}/favourite")
    once(lambda: any(content.get("favourite") for _, content in heard))
    person.delete(f"/app/v1/jobs/{job}")
    listening.join()

    assert {content["id"] for _, content in heard} == {job}
    assert [event for event, _ in heard[:-1]] == ["job"] * (len(heard) - 1)
    assert heard[-1] == ("gone", {"id": job})
    fractions = [content["progress"] for event, content in heard if event == "job"]
    assert fractions == sorted(fractions)


def test_page_that_comes_back_hears_what_it_missed(person: httpx2.Client):
    waiting = ask(person, "work=600")
    with person.stream("GET", "/app/events") as stream:
        event, number, content = next(told(stream))
        assert (event, content["id"]) == ("job", waiting)
    done = made(person)

    with person.stream("GET", "/app/events", headers={"Last-Event-ID": number}) as stream:
        heard = {content["id"] for _, _, content in itertools.islice(told(stream), 2)}

    assert heard == {waiting, done}
    person.post(f"/app/v1/jobs/{waiting}/cancel")


def test_strangers_jobs_are_not_heard_of(person: httpx2.Client, other: httpx2.Client):
    with person.stream("GET", "/app/events") as stream:
        ask(other)
        mine = ask(person)

        assert next(told(stream))[2]["id"] == mine


def test_page_hears_nothing_after_its_session_ended_elsewhere(person: httpx2.Client):
    with person.stream("GET", "/app/events") as stream:
        ask(person, "work=3")  # so that there is something to hear of
        heard = told(stream)
        next(heard)
        token = person.cookies[COOKIE]
        assert person.post("/app/logout").status_code == 204
        with httpx2.Client(base_url=person.base_url, trust_env=False, verify=False) as still:
            cookie = {"Cookie": f"{COOKIE}={token}"}
            assert still.get("/app/account", headers=cookie).status_code == 401

        assert all(content["status"] != "succeeded" for _, _, content in heard)


def test_number_of_an_event_that_we_never_gave_is_refused(person: httpx2.Client):
    answer = person.get("/app/events", headers={"Last-Event-ID": "-1"})

    assert answer.status_code == 422


def test_shared_piece_is_seen_and_heard_without_a_login(server: Server, person: httpx2.Client):
    job = made(person, "a walk in the park")
    link = person.post(f"/app/jobs/{job}/share", json={"hours": 2}).json()

    with browser(server) as stranger:
        page = stranger.get(link["url"])
        sources = re.findall(r'<(?:audio|img)[^>]* src="([^"]+)"', page.text)
        files = [stranger.get(html.unescape(source)) for source in sources]
    image = re.search(r'property="og:image" content="([^"]+)"', page.text)

    assert page.status_code == 200
    assert "a walk in the park" in page.text
    assert [file.status_code for file in files] == [200] * len(files)
    assert {file.headers["content-type"].partition("/")[0] for file in files} >= {"audio"}
    assert image is None or fetched(html.unescape(image[1])).status_code == 200


def test_shared_page_tells_nothing_of_the_account(person: httpx2.Client, server: Server):
    job = made(person)
    url = person.post(f"/app/jobs/{job}/share", json={}).json()["url"]

    with browser(server) as stranger:
        page = stranger.get(url).text

    assert person.get("/app/account").json()["name"] not in page
    assert "/app/" not in page


def test_words_with_markup_are_shown_as_words_on_a_shared_page(
    server: Server, person: httpx2.Client
):
    job = made(person, MARKUP)
    url = person.post(f"/app/jobs/{job}/share", json={"hours": 1}).json()["url"]

    with browser(server) as stranger:
        page = stranger.get(url).text

    assert html.escape(MARKUP) in page
    assert "<script" not in page
    assert "<img src=x" not in page
    assert 'dir="auto"' in page


def test_share_link_ends_and_cannot_be_changed(server: Server, person: httpx2.Client):
    job, another = made(person), made(person)
    url = urlsplit(person.post(f"/app/jobs/{job}/share", json={"hours": 1}).json()["url"])
    expiry = int(url.query.partition("exp=")[2].partition("&")[0])
    past = f"exp={expiry - 7200}"
    wrong = [
        f"{url.path}?{url.query.replace(str(expiry), str(expiry + 1))}",
        f"{url.path}?{url.query.replace(f'exp={expiry}', past)}",
        f"{url.path}?{url.query[:-1]}",
        f"/share/{another}?{url.query}",
        url.path,
        f"/share/..%2f{job}?{url.query}",
    ]
    with browser(server) as stranger:
        statuses = [stranger.get(path).status_code for path in wrong]
        person.delete(f"/app/v1/jobs/{job}")
        gone = stranger.get(f"{url.path}?{url.query}")

    assert statuses == [404] * len(wrong)
    assert gone.status_code == 404


def test_share_lasts_an_hour_to_a_month(person: httpx2.Client):
    job = made(person)
    hours = [0, 721, -1, 1.5, "1", None, 1, 720]

    statuses = [
        person.post(f"/app/jobs/{job}/share", json={"hours": each}).status_code for each in hours
    ]

    assert statuses == [422] * 6 + [201] * 2


def test_only_what_is_finished_is_shared(person: httpx2.Client):
    job = ask(person, "work=600")

    assert person.post(f"/app/jobs/{job}/share", json={"hours": 1}).status_code == 409
    person.post(f"/app/v1/jobs/{job}/cancel")


def test_piece_is_heard_on_the_page_while_it_is_made_and_after(person: httpx2.Client):
    job = ask(person, "work=1")
    with person.stream("GET", f"/app/v1/jobs/{job}/audio") as stream:
        assert next(stream.iter_bytes())[:4] == b"RIFF"
    once(lambda: person.get(f"/app/v1/jobs/{job}").json()["status"] in FINAL)

    moved = person.get(f"/app/v1/jobs/{job}/audio")

    assert moved.status_code == 307
    assert moved.headers["location"].startswith("/files/")
