"""The page as a person uses it, in a real Chromium: asking, hearing, cutting, keeping, sharing."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from browser import Visit, begin, cookies, tone_file
from patience import once
from playwright.sync_api import Browser, expect
from servers import Server, ask, fetched, made

PROMPT = "What should it sound like?"


@pytest.fixture
def client(page_server: Server) -> Generator[httpx2.Client]:
    with page_server.client() as opened:
        yield opened


def newest(client: httpx2.Client) -> dict[str, Any]:
    return client.get("/v1/jobs", params={"size": 1}).json()["jobs"][0]


def test_asked_for_piece_lands_in_the_library_and_can_be_played(visit: Visit) -> None:
    visit.ask("slow piano for a rainy evening", model="composer", seconds=4)

    visit.finished("slow piano for a rainy evening")
    visit.wait_for("now.job?.status === 'succeeded' && time() > 0")
    assert visit.page.locator(".card img").first.get_attribute("src")


def test_sound_is_heard_before_the_job_ends(visit: Visit, client: httpx2.Client) -> None:
    visit.ask("work=6 steps=24 heard early", seconds=4)

    visit.wait_for("now.live && time() > 0.3")
    heard, status = visit.player, newest(client)["status"]

    assert status == "running"
    assert heard["playing"]
    assert heard["loudest"] > 0.1
    client.post(f"/v1/jobs/{heard['job']}/cancel")


def test_job_under_way_shows_its_progress_and_can_be_canceled(
    visit: Visit, client: httpx2.Client
) -> None:
    visit.ask("work=30 steps=300 never mind", seconds=4)
    row = visit.page.locator(".queue li", has_text="never mind")
    expect(row).to_contain_text("% · about", timeout=20_000)

    row.get_by_role("button", name="Cancel").click()

    expect(row).to_have_count(0)
    assert newest(client)["status"] == "canceled"


def test_jobs_that_wait_are_told_how_many_are_ahead(visit: Visit, client: httpx2.Client) -> None:
    jobs = [ask(client, f"work=9 steps=9 waiting {number}th")["id"] for number in range(12)]

    row = visit.page.locator(".queue li", has_text="waiting 11th")
    expect(row).to_contain_text("ahead", timeout=20_000)
    for job in jobs:
        client.post(f"/v1/jobs/{job}/cancel")


def test_failed_job_tells_why(visit: Visit) -> None:
    visit.ask("fail")

    expect(visit.page.locator(".queue .failed")).to_contain_text("asked to fail")


def test_given_sound_is_cut_and_followed(
    visit: Visit, client: httpx2.Client, tmp_path: Path
) -> None:
    sound = tone_file(tmp_path / "my tune & <b>.wav", seconds=4)
    visit.page.locator("input[type=file]").set_input_files(sound)
    visit.page.get_by_label("Cut: from").focus()
    for _ in range(20):
        visit.page.keyboard.press("ArrowRight")

    visit.ask("given and cut")
    visit.finished("given and cut")

    asked = newest(client)["asked"]["melody"]
    assert "/v1/files/" in asked["source"]
    assert (asked["start"], asked["end"]) == (1.0, 4.0)


def test_sound_is_dropped_on_the_form(visit: Visit, tmp_path: Path) -> None:
    sound = tone_file(tmp_path / "dropped.wav", seconds=1)
    dropped = visit.page.evaluate_handle(
        """bytes => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.wav"));
            return transfer;
        }""",
        list(sound.read_bytes()),
    )

    visit.page.dispatch_event(".given", "drop", {"dataTransfer": dropped})

    expect(visit.page.locator(".held")).to_contain_text("dropped.wav")


def test_microphone_is_recorded(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Record").click()
    stop = visit.page.get_by_role("button", name="Stop 0:01")
    stop.wait_for()

    stop.click()

    expect(visit.page.locator(".held")).to_contain_text("recording.wav")


def test_piece_is_extended(visit: Visit, client: httpx2.Client) -> None:
    visit.ask("to be longer", seconds=1)
    visit.finished("to be longer")
    visit.wait_for("now.job?.status === 'succeeded'")

    visit.page.get_by_role("button", name="Extend").click()
    expect(visit.page.get_by_label("Go on from it")).to_be_checked()
    visit.page.get_by_role("button", name="Generate").click()

    longer = once(lambda: newest(client), lambda job: job["seconds"] == 11)
    assert "continues" in longer["asked"]
    assert once(lambda: newest(client), lambda job: job["status"] == "succeeded")


def test_variation_is_another_take(visit: Visit, client: httpx2.Client) -> None:
    visit.ask("varied", seconds=1)
    visit.finished("varied")
    first = newest(client)
    visit.wait_for("now.job?.status === 'succeeded'")

    visit.page.get_by_role("button", name="Variation").click()

    other = once(lambda: newest(client), lambda job: job["id"] != first["id"])
    assert (other["prompt"], other["seconds"]) == (first["prompt"], first["seconds"])
    assert other["seed"] != first["seed"]


def test_settings_are_used_again(visit: Visit) -> None:
    visit.ask("settings to keep", seconds=3)
    visit.finished("settings to keep")
    visit.wait_for("now.job?.status === 'succeeded'")
    visit.page.get_by_label(PROMPT).fill("")

    visit.page.get_by_role("button", name="More").click()
    visit.page.get_by_role("button", name="Use its settings").click()

    expect(visit.page.get_by_label(PROMPT)).to_have_value("settings to keep")
    expect(visit.page.get_by_label("Duration in seconds, exactly")).to_have_value("3")
    expect(visit.page.get_by_label("Seed")).not_to_have_value("")


def test_track_is_downloaded(visit: Visit) -> None:
    visit.ask("Take it home!", seconds=1)
    visit.finished("Take it home!")
    visit.wait_for("now.job?.status === 'succeeded'")

    visit.page.get_by_role("button", name="Download").click()
    with visit.page.expect_download() as begun:
        visit.page.get_by_role("button", name="Track WAV").click()

    assert begun.value.suggested_filename == "take-it-home.wav"
    assert Path(begun.value.path()).read_bytes().startswith(b"RIFF")


def test_other_format_is_made_again_and_saved(visit: Visit) -> None:
    visit.ask("as mp3 please", seconds=1)
    visit.finished("as mp3 please")
    visit.wait_for("now.job?.status === 'succeeded'")

    visit.page.get_by_role("button", name="Download").click()
    with visit.page.expect_download() as begun:
        visit.page.get_by_role("button", name="Track as MP3").click()

    assert begun.value.suggested_filename == "as-mp3-please.mp3"


def test_shared_link_opens_without_a_login(visit: Visit) -> None:
    visit.ask("for a friend", seconds=1)
    visit.finished("for a friend")
    visit.wait_for("now.job?.status === 'succeeded'")

    visit.page.get_by_role("button", name="Share").click()
    visit.page.get_by_role("button", name="Make a link").click()
    link = visit.page.get_by_label("The link", exact=True).input_value()

    shown = fetched(link)
    assert shown.status_code == 200
    assert "for a friend" in shown.text
    assert "<audio" in shown.text


def test_favourites_and_search_find_it_again(visit: Visit) -> None:
    for prompt in ("red wagon", "blue wagon"):
        visit.ask(prompt, seconds=1)
        visit.finished(prompt)
    cards = visit.page.locator(".card", has_text="wagon")
    cards.filter(has_text="red").get_by_label("Favourite").click()

    visit.page.get_by_label("Favourites", exact=True).check()
    expect(cards).to_have_count(1)
    visit.page.get_by_label("All", exact=True).check()
    visit.page.get_by_label("Search the library").fill("blue wag")

    expect(visit.page.locator(".card .name")).to_have_text(["blue wagon"])


def test_part_is_repeated(visit: Visit) -> None:
    visit.ask("again and again", seconds=4)
    visit.finished("again and again")
    visit.wait_for("now.job?.status === 'succeeded' && !now.live")
    box = visit.page.locator(".stage .wave").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2

    visit.page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    visit.page.mouse.up()

    assert visit.player["region"] == {
        "start": pytest.approx(1, abs=0.1),
        "end": pytest.approx(2, abs=0.1),
    }
    assert visit.player["loops"]


def test_click_on_the_wave_seeks(visit: Visit) -> None:
    visit.ask("seek in me", seconds=4)
    visit.finished("seek in me")
    visit.wait_for("now.job?.status === 'succeeded' && !now.live")
    box = visit.page.locator(".stage .wave").bounding_box()
    assert box

    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)

    visit.wait_for("time() >= 1.9")


def test_keyboard_alone_is_enough(visit: Visit, client: httpx2.Client) -> None:
    keys = visit.page.keyboard
    visit.page.get_by_label("Model").select_option("fake")
    visit.page.get_by_label(PROMPT).focus()
    keys.type("by hand, no mouse")
    keys.press("Control+Enter")
    visit.finished("by hand, no mouse")
    visit.wait_for("now.job?.prompt === 'by hand, no mouse' && now.job.status === 'succeeded'")
    keys.press("Escape")  # leaves the field

    if visit.player["playing"]:
        keys.press("Space")
    visit.wait_for("!isPlaying() && !now.live")
    keys.press("ArrowRight")
    visit.wait_for("time() >= 4.9")
    keys.press("l")
    visit.wait_for("now.loops")
    keys.press("f")
    visit.wait_for("now.job.favourite")
    keys.press("?")
    expect(visit.page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    expect(visit.page.get_by_role("dialog")).to_have_count(0)
    keys.press("/")
    expect(visit.page.get_by_label("Search the library")).to_be_focused()
    keys.press("Escape")
    with visit.page.expect_download() as begun:
        keys.press("d")

    assert begun.value.suggested_filename == "by-hand-no-mouse.wav"


def test_escape_calls_the_newest_job_off(visit: Visit, client: httpx2.Client) -> None:
    visit.ask("work=30 steps=100 stop me")
    visit.page.locator(".queue li", has_text="stop me").wait_for()

    visit.page.keyboard.press("Escape")

    once(lambda: newest(client), lambda job: job["status"] == "canceled")


def test_wish_is_shown_as_code_for_every_api(visit: Visit) -> None:
    visit.page.get_by_label(PROMPT).fill('It\'s <b>bold</b> & "quoted"')
    visit.page.get_by_role("button", name="Code").click()
    dialog = visit.page.get_by_role("dialog", name="The same request as code")

    dialog.get_by_role("tab", name="Segmind").click()
    tabs = dialog.get_by_role("tab").all_inner_texts()

    assert tabs == ["curl", "Python", "Command line", "Replicate", "Leap", "ModelsLab", "Segmind"]
    expect(dialog.locator("pre")).to_contain_text(f"{visit.server.url}/v1/meta-musicgen-medium")
    expect(dialog.locator("pre")).to_contain_text("<b>bold</b>")


def test_key_is_made_shown_once_and_ended(visit: Visit) -> None:
    visit.page.get_by_role("link", name="Keys").click()
    visit.page.get_by_label("What it is for").fill("<i>laptop</i>")
    visit.page.get_by_role("button", name="Make a key").click()
    key = visit.page.get_by_label("The new key").input_value()

    with visit.server.client(key) as client:
        assert client.get("/v1/jobs").status_code == 200
        visit.page.get_by_role("button", name="End the key <i>laptop</i>").first.click()
        visit.page.get_by_role("button", name="End it").click()
        once(lambda: client.get("/v1/jobs"), lambda answer: answer.status_code == 401)


def test_pieces_of_other_programs_appear_by_themselves(visit: Visit, client: httpx2.Client) -> None:
    made(client, prompt="from a program")

    visit.finished("from a program")


def test_who_logs_out_is_told_how_to_come_back(
    chromium_browser: Browser, page_server: Server
) -> None:
    """With a session of its own: the others go on."""
    context = chromium_browser.new_context(storage_state=cookies(chromium_browser, page_server))
    page = begin(context, page_server).page

    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_text("bandstand login")).to_be_visible()
    context.close()
