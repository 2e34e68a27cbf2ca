"""Links between records: both directions at once, each with the id of its own direction.

Source: https://developers.hubspot.com/docs/api-reference/legacy/crm/associations/associate-records/guide, read
2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.sandbox.core import Document
from connectors.sandbox.hubspot import schema
from connectors.sandbox.hubspot.account import Account, Author, Record
from connectors.sandbox.hubspot.schema import HUBSPOT_DEFINED, USER_DEFINED
from connectors.sandbox.hubspot.wire import Refusal, bad, bad_json, member, not_found, rows, thing

Type = tuple[str, int]


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link to be made from a record that may not exist yet."""

    to: End
    types: tuple[Type, ...]


def default_type(from_kind: str, to_kind: str) -> Type:
    """The unlabelled type of a direction. Raises `Refusal` where the vendor has none."""
    number = schema.LINK_TYPES.get((from_kind, to_kind))
    if number is None:
        raise bad(f"No default association type exists between {from_kind} and {to_kind}")
    return HUBSPOT_DEFINED, number


def label_of(account: Account, from_kind: str, to_kind: str, type: Type) -> str | None:
    """The words of a label of the account's own; None for the vendor's unlabelled types."""
    return next((entry["label"] for entry in _labels(account, from_kind, to_kind) if _type_of(entry) == type), None)


def _labels(account: Account, from_kind: str, to_kind: str) -> list[Document]:
    return account.labels.get((from_kind, to_kind), [])


def _type_of(entry: Document) -> Type:
    return entry["category"], entry["typeId"]


def known_types(account: Account, from_kind: str, to_kind: str) -> list[Document]:
    """Every type of a direction as the label list shows them."""
    number = schema.LINK_TYPES.get((from_kind, to_kind))
    default = [] if number is None else [{"category": HUBSPOT_DEFINED, "typeId": number, "label": None}]
    own = [
        {name: entry[name] for name in ("category", "typeId", "label")}
        for entry in _labels(account, from_kind, to_kind)
    ]
    return default + own


def add_label(account: Account, from_kind: str, to_kind: str, name: str, label: str, inverse: str) -> list[Document]:
    """A label of the account's own, with a type id for each direction. Raises `Refusal` when the name is taken."""
    if any(entry["name"] == name for entry in _labels(account, from_kind, to_kind)):
        raise Refusal(400, f"An association label named {name} already exists")
    default_type(from_kind, to_kind)
    there, back = account.number("label", 1), account.number("label", 1)
    entries = []
    for ends, words, own, other in (
        ((from_kind, to_kind), label, there, back),
        ((to_kind, from_kind), inverse or label, back, there),
    ):
        entry = {"category": USER_DEFINED, "typeId": own, "label": words, "name": name, "inverse": other}
        account.labels.setdefault(ends, []).append(entry)
        entries.append({name: entry[name] for name in ("category", "typeId", "label")})
    return entries


def read_types(account: Account, from_kind: str, to_kind: str, value: object) -> tuple[Type, ...]:
    """Types as a body names them, each of them one of this direction. Raises `Refusal`."""
    found = tuple(_read_type(entry) for entry in rows(value, "types"))
    if not found:
        raise bad("At least one association type is needed")
    known = {_type_of(entry) for entry in known_types(account, from_kind, to_kind)}
    for category, number in found:
        if (category, number) not in known:
            raise bad(f"{category} association type {number} is not valid between {from_kind} and {to_kind}")
    return found


def _read_type(value: object) -> Type:
    entry = thing(value, "an association type")
    category, number = member(entry, "associationCategory"), member(entry, "associationTypeId")
    if category not in schema.CATEGORIES:
        raise bad_json(f"associationCategory must be one of {', '.join(schema.CATEGORIES)}")
    if not isinstance(number, int) or isinstance(number, bool):
        raise bad_json("associationTypeId must be a number")
    return str(category), number


def read_id(value: object) -> str:
    """An id as a body names it: `{"id": text or number}`."""
    found = member(thing(value, "an end of an association"), "id")
    if isinstance(found, bool) or not isinstance(found, (str, int)) or found == "":
        raise bad_json("id must be text or a number")
    return str(found)


def read_wanted(account: Account, kind: str, value: object) -> list[Wanted]:
    """The `associations` of a create call; the type ids say what they lead to. Raises `Refusal`."""
    found: list[Wanted] = []
    for row in rows([] if value is None else value, "associations"):
        entry = thing(row, "an association")
        id, types = read_id(member(entry, "to")), rows(member(entry, "types"), "types")
        to_kind = _target(account, kind, [_read_type(one) for one in types])
        read_types(account, kind, to_kind, types)
        target = require(account, to_kind, id)
        found.append(Wanted(End(to_kind, target.id), tuple(_read_type(one) for one in types)))
    return found


def _target(account: Account, kind: str, types: list[Type]) -> str:
    for category, number in types:
        if category == HUBSPOT_DEFINED and schema.LINK_ENDS.get(number, ("", ""))[0] == kind:
            return schema.LINK_ENDS[number][1]
        for (from_kind, to_kind), entries in account.labels.items():
            if from_kind == kind and any(_type_of(entry) == (category, number) for entry in entries):
                return to_kind
    raise bad(f"No valid association type for {kind}: {', '.join(str(number) for _, number in types) or 'none given'}")


def require(account: Account, kind: str, id: str) -> Record:
    """A live record. Raises `Refusal` (404)."""
    record = account.shelf(kind).find(id)
    if record is None or record.archived is not None:
        raise not_found(f"{schema.KINDS[kind].label} {id} not found")
    return record


def check_parent(account: Account, one: End, other: End) -> None:
    """A line item has one parent, ever."""
    for item, parent in ((one, other), (other, one)):
        if item.kind != "line_items" or parent.kind not in ("invoices", "deals", "quotes"):
            continue
        for kind in ("invoices", "deals"):
            if any(End(kind, id) != parent for id in linked(account, item, kind)):
                raise bad(f"Line item {item.id} already belongs to another record")


def connect(account: Account, one: End, other: End, types: tuple[Type, ...], author: Author) -> None:
    """Make a link; a labelled one is an unlabelled one too."""
    check_parent(account, one, other)
    default = schema.LINK_TYPES.get((one.kind, other.kind))
    every = {*types, *([(HUBSPOT_DEFINED, default)] if default is not None else [])}
    there = _types(account, one, other)
    fresh = every - there
    if not fresh:
        return
    there |= fresh
    back = _types(account, other, one)
    for type in sorted(fresh):
        inverse = _inverse(account, one.kind, other.kind, type)
        _tell(account, one, other, type, author, is_removed=False)
        if inverse is not None:
            back.add(inverse)
            _tell(account, other, one, inverse, author, is_removed=False)


def disconnect(account: Account, one: End, other: End, author: Author) -> bool:
    """Take a link away with all its labels; False when there was none."""
    gone = account.links.get((one.kind, one.id), {}).get(other.kind, {}).pop(other.id, set())
    back = account.links.get((other.kind, other.id), {}).get(one.kind, {}).pop(one.id, set())
    for type in sorted(gone):
        _tell(account, one, other, type, author, is_removed=True)
    for type in sorted(back):
        _tell(account, other, one, type, author, is_removed=True)
    return bool(gone)


def remove_types(account: Account, one: End, other: End, types: tuple[Type, ...], author: Author) -> None:
    """Take labels away; taking the unlabelled type takes everything."""
    if any(category == HUBSPOT_DEFINED for category, _ in types):
        disconnect(account, one, other, author)
        return
    there, back = _types(account, one, other), _types(account, other, one)
    for type in types:
        inverse = _inverse(account, one.kind, other.kind, type)
        if type in there:
            there.discard(type)
            _tell(account, one, other, type, author, is_removed=True)
        if inverse is not None:
            back.discard(inverse)


def _types(account: Account, one: End, other: End) -> set[Type]:
    by_kind = account.links.setdefault((one.kind, one.id), {})
    return by_kind.setdefault(other.kind, {}).setdefault(other.id, set())


def _inverse(account: Account, from_kind: str, to_kind: str, type: Type) -> Type | None:
    category, number = type
    if category == HUBSPOT_DEFINED:
        back = schema.LINK_TYPES.get((to_kind, from_kind))
        return None if back is None else (HUBSPOT_DEFINED, back)
    for entry in _labels(account, from_kind, to_kind):
        if _type_of(entry) == type:
            return USER_DEFINED, int(entry["inverse"])
    return None


def linked(account: Account, one: End, to_kind: str) -> dict[str, set[Type]]:
    """The live records of a type a record is linked with, in the order of their ids."""
    found = account.links.get((one.kind, one.id), {}).get(to_kind)
    if not found:
        return {}
    records = account.shelf(to_kind).records
    live = [id for id, types in found.items() if types and id in records and records[id].archived is None]
    return {id: found[id] for id in sorted(live, key=int)}


def everything_of(account: Account, one: End) -> Iterator[tuple[End, set[Type]]]:
    """Every link of a record, archived partners included."""
    for kind, partners in account.links.get((one.kind, one.id), {}).items():
        for id, types in partners.items():
            if types:
                yield End(kind, id), types


def move(account: Account, old: End, new: End) -> None:
    """Give the links of a merged record to the one it went into, without a word."""
    for partner, types in list(everything_of(account, old)):
        _types(account, new, partner).update(types)
        back = account.links[(partner.kind, partner.id)][old.kind].pop(old.id, set())
        _types(account, partner, new).update(back)
    account.links.pop((old.kind, old.id), None)


def forget(account: Account, one: End) -> None:
    """Take away every link of a record that is gone for good."""
    for partner, _ in list(everything_of(account, one)):
        account.links[(partner.kind, partner.id)][one.kind].pop(one.id, None)
    account.links.pop((one.kind, one.id), None)


def _tell(account: Account, one: End, other: End, type: Type, author: Author, *, is_removed: bool) -> None:
    from_kind, to_kind = schema.KINDS[one.kind], schema.KINDS[other.kind]
    account.world.tell(
        account,
        {
            "verb": "associationChange",
            "kind": one.kind,
            "associationType": f"{from_kind.singular}_TO_{to_kind.singular}".upper(),
            "associationCategory": type[0],
            "associationTypeId": type[1],
            "fromObjectId": int(one.id),
            "fromObjectTypeId": from_kind.type_id,
            "toObjectId": int(other.id),
            "toObjectTypeId": to_kind.type_id,
            "associationRemoved": is_removed,
            "isPrimaryAssociation": False,
            "changeSource": author.source,
            "sourceId": author.id,
        },
    )
