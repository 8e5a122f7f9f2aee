"""Replicate's official JavaScript client drives a running server. It needs node and npm, and an npm registry to fetch it from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver
from replicates import MODEL, VERSION, sound_of, tone_server, wave
from servers import KEY, Server, fetched

PACKAGE = "replicate@1.4.0"
INSTALL_SECONDS_MAX = 120.0
RUN_SECONDS_MAX = 60.0
HEAD = """
const Replicate = require("replicate");
const [url, auth, ...given] = process.argv.slice(2);
const replicate = new Replicate({ auth, baseUrl: `${url}/v1`, ...OPTIONS });
const tell = (value) => console.log(JSON.stringify(value));
const MODEL = "meta/musicgen";
(async () => { BODY })().catch((error) => tell({ error: error.message }));
"""

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the client in it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not on this machine: the JavaScript client is not tested")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text("{}")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS_MAX
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{PACKAGE} cannot be installed here, so it is not tested: {error}")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    yield from tone_server(tmp_path_factory.mktemp("replicate-npm"))


@pytest.fixture
def call(package: Path, server: Server) -> Call:
    """Run a program and get what it told, `options` being those of the client."""

    def run(
        body: str, *arguments: str, options: str = "{}", on: Server = server, key: str = KEY
    ) -> Any:
        program = package / "program.js"
        program.write_text(HEAD.replace("BODY", body).replace("OPTIONS", options))
        done = subprocess.run(
            ["node", program, on.url, key, *arguments],
            cwd=package,
            env={"PATH": os.environ["PATH"], "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.mark.parametrize("reference", [MODEL, f"{MODEL}:{VERSION}"])
def test_run_gives_the_address_of_the_sound(call: Call, reference: str) -> None:
    output = call(
        "tell(await replicate.run(given[0], { input: { prompt: 'a tone', duration: 1 } }));",
        reference,
    )

    assert sound_of(fetched(output).content) == (32000, 32000, 2)


def test_run_goes_on_asking_when_the_wait_was_too_short(call: Call) -> None:
    output = call(
        """
        const input = { prompt: "work=2", duration: 1 };
        tell(await replicate.run(MODEL, { input, wait: { mode: "block", timeout: 1 } }));
        """
    )

    assert output.startswith("http")


def test_run_tells_its_progress(call: Call) -> None:
    told = call(
        """
        const told = [];
        const input = { prompt: "work=1 steps=5", duration: 1, seed: 8 };
        await replicate.run(MODEL, { input, wait: { mode: "poll", interval: 50 } },
          (prediction) => told.push(prediction));
        tell(told);
        """
    )

    assert [told[0]["status"], told[-1]["status"]] == ["starting", "succeeded"]
    assert told[-1]["logs"].startswith("Using seed 8\n")


def test_run_throws_what_the_model_said(call: Call) -> None:
    told = call("await replicate.run(MODEL, { input: { prompt: 'fail' } });")

    assert told == {"error": "Prediction failed: The fake engine was asked to fail."}


def test_run_gives_a_file_object_where_the_public_address_is_https(
    call: Call, tmp_path: Path
) -> None:
    for server in tone_server(tmp_path / "https", public_url="https://music.example"):
        output = call(
            """
            replicate.fetch = (address, ...rest) =>
              fetch(String(address).replace("https://music.example", url), ...rest);
            const output = await replicate.run(MODEL, { input: { prompt: "a tone", duration: 1 } });
            tell([output.url(), (await output.blob()).size]);
            """,
            on=server,
        )

    assert output[0].startswith("https://music.example/files/")
    assert output[1] > 100_000


def test_prediction_is_made_shown_canceled_and_listed(call: Call) -> None:
    told = call(
        """
        const input = { prompt: "work=600" };
        const made = await replicate.predictions.create({ model: MODEL, input });
        const shown = await replicate.predictions.get(made.id);
        const canceled = await replicate.predictions.cancel(made.id);
        const again = await replicate.predictions.cancel(made.id);
        const listed = await replicate.predictions.list();
        tell({ made, shown, canceled, again, listed });
        """
    )

    assert told["made"]["status"] == "starting"
    assert told["shown"]["id"] == told["made"]["id"]
    assert (told["canceled"]["status"], told["again"]["status"]) == ("canceled", "canceled")
    assert told["made"]["id"] in {each["id"] for each in told["listed"]["results"]}


def test_pages_lead_on_to_every_prediction(call: Call, tmp_path: Path) -> None:
    for server in tone_server(tmp_path / "pages"):
        told = call(
            """
            for (let made = 0; made < 101; made++) {
              await replicate.predictions.create({ model: MODEL, input: {} });
            }
            const pages = [];
            for await (const page of replicate.paginate(replicate.predictions.list)) {
              pages.push(page.length);
            }
            tell(pages);
            """,
            on=server,
        )

    assert told == [100, 1]


def test_stream_brings_the_sound_as_a_file(call: Call) -> None:
    told = call(
        """
        const told = [];
        const input = { prompt: "work=0.5", duration: 1, seed: 4 };
        for await (const { event, data, id } of replicate.stream(MODEL, { input })) {
          const isFile = event === "output";
          told.push({ event, id, data: isFile ? (await data.blob()).size : data });
        }
        tell(told);
        """
    )

    assert told[0]["data"] == "Using seed 4\n"
    assert [each["event"] for each in told[-2:]] == ["output", "done"]
    assert told[-2]["data"] > 100_000
    numbers = [int(each["id"].partition(":")[2]) for each in told]
    assert numbers == sorted(set(numbers))


def test_stream_throws_what_the_model_said(call: Call) -> None:
    told = call(
        """
        const input = { prompt: "fail" };
        for await (const event of replicate.stream(MODEL, { input })) {}
        """
    )

    assert json.loads(told["error"]) == {"detail": "The fake engine was asked to fail."}


def test_file_is_uploaded_listed_shown_and_deleted(call: Call) -> None:
    told = call(
        """
        const blob = new File(["sound"], "tune.wav", { type: "audio/wav" });
        const made = await replicate.files.create(blob, { mood: ["calm"] });
        const shown = await replicate.files.get(made.id);
        const listed = await replicate.files.list();
        const isDeleted = await replicate.files.delete(made.id);
        tell({ made, shown, listed, isDeleted });
        """
    )

    made = told["made"]
    assert (made["name"], made["content_type"], made["size"]) == ("tune.wav", "audio/wav", 5)
    assert made["metadata"] == told["shown"]["metadata"] == {"mood": ["calm"]}
    assert made["id"] in {each["id"] for each in told["listed"]["results"]}
    assert told["isDeleted"] is True


def test_file_in_the_input_is_continued(call: Call, tmp_path: Path) -> None:
    (tmp_path / "tune.wav").write_bytes(wave(0.5))

    output = call(
        """
        const input_audio = require("fs").readFileSync(given[0]);
        const input = { input_audio, continuation: true, duration: 2, model_version: "large" };
        tell(await replicate.run(MODEL, { input }));
        """,
        str(tmp_path / "tune.wav"),
    )

    assert sound_of(fetched(output).content) == (64000, 32000, 1)


def test_token_that_the_client_takes_for_an_input_is_refused_and_forgotten(
    call: Call, tmp_path: Path
) -> None:
    """Its own mistake: with this strategy it sends its options, token among them, instead of the input."""
    canary = "bs_0123456789ab_canary-of-this-test-alone"
    for server in tone_server(tmp_path / "canary", api_key=canary):
        told = call(
            "await replicate.run(`${MODEL}:${given[0]}`, { input: { prompt: 'a tone' } });",
            VERSION,
            options="{ fileEncodingStrategy: 'data-uri' }",
            on=server,
            key=canary,
        )
        log = server.log
        kept = [file for file in (server.folder / "data").rglob("*") if file.is_file()]

        assert "status 422" in told["error"]
        assert "its API token among them" in told["error"]
        assert canary not in told["error"] + log
        assert [file for file in kept if canary.encode() in file.read_bytes()] == []


def test_model_account_and_secret_are_shown(call: Call) -> None:
    told = call(
        """
        tell({
          model: await replicate.models.get("meta", "musicgen"),
          versions: await replicate.models.versions.list("meta", "musicgen"),
          version: await replicate.models.versions.get("meta", "musicgen", given[0]),
          account: await replicate.accounts.current(),
          secret: await replicate.webhooks.default.secret.get(),
        });
        """,
        VERSION,
    )

    assert told["model"]["latest_version"] == told["version"]
    assert told["version"] in told["versions"]["results"]
    assert told["account"]["username"] == "first"
    assert told["secret"]["key"].startswith("whsec_")


def test_webhook_is_proved_by_the_secret(call: Call) -> None:
    with Receiver() as receiver:
        call(
            """
            const input = { prompt: "a tone", duration: 1 };
            tell(await replicate.predictions.create({
              model: MODEL, input, webhook: given[0], webhook_events_filter: ["completed"],
            }));
            """,
            receiver.url,
        )
        [message] = receiver.wait()

    message_file = json.dumps({"headers": dict(message.headers), "body": message.body.decode()})
    is_valid = call(
        """
        const secret = (await replicate.webhooks.default.secret.get()).key;
        tell(await Replicate.validateWebhook(JSON.parse(given[0]), secret));
        """,
        message_file,
    )
    assert is_valid is True
