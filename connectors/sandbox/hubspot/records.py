"""Writing records: create, change, archive, restore, merge, forget; and what follows from it elsewhere.

A write is prepared first (everything is checked, nothing stored) and then done, so that a batch without trace ids can
refuse as a whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from connectors.sandbox.core import Document
from connectors.sandbox.hubspot import links, money, rules, schema
from connectors.sandbox.hubspot.account import Account, Author, Record, Shelf, Version
from connectors.sandbox.hubspot.links import End, Wanted
from connectors.sandbox.hubspot.values import check
from connectors.sandbox.hubspot.wire import Refusal, bad, not_found

CALCULATED = Author("CALCULATED", "hubspot")
MOST_MERGES = 250
COMPUTED = ("createdate", "hs_createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_object_id")


@dataclass(frozen=True, slots=True)
class Birth:
    """A record that may be created."""

    kind: str
    values: dict[str, str]
    wanted: tuple[Wanted, ...]
    author: Author


@dataclass(frozen=True, slots=True)
class Change:
    """Changes a record may take."""

    kind: str
    record: Record
    values: dict[str, str]
    author: Author


def _conflict(shelf: Shelf, id: str) -> Refusal:
    return Refusal(409, f"{shelf.kind.label} already exists. Existing ID: {id}", "CONFLICT")


def _check_unique(shelf: Shelf, values: dict[str, str], own: str | None) -> None:
    for name, value in shelf.unique_of(values):
        holder = shelf.unique[name].get(value)
        if holder is not None and holder != own:
            raise _conflict(shelf, holder)


def prepare_birth(account: Account, kind: str, given: object, associations: object, author: Author) -> Birth:
    """Check everything about a new record. Raises `Refusal`."""
    shelf = account.shelf(kind)
    values = {name: value for name, value in check(account, shelf, given, None, author).items() if value}
    wanted = tuple(links.read_wanted(account, kind, associations))
    fill = rules.ON_CREATE.get(kind)
    if fill is not None:
        fill(account, values, wanted, author)
    values = {name: value for name, value in values.items() if value and name not in COMPUTED}
    _check_unique(shelf, values, None)
    return Birth(kind, values, wanted, author)


def bear(account: Account, birth: Birth, id: str | None = None, created: int | None = None) -> Record:
    """Store a new record with its links. Raises `Refusal` only where two rows of one batch meet."""
    shelf = account.shelf(birth.kind)
    _check_unique(shelf, birth.values, None)
    now = account.now()
    record = Record(id or shelf.new_id(), birth.values, now if created is None else created, now)
    remember(account, shelf, record.id, None)
    shelf.add(record)
    shelf.index(record)
    _tell(account, birth.kind, "creation", record, birth.author, changeFlag="CREATED")
    for link in birth.wanted:
        links.connect(account, End(birth.kind, record.id), link.to, link.types, birth.author)
    follow(account, birth.kind, record)
    for link in birth.wanted:
        follow(account, link.to.kind, account.shelf(link.to.kind).records[link.to.id])
    return record


def prepare_change(account: Account, kind: str, record: Record, given: object, author: Author) -> Change:
    """Check everything about a change. Raises `Refusal`."""
    shelf = account.shelf(kind)
    values = {
        name: value for name, value in check(account, shelf, given, record, author).items() if name not in COMPUTED
    }
    correct = rules.ON_CHANGE.get(kind)
    if correct is not None:
        correct(account, record, values, author)
    _check_unique(shelf, {name: value for name, value in values.items() if value}, record.id)
    return Change(kind, record, values, author)


def change(account: Account, wanted: Change) -> Record:
    """Make a prepared change."""
    shelf = account.shelf(wanted.kind)
    _check_unique(shelf, {name: value for name, value in wanted.values.items() if value}, wanted.record.id)
    write(account, wanted.kind, wanted.record, wanted.values, wanted.author)
    follow(account, wanted.kind, wanted.record)
    return wanted.record


def write(account: Account, kind: str, record: Record, values: dict[str, str], author: Author) -> None:
    """Set values, whatever they are; the change time moves even when nothing did, as the vendor's does."""
    shelf, now = account.shelf(kind), account.now()
    remember(account, shelf, record.id, record)
    different = {name: value for name, value in values.items() if record.values.get(name, "") != value}
    if different:
        shelf.unindex(record)
    for name, value in different.items():
        past = record.past.setdefault(name, [(record.created, record.values.get(name, ""), author)])
        past.append((now, value, author))
        if value:
            record.values[name] = value
        else:
            record.values.pop(name, None)
    if different:
        shelf.index(record)
    record.updated = max(now, record.updated + 1) if record.updated >= now else now
    for name, value in different.items():
        _tell(account, kind, "propertyChange", record, author, propertyName=name, propertyValue=value)


def remember(account: Account, shelf: Shelf, id: str, record: Record | None) -> None:
    """Keep for the search index what the record was, for as long as the index lags behind."""
    lag = account.world.lag()
    if lag:
        kept = None if record is None else replace(record, values=dict(record.values), past={})
        shelf.waiting.setdefault(id, deque()).append(Version(account.now() + lag, kept))


def follow(account: Account, kind: str, record: Record) -> None:
    """Work out the invoices that a record is part of anew."""
    one = End(kind, record.id)
    invoices: Iterable[str] = ()
    if kind == "invoices":
        invoices = (record.id,)
    elif kind in ("line_items", "commerce_payments"):
        invoices = links.linked(account, one, "invoices")
    shelf = account.shelf("invoices")
    for id in list(invoices):
        invoice = shelf.records[id]
        if invoice.archived is None:
            _work_out(account, invoice)


def _work_out(account: Account, invoice: Record) -> None:
    values = money.invoice_amounts(account, invoice)
    status = invoice.values.get("hs_invoice_status")
    billed = money.amount_of(values, "hs_amount_billed")
    is_paid = billed > 0 and money.amount_of(values, "hs_balance_due") <= 0
    if status == "open" and is_paid:
        values["hs_invoice_status"] = "paid"
    elif status == "paid" and not is_paid and billed > 0 and invoice.values.get("hs_invoice_billable") != "false":
        values["hs_invoice_status"] = "open"
    if any(invoice.values.get(name) != value for name, value in values.items()):
        write(account, "invoices", invoice, values, CALCULATED)


def archive(account: Account, kind: str, record: Record, author: Author) -> None:
    """Put a record into the recycle bin; its line items go with it. Twice is the same as once. Raises `Refusal`."""
    if record.archived is not None:
        return
    rules.check_removal(account, kind, record, author)
    one = End(kind, record.id)
    items = list(links.linked(account, one, "line_items")) if kind in ("invoices", "deals") else []
    invoices = list(links.linked(account, one, "invoices"))
    shelf, now = account.shelf(kind), account.now()
    remember(account, shelf, record.id, record)
    shelf.unindex(record)
    record.archived = record.updated = now
    _tell(account, kind, "deletion", record, author, changeFlag="DELETED")
    for id in items:
        archive(account, "line_items", account.shelf("line_items").records[id], author)
    if kind in ("line_items", "commerce_payments"):
        for id in invoices:
            follow(account, "invoices", account.shelf("invoices").records[id])


def restore(account: Account, kind: str, record: Record, author: Author) -> None:
    """Take a record out of the recycle bin. Raises `Refusal` when somebody else has its address by now."""
    if record.archived is None:
        return
    shelf = account.shelf(kind)
    _check_unique(shelf, record.values, record.id)
    remember(account, shelf, record.id, record)
    record.archived = None
    record.updated = account.now()
    shelf.index(record)
    _tell(account, kind, "restore", record, author, changeFlag="RESTORED")


def merge(account: Account, primary_id: str, other_id: str, author: Author) -> Record:
    """Make one contact of two: a new record, to which both old ids lead. Raises `Refusal`."""
    shelf = account.shelf("contacts")
    primary, other = links.require(account, "contacts", primary_id), links.require(account, "contacts", other_id)
    if primary.id == other.id:
        raise bad("A record cannot be merged with itself")
    gone = [*_merged_ids(primary), *_merged_ids(other), *dict.fromkeys((primary.id, other.id))]
    if len(gone) > MOST_MERGES:
        raise bad(f"A contact can take part in {MOST_MERGES} merges only")
    keeps_id = account.world.settings.keep_primary_id
    new_id = primary.id if keeps_id else shelf.new_id()
    moved = sum(name not in primary.values for name in other.values)
    values = _united(primary, other)
    values["hs_merged_object_ids"] = ";".join(id for id in gone if id != new_id)
    now = account.now()
    record = Record(new_id, values, min(primary.created, other.created), now)
    for old in (primary, other):
        remember(account, shelf, old.id, old)
        shelf.unindex(old)
        shelf.drop(old.id)
    if not keeps_id:
        remember(account, shelf, new_id, None)
    shelf.add(record)
    shelf.index(record)
    for old in (primary, other):
        if old.id != new_id:
            shelf.merged[old.id] = new_id
            links.move(account, End("contacts", old.id), End("contacts", new_id))
    _tell(
        account,
        "contacts",
        "merge",
        primary,
        author,
        primaryObjectId=int(primary.id),
        mergedObjectIds=[int(other.id)],
        newObjectId=int(new_id),
        numberOfPropertiesMoved=moved,
    )
    return record


def _merged_ids(record: Record) -> list[str]:
    return [id for id in record.values.get("hs_merged_object_ids", "").split(";") if id]


def _united(primary: Record, other: Record) -> dict[str, str]:
    """The primary's values, the other's where it has none; every address of both is kept."""
    values = {**other.values, **primary.values}
    email = values.get("email", "").lower()
    more: dict[str, str] = {}
    for record in (primary, other):
        for address in (record.values.get("email", ""), *record.values.get("hs_additional_emails", "").split(";")):
            if address and address.lower() != email:
                more.setdefault(address.lower(), address)
    values.pop("hs_additional_emails", None)
    if more:
        values["hs_additional_emails"] = ";".join(more.values())
    return values


def forget(account: Account, record: Record, author: Author) -> None:
    """Delete a contact for good and block its addresses."""
    shelf = account.shelf("contacts")
    shelf.blocked |= {value for name, value in shelf.unique_of(record.values) if name == "email"}
    if record.archived is None:
        shelf.unindex(record)
    links.forget(account, End("contacts", record.id))
    shelf.drop(record.id)
    shelf.waiting.pop(record.id, None)
    _tell(account, "contacts", "privacyDeletion", record, author)


def by_property(account: Account, kind: str, name: str | None, value: str) -> Record:
    """The record an id (or a unique property's value) names, archived ones too. Raises `Refusal`."""
    shelf = account.shelf(kind)
    if name in (None, "", "hs_object_id"):
        record = shelf.find(value)
    else:
        record = holder(shelf, str(name), value)
    if record is None:
        raise not_found()
    return record


def holder(shelf: Shelf, name: str, value: str) -> Record | None:
    """The live record with this value. Raises `Refusal` when the property is not a unique one."""
    if name not in shelf.unique:
        raise bad(f"{name} is not a unique identifier property of {shelf.kind.name}", propertyName=name)
    return shelf.holder(name, value)


def _tell(account: Account, kind: str, verb: str, record: Record, author: Author, **more: object) -> None:
    event: Document = {
        "verb": verb,
        "kind": kind,
        "objectId": int(record.id),
        "changeSource": author.source,
        "sourceId": author.id,
        **more,
    }
    account.world.tell(account, event)


def kind_of(word: str) -> schema.Kind:
    """An object type by name, singular or id. Raises `Refusal` for one that is not served."""
    kind = schema.BY_WORD.get(word)
    if kind is None:
        raise Refusal(400, f"Unable to infer object type from: {word}")
    return kind
