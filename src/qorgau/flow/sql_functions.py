"""What SQL functions leave of their arguments, by name and whatever the dialect."""

from __future__ import annotations

import re

from qorgau.flow.sql_statement import Effect, strength


def words(text: str) -> frozenset[str]:
    """The words of a text; a long list reads better so."""
    return frozenset(text.split())


_CLEAN = words(
    """
    count countif countbig sum sumif avg avgif max maxif min minif stddev stddevpop stddevsamp variance variancepop
    varpop varsamp corr covarpop covarsamp skewness kurtosis approxdistinct approxcountdistinct uniq
    uniqexact hll length charlength characterlength octetlength bytelength bitlength len cardinality
    arraysize arraylength jsonarraylength jsonlength exists rownumber rank denserank percentrank
    cumedist ntile grouping groupingid strposition position strpos instr locate charindex patindex
    levenshtein similarity regexplike regexpilike regexpcount regexpinstr contains startswith
    endswith like logicaland logicalor booland boolor every bitcount arraycontains arrayoverlaps
    arrayposition typeof pgtypeof isnullvalue columnsize pgcolumnsize jsonexists jsonbexists
    jsonbpathexists sign
    """
)
EXTREMES = words("max min")
"""Aggregates of one column; of several arguments SQLite gives one of these (``max(phone, mobile)``)."""

_HASH = words(
    """
    md5 md5digest md5numberlower64 md5numberupper64 sha sha1 sha1digest sha2 sha2digest sha224
    sha256 sha384 sha512 digest hash hashbytes standardhash orahash password oldpassword crc32
    checksum binarychecksum hashtext hashtextextended farmfingerprint cityhash64 siphash64
    siphash128 xxhash32 xxhash64 murmurhash232 murmurhash264 murmurhash3 halfmd5 fnvhash
    uuidgeneratev5 uuidgeneratev3 metrohash64
    """
)
_KEYED = words(
    """
    hmac hmacsha1 hmacsha256 hmacsha512 crypt gensalt scrypt bcrypt argon2 pbkdf2 siphash64keyed
    pwdencrypt
    """
)
_REVERSIBLE = words(
    """
    encode tobase64 base64encode base64encodestring tobase32 tobase58 base58encode hex tohex
    lowerhex rawtohex hexencode compress zstdcompress gzip deflate armor reverse translate urlencode
    encodeurlcomponent rot13 encryptbykey encryptbypassphrase encryptbycert encryptbyasymkey
    pgpsymencrypt pgppubencrypt
    """
)
ROW_FUNCTIONS = words("row_to_json to_json to_jsonb json_agg jsonb_agg array_agg hstore")
"""Functions that take a table's name for its row."""

OBJECT_FUNCTIONS = words(
    "json_build_object jsonb_build_object json_object jsonb_object object_construct named_struct map"
)
"""Functions of keys and values by turns."""

PATCHES = words("jsonb_set json_set jsonb_insert json_insert json_replace json_modify")
"""Functions of a JSON document, then paths and values by turns."""

SLICES = frozenset(("left", "right", "substring", "substr", "mid"))

FORMATTERS = words(
    """
    format strftime date_format time_format to_char str_to_date formatdatetime parse_date
    format_date
    """
)
"""Functions in whose literals a ``%s`` is a directive, not a parameter."""


def shown(name: str) -> str:
    """A function's name in lower case, as it is written in SQL."""
    text = name.lower().replace("s_h_a", "sha").replace("m_d5", "md5").replace("time_to_str", "to_char")
    return text.replace("j_s_o_n_b", "jsonb").replace("j_s_o_n", "json")


def effect_of(name: str) -> Effect:
    """What a function leaves of its argument; ``""`` for one that is not known."""
    key = re.sub(r"[^a-z0-9]", "", name.lower())
    if key in _CLEAN:
        return "clean"
    if key in _KEYED:
        return "irreversible"
    if key in _HASH:
        return "hash"
    if key in _REVERSIBLE or ("encrypt" in key and "decrypt" not in key):
        return "reversible"
    return ""


def composed(inner: Effect, outer: Effect) -> Effect:
    """What is left after one function and then another: what the stronger one leaves."""
    if isinstance(inner, tuple) and isinstance(outer, tuple):
        return ("kept", min(inner[1], outer[1]))
    return max(inner, outer, key=strength)
