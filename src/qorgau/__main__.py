"""``python -m qorgau``, and where the ``qorgau`` command starts."""

from __future__ import annotations

import os
import sys

from qorgau import __version__


def main() -> None:
    """Run the command line. The version is told without importing anything for it."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"qorgau {__version__}\n")
        return
    _open_closed_streams()
    try:
        from qorgau.cli import main as commands

        commands(prog_name="qorgau")
    except SystemExit as ended:
        _leave(ended)
    except KeyboardInterrupt:
        sys.stderr.write("qorgau: error: interrupted; nothing was decided about the code\n")
        _leave(SystemExit(2))


def _open_closed_streams() -> None:
    """What is written to a stream that was closed before the start (``>&-``) goes nowhere."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _leave(ended: SystemExit) -> None:
    """End at once. Python would free every module and value first, which takes a tenth of a second or more.

    What is open was closed where it was used; output that cannot be written is told in Python's own way.
    """
    if not isinstance(ended.code, int):
        raise ended
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except OSError:
        raise ended from None
    os._exit(ended.code)


if __name__ == "__main__":
    main()
