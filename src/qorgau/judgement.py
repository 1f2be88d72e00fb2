"""What is wrong with a program, whichever of its files are asked about: link, follow, judge.

Nothing here knows a text: what was judged holds for all texts that are lowered to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from qorgau import compiled, ir, source
from qorgau.cache import digest
from qorgau.collector import seldom_collecting
from qorgau.deep import with_room
from qorgau.flow.epochs import follow
from qorgau.flow.policy import Policy
from qorgau.flow.spellings import respelled
from qorgau.gathering import Gathered, Request, all_but_code
from qorgau.judging import claims, statements, unheard, unplaced, verdicts
from qorgau.judging.claims import Claim
from qorgau.judging.drafts import Judgement
from qorgau.judging.purposes import Purposes
from qorgau.judging.rules import Judge, Verdict
from qorgau.knowledge import pages as rule_pages
from qorgau.knowledge.regulation import enumerable_of, in_force, load_regulation, names_of_fields
from qorgau.linking import Program, Unit
from qorgau.parsing import Lowered
from qorgau.source import SourceFile

Coded = TypeVar("Coded", Verdict, Claim)


def judged(request: Request, given: Gathered, lowered: Mapping[SourceFile, Lowered]) -> Judgement:
    """Follow personal data through the lowered files and judge what was found. Raises RuleFileError."""
    return with_room(lambda: _judged(request, given, lowered))


def _judged(request: Request, given: Gathered, lowered: Mapping[SourceFile, Lowered]) -> Judgement:
    outcomes = {file: one.outcome for file, one in lowered.items()}
    modules = {file: each.module for file, each in outcomes.items() if each.module is not None}
    regulation = load_regulation(request.settings.regulation)
    settings = in_force(request.settings, regulation)
    codes = rule_pages.chosen(rule_pages.load_pages(), settings.select, settings.ignore)
    program = _link(modules, given)
    spelled = respelled(settings, (unit.file for unit in program.files))
    policy = Policy(
        spelled,
        names_of_fields(settings),
        enumerable_of(settings, regulation),
        tuple(settings.home or ()),
        compiled.catalog(request.store, given.extra),
        compiled.regions(request.store),
    )
    key = digest(all_but_code(request, given)) if request.store.keeps else ""
    with seldom_collecting():
        followed = follow(policy, program, request.store.get("rounds", key) if key else None, keeps=bool(key))
    if followed.kept is not None:
        request.store.put("rounds", key, followed.kept)
    judge = Judge(settings, regulation.owners, Purposes(settings, program, request.cwd))
    found = (verdict for arrival in followed.arrivals for verdict in judge.verdicts(arrival))
    stated = statements.claims(request.settings, regulation, followed)
    drafts = verdicts.drafts(_selected(found, codes), settings, program)
    drafts += claims.drafts(_selected(stated, codes), settings, program)
    broken = tuple((file.display, each.broken) for file, each in outcomes.items() if each.broken is not None)
    doubts = tuple(unplaced.doubts(request.settings, policy.regions))
    # What cannot be read may be where a name is.
    if not broken and not given.undecoded:
        doubts = (*unheard.doubts(request.settings, program), *doubts)
    return Judgement(
        drafts=tuple(drafts),
        broken=broken,
        failures=followed.failures,
        statistics=followed.counts,
        doubts=doubts,
    )


def _selected(judged: Iterable[Coded], codes: Collection[str]) -> Iterator[Coded]:
    return (one for one in judged if one.code in codes)


def _link(modules: Mapping[SourceFile, ir.Module], given: Gathered) -> Program:
    names = source.by_module([file for file in given.files if file in modules])
    own = source.own_names(names)
    nearer = source.nearer_names(own)
    program = {file: Unit(name, file, modules[file], nearer.get(file)) for file, name in own.items()}
    tables = {
        path: source.parse_settings(path, text, given.environment)
        for path, text in given.settings_files.items()
    }
    return Program({name: program[file] for name, file in names.items()}, given.environment, tables)
