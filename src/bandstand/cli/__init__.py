"""The `bandstand` command. Progress and messages go to stderr, results to stdout.

Exit codes: 0 done · 1 failed · 2 wrong usage or setting · 3 server or storage away · 4 no credit or over a limit · 130 canceled

Each command imports what it needs when it is called, so that `bandstand --help` is quick.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bandstand import __version__
from bandstand.cli import config, doctor, generate, jobs, keys, login, models, serve, webhooks
from bandstand.cli.say import failing
from bandstand.errors import Misconfigured


class BarePrompt(TyperGroup):
    """`bandstand "lo-fi rain"` means `bandstand generate "lo-fi rain"`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {name for option in self.get_params(ctx) for name in option.opts}
        if args and args[0] not in self.commands and args[0] not in own:
            near = difflib.get_close_matches(args[0], self.commands, n=1, cutoff=0.75)
            if near:
                raise Misconfigured(f"there is no command {args[0]!r}; did you mean {near[0]!r}?")
            args = ["generate", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=BarePrompt,
    help="Makes music from text, here or as a server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"bandstand {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    del version


app.command("generate")(generate.generate)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("login")(login.login)
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(webhooks.app, name="webhooks")
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")


def main() -> None:
    with failing():
        app(prog_name="bandstand")
