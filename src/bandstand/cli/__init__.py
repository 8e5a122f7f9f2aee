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
from bandstand.cli import (
    batch,
    config,
    doctor,
    generate,
    image,
    jobs,
    keys,
    login,
    models,
    openapi,
    serve,
    webhooks,
)
from bandstand.cli.say import failing, hinted
from bandstand.errors import BandstandError, Invalid, Misconfigured


class BarePrompt(TyperGroup):
    """`bandstand "lo-fi rain"` means `bandstand generate "lo-fi rain"`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {name for option in self.get_params(ctx) for name in option.opts}
        if args and args[0] not in self.commands and args[0] not in own:
            if not ctx.resilient_parsing:  # a shell that completes asks with half a line
                self._refuse_near_miss(args[0])
            args = ["generate", *args]
        return super().parse_args(ctx, args)

    def _refuse_near_miss(self, word: str) -> None:
        near = difflib.get_close_matches(word, self.commands, n=1, cutoff=0.75)
        if near:
            error = Misconfigured(f"there is no command {word!r}; did you mean {near[0]!r}?")
            hinted(error, f"bandstand {near[0]}")
            raise hinted(error, f"bandstand generate {word!r}, if it is a prompt")

    def invoke(self, ctx: Any) -> Any:
        """What went wrong with what was typed is told with where to read on, unless somebody knew better."""
        try:
            return super().invoke(ctx)
        except (Invalid, Misconfigured) as error:
            if not hasattr(error, "__notes__"):
                hinted(error, _where_to_read(error, ctx.invoked_subcommand))
            raise


def _where_to_read(error: BandstandError, command: str) -> str:
    if isinstance(error, Misconfigured):
        return "bandstand config init --print   (every setting and what it means)"
    if "model" in {problem.field for problem in getattr(error, "problems", ())}:
        return "bandstand models list"
    return f"bandstand {command} --help"


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
app.command("melody")(generate.melody)
app.command("extend")(generate.extend)
app.command("batch")(batch.batch)
app.command("image")(image.image)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("login")(login.login)
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(webhooks.app, name="webhooks")
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")
app.command("openapi")(openapi.openapi)


def main() -> None:
    with failing():
        app(prog_name="bandstand")
