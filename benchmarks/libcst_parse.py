"""What LibCST alone takes: parse the files below a folder, or one file, on so many processes.

``python -m benchmarks.libcst_parse PATH [JOBS]``
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import libcst


def parse(path: Path) -> None:
    """Parse and forget; what is no Python is passed over, as every tool does."""
    try:
        libcst.parse_module(path.read_bytes())
    except (libcst.ParserSyntaxError, UnicodeDecodeError):
        return


def main() -> None:
    """Parse what the command line names."""
    place, jobs = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    if jobs == 1:
        for file in files:
            parse(file)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for _ in pool.map(parse, files, chunksize=20):
            pass


if __name__ == "__main__":
    main()
