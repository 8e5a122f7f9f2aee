"""A folder of the spool is whole or it is not there."""

from __future__ import annotations

from pathlib import Path

from bandstand.engines.spool import Pressed, aside, finish, job_of, pressed, read_manifest


def gather(folder: Path, content: bytes = b"sound") -> tuple[Path, list[Pressed]]:
    gathered = aside(folder)
    (gathered / "track.wav").write_bytes(content)
    track = pressed(gathered / "track.wav", kind="audio", media_type="audio/wav", about={"bpm": 80})
    return gathered, [track]


def test_a_finished_folder_tells_what_was_put_in(tmp_path: Path) -> None:
    gathered, files = gather(tmp_path / "job")
    finish(gathered, tmp_path / "job", files)

    assert read_manifest(tmp_path / "job") == tuple(files)


def test_an_unfinished_folder_is_not_under_its_name(tmp_path: Path) -> None:
    gather(tmp_path / "job")

    assert read_manifest(tmp_path / "job") is None


def test_an_unfinished_folder_still_tells_whose_it_is(tmp_path: Path) -> None:
    gathered, _ = gather(tmp_path / "job")

    assert job_of(gathered) == job_of(tmp_path / "job") == "job"


def test_two_runs_of_a_job_gather_in_different_places(tmp_path: Path) -> None:
    assert aside(tmp_path / "job") != aside(tmp_path / "job")


def test_the_run_that_finishes_first_counts(tmp_path: Path) -> None:
    early, late = gather(tmp_path / "job", b"early"), gather(tmp_path / "job", b"late")
    finish(early[0], tmp_path / "job", early[1])

    assert finish(late[0], tmp_path / "job", late[1]) == tuple(early[1])
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


def test_files_that_the_disk_forgot_are_not_used(tmp_path: Path) -> None:
    gathered, files = gather(tmp_path / "job")
    finish(gathered, tmp_path / "job", files)
    (tmp_path / "job" / "track.wav").write_bytes(b"")

    assert read_manifest(tmp_path / "job") is None


def test_a_manifest_that_the_disk_forgot_is_not_used(tmp_path: Path) -> None:
    gathered, files = gather(tmp_path / "job")
    finish(gathered, tmp_path / "job", files)
    (tmp_path / "job" / "manifest.json").write_text("")

    assert read_manifest(tmp_path / "job") is None


def test_a_run_replaces_what_is_no_longer_whole(tmp_path: Path) -> None:
    first = gather(tmp_path / "job", b"first")
    finish(first[0], tmp_path / "job", first[1])
    (tmp_path / "job" / "track.wav").unlink()
    second = gather(tmp_path / "job", b"second")

    assert finish(second[0], tmp_path / "job", second[1]) == tuple(second[1])
    assert read_manifest(tmp_path / "job") == tuple(second[1])
