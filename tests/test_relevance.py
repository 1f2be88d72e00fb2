"""Large programs: what is left out of the analysis, and what must not be (docs/limits.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from qorgau import config, pipeline
from qorgau.flow.mentions import words_of
from qorgau.flow.relevance import ALL
from qorgau.lowering import lower

FILLER = "\n\n".join(
    f"def step_{number}(x):\n    y = x + {number}\n    z = y * 2\n    z += 1\n    z -= y\n    return z"
    for number in range(ALL + 1)
)


def _lines(folder: Path, files: dict[str, str]) -> list[str]:
    (folder / "qorgau.toml").write_text('select = ["PD201", "PD501"]\n[fields.iin]\n', encoding="utf-8")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    settings = config.load(folder, folder, None)
    report = pipeline.check(pipeline.Request(paths=(folder,), settings=settings, cwd=folder))
    return [f"{finding.path}:{finding.line} {finding.code}" for finding in report.findings]


CHAIN = {
    "views.py": "from service import register as take\n\n\ndef view(request):\n    take(request.json)\n",
    "service.py": "from gateway import push\n\n\ndef register(form):\n    push(form['iin'])\n",
    "gateway.py": (
        "import requests\n\n\ndef push(value):\n"
        '    requests.post("https://api.example.com/x", json={"v": value})\n'
    ),
}


def test_a_flow_over_three_files_is_found_in_a_large_program_as_in_a_small_one(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    large.mkdir()
    assert _lines(small, CHAIN) == ["gateway.py:5 PD201"]
    assert _lines(large, {**CHAIN, "filler.py": FILLER}) == ["gateway.py:5 PD201"]


def test_a_decorator_that_mentions_no_data_is_followed_in_a_large_program(tmp_path: Path) -> None:
    files = {
        "marks.py": (
            "import functools\n\n\ndef traced(name):\n    label = name.upper()\n    label += '!'\n"
            "    label = label.strip()\n    label = label + '.'\n\n    def mark(function):\n"
            "        @functools.wraps(function)\n        def inner(*args):\n            return function(*args)\n\n"
            "        return inner\n\n    return mark\n"
        ),
        "send.py": (
            "import requests\nfrom marks import traced\n\n\n@traced('send')\ndef send(value):\n"
            '    requests.post("https://api.example.com/x", json={"v": value})\n\n\n'
            "def all_of(client):\n    send(client.iin)\n"
        ),
        "filler.py": FILLER,
    }
    assert _lines(tmp_path, files) == ["send.py:7 PD201"]


def test_a_table_of_functions_leads_to_them_in_a_large_program(tmp_path: Path) -> None:
    files = {
        "exports.py": (
            "from crm import load\n\n\ndef clients():\n    return [c.iin for c in load()]\n\n\n"
            "def cities():\n    return [c.city for c in load()]\n\n\n"
            'EXPORTS = {"clients": clients, "cities": cities}\n'
        ),
        "choice.py": (
            "from exports import EXPORTS\n\n\ndef chosen(name):\n    found = EXPORTS.get(name)\n"
            "    if found is None:\n        raise KeyError(name)\n    return found()\n"
        ),
        "publish.py": (
            "import requests\nfrom choice import chosen\n\n\ndef publish(name):\n    rows = chosen(name)\n"
            "    count = len(rows)\n    count += 1\n    count -= 1\n    if count:\n"
            '        requests.post("https://api.example.com/x", json={"v": rows})\n'
        ),
        "filler.py": FILLER,
    }
    assert _lines(tmp_path, files) == ["publish.py:11 PD201"]


def test_what_the_first_round_found_behind_a_decorator_the_second_finds_too(tmp_path: Path) -> None:
    files = {
        "app.py": (
            "import functools\nimport logging\n\nfrom flask import Flask, request\n\napp = Flask(__name__)\n"
            "SEEN = []\n\n\ndef limited(function):\n    @functools.wraps(function)\n"
            "    def inner(*args, **kwargs):\n        n = len(args)\n        n += 1\n        n *= 2\n"
            "        n -= 3\n        return function(*args, **kwargs)\n\n    return inner\n\n\n"
            "@app.route('/register')\n@limited\ndef register():\n    SEEN.append(request.form['iin'])\n"
            "    logging.info('registered %s', request.form['iin'])\n"
        ),
        "filler.py": FILLER,
    }
    assert _lines(tmp_path, files) == ["app.py:26 PD501"]


def test_what_one_request_leaves_in_its_own_object_is_not_found_by_another(tmp_path: Path) -> None:
    files = {
        "app.py": (
            "import logging\n\nfrom flask import Flask, g\n\napp = Flask(__name__)\n\n\n"
            "@app.route('/a')\ndef keep(client):\n    g.seen = client.iin\n"
            "    logging.info('kept %s', g.seen)\n\n\n"
            "@app.route('/b')\ndef show():\n    logging.info('seen %s', g.seen)\n"
        )
    }
    assert _lines(tmp_path, files) == ["app.py:11 PD501"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("'iin'", {"iin"}),
        ("'SELECT iin, phone FROM clients'", {"SELECT", "iin", "phone", "FROM", "clients"}),
        ("'Dear {name}, your place is kept'", {"name"}),
        ("'We sent you an email about your phone'", set()),
        ("'iin, phone, city'", {"iin", "phone", "city"}),
    ],
)
def test_a_sentence_for_people_names_no_data_and_keys_and_templates_do(text: str, named: set[str]) -> None:
    assert set(words_of(lower(f"f({text})\n").body)) - {"f"} == named


def test_a_call_that_is_given_data_deep_in_a_dict_is_followed_in_a_large_program(tmp_path: Path) -> None:
    files = {
        "orders.py": (
            "from gateway import submit\n\n\ndef order(client):\n"
            "    submit({'model': {'lines': [], 'to': {'number': client.iin}}}, 3)\n"
        ),
        "gateway.py": (
            "import requests\n\n\ndef submit(data, tries):\n    for number in range(tries):\n"
            "        kept = number * 2\n        kept += 1\n        if kept > 4:\n            break\n"
            '        requests.post("https://api.example.com/x", json=data)\n'
        ),
        "filler.py": FILLER,
    }
    assert _lines(tmp_path, files) == ["gateway.py:10 PD201"]


def test_a_list_that_a_call_without_data_fills_is_not_taken_for_empty_in_a_large_program(
    tmp_path: Path,
) -> None:
    files = {
        "orders.py": (
            "import requests\n\n\ndef add_line(lines, order):\n    for number in range(order.size):\n"
            "        kept = number * 2\n        kept += 1\n        if kept > 4:\n            break\n"
            "        lines.append({'n': kept})\n\n\n"
            "def order(order, client):\n    lines = []\n    add_line(lines, order)\n    if not lines:\n        return\n"
            '    requests.post("https://api.example.com/x", json={"to": client.iin})\n'
        ),
        "filler.py": FILLER,
    }
    assert _lines(tmp_path, files) == ["orders.py:18 PD201"]


LOG = (
    "import shared\n\n\ndef unlock(clients):\n    logger = shared.get_logger()\n    for client in clients:\n"
    "        logger.info('unlocked %s', client.iin)\n"
)


def test_what_a_function_that_is_not_followed_promises_is_known_by_its_annotation(tmp_path: Path) -> None:
    shared = (
        "import logging\n\nfrom elsewhere import start\n\n\ndef get_logger() -> logging.Logger:\n"
        "    for number in range(3):\n        kept = number * 2\n        kept += 1\n        if kept > 4:\n"
        "            break\n    return start(kept)\n"
    )
    files = {"shared.py": shared, "clients.py": LOG, "filler.py": FILLER}
    assert _lines(tmp_path, files) == ["clients.py:7 PD501"]


def test_a_function_that_makes_a_logger_is_followed_in_a_large_program(tmp_path: Path) -> None:
    shared = (
        "import logging\n\n\ndef get_logger():\n    made = logging.getLogger('clients')\n"
        "    handler = logging.StreamHandler()\n    handler.setLevel(logging.INFO)\n"
        "    made.addHandler(handler)\n    made.propagate = False\n    return made\n"
    )
    files = {"shared.py": shared, "clients.py": LOG, "filler.py": FILLER}
    assert _lines(tmp_path, files) == ["clients.py:7 PD501"]


def test_a_client_that_a_function_leaves_in_its_module_is_known_in_a_large_program(tmp_path: Path) -> None:
    files = {
        "made.py": "import requests\n\n\ndef new_session():\n    return requests.Session()\n",
        "kept.py": (
            "import logging\n\nfrom made import new_session\n\nlogger = logging.getLogger(__name__)\n_session = None\n"
            "\n\ndef start():\n    global _session\n    if _session is not None:\n        return\n"
            "    label = 'session'\n    label += '!'\n    _session = new_session()\n    logger.info(label)\n"
            "\n\ndef session():\n    if _session is None:\n        start()\n    return _session\n"
        ),
        "send.py": (
            "from kept import session\n\n\ndef send(client):\n"
            '    session().post("https://api.example.com/x", json={"v": client.iin})\n'
        ),
        "filler.py": FILLER,
    }
    assert _lines(tmp_path, files) == ["send.py:5 PD201"]
