"""``qorgau config``: the configuration in force, and its schema."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qorgau.cli import output, settings
from qorgau.cli.failure import Failure

_FILE = click.Path(path_type=Path)


@click.command("config", short_help="The configuration in force, or its JSON Schema.")
@click.argument("path", required=False, type=_FILE, default=Path())
@click.option("--config", "explicit", type=_FILE, metavar="FILE", help="Use this configuration.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of qorgau.toml.")
def command(path: Path, explicit: Path | None, schema: bool) -> None:
    """Print the configuration that a scan of PATH (default: the working folder) would use, as TOML."""
    from qorgau import config

    if schema:
        output.write_stdout(json.dumps(config.json_schema(), indent=2, ensure_ascii=False) + "\n")
        return
    from qorgau.knowledge.regulation import RegulationError, in_force, load_regulation

    found = settings.load(path, settings.working_folder(), explicit)
    settings.warn_of_doubts(found)
    where = "no configuration found: these are the defaults" if found.path is None else f"from {found.path}"
    click.echo(f"qorgau: note: {where}", err=True)
    try:
        used = in_force(found, load_regulation(found.regulation))
    except RegulationError as error:
        raise Failure(str(error)) from error
    output.write_stdout(config.dump(used))
