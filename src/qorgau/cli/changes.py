"""``--since``: which files differ from a commit, as git tells it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from qorgau.cli.failure import Failure

# A repository's own settings may name a program for git to run; a scan has no need of it.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


def changed_since(ref: str, first: Path) -> frozenset[Path]:
    """The files that differ from ``ref`` in the repository of ``first``, those git doesn't know included.

    Compared is the working tree, whatever is staged or not. Absolute paths; where a link leads to the
    repository, both by that way and by the real one. Raises Failure where git cannot tell.
    """
    folder = first if first.is_dir() else first.parent
    if ref.startswith("-") or not ref.strip():
        raise Failure(f'--since: "{ref}" is no commit')
    top = _git(folder, "rev-parse", "--show-toplevel", problem=f"{folder} is in no git repository")
    up = _git(folder, "rev-parse", "--show-cdup", problem=f"{folder} has no working tree")
    commit = _git(
        folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", problem=f'"{ref}" is no commit here'
    ).strip()
    root = top.removesuffix("\n")
    tops = {root, os.path.normpath(folder.absolute() / up.removesuffix("\n"))}
    names = [
        *_names(root, "diff", "--name-only", "--no-renames", "--diff-filter=d", "-z", commit, "--"),
        *_names(root, "ls-files", "--others", "--exclude-standard", "-z"),
    ]
    return frozenset(Path(place, name) for place in tops for name in names)


def _names(folder: str, *arguments: str) -> list[str]:
    listed = _git(Path(folder), *arguments, problem="git cannot list the changes")
    return [name for name in listed.split("\0") if name]


def _git(folder: Path, *arguments: str, problem: str) -> str:
    try:
        done = subprocess.run(
            [*_GIT, "-C", str(folder), *arguments], capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError as error:
        raise Failure("--since needs git, which is not installed") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Failure(f"--since: {problem}" + (f" ({said[0]})" if said else ""))
    # As the names of files are read everywhere, so that both are the same Path.
    return os.fsdecode(done.stdout)
