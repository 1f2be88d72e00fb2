"""``python -m qorgau``, and where the ``qorgau`` command starts."""

from __future__ import annotations

import sys

from qorgau import __version__


def main() -> None:
    """Run the command line. The version is told without importing anything for it."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"qorgau {__version__}\n")
        return
    from qorgau.cli import main as commands

    commands(prog_name="qorgau")


if __name__ == "__main__":
    main()
