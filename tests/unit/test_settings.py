"""Settings: where they come from, which wins, and what is refused at start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bandstand import settings as module
from bandstand.errors import Misconfigured
from bandstand.settings import PREFIX, Role, Settings, load_settings, origin_of


@pytest.fixture(autouse=True)
def nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty folder, no variables of ours, no file of the user's."""
    import os

    for name in os.environ:
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "TOML_FILES", (Path("bandstand.toml"), tmp_path / "home.toml"))


def test_defaults_serve_on_loopback_only():
    settings = load_settings()

    assert settings.host == "127.0.0.1"
    assert settings.role is Role.ALL
    assert settings.engines == ["auto"]


def test_names_are_those_that_were_promised():
    promised = (
        "host port data database_url blobs_url public_url api_key role engines stand_in "
        "allowed_private_hosts models"
    )

    assert set(promised.split()) <= set(Settings.model_fields)


def test_every_setting_is_described():
    assert all(field.description for field in Settings.model_fields.values())


def test_argument_wins_over_variable_over_dotenv_over_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "home.toml").write_text("port = 1")
    assert (load_settings().port, origin_of("port")) == (1, str(tmp_path / "home.toml"))
    (tmp_path / "bandstand.toml").write_text("port = 2")
    assert (load_settings().port, origin_of("port")) == (2, "bandstand.toml")
    (tmp_path / ".env").write_text("BANDSTAND_PORT=3")
    assert (load_settings().port, origin_of("port")) == (3, ".env")
    monkeypatch.setenv("BANDSTAND_PORT", "4")
    assert (load_settings().port, origin_of("port")) == (4, "environment")
    assert (load_settings(port=5).port, origin_of("port", ["port"])) == (5, "command line")
    assert load_settings(port=None).port == 4
    assert origin_of("host") == "default"


def test_case_of_a_variable_does_not_matter(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("bandstand_port", "4")

    assert load_settings().port == 4


def test_lists_are_separated_by_commas_in_variables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BANDSTAND_ENGINES", "composer, fake,")

    assert load_settings().engines == ["composer", "fake"]


def test_lists_are_lists_in_files(tmp_path: Path):
    (tmp_path / "bandstand.toml").write_text('engines = ["composer", "fake"]')

    assert load_settings().engines == ["composer", "fake"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("BANDSTAND_PROT", "BANDSTAND_PORT"),
        ("BANDSTAND_DATABSE_URL", "BANDSTAND_DATABASE_URL"),
        ("bandstand_engine", "BANDSTAND_ENGINES"),
    ],
)
def test_misspelt_variable_is_refused_with_the_nearest_name(
    name: str, near: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, "1")

    with pytest.raises(Misconfigured, match=f"no setting {name}; did you mean {near}"):
        load_settings()


@pytest.mark.parametrize(
    ("file", "text", "near"),
    [
        (".env", "BANDSTAND_API_KYE=x", "BANDSTAND_API_KEY"),
        ("bandstand.toml", "publc_url = 'x'", "BANDSTAND_PUBLIC_URL"),
    ],
)
def test_misspelt_name_in_a_file_is_refused_too(tmp_path: Path, file: str, text: str, near: str):
    (tmp_path / file).write_text(text)

    with pytest.raises(Misconfigured, match=f"did you mean {near}"):
        load_settings()


def test_name_like_no_other_is_refused_without_a_guess(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BANDSTAND_ZZZZ", "1")

    with pytest.raises(Misconfigured) as caught:
        load_settings()

    assert "did you mean" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("ROLE", "boss"),
        ("POLL_SECONDS", "0"),
        ("POLL_SECONDS", "nan"),
        ("LINK_SECONDS", "-1"),
        ("LINK_SECONDS", "inf"),
        ("LINK_SECONDS", "1e300"),
        ("KEEP_SECONDS", "inf"),
        ("LOG_LEVEL", "loud"),
        ("STAND_IN", "maybe"),
    ],
)
def test_impossible_value_is_refused_by_name(name: str, text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + name, text)

    with pytest.raises(Misconfigured, match=PREFIX + name):
        load_settings()


def test_broken_file_is_refused_by_name(tmp_path: Path):
    (tmp_path / "bandstand.toml").write_text("port = ")

    with pytest.raises(Misconfigured, match=r"bandstand\.toml"):
        load_settings()


def test_refusal_does_not_repeat_a_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BANDSTAND_API_KEY", "canary")
    monkeypatch.setenv("BANDSTAND_PORT", "canary")

    with pytest.raises(Misconfigured) as caught:
        load_settings()

    assert "canary" not in str(caught.value)


def test_key_is_not_shown_when_settings_are():
    assert "canary" not in repr(load_settings(api_key="canary"))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"port": 80}, "http://127.0.0.1:80"),
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"public_url": "https://music.example.org/"}, "https://music.example.org"),
    ],
)
def test_own_address_is_what_clients_can_use(given: dict, url: str):
    assert load_settings(**given).url == url


def test_misspelt_setting_ends_the_program_before_anything_is_made(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "bandstand", "serve"],
        env={"BANDSTAND_PROT": "1", "BANDSTAND_DATA": str(tmp_path / "data")},
        capture_output=True,
        check=False,
        text=True,
        cwd=tmp_path,
    )

    assert done.returncode == 2
    assert "did you mean BANDSTAND_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_pauses_are_read_as_a_list_and_each_must_be_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BANDSTAND_WEBHOOK_PAUSES", "1, 2.5,60")
    assert load_settings().webhook_pauses == [1.0, 2.5, 60.0]

    for nonsense in ("0", "-1", "inf", "x", "1,,x"):
        monkeypatch.setenv("BANDSTAND_WEBHOOK_PAUSES", nonsense)
        with pytest.raises(Misconfigured, match="WEBHOOK_PAUSES"):
            load_settings()
