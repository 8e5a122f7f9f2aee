"""`bandstand serve` and `bandstand worker`."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from bandstand.cli.say import err, hinted
from bandstand.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from bandstand.build import Bandstand
    from bandstand.settings import Settings

FIRST_SOUND_SECONDS = 15.0  # what the first example may take before the page opens without it
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")]
Data = Annotated[Path | None, typer.Option(help="Folder for the database and the results.")]
RoleName = Annotated[str | None, typer.Option(help="all, api or worker.")]


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    role: RoleName = None,
    *,
    opens: Annotated[
        bool,
        typer.Option("--open", help="Open the playground in a browser, with an example to hear."),
    ] = False,
) -> None:
    """Run the server until Ctrl-C. Prints its address, a link to the playground, and the first key once."""
    _run(opens=opens, host=host, port=port, data=data, role=role)


def worker(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Run only the engines of a server whose database and files others share. HTTP tells its health."""
    _run(host=host, port=port, data=data, role="worker")


def _run(*, opens: bool = False, **given: Any) -> None:
    import uvicorn

    from bandstand.build import build
    from bandstand.logs import set_up_logs
    from bandstand.settings import load_settings
    from bandstand.web.deadline import protocol_with

    settings = load_settings(**given)
    set_up_logs(settings.log_level, as_json=settings.log_json)
    _check_exposure(settings.host, has_key=settings.api_key is not None)
    listening = _listen(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    bandstand = build(settings, with_example=opens and settings.first_example)
    err.print(f"Bandstand listens on [bold]{escape(settings.url)}[/bold]  (role {settings.role})")
    if bandstand.new_key:
        err.print(
            f"First API key, shown only now: [bold]{escape(bandstand.new_key)}[/bold]",
            soft_wrap=True,
        )
    link = _tell_link(settings, bandstand)
    server = uvicorn.Server(
        uvicorn.Config(
            bandstand.app,
            http=protocol_with(settings.receive_seconds),
            log_level="warning",
            access_log=False,
            timeout_keep_alive=5,
            limit_concurrency=512,
            timeout_graceful_shutdown=5,
            server_header=False,
        )
    )
    if opens and link:
        _open_once(lambda: server.started, link, bandstand)
    # uvicorn raises the signal again when it has stopped; a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    server.run(sockets=[listening])


def _tell_link(settings: Settings, bandstand: Bandstand) -> str | None:
    """The way in to the playground, printed; None where there is none."""
    from bandstand.cli.login import link
    from bandstand.settings import Role

    if not settings.playground or settings.role is Role.WORKER:
        return None
    found = link(settings, bandstand.database)
    err.print(
        f"Playground, once and within ten minutes: [bold]{escape(found)}[/bold]  (bandstand login prints another)",
        soft_wrap=True,
    )
    return found


def _open_once(is_started: Callable[[], bool], link: str, bandstand: Bandstand) -> None:
    """A browser at the link as soon as there is something to hear, where there is a display; waits beside the server."""
    import threading
    import webbrowser

    from bandstand.settings import has_display
    from bandstand.store import jobs

    def wait_and_open() -> None:
        until = time.monotonic() + FIRST_SOUND_SECONDS
        while not is_started():
            time.sleep(0.1)
        while bandstand.database.read_now(jobs.count_active) and time.monotonic() < until:
            time.sleep(0.2)
        webbrowser.open(link)

    if has_display():
        threading.Thread(target=wait_and_open, daemon=True).start()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. raises Unavailable when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        trouble = Unavailable(f"Cannot listen on {host}:{port}: {error.strerror}")
        raise hinted(trouble, "bandstand serve --port 0") from None
    listening.set_inheritable(True)
    return listening


def _check_exposure(host: str, *, has_key: bool) -> None:
    """The first key is printed on this machine only; a server for others begins with one that its owner chose."""
    if host in {"0.0.0.0", "::"} and not has_key:  # noqa: S104 - refused, not bound
        trouble = f"BANDSTAND_HOST={host} listens to the whole network; set BANDSTAND_API_KEY first"
        raise hinted(
            Misconfigured(trouble), "export BANDSTAND_API_KEY=bs_app_$(openssl rand -hex 24)"
        )
