"""Rule pages: what each finding code means, as a TOML head and prose (``rules/pages/<CODE>-<name>.md``).

A page is one Markdown file. Its head stands between two lines ``+++`` and is read for every run; its
prose is read only when somebody asks for it. Fences of tildes in the prose show something, fences of
backticks are programs that the tests run. Every word that a reader sees is in the page, none in code.

The room knows the texts and how a message is filled in. It refuses to know how a finding is made.

**Templates.** ``message`` and ``help`` are templates over ``Facts``. ``{destination|recipient|a party}`` is
the first of these facts that is known, else the text at the end. ``<< in {country}>>`` is left out as a
whole when a fact in it is not known. So a message reads well whatever is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from qorgau.config.reading import nearest, quoted
from qorgau.knowledge.toml_files import RuleFileError, decode, parse

FOLDER = "pages"

Family = Literal[
    "localization",
    "consent",
    "depersonalization",
    "minimization",
    "protection",
    "life-cycle",
    "scan",
]
Sentence = Annotated[str, Meta(min_length=1, pattern=r"\.$")]

_EDGE = "+++\n"
_TOKEN = re.compile(r"<<(?P<optional>.*?)>>|\{(?P<names>[^{}]*)\}")
_STRAY = re.compile(r"<<|>>|[{}]")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one finding; the placeholders of a template are these names.

    None, an empty text and an empty tuple stand for "not known".
    """

    fields: tuple[str, ...] = ()  # the fields concerned
    home: tuple[str, ...] = ()  # the countries of `home`
    sink: str | None = None  # the call that was reached: requests.post
    destination: str | None = None  # what is known of the place: host, bucket, path, vendor
    country: str | None = None  # its country, an ISO 3166 alpha-2 code
    recipient: str | None = None  # the name in [recipients] or [exports]
    storage: str | None = None  # the name in [storages]
    purpose: str | None = None  # the purpose that the sink or the code around it serves
    allowed: tuple[str, ...] = ()  # the purposes that the field may be used for
    check: str | None = None  # the check of consent that was found
    checked: str | None = None  # what it asked about instead: another purpose, another subject
    subject: str | None = None  # whose data it is: client.guarantor
    transformation: str | None = None  # what was done to the data: base64.b64encode
    model: str | None = None  # the class or table that holds the field
    function: str | None = None  # the function concerned: privacy.erase_client
    source: str | None = None  # where the data came from: request.POST
    setting: str | None = None  # the line of configuration that would settle it
    codes: tuple[str, ...] = ()  # the codes that a suppression names
    reason: str | None = None  # a detail that only this finding has: over http://


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The head of one rule page. ``file`` is its name in ``rules/pages``.

    ``severity`` and ``paragraphs`` are those of spec section 4; ``summary`` and ``help`` are sentences,
    ``message`` is a sentence without its full stop.
    """

    code: Annotated[str, Meta(pattern=r"^PD[0-9]{3}$")]
    name: Annotated[str, Meta(pattern=r"^[a-z]+(-[a-z]+)*$")]
    severity: Literal["error", "warning"]
    paragraphs: tuple[str, ...]
    family: Family
    summary: Sentence
    message: Annotated[str, Meta(min_length=1, pattern=r"[^.]$")]
    help: Sentence
    file: str

    def message_for(self, facts: Facts) -> str:
        """What is wrong, in one sentence about one finding."""
        return render(self.message, facts)

    def help_for(self, facts: Facts) -> str:
        """What to do about it, in one sentence."""
        return render(self.help, facts)


class UnknownCodeError(Exception):
    """A code or prefix that no page has; the text is a sentence with the nearest one."""

    def __init__(self, code: str, codes: Iterable[str]) -> None:
        self.code = code
        self.nearest = nearest(code, codes)
        hint = f"; did you mean {quoted(self.nearest)}?" if self.nearest else ""
        super().__init__(f"{quoted(code)} is no code and no prefix of one{hint}")


def load_pages() -> dict[str, Page]:
    """The heads of all packaged pages by code, in the order of codes.

    Raises ``RuleFileError``, which names file and key, where a page is broken or two share a code.
    """
    return collect(parse_page(name, text) for name, text in _texts())


def collect(pages: Iterable[Page]) -> dict[str, Page]:
    """Pages by code, in the order of codes. Raises ``RuleFileError`` where two share a code or a name."""
    found: dict[str, Page] = {}
    names: dict[str, str] = {}
    for page in sorted(pages, key=lambda page: page.code):
        first = found.setdefault(page.code, page)
        if first is not page:
            raise RuleFileError(_shown(page.file), "code", f"{page.code} is that of {first.file} too")
        owner = names.setdefault(page.name, page.file)
        if owner != page.file:
            raise RuleFileError(_shown(page.file), "name", f"{quoted(page.name)} is that of {owner} too")
    return found


def parse_page(name: str, text: str) -> Page:
    """The head of one page from the name and the text of its file. Raises ``RuleFileError``."""
    shown = _shown(name)
    head, _ = _split(name, text)
    # The line of the opening +++ is kept, so that the parser counts lines as the file does.
    page = decode({**parse("\n" + head, shown), "file": name}, Page, shown)
    if name != f"{page.code}-{page.name}.md":
        raise RuleFileError(shown, "", f"should be called {page.code}-{page.name}.md after its head")
    for key in ("message", "help"):
        problem = _template_problem(getattr(page, key))
        if problem:
            raise RuleFileError(shown, key, problem)
    return page


def prose(page: Page) -> str:
    """The Markdown of a packaged page without its head. Raises ``RuleFileError`` where it is gone."""
    entry = files("qorgau.rules") / FOLDER / page.file
    try:
        return _split(page.file, _decoded(page.file, entry.read_bytes()))[1]
    except OSError as error:
        raise RuleFileError(_shown(page.file), "", "cannot be read") from error


def select(codes: Iterable[str], prefixes: Iterable[str]) -> frozenset[str]:
    """Those of ``codes`` that a prefix names, whole or by its beginning (``PD2``).

    Raises ``UnknownCodeError`` for a prefix that names none of them.
    """
    known = frozenset(codes)
    found: set[str] = set()
    for prefix in prefixes:
        named = {code for code in known if code.startswith(prefix)} if prefix.startswith("PD") else set()
        if not named:
            raise UnknownCodeError(prefix, known)
        found |= named
    return frozenset(found)


def chosen(codes: Iterable[str], selected: Iterable[str], ignored: Iterable[str]) -> frozenset[str]:
    """Those of ``codes`` that ``--select`` names and ``--ignore`` does not.

    The longer prefix decides, as in Ruff: ``--select PD201 --ignore PD2`` is PD201. Of two alike the
    one to ignore counts. Raises ``UnknownCodeError``.
    """
    known = frozenset(codes)
    wanted, unwanted = tuple(selected), tuple(ignored)
    select(known, unwanted)
    named = select(known, wanted)
    return frozenset(code for code in named if _longest(code, wanted) > _longest(code, unwanted))


def render(template: str, facts: Facts) -> str:
    """A template filled in with what is known; see the module's docstring."""

    def token(found: re.Match[str]) -> str:
        optional = found["optional"]
        if optional is None:
            return _first(found["names"], facts) or ""
        parts = [_first(inner["names"], facts) for inner in _TOKEN.finditer(optional)]
        return render(optional, facts) if all(parts) else ""

    # One pass, so that a host such as {dc}.example.com is not taken for a placeholder.
    return _TOKEN.sub(token, template)


def _first(names: str, facts: Facts) -> str | None:
    for name in names.split("|"):
        if name not in Facts.__struct_fields__:
            return name
        value: str | tuple[str, ...] | None = getattr(facts, name)
        if value:
            return value if isinstance(value, str) else ", ".join(value)
    return None


def _template_problem(template: str) -> str | None:
    if _STRAY.search(_TOKEN.sub("", template)):
        return "has a bracket that opens or closes nothing"
    for found in _TOKEN.finditer(template):
        optional = found["optional"]
        inner = [found["names"]] if optional is None else [one["names"] for one in _TOKEN.finditer(optional)]
        if None in inner or not inner:
            return f"<<{optional}>> needs a placeholder and no << in it"
        for names in inner:
            problem = _placeholder_problem(names, optional is None)
            if problem:
                return problem
    return None


def _placeholder_problem(names: str, alone: bool) -> str | None:
    *facts, last = names.split("|")
    if last in Facts.__struct_fields__:
        facts.append(last)
        if alone:
            return f"{{{names}}} needs a text for when nothing is known: {{{names}|...}}"
    elif not facts:
        meant = nearest(last, Facts.__struct_fields__)
        return f"{{{last}}} is no placeholder" + (f"; did you mean {{{meant}}}?" if meant else "")
    unknown = next((name for name in facts if name not in Facts.__struct_fields__), None)
    return f"{{{names}}}: {quoted(unknown)} is no placeholder" if unknown is not None else None


def _longest(code: str, prefixes: Iterable[str]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)


def _texts() -> Iterator[tuple[str, str]]:
    folder = files("qorgau.rules") / FOLDER
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name.endswith(".md"):
            yield entry.name, _decoded(entry.name, entry.read_bytes())


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise RuleFileError(_shown(name), "", "is not UTF-8") from error


def _split(name: str, text: str) -> tuple[str, str]:
    head, edge, rest = text.removeprefix(_EDGE).partition("\n" + _EDGE)
    if not text.startswith(_EDGE) or not edge:
        raise RuleFileError(_shown(name), "", "has no head between two lines +++")
    return head, rest


def _shown(name: str) -> str:
    return f"rules/{FOLDER}/{name}"
