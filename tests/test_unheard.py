"""Names of the configuration that nothing in the program has are told, and no others."""

from __future__ import annotations

from pathlib import Path

from qorgau import config, pipeline

PROGRAM = {
    "bank/__init__.py": "",
    "bank/consent.py": "def has_consent(client):\n    return client.agreed\n",
    "bank/models.py": "class Person:\n    def agreed_to(self, what):\n        return what in self.agreed\n",
    "app.py": "from egov.kdp import demand\nfrom bank.models import Person\n\n\nclass Client(Person):\n    pass\n",
}


def _doubts(folder: Path, checks: str, **more: str) -> tuple[str, ...]:
    files = {**PROGRAM, **more, "qorgau.toml": f"[fields.phone]\n\n[consent]\nchecks = {checks}\n"}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    settings = config.load(folder, folder, None)
    return pipeline.check(pipeline.Request(paths=(folder,), settings=settings, cwd=folder)).doubts


def test_names_that_are_there_are_not_doubted(tmp_path: Path) -> None:
    checks = (
        '["bank.consent.has_consent", "has_consent", "Client.agreed_to", "egov.kdp.*", "egov.kdp.demand"]'
    )
    assert _doubts(tmp_path, checks) == ()


def test_a_misspelled_function_is_told_with_what_was_meant(tmp_path: Path) -> None:
    assert _doubts(tmp_path, '["bank.consent.has_consnet"]') == (
        'qorgau.toml: consent.checks[0]: nothing in the project is called "has_consnet"; '
        'did you mean "bank.consent.has_consent"?',
    )


def test_a_misspelled_module_is_told_with_what_was_meant(tmp_path: Path) -> None:
    assert _doubts(tmp_path, '["bank.consents.has_consent"]') == (
        'qorgau.toml: consent.checks[0]: nothing in the project is called "consents"; '
        'did you mean "bank.consent.has_consent"?',
    )


def test_nothing_is_doubted_while_a_file_cannot_be_read(tmp_path: Path) -> None:
    assert _doubts(tmp_path, '["nowhere"]', **{"broken.py": "def ("}) == ()
