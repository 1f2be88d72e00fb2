"""The command line: arguments, exit status, and the only place that prints.

Importing it costs click and nothing else; a command's module is imported when the command is used.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import click

from qorgau import __version__
from qorgau.cli.failure import Failure, unexpected

DEBUG = "QORGAU_DEBUG"
"""The environment variable that, set to 1, shows tracebacks."""

_COMMANDS = {
    "check": "qorgau.cli.check",
    "config": "qorgau.cli.config_command",
    "rule": "qorgau.cli.rule_command",
}
"""Where each command lives: a module with the click command ``command``."""

_PLANNED = frozenset(("init", "inventory", "server"))
"""Commands of the specification that this version does not have."""


class _Commands(click.Group):
    """The commands, imported late; and no traceback for anyone who did not ask for one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(module).command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in _PLANNED:
            raise Failure(f"{args[0]} is not available in this version")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError as error:
            from qorgau.cli import output

            output.abandon_stdout()
            raise Failure(output.CLOSED) from error
        except KeyboardInterrupt as error:
            raise Failure("interrupted; nothing was decided about the code") from error
        except Exception as error:
            # The last line of defence: whatever it is, the user gets a sentence and status 2.
            if os.environ.get(DEBUG) == "1":
                import traceback

                traceback.print_exception(error)
            raise Failure(unexpected(error)) from error


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        click.echo(f"qorgau {__version__}")
        ctx.exit(0)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version."
)
def main() -> None:
    """Qorgau follows personal data through Python code and holds it to the regulation.

    Exit status: 0 nothing to report, 1 findings, 2 the job could not be done.
    """
