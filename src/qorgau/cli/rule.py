"""``qorgau rule [CODE]``: what a finding code means, for the terminal.

Pure functions from pages to something that rich can show. Nothing here prints, and nothing knows
how a finding is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from qorgau.knowledge.pages import Page, load_pages, prose, select

_TITLE = re.compile(r"\A\s*# .*\n")
# Markdown has no place for the name of a file, so it is put over the block.
_FILE = re.compile(r"^(?P<fence>`{3,}[a-z]+) (?P<path>\S+)$", re.MULTILINE)
_LINK = re.compile(r"\[(?P<text>[^\]]+)\]\(PD[^)]+\.md\)")
_STYLES = {"error": "bold red", "warning": "bold yellow"}


def render_rule(code: str | None) -> RenderableType:
    """The page of a code, or the table of all codes (None) or of those with a prefix (``PD2``).

    Raises ``UnknownCodeError`` for a code that no page has, ``RuleFileError`` where a page is broken.
    """
    pages = load_pages()
    if code is None:
        return render_table(pages)
    wanted = select(pages, (code.strip().upper(),))
    named = {each: page for each, page in pages.items() if each in wanted}
    if len(named) > 1:
        return render_table(named)
    (page,) = named.values()
    return render_page(page)


def render_table(pages: Mapping[str, Page]) -> RenderableType:
    """One line a code: code, name, severity, paragraphs and what it is flagged for."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("code", "name", "severity", "paragraph"):
        table.add_column(heading, no_wrap=True)
    table.add_column("flagged when", overflow="fold")
    for page in pages.values():
        table.add_row(
            page.code,
            page.name,
            Text(page.severity, style=_STYLES[page.severity]),
            ", ".join(page.paragraphs),
            Text(page.summary),
        )
    return table


def render_page(page: Page) -> RenderableType:
    """The whole page of one rule. Reads its prose; raises ``RuleFileError`` where that is gone."""
    title = Text.assemble((page.code, "bold"), " ", (page.name, "bold"), " ", _severity(page))
    return Group(title, Text(page.summary), Text(""), Markdown(_shown(prose(page)), hyperlinks=False))


def _severity(page: Page) -> Text:
    where = ""
    if page.paragraphs:
        noun = "paragraph" if len(page.paragraphs) == 1 else "paragraphs"
        where = f", {noun} {', '.join(page.paragraphs)} of the Rules"
    return Text.assemble("[", (page.severity, _STYLES[page.severity]), f"{where}]")


def _shown(text: str) -> str:
    text = _TITLE.sub("", text)
    text = _LINK.sub(lambda found: found["text"], text)
    return _FILE.sub(lambda found: f"*{found['path']}*\n\n{found['fence']}", text)
