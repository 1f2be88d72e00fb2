"""What is read from the text of a SQL statement. ``¤`` in these texts is a hole: an unknown part."""

from __future__ import annotations

import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qorgau.flow.sql_text import (
    Column,
    ColumnRef,
    Condition,
    Expression,
    FormatField,
    HoleNumber,
    Literal,
    NamedParameter,
    Parameter,
    Placeholder,
    Statement,
    Streamed,
    Value,
    parse_sql,
)


def read(text: str) -> Statement:
    return parse_sql(text.replace("¤", "\0"))


def origin(value: ColumnRef | Placeholder) -> str:
    match value:
        case Parameter():
            return f"P{value.index}"
        case NamedParameter():
            return f":{value.name}"
        case HoleNumber():
            return f"H{value.index}"
        case FormatField():
            return "{" + value.key + "}"
        case ColumnRef():
            return f"{value.table}.{value.name}" if value.table else value.name


def shown(value: Value) -> str:
    match value:
        case Literal():
            return repr(value.text) if value.kind == "text" else value.text
        case Streamed():
            return f"row[{value.position}]" + (f" of {origin(value.source)}" if value.source else "")
        case Expression():
            return parts(Column("", value.parts))
        case _:
            return origin(value)


def parts(column: Column) -> str:
    """Each thing that a column carries, with what is left of it."""
    pieces = []
    for part in column.parts:
        effect = f"kept {part.effect[1]}" if isinstance(part.effect, tuple) else part.effect
        pieces.append(origin(part.origin) + (f" {effect}" if effect else ""))
    return " + ".join(pieces) or "nothing"


def yields(statement: Statement) -> list[str]:
    return [f"{column.name.replace(chr(0), '¤')}: {parts(column)}" for column in statement.columns]


def writes(statement: Statement) -> list[str]:
    return [f"{write.column or '-'} <- {shown(write.value)}".replace("\0", "¤") for write in statement.writes]


def conditions(statement: Statement) -> list[tuple[str, str, object]]:
    return [
        (f"{each.table}.{each.column}" if each.table else each.column, each.op, each.value)
        for each in statement.conditions
    ]


def selectors(statement: Statement) -> list[str]:
    return [origin(place) for place in statement.selectors]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT iin FROM clients", "select"),
        ("  -- note\n select 1", "select"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "select"),
        ("(SELECT a FROM t) UNION (SELECT b FROM u)", "select"),
        ("VALUES (1, 2)", "select"),
        ("DECLARE c CURSOR FOR SELECT iin FROM t", "select"),
        ("INSERT INTO t (a) VALUES (1)", "insert"),
        ("INSERT OR REPLACE INTO t (a) VALUES (?)", "insert"),
        ("INSERT IGNORE INTO t (a) VALUES (%s)", "insert"),
        ("REPLACE INTO t (a) VALUES (%s)", "insert"),
        ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b", "insert"),
        ("CREATE TABLE x AS SELECT a FROM t", "insert"),
        ("SELECT a INTO x FROM t", "insert"),
        ("UPDATE t SET a = 1", "update"),
        ("DELETE FROM t", "delete"),
        ("TRUNCATE TABLE t", "delete"),
        ("COPY t TO STDOUT", "copy-out"),
        ("SELECT a INTO OUTFILE '/tmp/a' FROM t", "copy-out"),
        ("UNLOAD ('SELECT a FROM t') TO 's3://bucket/x'", "copy-out"),
        ("COPY t FROM STDIN", "copy-in"),
        ("LOAD DATA INFILE 'x.csv' INTO TABLE t", "copy-in"),
        ("CREATE VIEW v AS SELECT a FROM t", "ddl"),
        ("CREATE TABLE t (a text)", "ddl"),
        ("DROP TABLE t", "ddl"),
        ("CALL save(%s)", "call"),
        ("BEGIN save(:a); END;", "call"),
        ("SET search_path TO x", "other"),
        ("COMMIT", "other"),
        ("BEGIN; INSERT INTO t (a) VALUES (1); COMMIT", "insert"),
        ("¤ SELECT a FROM t", "select"),
        ("¤", "unknown"),
        ("", "unknown"),
        ("hello (world)", "unknown"),
    ],
)
def test_a_statement_has_a_kind(text: str, kind: str) -> None:
    assert read(text).kind == kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT iin, phone AS p FROM clients", ["iin: clients.iin", "p: clients.phone"]),
        ('SELECT c."IIN" AS "ИИН" FROM public.clients c', ["ИИН: public.clients.IIN"]),
        ("SELECT `iin` FROM `clients` WHERE a = 1", ["iin: clients.iin"]),
        ("SELECT TOP 5 [iin] FROM [dbo].[clients]", ["iin: dbo.clients.iin"]),
        ("SELECT iin FROM a JOIN b ON a.id = b.id", ["iin: iin"]),
        ("SELECT first || ' ' || last AS fio FROM t", ["fio: t.first + t.last"]),
        ("SELECT concat_ws(' ', a, b) AS fio FROM t", ["fio: t.a + t.b"]),
        ("SELECT coalesce(phone, email) FROM t", ["coalesce: t.phone + t.email"]),
        ("SELECT trim(lower(email)) AS e, iin::bigint FROM t", ["e: t.email", "iin: t.iin"]),
        ("SELECT json_build_object('iin', c.iin) AS j FROM clients c", ["j: clients.iin"]),
        ("SELECT row_to_json(c) AS j, c FROM clients c", ["j: clients.*", "c: clients.*"]),
        ("SELECT data ->> 'iin' AS x FROM t", ["x: t.data + t.iin"]),
        ("SELECT CASE WHEN a THEN phone ELSE '' END AS p FROM t", ["p: t.phone"]),
        ("SELECT (SELECT phone FROM c WHERE c.id = t.id) AS p FROM t", ["p: c.phone"]),
        ("SELECT city, count(*) FROM t GROUP BY city", ["city: t.city", "count: nothing"]),
        (
            "SELECT max(iin) AS m, sum(debt) AS s, avg(debt) AS a FROM t",
            ["m: nothing", "s: nothing", "a: nothing"],
        ),
        ("SELECT length(iin) AS n, iin IS NULL AS z FROM t", ["n: nothing", "z: nothing"]),
        ("SELECT exists(SELECT iin FROM t) AS e", ["e: nothing"]),
        ("SELECT row_number() OVER (PARTITION BY iin) AS n FROM t", ["n: nothing"]),
        ("SELECT string_agg(phone, ',' ORDER BY iin) AS p FROM t", ["p: t.phone"]),
        ("SELECT phone FROM t UNION ALL SELECT email FROM u", ["phone: t.phone + u.email"]),
        ("WITH a AS (SELECT iin AS x FROM t) SELECT y.x FROM a y", ["x: t.iin"]),
        ("WITH a(x) AS (SELECT iin FROM t) SELECT x FROM a", ["x: t.iin"]),
        (
            "WITH RECURSIVE a(x) AS (SELECT iin FROM t UNION ALL SELECT x FROM a) SELECT x FROM a",
            ["x: t.iin"],
        ),
        ("SELECT phone FROM (SELECT count(*) AS phone FROM t) q", ["phone: nothing"]),
        ("SELECT * FROM (SELECT iin, md5(phone) AS p FROM t) q", ["iin: t.iin", "p: t.phone hash"]),
        ("SELECT * FROM (VALUES (%s, %s)) AS v(iin, phone)", ["iin: P0", "phone: P1"]),
        ("SELECT %s AS iin, save(%s)", ["iin: P0", "save: P1"]),
        ("SELECT ¤ FROM clients", ["¤: H0"]),
        ("SELECT iin FROM clients_¤", ["iin: clients_\0.iin"]),
        ("INSERT INTO t (iin) VALUES (%s) RETURNING id, iin AS i", ["id: t.id", "i: t.iin"]),
        ("INSERT INTO t (iin) OUTPUT inserted.iin VALUES (?)", ["iin: t.iin"]),
        ("DELETE FROM t WHERE id = %s RETURNING phone", ["phone: t.phone"]),
        ("UPDATE t SET a = 1 RETURNING *", ["*: t.*"]),
        ("SELECT a /* phone */, -- iin\n b FROM t", ["a: t.a", "b: t.b"]),
    ],
)
def test_what_a_statement_yields_is_told_by_column(text: str, expected: list[str]) -> None:
    assert yields(read(text)) == expected


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        ("md5(iin)", "hash"),
        ("sha2(iin, 256)", "hash"),
        ("encode(digest(iin, 'sha256'), 'hex')", "hash"),
        ("hashbytes('SHA2_256', iin)", "hash"),
        ("hmac(iin, key, 'sha256')", "irreversible"),
        ("encode(hmac(iin, 'k', 'sha256'), 'hex')", "irreversible"),
        ("crypt(iin, gen_salt('bf'))", "irreversible"),
        ("encode(iin, 'base64')", "reversible"),
        ("to_base64(iin)", "reversible"),
        ("hex(aes_encrypt(iin, key))", "reversible"),
        ("pgp_sym_encrypt(iin, key)", "reversible"),
        ("pgp_sym_decrypt(iin, 'k')", ""),
        ("left(iin, 4)", ("kept", 4)),
        ("right(iin, 2)", ("kept", 2)),
        ("substr(iin, 1, 4)", ("kept", 4)),
        ("substring(iin from 3 for 2)", ("kept", 2)),
        ("substr(iin, -4)", ("kept", 4)),
        ("lpad(right(iin, 4), 12, '*')", ("kept", 4)),
        ("left(left(iin, 8), 3)", ("kept", 3)),
        ("left(iin, n)", ""),
        ("substr(iin, 3)", ""),
        ("left(md5(iin), 8)", "hash"),
        ("upper(iin)", ""),
        ("count(iin)", "clean"),
        ("iin = '1'", "clean"),
        ("iin IN ('1', '2')", "clean"),
    ],
)
def test_a_function_leaves_more_or_less_of_a_column(expression: str, left: object) -> None:
    (column,) = read(f"SELECT {expression} AS x FROM t").columns
    assert column.effect == left
    assert column.sources == (() if left == "clean" else ("iin",))


def test_the_function_that_changed_a_column_is_named() -> None:
    (column,) = read("SELECT left(lower(phone), 4) AS tail FROM clients").columns
    assert (column.name, column.source, column.table, column.call) == ("tail", "phone", "clients", "left")


def test_what_is_hashed_together_is_told_so_that_a_secret_can_be_seen() -> None:
    (column,) = read("SELECT md5(iin || %s) AS x FROM t").columns
    assert [(origin(part.origin), [origin(o) for o in part.joined]) for part in column.parts] == [
        ("t.iin", ["P0"]),
        ("P0", ["t.iin"]),
    ]


def test_two_slices_of_one_column_stay_two_parts() -> None:
    (column,) = read("SELECT concat(left(phone, 2), '**', right(phone, 3)) AS x FROM t").columns
    assert [part.effect for part in column.parts] == [("kept", 2), ("kept", 3)]


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("SELECT * FROM clients", ("clients",)),
        ("SELECT c.* FROM archive.clients c", ("archive.clients",)),
        ("SELECT * FROM a, b", ("a", "b")),
        ("SELECT c.*, o.id FROM clients c JOIN orders o ON o.cid = c.id", ("clients",)),
        ("WITH q AS (SELECT * FROM clients) SELECT * FROM q", ("clients",)),
        ("SELECT count(*) FROM clients", ()),
        ("SELECT * FROM ¤", ("\0",)),
    ],
)
def test_a_star_is_told_by_its_tables(text: str, tables: tuple[str, ...]) -> None:
    assert read(text).star == tables


def test_a_star_leaves_out_what_it_excepts_and_replaces() -> None:
    statement = read("SELECT * EXCEPT (iin) REPLACE (md5(phone) AS phone) FROM clients")
    assert statement.columns[0].dropped == ("iin", "phone")
    assert yields(statement)[1:] == ["phone: clients.phone hash"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO t (iin, phone) VALUES (%s, %s)", ["iin <- P0", "phone <- P1"]),
        ("INSERT INTO t (iin, phone) VALUES (%(i)s, %(p)s)", ["iin <- :i", "phone <- :p"]),
        ("INSERT INTO t (iin, phone) VALUES (?, ?)", ["iin <- P0", "phone <- P1"]),
        ("INSERT INTO t (iin, phone) VALUES (:iin, :phone)", ["iin <- :iin", "phone <- :phone"]),
        ("INSERT INTO t (iin, phone) VALUES ($2, $1)", ["iin <- P1", "phone <- P0"]),
        ("INSERT INTO t (iin, phone) VALUES (:1, :2)", ["iin <- P0", "phone <- P1"]),
        ("INSERT INTO t (iin) VALUES (@p1)", ["iin <- :p1"]),
        ("INSERT INTO t (iin) VALUES ({iin:String})", ["iin <- :iin"]),
        ("INSERT INTO t (iin, phone) VALUES ({}, {})", ["iin <- {0}", "phone <- {1}"]),
        ("INSERT INTO t (iin) VALUES ('{iin}')", ["iin <- {iin}"]),
        ("INSERT INTO t (iin, phone) VALUES ('¤', ¤)", ["iin <- H0", "phone <- H1"]),
        ('INSERT INTO t (iin) VALUES ("¤")', ["iin <- H0"]),
        ("INSERT INTO t (note) VALUES ('tel. ¤')", ["note <- H0"]),
        ("INSERT INTO t (iin) VALUES ('%s')", ["iin <- P0"]),
        ("INSERT INTO t (iin, a, b) VALUES ('', NULL, 1)", ["iin <- ''", "a <- null", "b <- 1"]),
        ("INSERT INTO t (a, b) VALUES (TRUE, -1)", ["a <- true", "b <- -1"]),
        ("INSERT INTO t VALUES (%s, now())", ["- <- P0", "- <- nothing"]),
        ("INSERT INTO t (a) VALUES (%s), (%s)", ["a <- P0", "a <- P1"]),
        ("INSERT INTO t (iin, phone) VALUES %s", ["iin <- row[0] of P0", "phone <- row[1] of P0"]),
        ("INSERT INTO t (iin, phone) VALUES (¤)", ["iin <- row[0] of H0", "phone <- row[1] of H0"]),
        ("INSERT INTO clients (¤) VALUES (¤)", ["¤ <- H1"]),
        ("INSERT INTO t SET iin = %s, a = 'x'", ["iin <- P0", "a <- 'x'"]),
        ("INSERT INTO t (iin) VALUES (%s::text)", ["iin <- P0"]),
        ("INSERT INTO t (iin) VALUES (md5(%s))", ["iin <- P0 hash"]),
        ("INSERT INTO t (iin) VALUES (hmac(%s, %s, 'sha256'))", ["iin <- P0 irreversible"]),
        ("INSERT INTO t (iin) VALUES (encode(¤, 'base64'))", ["iin <- H0 reversible"]),
        ("INSERT INTO t (iin) VALUES (length(%s))", ["iin <- nothing"]),
        ("INSERT INTO t (fio) VALUES (%s || ' ' || %s)", ["fio <- P0 + P1"]),
        (
            "INSERT INTO t (iin) VALUES (%s) ON CONFLICT (iin) DO UPDATE SET phone = EXCLUDED.phone, a = %s",
            ["iin <- P0", "phone <- excluded.phone", "a <- P1"],
        ),
        (
            "INSERT INTO t (iin) VALUES (%s) ON DUPLICATE KEY UPDATE phone = VALUES(phone)",
            ["iin <- P0", "phone <- excluded.phone"],
        ),
        ("INSERT INTO a (iin, p) SELECT iin, phone FROM t", ["iin <- t.iin", "p <- t.phone"]),
        ("INSERT INTO a SELECT iin FROM t", ["- <- t.iin"]),
        ("INSERT INTO a SELECT * FROM t", ["* <- t.*"]),
        ("INSERT INTO a (iin) SELECT * FROM unnest($1::text[]) AS u(x)", ["iin <- P0"]),
        (
            "WITH d AS (DELETE FROM t WHERE id = $1 RETURNING iin) INSERT INTO a (iin) SELECT iin FROM d",
            ["iin <- t.iin"],
        ),
        ("UPDATE t SET iin = %s, a = lower(:p), b = '' WHERE id = %s", ["iin <- P0", "a <- :p", "b <- ''"]),
        ("UPDATE t SET (iin, phone) = (%s, %s)", ["iin <- P0", "phone <- P1"]),
        ("UPDATE t SET a = (SELECT phone FROM u WHERE u.id = 1)", ["a <- u.phone"]),
        ("UPDATE t SET a = b", ["a <- t.b"]),
        ("UPDATE t SET ¤ WHERE id = 1", ["- <- H0"]),
        ("UPDATE t SET ¤ = %s", ["¤ <- P0"]),
        (
            "MERGE INTO t USING (SELECT ? AS i) s ON t.iin = s.i WHEN MATCHED THEN UPDATE SET b = s.i "
            "WHEN NOT MATCHED THEN INSERT (iin) VALUES (s.i)",
            ["b <- P0", "iin <- P0"],
        ),
        ("CREATE TABLE x AS SELECT iin, phone AS p FROM t", ["iin <- t.iin", "p <- t.phone"]),
        ("SELECT iin INTO x FROM t", ["iin <- t.iin"]),
        ("COPY t (iin, phone) FROM STDIN", ["iin <- row[0]", "phone <- row[1]"]),
        ("LOAD DATA INFILE 'x' INTO TABLE t FIELDS TERMINATED BY ',' (iin)", ["iin <- row[0]"]),
        ("CALL save(%s, p_iin => %s)", ["- <- P0", "p_iin <- P1"]),
        ("EXEC save @iin = ?, @b = 'x'", ["iin <- P0", "b <- 'x'"]),
    ],
)
def test_what_a_statement_writes_is_told_by_column(text: str, expected: list[str]) -> None:
    assert writes(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "written", "only_read"),
    [
        ("SELECT 1 FROM a JOIN b ON true, c", (), ("a", "b", "c")),
        ("INSERT INTO s.t (a) SELECT a FROM u", ("s.t",), ("u",)),
        ("UPDATE t SET a = 1 FROM u WHERE u.id = t.id", ("t",), ("u",)),
        ("DELETE FROM t WHERE id IN (SELECT id FROM u)", ("t",), ("u",)),
        ("WITH q AS (SELECT a FROM t) SELECT a FROM q", (), ("t",)),
        ("INSERT INTO ¤.clients (iin) VALUES (1)", ("\0.clients",), ()),
        ("COPY t TO STDOUT", (), ("t",)),
        ("INSERT INTO a (x) VALUES (1); DELETE FROM b", ("a", "b"), ()),
    ],
)
def test_written_tables_are_told_from_those_read(
    text: str, written: tuple[str, ...], only_read: tuple[str, ...]
) -> None:
    statement = read(text)
    assert (statement.tables, statement.read_tables) == (written, only_read)


def test_an_alias_leads_to_the_table_that_is_updated() -> None:
    statement = read("UPDATE c SET phone = ? FROM clients c WHERE c.id = ?")
    assert statement.writes[0].table == "clients"
    assert statement.tables == ("clients",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM t WHERE iin = %s LIMIT %s", ["P0", "P1"]),
        ("SELECT a FROM t WHERE iin = '¤' AND b LIKE '%¤%' ORDER BY ¤", ["H0", "H1", "H2"]),
        ("SELECT a FROM t WHERE iin IN (¤) AND b = ANY(:ids)", ["H0", ":ids"]),
        ("SELECT a FROM t JOIN u ON u.iin = %s HAVING count(*) > %s", ["P0", "P1"]),
        ("SELECT a FROM t WHERE b LIKE '%%%s%%'", ["P0"]),
        ("SELECT a FROM t WHERE d > now() - interval '¤ days'", ["H0"]),
        ("UPDATE t SET phone = %s WHERE iin = %s", ["P1"]),
        ("UPDATE t SET phone = :p WHERE phone = :p AND id = :id", [":id"]),
        ("DELETE FROM t WHERE iin = $1", ["P0"]),
        ("INSERT INTO t (a) SELECT %s WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = %s)", ["P1"]),
        ("SELECT a FROM t WHERE active ¤", ["H0"]),
        ("SELECT a FROM t WHERE iin = {} AND b = {name}", ["{0}", "{name}"]),
        ("¤ WHERE iin = %s", ["P0"]),
    ],
)
def test_placeholders_that_only_select_are_told_apart(text: str, expected: list[str]) -> None:
    assert selectors(read(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT data ? 'k' FROM t",
        "SELECT a::text FROM t",
        "SELECT a FROM t WHERE a = '10:30' AND b = 'who@example.com' AND c = 'really?'",
        "SELECT date_format(d, '%H:%i:%s'), format('%s %s', a, b) FROM t",
        "SELECT a FROM t WHERE b = '{}'::jsonb",
        "SELECT a % 2, a[1:2] FROM t",
        "SELECT $$ :name %s $$",
        "SELECT a FROM t -- :name\n",
        "SELECT a FROM t WHERE b LIKE '%some'",
        "SELECT a FROM t WHERE b @> c AND d @@ e",
    ],
)
def test_what_only_looks_like_a_placeholder_is_none(text: str) -> None:
    assert read(text).placeholders == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM ¤ WHERE iin = %s", ["H0"]),
        ("SELECT a FROM t ¤ ¤", ["H0", "H1"]),
        ("SELECT iin FROM {} WHERE {} = %s", ["{0}"]),
        ("INSERT INTO {} ({}) VALUES (%s)", ["{1}", "{0}"]),
        ("UPDATE t SET a = '¤' ¤", ["H1"]),
        ("COPY t TO '/tmp/¤.csv'", ["H0"]),
    ],
)
def test_holes_for_names_and_clauses_are_fragments(text: str, expected: list[str]) -> None:
    assert [origin(place) for place in read(text).fragments] == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("consent_given", [("t.consent_given", "is", True)]),
        ("NOT consent_given", [("t.consent_given", "is", False)]),
        ("consent_given = TRUE", [("t.consent_given", "=", True)]),
        ("TRUE = consent_given", [("t.consent_given", "=", True)]),
        ("consent_given IS TRUE", [("t.consent_given", "is", True)]),
        ("consent_given IS NOT FALSE", [("t.consent_given", "is not", False)]),
        ("consent_given = 1", [("t.consent_given", "=", 1)]),
        ("consent_given <> 0", [("t.consent_given", "!=", 0)]),
        ("consent_given = 'Y'", [("t.consent_given", "=", "Y")]),
        ("NOT (consent_given = 'N')", [("t.consent_given", "!=", "N")]),
        ("coalesce(consent_given, false)", [("t.consent_given", "is", True)]),
        ("revoked_at IS NULL", [("t.revoked_at", "is", None)]),
        ("agreed_at IS NOT NULL", [("t.agreed_at", "is not", None)]),
        ("NOT (agreed_at IS NULL)", [("t.agreed_at", "is not", None)]),
        ("3 < level", [("t.level", ">", 3)]),
        ("state IN ('a', 'b')", [("t.state", "in", ("a", "b"))]),
        ("id = %s", [("t.id", "=", Parameter(0))]),
        ("id = '¤'", [("t.id", "=", HoleNumber(0))]),
        ("a AND (b AND NOT c)", [("t.a", "is", True), ("t.b", "is", True), ("t.c", "is", False)]),
        ("a OR b", []),
        ("(a OR b) AND c", [("t.c", "is", True)]),
        ("NOT (a AND b)", []),
        ("a NOT IN (1, 2)", []),
        ("NOT EXISTS (SELECT 1 FROM u WHERE u.a)", []),
        ("a LIKE 'x'", []),
        ("data ->> 'consent' = 'true'", [("t.consent", "=", "true")]),
    ],
)
def test_what_holds_for_every_row_is_told(where: str, expected: list[tuple[str, str, object]]) -> None:
    assert conditions(read(f"SELECT phone FROM t WHERE {where}")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a FROM t JOIN u ON u.granted", [("u.granted", "is", True)]),
        ("SELECT a FROM t LEFT JOIN u ON u.granted", []),
        ("SELECT a FROM t LEFT JOIN u ON u.id = t.id WHERE u.granted", [("u.granted", "is", True)]),
        ("SELECT p FROM (SELECT p FROM t WHERE granted) q", [("t.granted", "is", True)]),
        ("SELECT p FROM u LEFT JOIN (SELECT p FROM t WHERE granted) q ON true", []),
        ("SELECT p FROM (SELECT p FROM t WHERE granted) q FULL JOIN u ON true", []),
        ("WITH q AS (SELECT p FROM t WHERE granted) SELECT p FROM q", [("t.granted", "is", True)]),
        ("SELECT p FROM t WHERE ok UNION SELECT p FROM u WHERE ok AND b", [("t.ok", "is", True)]),
        ("SELECT p FROM t WHERE ok UNION SELECT p FROM u", []),
        ("UPDATE t SET a = 1 WHERE ok", [("t.ok", "is", True)]),
        ("COPY (SELECT p FROM t WHERE ok) TO STDOUT", [("t.ok", "is", True)]),
        ("SELECT p FROM t c WHERE c.ok", [("t.ok", "is", True)]),
        ("SELECT p FROM t, u WHERE ok", [("ok", "is", True)]),
    ],
)
def test_joins_and_subqueries_say_what_holds_too(text: str, expected: list[tuple[str, str, object]]) -> None:
    assert conditions(read(text)) == expected


def test_a_condition_of_an_accompanying_row_is_marked() -> None:
    by_in = read("SELECT p FROM t WHERE id IN (SELECT cid FROM consents WHERE granted)")
    by_exists = read(
        "SELECT p FROM t WHERE EXISTS (SELECT 1 FROM consents c WHERE c.cid = t.id AND c.granted)"
    )
    expected = (Condition("granted", "is", True, "consents", exists=True),)
    assert by_in.conditions == by_exists.conditions == expected


@pytest.mark.parametrize(
    ("text", "destination", "expected"),
    [
        ("COPY t (iin, phone) TO '/tmp/x.csv' CSV", "/tmp/x.csv", ["iin: t.iin", "phone: t.phone"]),
        ("COPY (SELECT md5(iin) AS i FROM t) TO STDOUT", "STDOUT", ["i: t.iin hash"]),
        ("COPY t TO PROGRAM 'gzip > x.gz'", "gzip > x.gz", ["*: t.*"]),
        ("SELECT iin INTO OUTFILE '/tmp/a' FIELDS TERMINATED BY ',' FROM t", "/tmp/a", ["iin: t.iin"]),
        ("SELECT iin FROM t INTO OUTFILE 'a.csv' FORMAT CSV", "a.csv", ["iin: t.iin"]),
        ("UNLOAD ('SELECT iin FROM t WHERE d = ''¤''') TO 's3://b/x'", "s3://b/x", ["iin: t.iin"]),
        ("COPY INTO @stage/x FROM (SELECT iin FROM t)", "@stage/x", ["iin: t.iin"]),
        ("EXPORT DATA OPTIONS(uri='gs://b/*') AS SELECT iin FROM t", "gs://b/*", ["iin: t.iin"]),
        ("COPY t TO %s", "\0", ["*: t.*"]),
    ],
)
def test_a_copy_tells_what_goes_where(text: str, destination: str, expected: list[str]) -> None:
    statement = read(text)
    assert statement.kind == "copy-out"
    assert statement.destination == destination
    assert yields(statement) == expected


def test_a_table_made_of_a_query_is_named() -> None:
    assert read("CREATE TABLE arch.x AS SELECT iin FROM t").into == "arch.x"
    assert read("SELECT iin INTO x FROM t").into == "x"


def test_declared_columns_are_listed() -> None:
    assert read("CREATE TABLE t (iin text, b int, PRIMARY KEY (iin))").declared == ("iin", "b")
    assert read("ALTER TABLE t ADD COLUMN phone text").declared == ("phone",)
    assert read("CREATE TEMP TABLE t (iin text, UNIQUE (iin)) ON COMMIT DROP").declared == ("iin",)


def test_the_key_of_a_json_object_goes_with_its_value() -> None:
    (write,) = read("INSERT INTO log (p) VALUES (jsonb_build_object('iin', %s, 'n', 1))").writes
    assert isinstance(write.value, Expression)
    assert [(origin(part.origin), part.key) for part in write.value.parts] == [("P0", "iin")]
    (write,) = read("UPDATE t SET d = jsonb_set(d, '{address,iin}', %s)").writes
    assert isinstance(write.value, Expression)
    assert [(origin(part.origin), part.key) for part in write.value.parts] == [("t.d", ""), ("P0", "iin")]


def test_statements_of_one_text_are_seen_together() -> None:
    statement = read("INSERT INTO a (iin) VALUES (%s); DELETE FROM b WHERE iin = %s; SELECT phone FROM c")
    assert writes(statement) == ["iin <- P0"]
    assert yields(statement) == ["phone: c.phone"]
    assert selectors(statement) == ["P1"]


@pytest.mark.parametrize(
    ("text", "yielded", "written", "selecting"),
    [
        ("SELECT iin, left(p, 4) AS q, count(*) AS n FROM t WHERE WHERE x = %s",
         ["iin: t.iin", "q: t.p kept 4", "n: nothing"], [], ["P0"]),
        ("INSERT INTO t (iin, p) VALUES (%s, lower('¤')) what (", [], ["iin <- P0", "p <- H0"], []),
        ("UPDATE t SET iin = %s, p = md5(¤), a = '' WHERE WHERE id = %s",
         [], ["iin <- P0", "p <- H0 hash", "a <- ''"], ["P1"]),
        ("DELETE FROM t WHERE WHERE iin = %s", [], [], ["P0"]),
    ],
)  # fmt: skip
def test_a_text_that_no_parser_reads_is_read_by_its_words(
    text: str, yielded: list[str], written: list[str], selecting: list[str]
) -> None:
    statement = read(text)
    assert not statement.parsed
    assert (yields(statement), writes(statement), selectors(statement)) == (yielded, written, selecting)


def test_a_very_long_text_is_read_by_its_words() -> None:
    statement = read("INSERT INTO t (iin, a) VALUES " + ", ".join(["(%s, 'x')"] * 3000))
    assert not statement.parsed
    assert statement.kind == "insert"
    assert writes(statement)[-2:] == ["iin <- P2999", "a <- 'x'"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "SELECT " + "(" * 50 + "1" + ")" * 50,
        "SELECT " + "NOT " * 3000 + "a",
        "SELECT " + "a+" * 5000 + "a",
        "COPY (" * 3000,
        "BEGIN " * 2000,
        "{{" * 9000,
        "$a$" * 3000,
        "'\\" * 5000,
        "\0" * 15000,
    ],
)
def test_deep_and_broken_texts_are_read_in_reasonable_time(text: str) -> None:
    started = time.perf_counter()
    assert isinstance(parse_sql(text), Statement)
    assert time.perf_counter() - started < 5


WORDS = """
    SELECT INSERT INTO UPDATE DELETE FROM WHERE SET VALUES ( ) , . * = AND OR NOT IN EXISTS IS NULL
    AS JOIN LEFT ON UNION WITH RECURSIVE a t iin clients %s ? :x $1 \0 '\0' 'x' 1 COPY TO STDOUT
    UNLOAD MERGE USING WHEN MATCHED THEN RETURNING CREATE TABLE ALTER ADD md5( left( count(
    json_build_object( CASE END LATERAL unnest( OVER ORDER BY LIMIT ; -> || :: DEFAULT CONFLICT DO
    CALL OUTFILE LOAD INFILE {} "q" `z` [w] interval @v -- /* ' OUTPUT EXCEPT
"""
PIECES = st.sampled_from(WORDS.split())


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert isinstance(parse_sql(text), Statement)


@given(st.lists(PIECES, max_size=25))
def test_no_heap_of_sql_words_makes_it_raise(words: list[str]) -> None:
    statement = parse_sql(" ".join(words))
    sorts = (set(statement.selectors), set(statement.fragments))
    assert not sorts[0] & sorts[1]
    assert sorts[0] | sorts[1] <= set(statement.placeholders)


@given(st.sampled_from(["iin", "phone", "city"]), st.sampled_from(["%s", "?", ":v", "$1", "\0", "'\0'"]))
def test_every_way_to_write_a_value_gives_one_placeholder(column: str, value: str) -> None:
    (write,) = parse_sql(f"INSERT INTO t ({column}) VALUES ({value})").writes
    assert write.column == column
    assert parse_sql(f"SELECT a FROM t WHERE {column} = {value}").selectors == (write.value,)


def test_the_parser_is_quiet_and_its_logger_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("sqlglot")
    before = (logger.disabled, logger.level, list(logger.filters), list(logger.handlers))
    read("CREATE SOMETHING odd AS 'thing' 7")
    assert caplog.records == []
    assert (logger.disabled, logger.level, list(logger.filters), list(logger.handlers)) == before
