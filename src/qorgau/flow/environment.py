"""Settings of the outside: the environment, ``.env`` files and Django's settings as constants.

What a ``.env`` file of the project says is what the program will see; a default in the code holds
where no file speaks. Both are known but not certain (``OPAQUE``): they decide a country, never a condition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qorgau.flow import modules
from qorgau.flow.constants import Const, const
from qorgau.flow.heap import Key, Obj
from qorgau.flow.locations import Loc
from qorgau.flow.machine import ClassInfo, Frame
from qorgau.flow.uses import Use
from qorgau.flow.values import BOTTOM, OPAQUE, Value, join, join_all, of_const, of_ref
from qorgau.knowledge.hosts import host_of

if TYPE_CHECKING:
    from qorgau.flow.interpreter import Interpreter as Machine

DJANGO_SETTINGS = "django.conf.settings"
SETTINGS_CLASSES = frozenset(("pydantic_settings.BaseSettings", "pydantic.BaseSettings"))
VARIABLES = Loc(None, ("environment", "os"))
"""Where variables that the program itself sets are kept."""

DEBUG = "DEBUG"
"""The setting of Django that is true where a program is developed, and false where it serves."""

DATABASE_VARIABLE = "DATABASE_URL"
ENGINES = {"sqlite": "sqlite3", "mysql": "mysql", "oracle": "oracle"}
MAX_NESTED = 4
"""How deep models within settings are given what the environment says."""

UNSET = Value(consts={const(None): frozenset()}, opaque=True)
"""A variable that nobody gives a value: there may be one when the program runs."""


def look_up(m: Machine, f: Frame, use: Use) -> Value:
    """``os.environ.get(name, default)`` and its like, also of decouple, django-environ and environs."""
    default = use.arg(1, "default")
    names = use.arg(0, "key")
    if names.is_bottom:
        names = next(
            (use.args.keywords[key] for key in ("option", "var", "name") if key in use.args.keywords), BOTTOM
        )
    if default.is_bottom:
        default = _declared_default(m, f, use.receiver, names)
    found = variable(m, f, names.texts(), default)
    return OPAQUE if found is UNSET and use.dotted.endswith("__getitem__") else found


def variable(m: Machine, f: Frame, names: list[str], default: Value) -> Value:
    """What a variable of the environment is: what the program or a file gives it, else its default."""
    held = f.state.obj(VARIABLES)
    found = [held.parts[const(name)] for name in names if held is not None and const(name) in held.parts]
    found += [of_const(text) for name in names if (text := m.program.environment.get(name)) is not None]
    if found:
        return join(join_all(found), OPAQUE)
    if default.is_bottom or (default.constant() is not None and default.constant() == const(None)):
        return UNSET
    return join(default, OPAQUE)


def file_key(m: Machine, f: Frame, use: Use) -> Value:
    """``dotenv.get_key(path, name)``"""
    return variable(m, f, use.arg(1, "key_to_get").texts(), BOTTOM)


def put(m: Machine, f: Frame, use: Use) -> Value:
    """``os.environ[name] = value`` and ``os.environ.setdefault(name, value)``"""
    value = use.arg(1, "value")
    if use.dotted.endswith("setdefault"):
        value = variable(m, f, use.arg(0).texts(), value)
    m.open(VARIABLES, Obj("library"))
    for name in use.arg(0).texts():
        held = f.state.obj(VARIABLES) or Obj("library")
        f.state.heap[VARIABLES] = held.put(const(name), value)
    return value


def _declared_default(m: Machine, f: Frame, receiver: Value, names: Value) -> Value:
    """The default that a reader was made with: ``environ.Env(NAME=(str, "default"))``."""
    found: list[Value] = []
    for loc in receiver.locs():
        obj = f.state.obj(loc)
        for name in names.texts() if obj is not None else ():
            pair = obj.parts.get(f"@{name}") if obj is not None else None
            for inner in pair.locs() if pair is not None else ():
                sequence = f.state.obj(inner)
                if sequence is not None and sequence.kind == "tuple":
                    found.append(sequence.parts.get(Const("int", 1), BOTTOM))
    return join_all(found)


def file_values(m: Machine, f: Frame, use: Use) -> Value:
    """``dotenv_values()``: what the files of the project say, as a dict."""
    parts: dict[Key, Value] = {
        const(name): of_const(text) for name, text in sorted(m.program.environment.items())
    }
    return m.new(f, use.at, Obj("dict", parts=parts, rest=UNSET), "dotenv")


def database_url(m: Machine, f: Frame, use: Use) -> Value:
    """``dj_database_url.config(default=...)``, ``env.db()``: an entry of ``DATABASES`` made of a URL."""
    if use.dotted.rpartition(".")[2] == "parse":
        url = use.arg(0, "url")
    else:
        names = use.arg(0, "env")
        named = use.args.keywords.get("var", BOTTOM) if names.is_bottom else names
        default = use.arg(1, "default")
        url = variable(m, f, named.texts() or [DATABASE_VARIABLE], default)
    return m.new(f, use.at, Obj("dict", parts=_entry(url)), "database")


def cache_url(m: Machine, f: Frame, use: Use) -> Value:
    """``env.cache()``, ``django_cache_url.config()``: an entry of Django's ``CACHES`` made of a URL."""
    names = use.arg(0, "var")
    url = variable(m, f, names.texts() or ["CACHE_URL"], use.arg(1, "default"))
    local = any(text.startswith(("locmem", "dummy", "file", "db")) for text in url.texts())
    backend = "django.core.cache.backends.locmem.LocMemCache" if local else "django_redis.cache.RedisCache"
    parts: dict[Key, Value] = {const("BACKEND"): of_const(backend), const("LOCATION"): url}
    return m.new(f, use.at, Obj("dict", parts=parts), "cache")


def _entry(url: Value) -> dict[Key, Value]:
    """``ENGINE`` and ``HOST`` of a database's URL; the host keeps the whole URL, which names it."""
    engine = "postgresql"
    for text in url.texts():
        host = host_of(text)
        scheme = text.partition(":")[0].partition("+")[0]
        engine = "sqlite3" if host is not None and host.is_file else ENGINES.get(scheme, engine)
    return {
        const("ENGINE"): of_const(f"django.db.backends.{engine}"),
        const("HOST"): url,
        const("NAME"): OPAQUE,
    }


def settings_field(
    m: Machine, f: Frame, info: ClassInfo, name: str, default: Value | None, declared: Value | None, at: int
) -> Value | None:
    """A field that a constructor was not given: the default, or what the environment says of a setting.

    ``default`` is the default's value, ``declared`` what stands in the class (``Field(alias=...)``).
    """
    if not any(
        name in SETTINGS_CLASSES for library in info.libraries for name in m.policy.catalog.ancestry(library)
    ):
        return default
    names = [*_aliases(m, f, declared, at), f"{_option(f, info, 'env_prefix')}{name}"]
    wanted = [spelling for each in names for spelling in (each, each.upper(), each.lower())]
    found = next((each for each in wanted if each in m.program.environment), None)
    if found is not None:
        return variable(m, f, [found], BOTTOM)
    if default is None or default.refs:
        delimiter = _option(f, info, "env_nested_delimiter")
        if default is not None and delimiter:
            for each in names:
                _fill(m, f, default, f"{each}{delimiter}", delimiter, 0)
        return default
    return join(default, OPAQUE)


def _fill(m: Machine, f: Frame, part: Value, prefix: str, delimiter: str, depth: int) -> None:
    """What the environment says of a model within the settings: ``APP_DB__HOST`` is ``host`` of ``db``."""
    loc = part.single()
    obj = f.state.obj(loc) if loc is not None else None
    if loc is None or obj is None or obj.kind != "instance" or depth > MAX_NESTED:
        return
    for variable_name, text in sorted(m.program.environment.items()):
        if not variable_name.lower().startswith(prefix.lower()):
            continue
        name, _, rest = variable_name[len(prefix) :].lower().partition(delimiter.lower())
        if rest:
            _fill(m, f, obj.parts.get(name, BOTTOM), f"{prefix}{name}{delimiter}", delimiter, depth + 1)
        else:
            obj = obj.put(name, join(of_const(text), OPAQUE))
    m.write(f, loc, obj, strong=True)


def _aliases(m: Machine, f: Frame, declared: Value | None, at: int) -> list[str]:
    found: list[Value] = []
    for loc in declared.locs() if declared is not None else ():
        obj = f.state.obj(loc)
        if obj is not None:
            found += [obj.parts.get(f"@{key}", BOTTOM) for key in ("validation_alias", "alias", "env")]
    texts = [text for value in found for text in value.texts()]
    for value in found:
        for loc in value.locs():
            texts += m.iterate(f, of_ref(loc), at).each.texts()
            inner = f.state.obj(loc)
            texts += inner.parts.get("@0", BOTTOM).texts() if inner is not None else []
    return texts


def _option(f: Frame, info: ClassInfo, option: str) -> str:
    """``env_prefix`` and its like of ``model_config`` or of the inner class ``Config``."""
    for base in info.order:
        obj = f.state.obj(base)
        for part in ("model_config", "Config"):
            for loc in obj.parts.get(part, BOTTOM).locs() if obj is not None else ():
                held = f.state.obj(loc)
                for key in (f"@{option}", option, const(option)):
                    for text in held.parts.get(key, BOTTOM).texts() if held is not None else ():
                        return text
    return ""


def setting(m: Machine, f: Frame, dotted: str, at: int) -> Value | None:
    """``settings.NAME`` of Django from the settings modules of the project; None for other names."""
    if not dotted.startswith(DJANGO_SETTINGS + "."):
        return None
    name = dotted.removeprefix(DJANGO_SETTINGS + ".")
    if "." in name:
        return None
    found = BOTTOM
    for module in m.program.settings_modules:
        modules.ensure(m, module)
        if modules.has_part(m, f, module, name):
            found = join(found, modules.module_part(m, f, modules.module_loc(module), name, at))
    return None if found.is_bottom else found


def switched(debug: Value) -> Value:
    """``DEBUG`` of a settings module: true in the source, it's false where the program serves."""
    return join(debug, OPAQUE) if debug.constant() == const(True) else debug


BEHAVIOURS: dict[str, Callable[[Machine, Frame, Use], Value]] = {
    "cache-url": cache_url,
    "database-url": database_url,
    "environment": look_up,
    "environment-put": put,
    "environment-key": file_key,
    "environment-file": file_values,
}
