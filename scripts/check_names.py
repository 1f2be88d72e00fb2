"""Checks every dotted name of ``rules/libraries/*.toml`` against the library as it is installed.

Run by hand and weekly: ``python scripts/check_names.py [LIBRARY ...]``. Each library gets an environment of its
own in a temporary folder, into which pip installs wheels only, within a time limit; names are looked up there by
``name_probe.py``. What is printed: how many names are confirmed, how many could not be checked and why, how many
are wrong. The status is 1 when a name is wrong. ``--results FOLDER`` keeps the answers of each library, and takes
those that are there already instead of asking again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tomllib

HERE = Path(__file__).resolve().parent
LIBRARIES = HERE.parent / "rules" / "libraries"
NAMING = ("calls", "names", "decorators", "bases")
TYPES = ("type", "elements", "returned", "name")


class Places(NamedTuple):
    """The distributions of packages and of files (``name_places.toml``).

    ``older`` are the releases of a file's libraries that have the names which newer ones no longer have;
    ``elsewhere`` says of single names why they cannot be looked up here.
    """

    distributions: dict[str, list[str]]
    files: dict[str, list[str]]
    older: dict[str, list[str]]
    elsewhere: dict[str, str]


class Question(NamedTuple):
    """What is asked of one library's environment."""

    library: str
    needed: tuple[str, ...]
    names: tuple[str, ...]
    given: tuple[str, ...]


class Result(NamedTuple):
    """The answers for one library: name to outcome and remark. ``trouble``: why none could be had."""

    library: str
    answers: dict[str, tuple[str, str]]
    trouble: str = ""


class Catalogue(NamedTuple):
    """The files by library, with the aliases and bases of all of them."""

    files: dict[str, dict[str, Any]]
    aliases: dict[str, str]
    bases: dict[str, list[str]]


def read(folder: Path) -> Catalogue:
    """All files of the catalogue, as they are written."""
    files = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}
    aliases: dict[str, str] = {}
    bases: dict[str, list[str]] = {}
    for file in files.values():
        aliases.update(file.get("aliases", {}))
        for row in file.get("type", ()):
            bases.setdefault(row["name"], []).extend(row["bases"])
    return Catalogue(files, aliases, bases)


def question(library: str, file: dict[str, Any], places: Places) -> Question:
    """What to install for a library and which names to look up."""
    needed = places.files.get(library)
    if needed is None:
        needed = []
        for package in file["packages"]:
            if package not in sys.stdlib_module_names:
                needed += places.distributions.get(package, [package.replace("_", "-")])
    names, given = set(file.get("aliases", {})), set()
    for row in _rows(file):
        for key in NAMING:
            names.update(row.get(key, ()))
        for key in TYPES:
            if row.get(key):
                given.add(row[key])
    own = set(file["packages"])
    names.update(name for name in given if name.partition(".")[0] in own)
    return Question(library, tuple(dict.fromkeys(needed)), tuple(sorted(names)), tuple(sorted(given)))


def _rows(file: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for table, rows in file.items():
        if isinstance(rows, list) and table != "packages":
            yield from rows


def ask_all(asked: Question, catalogue: Catalogue, places: Places, limit: int, given: str = "") -> Result:
    """The answers of a library's newest release; of an older one for what the newest does not have."""
    result = ask(asked, catalogue, limit, given)
    answers = dict(result.answers)
    if asked.library in places.older and not given:
        missing = tuple(name for name in asked.names if answers.get(name, ("wrong",))[0] != "confirmed")
        needed = tuple(places.older[asked.library])
        older = ask(asked._replace(needed=needed, names=missing), catalogue, limit)
        shown = ", ".join(needed)
        for name in missing:
            outcome, why = older.answers.get(name, ("unchecked", older.trouble))
            if outcome == "confirmed":
                answers[name] = (outcome, f"in {shown}")
            elif outcome == "unchecked" and answers.get(name, ("wrong",))[0] == "wrong":
                answers[name] = (outcome, f"{why} (in {shown})")
    for name, (outcome, _) in result.answers.items():
        if outcome == "wrong" and name in places.elsewhere:
            answers[name] = ("unchecked", places.elsewhere[name])
    return result._replace(answers=answers)


def ask(asked: Question, catalogue: Catalogue, limit: int, given: str = "") -> Result:
    """Install a library and look its names up. Nothing is raised: what fails is the result's trouble.

    With ``given``, the interpreter of an environment that has the library, nothing is installed.
    """
    if given:
        return _probe(given, asked, catalogue, limit)
    with tempfile.TemporaryDirectory(prefix="qorgau-names-") as folder:
        python = sys.executable
        if asked.needed:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
            python = f"{folder}/bin/python"
            trouble = _install(python, asked.needed, limit)
            if trouble and len(asked.needed) == 1:
                return Result(asked.library, {}, trouble)
            if trouble:
                alone = [_install(python, (one,), limit) for one in asked.needed]
                return _excused(_probe(python, asked, catalogue, limit), "; ".join(filter(None, alone)))
        return _probe(python, asked, catalogue, limit)


def _excused(result: Result, trouble: str) -> Result:
    """The answers where some distributions could not be installed: what is not there is not wrong."""
    answers = {
        name: ("unchecked", trouble)
        if outcome == "wrong" and why.startswith("there is no module")
        else (outcome, why)
        for name, (outcome, why) in result.answers.items()
    }
    return result._replace(answers=answers)


def _install(python: str, needed: Sequence[str], limit: int) -> str:
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--only-binary",
        ":all:",
    ]
    try:
        done = subprocess.run(
            [*command, "--no-compile", *needed], capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return f"installing {', '.join(needed)} took more than {limit} seconds"
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return (lines[-1] if lines else done.stderr.strip()[-200:]).removeprefix("ERROR: ")


def _probe(python: str, asked: Question, catalogue: Catalogue, limit: int) -> Result:
    text = json.dumps(
        {
            "names": asked.names,
            "aliases": catalogue.aliases,
            "bases": catalogue.bases,
            "given": asked.given,
        }
    )
    # No keys and no proxies: what is imported has nothing to find and nobody to call.
    bare = {"PATH": os.environ.get("PATH", ""), "HOME": tempfile.gettempdir(), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-P", str(HERE / "name_probe.py")]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=limit, check=False, env=bare
        )
    except subprocess.TimeoutExpired:
        return Result(asked.library, {}, f"looking up took more than {limit} seconds")
    if done.returncode:
        return Result(asked.library, {}, f"the look-up failed: {done.stderr.strip()[-200:]}")
    return Result(
        asked.library, {name: (outcome, why) for name, (outcome, why) in json.loads(done.stdout).items()}
    )


def summary(results: Iterable[Result], asked: dict[str, Question]) -> tuple[str, bool]:
    """The report, and whether a name is wrong."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    wrong: list[str] = []
    for result in results:
        if result.trouble:
            count = len(asked[result.library].names)
            outcomes["unchecked"] += count
            reasons[f"{result.library}: {result.trouble}"] += count
        for name, (outcome, why) in sorted(result.answers.items()):
            outcomes[outcome] += 1
            if outcome == "unchecked":
                reasons[_kind(why)] += 1
            elif outcome == "wrong":
                wrong.append(f"{result.library}: {name}: {why}")
    lines = [
        *(f"wrong: {line}" for line in wrong),
        *(f"unchecked: {count:5} {why}" for why, count in reasons.most_common()),
        f"{outcomes['confirmed']} names confirmed, {outcomes['unchecked']} not checked, {outcomes['wrong']} wrong",
    ]
    return "\n".join(lines), bool(wrong)


def _kind(why: str) -> str:
    """A reason without the name in it, so that like reasons are counted together."""
    why = re.sub(r"behind the attribute \w+", "behind an attribute", why)
    return re.sub(r"^\S+ answers any name", "its owner answers any name", why)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the libraries that are named, or all."""
    parser = argparse.ArgumentParser(
        description="Check the names of the catalogue against installed libraries."
    )
    parser.add_argument(
        "libraries", nargs="*", metavar="LIBRARY", help="files of rules/libraries, without .toml"
    )
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="keep and reuse the answers here")
    parser.add_argument(
        "--python", default="", metavar="PATH", help="look up in this environment, install nothing"
    )
    parser.add_argument("--limit", type=int, default=240, metavar="SECONDS", help="for one installation")
    chosen = parser.parse_args(arguments)
    catalogue = read(LIBRARIES)
    table = tomllib.loads((HERE / "name_places.toml").read_text("utf-8"))
    places = Places(table["distributions"], table["files"], table["older"], table["elsewhere"])
    names = chosen.libraries or list(catalogue.files)
    asked = {name: question(name, catalogue.files[name], places) for name in names}
    results = []
    for one in asked.values():
        kept = chosen.results / f"{one.library}.json" if chosen.results else None
        if kept is not None and kept.exists():
            result = Result(**json.loads(kept.read_text("utf-8")))
        else:
            result = ask_all(one, catalogue, places, chosen.limit, chosen.python)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(result._asdict()), encoding="utf-8")
        results.append(result)
        counts = Counter(outcome for outcome, _ in result.answers.values())
        print(one.library, result.trouble or dict(counts), file=sys.stderr, flush=True)
    text, bad = summary(results, asked)
    print(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
