"""Leap's image API as its own clients call it: both versions of leap-python-sdk, the examples of its document, and by hand.

No weights are here, so the canvas stands in for every model. What is said on the wire stands in tests/contract/leap.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from clients import installed
from patience import once
from PIL import Image
from receiver import Receiver
from servers import KEY, Server, fetched

from bandstand.catalog import FOREIGN_NAMES, MODELS
from bandstand.specs import Kind

EXAMPLES = Path(__file__).parents[1] / "contract" / "leap"
SDXL = "26a1a203-3a46-42cb-8cfa-f4de075907d8"
PUBLIC = [
    row.name
    for row in FOREIGN_NAMES
    if row.dialect == "leap" and MODELS[row.model].kind is Kind.IMAGE
]
WISH = {"prompt": "an astronaut riding a horse", "width": 64, "height": 64}
VERSIONS = ["1.0.0", "1.1.4"]
# The later version says the same with other words.
CALLS = {
    "1.0.0": ("create", "find_all", "find_one", "remove"),
    "1.1.4": ("generate", "list_all", "find_one", "delete"),
}
UNFINISHED = {"queued", "processing"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    settings = {"engines": "fake,canvas", "allowed_private_hosts": "127.0.0.1"}
    running = Server(tmp_path_factory.mktemp("leap-images"), settings)
    running.start()
    yield running
    running.stop()
    assert "request broke" not in running.log


@pytest.fixture
def client(server: Server) -> Generator[httpx2.Client]:
    with server.client() as opened:
        yield opened


def path(model: str = SDXL, one: str = "") -> str:
    return f"/api/v1/images/models/{model}/inferences" + (f"/{one}" if one else "")


def create(client: httpx2.Client, model: str = SDXL, **changes: object) -> dict[str, Any]:
    answer = client.post(path(model), json={**WISH, **changes})
    assert answer.status_code == 200, answer.text
    return answer.json()


def settled(client: httpx2.Client, job: dict[str, Any], model: str = SDXL) -> dict[str, Any]:
    return once(
        lambda: client.get(path(model, job["id"])).json(),
        lambda told: told["state"] not in UNFINISHED,
    )


def pixels(image: dict[str, Any]) -> Image.Image:
    """The image, as somebody without a key gets it."""
    return Image.open(io.BytesIO(fetched(image["uri"]).content))


def example(name: str, server: Server, version: str) -> str:
    """An example of the document: only host and token are others, and for the later version the names of the calls."""
    program = (EXAMPLES / f"image_{name}.txt").read_text()
    program = program.replace("https://api.tryleap.ai", server.url)
    program = program.replace("YOUR_BEARER_TOKEN", KEY)
    if version == "1.1.4":
        for earlier, later in zip(CALLS["1.0.0"], CALLS["1.1.4"], strict=True):
            program = program.replace(f"leap.generate_images.{earlier}(", f"leap.images.{later}(")
    return program


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_creates_runs_word_for_word(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.run(example("create", server, version))

    assert "Exception" not in told
    assert f"\n{'200' if version == '1.0.0' else '201'}\n" in told
    assert "'A photo of an astronaut riding a horse'" in told
    assert "\n4523184\n" in told
    assert "\n'x1'\n" in told


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_lists_runs_word_for_word(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.run(example("find_all", server, version))

    assert "Exception" not in told
    assert "\n200\n" in told


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_asks_for_one_runs_word_for_word(
    server: Server, client: httpx2.Client, version: str
) -> None:
    job = settled(client, create(client))
    package = installed(f"leap-python-sdk=={version}")
    program = example("find_one", server, version)

    told = package.run(program.replace("a047df00-8bdd-4d57-a9bd-6eebef36ecaa", job["id"]))

    assert "Exception" not in told
    assert f"{server.url}/files/{job['id']}/image-1.png" in told


@pytest.mark.parametrize("version", VERSIONS)
def test_example_that_removes_runs_word_for_word(
    server: Server, client: httpx2.Client, version: str
) -> None:
    job = create(client)
    package = installed(f"leap-python-sdk=={version}")
    program = example("remove", server, version)

    told = package.run(program.replace("a047df00-8bdd-4d57-a9bd-6eebef36ecaa", job["id"]))

    assert told == ""
    assert client.get(path(one=job["id"])).status_code == 404


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["find_one", "remove"])
def test_example_with_its_own_id_prints_the_error_it_expects(
    server: Server, version: str, name: str
) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.run(example(name, server, version))

    assert f"Exception when calling GenerateImagesApi.{name}" in told
    assert "\n404\n" in told


FROM_WISH_TO_IMAGES_AND_BACK = """
    import json, sys, time
    from leap import ApiException, Leap

    host, key, version, create, list_all, find_one, remove = sys.argv[1:]
    leap = Leap(host=host, access_token=key)
    images = leap.generate_images if version == "1.0.0" else leap.images
    model = "1e7737d7-545e-469f-857f-e4b46eaa151d"
    made = getattr(images, create)(
        prompt="an astronaut riding a horse", model_id=model, negative_prompt="bad hair", steps=20,
        width=64, height=128, number_of_images=2, prompt_strength=7.5, seed=41,
    )
    first = made.body
    one = {"model_id": model, "inference_id": first["id"]}
    last = first
    while last["state"] not in ("finished", "failed"):
        time.sleep(0.05)
        last = getattr(images, find_one)(**one).body
    listed = getattr(images, list_all)(model_id=model, only_finished=True, page=1, page_size=2.5)
    removed = getattr(images, remove)(**one)
    try:
        getattr(images, find_one)(**one)
    except ApiException as error:
        gone = error.status
    print(json.dumps({
        "made": [made.status, removed.status, gone],
        "is_list": not isinstance(last["modelId"], str),
        "first": first, "last": last, "listed": [job["id"] for job in listed.body],
    }, default=str))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_official_client_drives_all_four_endpoints(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.tell(FROM_WISH_TO_IMAGES_AND_BACK, server.url, KEY, version, *CALLS[version])

    last = told["last"]
    assert told["made"] == [200 if version == "1.0.0" else 201, 200, 404]
    assert told["is_list"] == (version == "1.0.0")
    assert last["state"] == last["status"] == "finished"
    assert told["first"]["id"] in told["listed"]
    assert (last["width"], last["height"], last["seed"]) == (64, 128, 41)
    assert (last["promptStrength"], last["prompt_strength"]) == (7.5, 7.5)
    assert [image["id"] for image in last["images"]] == [f"{last['id']}-1", f"{last['id']}-2"]


@pytest.mark.parametrize("version", VERSIONS)
def test_official_client_reads_our_errors(server: Server, version: str) -> None:
    package = installed(f"leap-python-sdk=={version}")
    program = """
        import json, sys
        from leap import ApiException, Leap

        leap = Leap(host=sys.argv[1], access_token=sys.argv[2])
        images = leap.generate_images.create if sys.argv[3] == "1.0.0" else leap.images.generate
        try:
            images(prompt="a horse", model_id="26a1a203-3a46-42cb-8cfa-f4de075907d8", width=513)
        except ApiException as error:
            print(json.dumps([error.status, error.body]))
    """

    status, body = package.tell(program, server.url, KEY, version)

    assert status == 400
    assert (body["statusCode"], body["error"]) == (400, "Bad Request")
    assert body["message"][0].startswith("width: ")


MODEL_CALLS = """
    import json, sys
    from leap import ApiException, Leap

    leap = Leap(host=sys.argv[1], access_token=sys.argv[2])
    models = leap.train_image_models if sys.argv[3] == "1.0.0" else leap.image_models
    listed = models.list_all_models().body["models"]
    one = models.get_model(model_id=listed[0]["id"]).body
    refused = []
    for call, told in (
        (models.delete_model, {"model_id": one["id"]}),
        (models.train_model, {"name": "me", "image_sample_files": [bytes(3_000_000)]}),
    ):
        try:
            call(**told)
        except ApiException as error:
            refused.append([error.status, error.body["error"]])
    print(json.dumps({"ids": [str(model["id"]) for model in listed], "refused": refused}))
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_official_client_lists_models_and_is_told_that_none_are_trained(
    server: Server, version: str
) -> None:
    package = installed(f"leap-python-sdk=={version}")

    told = package.tell(MODEL_CALLS, server.url, KEY, version)

    assert set(PUBLIC) | {"canvas"} <= set(told["ids"])
    assert told["refused"] == [[403, "Forbidden"], [501, "Not Implemented"]]


def test_all_public_models_are_known() -> None:
    assert len(PUBLIC) == len(set(PUBLIC)) == 10


@pytest.mark.parametrize("model", [*PUBLIC, "canvas", "sdxl-turbo", SDXL.upper()])
def test_every_model_is_accepted(client: httpx2.Client, model: str) -> None:
    job = create(client, model)

    assert job["modelId"] == model
    assert settled(client, job, model)["state"] == "finished"


def test_what_stands_in_is_told_in_a_header(client: httpx2.Client) -> None:
    answer = client.post(path(), json=WISH)

    assert answer.headers["x-engine"] == "canvas"
    assert answer.headers["x-bandstand-model"] == "canvas"


@pytest.mark.parametrize(
    ("model", "side"),
    [(SDXL, 1024), ("ee88d150-4259-4b77-9d0f-090abe29f650", 768), (PUBLIC[2], 512)],
)
def test_size_left_out_is_what_the_model_likes(
    client: httpx2.Client, model: str, side: int
) -> None:
    job = client.post(path(model), json={"prompt": "a horse"}).json()

    assert (job["width"], job["height"]) == (side, side)


def test_images_of_one_job_have_the_seeds_that_follow(client: httpx2.Client) -> None:
    both = settled(client, create(client, seed=7, numberOfImages=2))["images"]
    later = settled(client, create(client, seed=8))["images"]

    assert fetched(both[1]["uri"]).content == fetched(later[0]["uri"]).content
    assert fetched(both[0]["uri"]).content != fetched(both[1]["uri"]).content


def test_upscaled_image_is_so_many_times_larger(client: httpx2.Client) -> None:
    job = settled(client, create(client, upscaleBy="x4"))

    assert (job["upscalingOption"], job["width"]) == ("x4", 64)
    assert pixels(job["images"][0]).size == (256, 256)


def test_enhanced_prompt_is_told_as_it_was_given(client: httpx2.Client) -> None:
    enhanced = create(client, enhancePrompt=True)

    assert enhanced["prompt"] == WISH["prompt"]
    told = client.get(f"/v1/jobs/{enhanced['id']}").json()["prompt"]
    assert told.startswith(f"{WISH['prompt']}, ")


def test_faces_that_cannot_be_restored_are_a_line_of_the_log(
    server: Server, client: httpx2.Client
) -> None:
    job = create(client, restoreFaces=True)

    told = [line for line in server.log.splitlines() if job["id"] in line]
    assert any("no face model" in line for line in told)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 64.0, "height": 128.0, "seed": 7.0, "steps": 20.0, "numberOfImages": 1.0},
        dict.fromkeys(
            (
                "negativePrompt",
                "width",
                "steps",
                "promptStrength",
                "seed",
                "webhookUrl",
                "upscaleBy",
            )
        ),
        {"negative_prompt": "hair", "number_of_images": 1, "prompt_strength": 0},
        {"restoreFaces": True, "enhancePrompt": False, "version": {"any": ["thing"]}},
        {"promptStrength": 30, "steps": 1e9, "prompt": "x" * 4000, "enhancePrompt": True},
        {"nobody": "knows", "state": "finished", "id": "mine", "images": [{"uri": "http://x/"}]},
        {"prompt": "a \u0000 b \u202e 馬 🐴"},
    ],
    ids=lambda changes: ",".join(changes)[:40],
)
def test_what_clients_send_is_understood(client: httpx2.Client, changes: dict[str, Any]) -> None:
    job = create(client, **changes)

    assert job["state"] == "queued"
    assert job["images"] == []
    assert job["id"] != "mine"


def test_more_steps_than_there_are_become_as_many_as_there_are(client: httpx2.Client) -> None:
    assert create(client, steps=1000)["steps"] == 150


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("prompt", value) for value in (None, "", "  ", 7, ["a"], "x" * 4001)),
        *(("negativePrompt", value) for value in (7, "x" * 4001)),
        *(("width", value) for value in (0, -8, 63, 513, 512.5, 2056, 65536, 2**40, "512", True)),
        *(("height", value) for value in (0, 1e300, [64], {})),
        *(("numberOfImages", value) for value in (0, 5, 1.5, -1, "2", False)),
        *(("steps", value) for value in (0, -1, 0.5, "50", True)),
        *(("promptStrength", value) for value in (-0.1, 30.1, "7", True)),
        *(("seed", value) for value in (-1, 0.5, 2**63, 10**300, "7")),
        *(("upscaleBy", value) for value in ("x3", 2, "")),
        *(("enhancePrompt", value) for value in ("yes", 1)),
        *(("webhookUrl", value) for value in (7, "ftp://a.example/", "http://169.254.169.254/")),
    ],
)
def test_wrong_field_is_named_under_400(client: httpx2.Client, field: str, value: object) -> None:
    answer = client.post(path(), json={**WISH, field: value})

    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["statusCode"], body["error"]) == (400, "Bad Request")
    assert body["message"][0].startswith(f"{field}: ")


@pytest.mark.parametrize("side", [None, 1024])
def test_four_gigabytes_of_pixels_are_refused(client: httpx2.Client, side: int | None) -> None:
    wish = {**WISH, "width": side, "height": side, "numberOfImages": 4, "upscaleBy": "x4"}

    answer = client.post(path(), json=wish)

    assert answer.status_code == 400
    assert answer.json()["message"][0].startswith("upscaleBy: ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"prompt": "a", "width": NaN}',
        b'{"prompt": "\\ud800"}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_body_that_is_no_wish_is_refused_in_leaps_shape(
    client: httpx2.Client, content: bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.post(path(), content=content, headers=headers)

    assert answer.status_code == 400
    assert set(answer.json()) == {"statusCode", "message", "error"}


def test_body_without_end_is_refused_in_leaps_shape(client: httpx2.Client) -> None:
    answer = client.post(path(), json={**WISH, "prompt": "x" * 2_000_000})

    assert answer.status_code == 413
    assert answer.json()["error"] == "Request Entity Too Large"


@pytest.mark.parametrize(
    "model", ["melody", "music", "stereo-large", "fake", "composer", "nobody", "a" * 5000, "%00"]
)
def test_model_that_makes_no_images_is_not_there(client: httpx2.Client, model: str) -> None:
    answers = [
        client.post(path(model), json=WISH),
        client.get(path(model)),
        client.get(f"/api/v2/images/models/{model}"),
        client.get(f"/api/v1/images/models/{model}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert {answer.json()["error"] for answer in answers} == {"Not Found"}


@pytest.mark.parametrize("one", ["nobody", "..%2f..%2fetc%2fpasswd", "a" * 26, "%00", "1"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_job_that_never_was_is_not_there(client: httpx2.Client, method: str, one: str) -> None:
    answer = client.request(method, path(one=one))

    assert answer.status_code == 404
    assert answer.json()["statusCode"] == 404


def test_job_of_another_account_is_not_there_and_stays(
    server: Server, client: httpx2.Client
) -> None:
    job = create(client)
    with server.client(server.run("keys", "create", "--account", "leap-stranger")) as other:
        told = [other.request(method, path(one=job["id"])) for method in ("GET", "DELETE")]
        listed = other.get(path())

    assert [answer.status_code for answer in told] == [404, 404]
    assert listed.json() == []
    assert client.get(path(one=job["id"])).status_code == 200


def test_image_job_is_no_music_job(server: Server, client: httpx2.Client) -> None:
    job = create(client)

    with server.client(None) as stranger:
        assert stranger.get(f"/api/v1/music/{job['id']}").status_code == 404
        assert stranger.get(path(one=job["id"])).status_code == 401
    assert job["id"] not in {music["id"] for music in client.get("/api/v1/music").json()}


def test_music_job_is_no_image_job(client: httpx2.Client) -> None:
    spec = {"prompt": "a tone", "model": "fake", "seconds": 1}
    native = client.post("/v1/jobs", json=spec).json()["id"]

    assert client.get(path(one=native)).status_code == 404
    assert client.delete(path(one=native)).status_code == 404


def test_list_holds_the_jobs_of_one_model_page_by_page_newest_first(client: httpx2.Client) -> None:
    model, other = "dreamshaper-7-lcm", SDXL  # the one is no other test's
    made = [create(client, model)["id"] for _ in range(3)]
    create(client, other)

    pages = [
        [job["id"] for job in client.get(path(model), params=asked).json()]
        for asked in (
            {"pageSize": 2},
            {"page": 2, "pageSize": 2.9},
            {"page": "2.7", "pageSize": "2"},
            {"page": "", "pageSize": "", "onlyFinished": ""},
            {"page": 0},
            {"page": 1_000_000, "pageSize": 500},
        )
    ]

    assert pages == [made[:0:-1], made[:1], made[:1], made[::-1], made[::-1], []]


@pytest.mark.parametrize("only_finished", ["true", "True", "1"])
def test_list_of_what_is_finished_holds_nothing_else(
    server: Server, client: httpx2.Client, only_finished: str
) -> None:
    model = "sd-turbo"
    done = settled(client, create(client, model), model)
    canceled = create(client, model, width=2048, height=2048, numberOfImages=4)
    client.post(f"/v1/jobs/{canceled['id']}/cancel")

    told = client.get(path(model), params={"onlyFinished": only_finished}).json()
    everything = client.get(path(model), params={"onlyFinished": "false"}).json()

    assert {job["state"] for job in told} == {"finished"}
    assert done["id"] in {job["id"] for job in told}
    assert canceled["id"] in {job["id"] for job in everything}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("page", value) for value in ("-1", "nan", "inf", "x", "1e9")),
        *(("pageSize", value) for value in ("0", "0.5", "501", "nan", "-1")),
        ("onlyFinished", "perhaps"),
    ],
)
def test_wrong_parameter_of_a_list_is_named_under_400(
    client: httpx2.Client, name: str, value: str
) -> None:
    answer = client.get(path(), params={name: value})

    assert answer.status_code == 400
    assert answer.json()["message"][0].startswith(f"{name}: ")


def test_delete_takes_the_job_and_its_images(server: Server, client: httpx2.Client) -> None:
    job = settled(client, create(client, numberOfImages=2))
    assert [pixels(image).size for image in job["images"]] == [(64, 64)] * 2

    answer = client.delete(path(one=job["id"]))

    assert (answer.status_code, answer.content) == (200, b"")
    assert [fetched(image["uri"]).status_code for image in job["images"]] == [404, 404]
    assert not list((server.folder / "data").rglob(f"{job['id']}/*"))
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_delete_ends_a_job_that_runs(client: httpx2.Client) -> None:
    job = create(client, width=2048, height=2048, numberOfImages=4)

    assert client.delete(path(one=job["id"])).status_code == 200
    assert client.get(path(one=job["id"])).status_code == 404


def test_deletes_at_once_remove_once(server: Server, client: httpx2.Client) -> None:
    job = create(client)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: client.delete(path(one=job["id"])).status_code, range(8)))

    assert set(told) <= {200, 404}
    assert 200 in told
    assert client.get(path(one=job["id"])).status_code == 404


def test_same_idempotency_key_at_once_makes_one_job(client: httpx2.Client) -> None:
    headers = {"Idempotency-Key": "leap-images-once"}

    def ask(_: int) -> str:
        return client.post(path(), json=WISH, headers=headers).json()["id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_idempotency_key_stands_for_the_model_too(client: httpx2.Client) -> None:
    headers = {"Idempotency-Key": "leap-images-two-models"}
    first = client.post(path(), json=WISH, headers=headers)
    second = client.post(path(PUBLIC[1]), json=WISH, headers=headers)

    assert (first.status_code, second.status_code) == (200, 400)
    assert second.json()["message"][0].startswith("Idempotency-Key: ")


def test_canceled_job_has_failed_and_says_why(client: httpx2.Client) -> None:
    job = create(client, width=2048, height=2048, numberOfImages=4)

    client.post(f"/v1/jobs/{job['id']}/cancel")

    told = settled(client, job)
    assert (told["state"], told["status"], told["images"]) == ("failed", "failed", [])
    assert told["error"] == "The job was canceled."


def test_webhook_brings_the_same_entity(client: httpx2.Client) -> None:
    with Receiver() as receiver:
        job = create(client, webhookUrl=receiver.url)
        told = receiver.wait()[0].json

    now = settled(client, job)
    links = [image.pop("uri").partition("?")[0] for image in (*told["images"], *now["images"])]
    assert links[0] == links[1]
    assert told == now


def test_account_without_credits_is_told_402(server: Server) -> None:
    key = server.run("keys", "create", "--account", "leap-poor-painter", "--credits", "0.001")
    with server.client(key) as poor:
        answer = poor.post(path(), json={**WISH, "numberOfImages": 2})

    assert answer.status_code == 402
    assert answer.json()["error"] == "Payment Required"


def test_key_that_may_only_read_may_not_create_or_delete(
    server: Server, client: httpx2.Client
) -> None:
    job = create(client)
    key = server.run("keys", "create", "--account", "default", "--scope", "read")
    with server.client(key) as reader:
        told = [
            reader.post(path(), json=WISH),
            reader.delete(path(one=job["id"])),
            reader.delete("/api/v2/images/models/canvas"),
        ]

    assert [answer.status_code for answer in told] == [403] * 3


def test_older_client_gets_models_as_a_bare_array(client: httpx2.Client) -> None:
    earlier = client.get("/api/v1/images/models").json()
    later = client.get("/api/v2/images/models").json()

    assert earlier == later["models"]
    assert {"id", "title", "subjectKeyword", "subjectIdentifier"} <= set(earlier[0])


@pytest.mark.parametrize(
    ("address", "size"),
    [("/api/v1/images/models", 600_000), ("/api/v2/images/models/new", 9_000_000)],
)
def test_training_is_refused_whatever_is_sent(
    client: httpx2.Client, address: str, size: int
) -> None:
    files = {"imageSampleFiles": ("me.jpg", bytes(size), "image/jpeg")}

    answer = client.post(address, data={"name": "me"}, files=files)

    assert answer.status_code == 501
    assert answer.json()["error"] == "Not Implemented"


@pytest.mark.parametrize(
    "address", ["/api/v1/images", "/api/v1/images/models/x/y/z/w", "/api/v2/images/nothing"]
)
def test_address_below_the_images_has_leaps_shape(client: httpx2.Client, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 404
    assert set(answer.json()) == {"statusCode", "message", "error"}
