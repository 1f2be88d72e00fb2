"""``qorgau rule``: what a finding code means."""

from __future__ import annotations

import io
import sys

import click

from qorgau.cli import output
from qorgau.cli.failure import Failure

_PIPED_WIDTH = 100


@click.command("rule", short_help="Explain a code; without one, the table of all.")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain CODE: what it flags, why, the paragraph, a bad and a good example, how to mend it."""
    from rich.console import Console

    from qorgau.cli.rule import render_rule
    from qorgau.knowledge.pages import UnknownCodeError
    from qorgau.knowledge.toml_files import RuleFileError

    colored = output.colored()
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    text = io.StringIO()
    try:
        console = Console(file=text, force_terminal=colored, no_color=not colored, width=width)
        console.print(render_rule(code))
    except (UnknownCodeError, RuleFileError) as error:
        raise Failure(str(error)) from error
    # The table pads its last column: spaces that nobody sees, but that get copied.
    output.write_stdout("\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n")
