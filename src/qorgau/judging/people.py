"""Whose data it is, and whom a check was about: when two objects stand for one subject (spec section 5)."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Collection, Iterable

from qorgau.flow.arrivals import Arrival
from qorgau.flow.facts import told_of
from qorgau.flow.locations import Loc, is_context, is_told, outermost
from qorgau.flow.origins import REQUEST
from qorgau.flow.taints import Taint
from qorgau.names import fold

VALUE = "$value"
"""The part of an object that is itself a bare datum (a parameter ``phone``), read from nobody."""

SELVES = frozenset(["user", "person", "profile", "account", "citizen"])
"""Names of a record that a person has of himself: ``client.user`` is the client."""

RELATIONS = frozenset(
    [
        "guarantor",
        "co_borrower",
        "coborrower",
        "cosigner",
        "surety",
        "spouse",
        "wife",
        "husband",
        "partner",
        "child",
        "son",
        "daughter",
        "parent",
        "mother",
        "father",
        "guardian",
        "relative",
        "sibling",
        "brother",
        "sister",
        "heir",
        "beneficiary",
        "representative",
        "trustee",
        "witness",
        "referrer",
        "inviter",
        "invited_by",
        "referred_by",
        "emergency_contact",
        "contact_person",
        "next_of_kin",
        "director",
        "head",
        "manager",
        "agent",
        "doctor",
        "courier",
        "driver",
        "operator",
        "payer",
        "recipient",
        "sender",
        "receiver",
        "owner",
        "dependent",
        "dependant",
        "friend",
        "colleague",
        "lawyer",
        "seller",
        "buyer",
        "merchant",
        "vendor",
        "supplier",
        "landlord",
        "lessor",
        "reviewer",
        "assignee",
        "employer",
        "boss",
        "supervisor",
        "teammate",
        "sponsor",
        "co_applicant",
        "coapplicant",
        "lender",
        "creditor",
        "companion",
        "neighbour",
        "neighbor",
        "roommate",
        "mate",
        "delegate",
        "proxy",
        "attorney",
        "notary",
        "broker",
        "consultant",
        "assistant",
        "therapist",
        "nurse",
        "physician",
        "relatives",
        "brother_in_law",
        "grandmother",
        "grandfather",
        "aunt",
        "uncle",
        "cousin",
        "nephew",
        "niece",
        "fiance",
        "ex_spouse",
        "consignee",
        "consignor",
        "co_owner",
        "founder",
        "ceo",
        "accountant",
        "complainant",
        "plaintiff",
        "defendant",
        "victim",
        "suspect",
        "host",
        "contractor",
        "freelancer",
        "introducer",
        "trainer",
        "coach",
        "mentor",
        "tutor",
        "instructor",
        "curator",
        "captain",
        "deputy",
        "secretary",
        "translator",
        "interpreter",
        "guide",
        "subordinate",
        "apprentice",
        "classmate",
        "schoolmate",
        "stepfather",
        "stepmother",
        "stepson",
        "stepdaughter",
        "godfather",
        "godmother",
        "kid",
        "nominee",
        "successor",
        "predecessor",
        "follower",
    ]
)
"""Names under which another person is reached, besides those of the regulation."""

ROLES = frozenset(
    [
        "customer",
        "patient",
        "tenant",
        "lessee",
        "subscriber",
        "member",
        "employee",
        "student",
        "pupil",
        "passenger",
        "applicant",
        "borrower",
        "insured",
        "policyholder",
        "holder",
        "cardholder",
        "addressee",
        "author",
        "rider",
        "guest",
        "teacher",
        "donor",
        "respondent",
        "shipper",
        "signatory",
        "debtor",
        "reporter",
    ]
)
"""Names of what a person is in something: another than the one it is reached from, but not than its user."""

KEYS = ("_id", "_pk", "_uuid", "_key")
KEY_NAMES = frozenset(("id", "pk", "uuid", "guid", "key"))


class Match(enum.Enum):
    """Whether a check was about the subject of a datum; ``STALE``: of its like in another pass of a loop."""

    SAME = "same"
    OTHER = "other"
    STALE = "stale"
    UNTOLD = "untold"


class People:
    """Compares subjects. ``owners`` are the names by which the regulation knows persons (``guarantor``)."""

    def __init__(self, owners: Iterable[str]) -> None:
        self._persons = (frozenset(owners) | RELATIONS | ROLES) - {"personal", "contact"} | SELVES

    def match(self, taint: Taint, checked: Loc | None, arrival: Arrival) -> Match:
        """Whether ``checked`` is the person that a datum was read from.

        They are one where they are the same object, where one is a part or key of the other, where
        one was loaded by the other (``same``), or where the one that was checked was made of the data
        of the other (``holding``). Another person reached from it is another subject, as is an object
        of its own class (``others``). What a user sent has no owner yet, unless it is named for a person.
        """
        datum = taint.subject
        if datum is None or checked is None:
            return Match.UNTOLD
        found = self._match(datum, checked, arrival)
        if found is Match.SAME or (found is Match.STALE and not _is_of_all(taint, checked)):
            return found
        if taint.origin == REQUEST and outermost(datum) != outermost(checked) and not self._is_named(datum):
            return Match.UNTOLD
        held = [loc for holder, loc in arrival.holding if holder == checked and isinstance(loc, Loc)]
        answers = {self._match(datum, loc, arrival) for loc in held}
        return next((answer for answer in (Match.SAME, Match.STALE, Match.OTHER) if answer in answers), found)

    def _match(self, datum: Loc, checked: Loc, arrival: Arrival) -> Match:
        left, right = _plain(datum), _plain(checked)
        others = frozenset(_plain(loc) for loc in arrival.others if isinstance(loc, Loc))
        if self._one_person(left, right, others):
            return Match.SAME
        for loaded, key in arrival.same:
            if not isinstance(loaded, Loc) or not isinstance(key, Loc):
                continue
            for one, two in ((left, right), (right, left)):
                if (
                    self._one_person(one, _plain(loaded), others)
                    and self._one_person(_plain(key), two, others)
                    and not self._is_led_away(one, _plain(loaded), key)
                ):
                    return Match.SAME
        if (_is_old(checked) and not _is_old(datum)) or self._one_person(_young(left), _young(right), others):
            return Match.STALE
        if not (_is_told(datum, arrival) and _is_told(checked, arrival)) and not _of_one(datum, checked):
            return _by_keys(_keys_of(datum, arrival), _keys_of(checked, arrival))
        shared = _keys_of(datum, arrival) & _keys_of(checked, arrival)
        twice = any(map(_is_key, shared)) and not _of_one(datum, checked)
        return Match.UNTOLD if twice else Match.OTHER

    def _is_led_away(self, loc: Loc, loaded: Loc, key: Loc) -> bool:
        """Whether another person is reached from what a person has many of: ``client.orders.all()``'s receiver."""
        if not isinstance(key.label, str) or key.label in KEY_NAMES or key.label.endswith(KEYS):
            return False
        inner = [*itertools.takewhile(lambda step: step != loaded, loc.ancestors())]
        names = [_singular(fold(key.label)), *(name_of(step) for step in inner)]
        return any(self._in(name, RELATIONS) for name in names)

    def _one_person(self, left: Loc, right: Loc, others: Collection[object]) -> bool:
        """Whether both belong to one person, or one is a thing that has the other (an order, its client)."""
        one, two = self._holder(left, others), self._holder(right, others)
        if one == two:
            return True
        for whole, part in ((one, two), (two, one)):
            if part in others:
                continue
            thing = self._is_thing(whole) or (
                self._says_nothing(whole) and not self._in(name_of(part), RELATIONS)
            )
            if thing and any(step == whole for step in part.ancestors()):
                return True
        return False

    def _holder(self, loc: Loc, others: Collection[object]) -> Loc:
        """The person that an object belongs to: the innermost on the way out, else the outermost object."""
        steps = []
        for step in loc.ancestors():
            if is_context(step):
                break
            steps.append(step)
        holder = steps[-1] if steps else loc
        for step in reversed(steps[:-1]):
            above, name = name_of(holder), name_of(step)
            if (
                step in others
                or self._is_other(name, above)
                or (_is_element(step) and (step.parent == steps[-1] or self._is_thing(holder)))
            ):
                holder = step
        return holder

    def _is_other(self, name: str, above: str) -> bool:
        """Whether what is reached under ``name`` is another person than the one it is reached from."""
        if self._in(name, RELATIONS):
            return True
        if name.rpartition("_")[2] in SELVES or not self._in(name, self._persons):
            return name.rpartition("_")[2] in SELVES and above != "" and not self._in(above, self._persons)
        return above not in SELVES

    def _is_thing(self, loc: Loc) -> bool:
        """Whether an object is named for what is no person; without a telling name it could be one."""
        return not self._says_nothing(loc) and not self._in(name_of(loc), self._persons)

    def _says_nothing(self, loc: Loc) -> bool:
        """Whether it can't be told by its name what an object is: a person, or a thing that has one in some role."""
        return len(name_of(loc)) <= SHORT or name_of(loc) in UNTELLING

    def _is_named(self, loc: Loc) -> bool:
        """Whether an object, or what it is reached from, is named for a person."""
        names = (name_of(step) for step in _plain(loc).ancestors() if not is_context(step))
        return any(name not in SELVES and self._in(name, self._persons) for name in names)

    def _in(self, name: str, names: Collection[str]) -> bool:
        return name in names or (name.rpartition("_")[2] in names and name.rpartition("_")[2] != "contact")


SHORT = 3
"""Names of so few letters say nothing."""

UNTELLING = frozenset(
    [
        "self",
        "item",
        "items",
        "data",
        "entry",
        "each",
        "element",
        "object",
        "instance",
        "target",
        "value",
        "record",
        "subject",
        "who",
    ]
)


def name_of(loc: Loc) -> str:
    """The name of an object: of its attribute, key or parameter; empty where it has none."""
    label = loc.label
    if isinstance(label, tuple) and label[:1] == ("item",) and not _is_element(loc):
        label = getattr(label[1], "value", None)
    elif isinstance(label, tuple) and label and label[0] in ("param", "request"):
        label = label[-1]
    elif _is_element(loc) and loc.parent is not None and isinstance(label, tuple):
        kind = "" if label[0] == "item" else str(label[0]).partition(" ")[2]
        label = kind or _singular(name_of(loc.parent))
    return fold(label) if isinstance(label, str) else ""


def _is_element(loc: Loc) -> bool:
    """Whether an object is one of many that a collection holds: told by a loop, a look-up or a number."""
    label = loc.label
    if not isinstance(label, tuple) or not label:
        return False
    if label[0] == "item":
        return not isinstance(getattr(label[1], "value", None), str)
    return str(label[0]).startswith(("element", "one"))


def _singular(name: str) -> str:
    if name.endswith(("children", "people")):
        return {"children": "child", "people": "person"}.get(name.rpartition("_")[2], name)
    return name.removesuffix("s")


def _plain(loc: Loc) -> Loc:
    """An object named alike by itself and by its key: ``order.client_id`` is ``order.client``."""
    parent = _plain(loc.parent) if loc.parent is not None and not is_context(loc.parent) else loc.parent
    label = loc.label
    if label == VALUE and parent is not None:
        return parent
    name = name_of(loc)
    if name and not _is_element(loc):
        stem = next((name.removesuffix(key) for key in KEYS if name.endswith(key) and name != key), name)
        return Loc(parent, ("param", stem) if _is_parameter(loc) else stem, loc.old)
    return Loc(parent, label, loc.old)


def _is_parameter(loc: Loc) -> bool:
    return isinstance(loc.label, tuple) and loc.label[:1] in (("param",), ("request",))


def _is_told(loc: Loc, arrival: Arrival) -> bool:
    """Whether it can be told which object it is: not of a bare datum, nor of what an unknown call gave."""
    return loc.label != VALUE and (is_told(loc) or any(step in arrival.items for step in loc.ancestors()))


def _is_of_all(taint: Taint, checked: Loc) -> bool:
    """Whether a check that was about one of many was made for each, not for another pass of a loop.

    So it is where the datum itself is there by the check only, or where the many were checked as such.
    """
    if any(checked == loc for fact in taint.facts for loc in told_of(fact)):
        return True
    return isinstance(checked.label, tuple) and not _is_element(checked)


def _keys_of(loc: Loc, arrival: Arrival) -> frozenset[Loc]:
    """What an object was loaded by."""
    around = set(loc.ancestors())
    return frozenset(_plain(key) for loaded, key in arrival.same if loaded in around and isinstance(key, Loc))


def _is_key(key: Loc) -> bool:
    """Whether something that two objects were loaded by can be the key of both: a parameter, an ``id``."""
    return _is_parameter(key) or name_of(key) in KEY_NAMES or name_of(key).endswith(KEYS)


def _by_keys(left: frozenset[Loc], right: frozenset[Loc]) -> Match:
    """Two objects of which nothing is told but by which arguments of one function they were loaded."""
    told = all(_is_parameter(key) and key.parent is not None for key in left | right)
    if not left or not right or not told or len({key.parent for key in left | right}) > 1:
        return Match.UNTOLD
    return Match.OTHER if left.isdisjoint(right) else Match.UNTOLD


def _of_one(left: Loc, right: Loc) -> bool:
    """Whether both are reached from one object, which tells them apart whatever that is."""
    return VALUE not in (left.label, right.label) and outermost(left) == outermost(right)


def _is_old(loc: Loc) -> bool:
    return any(step.old for step in loc.ancestors())


def _young(loc: Loc) -> Loc:
    return Loc(_young(loc.parent) if loc.parent is not None else None, loc.label)
