"""One file a format: ``render(report) -> str``; a format is found by being here."""
