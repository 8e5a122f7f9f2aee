"""`bandstand jobs`: what the server of this data folder has to do and has done. Reads its database, needs no key."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bandstand.cli.say import (
    FAILED,
    AsJson,
    hinted,
    show_done,
    show_json,
    show_json_line,
    show_table,
)
from bandstand.errors import NotFound

if TYPE_CHECKING:
    from bandstand.jobs import Job
    from bandstand.store.database import Database

app = typer.Typer(help="The jobs of the server whose data folder this is.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(help="The job's id.")]


@app.command("list")
def list_(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest jobs of all accounts."""
    from bandstand.store import jobs
    from bandstand.store.open import opened

    with opened() as database:
        found = database.read_now(jobs.newest, count)
    if as_json:
        show_json([_picture(job) for job in found])
        return
    rows = [
        (
            job.id,
            job.status.value,
            f"{job.progress:.0%}",
            job.model,
            _size(job),
            job.spec.prompt[:48],
        )
        for job in found
    ]
    show_table(("id", "status", "done", "made by", "size", "prompt"), rows)


def _size(job: Job) -> str:
    from bandstand.specs import Kind

    if job.kind is Kind.MUSIC:
        return f"{job.music.seconds:g} s"
    return f"{job.image.count} x {job.image.width} x {job.image.height}"


@app.command()
def show(job_id: JobId, *, as_json: AsJson = True) -> None:
    """All about one job, as JSON."""
    from bandstand.store.open import opened

    del as_json
    with opened() as database:
        show_json(_picture(_find(database, job_id)))


@app.command()
def cancel(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Call a job off."""
    from bandstand.service import cancel_unless_final
    from bandstand.store.open import opened

    with opened() as database:
        job = _find(database, job_id)
        done = database.write_now(cancel_unless_final, job)
    status = "canceled" if done else job.status.value
    words = status if done else f"it is {status} already"
    show_done(words, as_json=as_json, id=job_id, status=status)


@app.command()
def watch(job_id: JobId, *, as_json: AsJson = False) -> None:
    """Print what happens to a job until it is finished."""
    from bandstand.store import jobs
    from bandstand.store.open import opened

    number = 0
    with opened() as database:
        _find(database, job_id)
        while True:
            for event in database.read_now(jobs.events_after, job_id, number):
                number = event.number
                detail = {name: value for name, value in event.detail.items() if name != "key"}
                if as_json:
                    show_json_line({"at": event.at, "kind": event.kind.value, **detail})
                else:
                    typer.echo(f"{_clock(event.at)}  {event.kind.value:8}  {detail}")
                if event.is_final:
                    raise typer.Exit(0 if event.detail["status"] == "succeeded" else FAILED)
            time.sleep(0.2)


def _find(database: Database, job_id: str) -> Job:
    from bandstand.store import jobs

    job = database.read_now(jobs.find, job_id)
    if job is None:
        raise hinted(NotFound(f"There is no job {job_id!r}."), "bandstand jobs list")
    return job


def _picture(job: Job) -> dict[str, Any]:
    picture: dict[str, Any] = {"kind": job.kind.value, **dataclasses.asdict(job)}
    if job.hook is not None:
        picture["hook"]["events"] = sorted(job.hook.events)
    return picture


def _clock(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%H:%M:%S.%f")[:-3]
