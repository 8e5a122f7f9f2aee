"""Logs: one line each, and no secrets, whoever wrote them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bandstand.logs import hide_secrets

KEY = "bs_0123456789ab_secret-_of-43-characters"


def logged(code: str, *, as_json: bool) -> str:
    """What a program that sets up logs writes to stderr; logging is set up once in a process."""
    script = (
        "import structlog; from bandstand.logs import set_up_logs; "
        f"set_up_logs('info', as_json={as_json}); log = structlog.get_logger('test')\n{code}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b""
    return done.stderr.decode()


@pytest.mark.parametrize("name", ["key", "Authorization", "x-api-key", "token", "api_key"])
def test_field_called_like_a_secret_is_hidden(name: str):
    assert hide_secrets(None, "", {name: "canary"}) == {name: "hidden"}


def test_link_of_a_login_is_hidden_whatever_its_last_letter():
    for last in "a-_":
        secret = "S" * 42 + last

        shown = str(hide_secrets(None, "", {"path": f"/login/0123456789ab.{secret}"}))

        assert secret not in shown


@pytest.mark.parametrize("key", [KEY, "bs_me_chosen-by-hand", "bs_0a_a-b"])
def test_key_is_hidden_wherever_it_stands(key: str):
    secret = key.split("_", 2)[2]

    shown = str(hide_secrets(None, "", {"event": f"got {key}, sorry", "detail": {"was": [key]}}))

    assert secret not in shown
    assert key.split("_")[1] in shown


def test_secret_in_an_address_is_hidden_and_the_rest_of_it_shown():
    address = "s3://theirs/all?region=a&secret=canary/+=&public=https://b"

    shown = str(hide_secrets(None, "", {"event": f"cannot reach {address!r}"}))

    assert "canary" not in shown
    assert "secret=hidden&public=https://b" in shown


def test_traceback_is_searched_for_keys_too():
    text = logged(
        f"try: raise ValueError('{KEY}')\nexcept ValueError: log.exception('x')", as_json=True
    )

    assert "ValueError" in text
    assert "secret-" not in text


def test_text_from_outside_stays_on_one_line():
    for as_json in (True, False):
        text = logged(r"log.info('x', prompt='a\r\nfake line\x1b[31m')", as_json=as_json)

        assert text.count("\n") == 1
        assert "\x1b[31m" not in text


def test_json_line_names_level_time_and_fields():
    line = json.loads(logged("log.warning('job begun', job='a')", as_json=True))

    assert (line["event"], line["level"], line["job"]) == ("job begun", "warning", "a")
    assert line["timestamp"].endswith("Z")


def test_what_is_below_the_level_is_not_written():
    assert logged("log.debug('prompt', prompt='rain')", as_json=True) == ""
