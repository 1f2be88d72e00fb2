"""Files beside the code that say something of it: read where they are short, absent where they cannot be."""

from __future__ import annotations

from pathlib import Path


def text_of(path: Path, most: int) -> str:
    """The text of a file of at most ``most`` bytes; nothing of a longer or unreadable one."""
    try:
        if path.stat().st_size > most:
            return ""
        return path.read_text(encoding="utf-8", errors="replace").removeprefix("\ufeff")
    except OSError:
        return ""
