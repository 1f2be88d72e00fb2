"""PD601 and PD602: holdings that erasure does not reach, and rows that it only hides (paragraph 25)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from qorgau.findings import Confidence
from qorgau.flow.arrivals import Arrival, Erased, Store
from qorgau.flow.models import Model
from qorgau.flow.stores import CALLS, ORM, QUEUES, SQL
from qorgau.judging.claims import Claim, at_call
from qorgau.judging.holdings import stored_fields, writes
from qorgau.names import fold


class Destruction:
    """What erasure comes to for the models and stores of a program."""

    def __init__(self, models: Sequence[Model], erased: Iterable[Erased]) -> None:
        self._models = models
        self._erased = tuple(erased)
        deleted = [event for event in self._erased if event.kind == "deleted"]
        self._gone = _gone(models, deleted)
        self._deleted = deleted

    # PD601

    def unreached(self, arrivals: Iterable[Arrival]) -> Iterator[Claim]:
        """The models that hold personal data and that no function of erasure deletes from, then the stores."""
        for model in self._models:
            if model.dotted not in self._gone and not self._is_emptied(model):
                yield Claim(
                    "PD601",
                    model.unit,
                    model.at,
                    model.fields,
                    Confidence.HIGH,
                    f"rows of {model.name} hold {', '.join(model.fields)}",
                    model=model.name,
                )
        for holding in self._holdings(arrivals):
            if not any(_is_from(event, holding.store) for event in self._deleted):
                yield at_call("PD601", holding.first, holding.fields, "personal data is stored here")

    def _holdings(self, arrivals: Iterable[Arrival]) -> list[_Holding]:
        """The stores that are no models, each with its first write and all its fields."""
        found: dict[object, _Holding] = {}
        for arrival in writes(arrivals):
            store = arrival.store
            if not store.is_told or store.family in QUEUES or self._is_of_model(store):
                continue
            key = (store.family, store.names or arrival.destination.shown, store.hosts)
            found.setdefault(key, _Holding(store, arrival)).fields.update(stored_fields(arrival))
        return list(found.values())

    def _is_of_model(self, store: Store) -> bool:
        """Whether a write goes to rows of a model, known or not which."""
        if any(model.is_kept_in(store.names) for model in self._models):
            return True
        rows = store.family in ORM
        return rows and (bool(store.models) or (bool(self._models) and not store.names))

    def _is_emptied(self, model: Model) -> bool:
        """Whether erasure overwrites all the personal data of a model's rows."""
        names = {
            fold(name)
            for event in self._erased
            if event.kind == "emptied" and _is_of(event, model)
            for name in event.names
        }
        return all(fold(name) in names for name, _ in model.pairs)

    # PD602

    def hidden(self) -> Iterator[Claim]:
        """The statements that mark rows which the same function of erasure neither deletes nor empties."""
        seen: set[tuple[str, object]] = set()
        for event in sorted(self._erased, key=lambda each: (each.unit, each.at)):
            if event.kind != "marked":
                continue
            models = [model for model in self._models if _is_of(event, model)]
            if event.store.models and not models:
                continue
            for function in sorted(event.by):
                key = (function, tuple(model.dotted for model in models) or (event.unit, event.at))
                if key in seen or self._is_destroyed(function, event, models):
                    continue
                seen.add(key)
                yield Claim(
                    "PD602",
                    event.unit,
                    event.at,
                    tuple(sorted({name for model in models for name in model.fields})),
                    Confidence.HIGH if models else Confidence.MEDIUM,
                    f"{', '.join(sorted(event.names))} is set on the way from {function}",
                    model=", ".join(model.name for model in models),
                    function=function,
                    around=event.function,
                )

    def _is_destroyed(self, function: str, event: Erased, models: list[Model]) -> bool:
        """Whether a function of erasure destroys, besides the mark, what it marks."""
        own = [each for each in self._erased if function in each.by and each.kind in ("deleted", "emptied")]
        deleted = [each for each in own if each.kind == "deleted"]
        if not models:
            return any(_is_same(each, event) for each in own)
        gone = _gone(self._models, deleted)
        return all(
            model.dotted in gone or any(each.kind == "emptied" and _is_of(each, model) for each in own)
            for model in models
        )


class _Holding(msgspec.Struct):
    store: Store
    first: Arrival
    fields: set[str] = msgspec.field(default_factory=set)


def _gone(models: Sequence[Model], deleted: Sequence[Erased]) -> frozenset[str]:
    """The models whose rows are deleted: themselves, or along with others."""
    names = {name.rpartition(".")[2] for event in deleted for name in event.store.models}
    names |= {name for event in deleted if event.store.family == SQL for name in event.store.names}
    gone = {model.dotted for model in models if any(_is_of(event, model) for event in deleted)}
    if any(_is_anything(event, models) for event in deleted):
        return frozenset(model.dotted for model in models)
    grown = True
    while grown:
        for model in models:
            if model.dotted in gone:
                names |= {model.name, *model.tables}
        more = {model.dotted for model in models if model.gone_with & names} - gone
        gone |= more
        grown = bool(more)
    return frozenset(gone)


def _is_of(event: Erased, model: Model) -> bool:
    """Whether something is done to rows of a model."""
    store = event.store
    if store.models:
        return model.dotted in store.models
    if model.is_kept_in(store.names):
        return True
    if store.is_told and not event.words:
        return False
    return bool({fold(word) for word in event.words} & {fold(word) for word in model.words})


def _is_from(event: Erased, store: Store) -> bool:
    """Whether a deletion is from a store that is no model."""
    gone = event.store
    if store.family.startswith(CALLS):
        # What lies beside the function that writes is what deletes from the same place.
        modules = {name.rpartition(".")[0] for name in store.names}
        return any(event.unit == name or name.startswith(f"{event.unit}.") for name in modules) or any(
            gone.family == name.rpartition(".")[2] for name in modules
        )
    if gone.family and store.family and gone.family != store.family:
        return False
    if gone.hosts and store.hosts and not gone.hosts & store.hosts:
        return False
    if gone.names and store.names:
        return bool(gone.names & store.names)
    if gone.family or not event.words:
        return bool(gone.family)
    words = {fold(word) for word in event.words}
    return bool(words & {fold(name) for name in (*store.names, store.family)})


def _is_anything(event: Erased, models: Sequence[Model]) -> bool:
    """Whether a deletion is of something that cannot be told at all."""
    return not event.store.is_told and not any(_is_of(event, model) for model in models)


def _is_same(one: Erased, other: Erased) -> bool:
    """Whether two things are done to what may be the same rows, of a class that is not known."""
    if one.store.names and other.store.names:
        return bool(one.store.names & other.store.names)
    return bool(one.words & other.words) or not (one.words and other.words)
