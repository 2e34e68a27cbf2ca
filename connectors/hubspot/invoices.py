"""Invoices, seen as sales. Those of the books are made as records only (`hs_invoice_billable` false): HubSpot does not
number, mail or collect them.

An invoice is made first, with our mark, then its lines, and its status last: whatever is cut off in between is met
again by the mark and finished. What the books say is in properties of our own, to the cent; reading prefers them. A
link to a deal is a person's to make, never ours.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/invoices/guide, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.contract import (
    Api,
    Bulk,
    Outcome,
    Payload,
    Raw,
    RecordRejected,
    Ref,
    Resource,
    SyncError,
    Text,
    Values,
    Write,
)
from connectors.hubspot.errors import CONFLICT, NOT_FOUND
from connectors.hubspot.history import edits_of
from connectors.hubspot.lines import (
    Difference,
    difference,
    items_of,
    present_items,
    put,
    read_lines,
    told_lines,
    wanted_lines,
)
from connectors.hubspot.links import INVOICE_CONTACT, link, linked_to, to, unlink
from connectors.hubspot.properties import MARK, custom_fields, definitions, ensure, read_custom, write_custom
from connectors.hubspot.records import Kind, Result, archived, post_batch, trace_input
from connectors.hubspot.statuses import VENDORS, engine_word, own_word, status_word
from connectors.hubspot.wire import (
    ROWS,
    a_day,
    amount,
    day,
    moment,
    noon,
    number,
    our_mark,
    reference_id,
    setting,
    shows,
    text,
    told,
    value_of,
    words,
)

STATUS = "hs_invoice_status"
# Written where the account has them and lets us.
OPTIONAL = ("hs_number", "hs_comments")
_LINE_FIGURES = ("qbo_total", "qbo_tax", "qbo_discount")

# canonical, our property, the vendor's own, wire -> canonical
_READ: tuple[tuple[str, str, str, Callable[[Any], Any]], ...] = (
    ("number", "qbo_number", "hs_number", text),
    ("date", "qbo_date", "hs_invoice_date", day),
    ("due_date", "qbo_due_date", "hs_due_date", day),
    ("currency", "qbo_currency", "hs_currency", text),
    ("total", "qbo_total", "hs_amount_billed", amount),
    ("balance", "qbo_balance", "hs_balance_due", amount),
    ("subtotal", "qbo_subtotal", "", amount),
    ("tax_total", "qbo_tax", "", amount),
    ("discount_total", "qbo_discount", "", amount),
)
# canonical, properties, canonical -> wire
_WRITE: tuple[tuple[str, tuple[tuple[str, Callable[[Any], str]], ...]], ...] = (
    ("number", (("qbo_number", words), ("hs_number", words))),
    ("date", (("qbo_date", a_day), ("hs_invoice_date", noon))),
    ("due_date", (("qbo_due_date", a_day), ("hs_due_date", noon))),
    ("subtotal", (("qbo_subtotal", number),)),
    ("discount_total", (("qbo_discount", number),)),
    ("tax_total", (("qbo_tax", number),)),
    ("total", (("qbo_total", number),)),
    ("balance", (("qbo_balance", number),)),
    ("memo", (("hs_comments", words),)),
)


# Reading


def read(raw: Raw) -> Values:
    """An invoice's canonical values. Of one we made the books' figures count, of any other the vendor's."""
    if archived(raw):
        return {}
    ours = bool(value_of(raw, MARK))
    values: Values = {"document": "invoice"}
    for name, own, vendors, how in _READ:
        known, value = told(raw, own if ours else vendors)
        if known:
            values[name] = how(value)
    values |= _status(raw, ours) | _lines(raw, ours)
    known, memo = told(raw, "hs_comments")
    if known:
        values["memo"] = text(memo)
    contacts = linked_to(raw, "contacts")
    if contacts is not None:
        values["contact"] = Ref("contact", "contacts", contacts[0]) if contacts else None
    values["source"] = source_of(raw)
    for name, wire, outside in (
        ("created_at", "hs_createdate", "createdAt"),
        ("updated_at", "hs_lastmodifieddate", "updatedAt"),
    ):
        at = value_of(raw, wire) or raw.get(outside)
        if at:
            values[name] = moment(at)
    return {**values, **read_custom("invoices", raw)}


def _status(raw: Raw, ours: bool) -> Values:
    known, word = told(raw, "qbo_status" if ours else STATUS)
    if not known:
        return {}
    if ours:
        return {"status": engine_word(word)}
    paid, balance = (amount(value_of(raw, name)) for name in ("hs_amount_paid", "hs_balance_due"))
    return {"status": own_word(word, paid, balance)}


def _lines(raw: Raw, ours: bool) -> Values:
    """The lines, and of an invoice made in HubSpot the sums they come to."""
    if "lines" not in raw:
        return {}
    lines = read_lines(raw)
    if ours:
        return {"lines": lines}
    items = sum((line["amount"] for line in lines), Decimal(0))
    off = sum((line["discount"] or Decimal(0) for line in lines), Decimal(0))
    return {"lines": lines, "subtotal": items, "discount_total": off}


def source_of(raw: Raw) -> str | None:
    """Where it was made: "bridge" when our mark is on it, "hubspot" when people made it there, else the vendor's word.

    The values of `hs_invoice_source` are not published. Where the account does not tell it, the source every object
    has says whether a person made it in the product.
    """
    if value_of(raw, MARK):
        return "bridge"
    word = str(value_of(raw, "hs_invoice_source") or "").strip().lower()
    if not word:
        word = str(value_of(raw, "hs_object_source") or "").strip().lower()
        return "hubspot" if word in ("crm_ui", "crm", "mobile_ios", "mobile_android") else word or None
    return "hubspot" if word in ("hubspot", "crm_ui", "crm") else word


# Bodies


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """What is to be said: `properties`, and where told `contact` (an id) and `lines`. All of it is text."""
    sent: dict[str, str] = {}
    for name, wires in _WRITE:
        if name in values:
            sent |= {wire: how(values[name]) for wire, how in wires}
    if "status" in values:
        word = status_word(values["status"])
        sent |= {"qbo_status": word, STATUS: VENDORS[word]}
    if "currency" in values or action == "create":
        currency = words(values.get("currency") or context.get("currency"))
        sent["qbo_currency"] = currency
        if action == "create":
            sent["hs_currency"] = currency or setting(context, "currency")
    write_custom(values, sent)
    if action == "create":
        sent = {name: value for name, value in sent.items() if value}
        sent |= {"hs_invoice_billable": "false", MARK: our_mark(values, context)}
    payload: Payload = {"properties": sent}
    if "contact" in values:
        payload["contact"] = reference_id(values["contact"]) or ""
    if "lines" in values:
        payload["lines"] = told_lines(values["lines"] or ())
    return payload


# Writing


@dataclass(frozen=True, slots=True)
class _Work:
    """One write on its way: what it says, and the invoice it is about once that is known."""

    change: str
    payload: Payload
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Invoices(Kind):
    """Invoices on the write side, singly and a hundred at a time by the same steps."""

    def create(self, api: Api, payload: Payload, key: str) -> Raw:
        """Make one, or finish what an earlier try began."""
        return _settled(self.make(api, [_Work("1", payload)])["1"])

    def update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Say what is told; lines and customer only where they are."""
        return _settled(self.say(api, [_Work("1", payload, remote_id)])["1"])

    def void(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Void it: it stays, and says so."""
        said = {"qbo_status": "void", STATUS: VENDORS["void"], "qbo_balance": "0"}
        return self.update(api, remote_id, {"properties": said}, key)

    def remove(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Delete it where the account lets us, else void it."""
        try:
            return self.archive(api, remote_id, payload, key)
        except RecordRejected as error:
            if error.code == NOT_FOUND:
                raise
            return self.void(api, remote_id, payload, key)

    def send(self, api: Api, writes: Sequence[Write]) -> list[Outcome]:
        """Create or update up to a hundred."""
        found: dict[str, Result] = {}
        made = [_Work(write.change, write.payload) for write in writes if write.action == "create"]
        said = [
            _Work(write.change, write.payload, str(write.remote_id)) for write in writes if write.action != "create"
        ]
        for work, how in ((made, self.make), (said, self.say)):
            if not work:
                continue
            try:
                found |= how(api, work)
            except RecordRejected:  # as a whole, and nothing done: one after the other tells which it was
                found |= {one.change: self._alone_of(api, one, how) for one in work}
        return [_outcome(write, found[write.change]) for write in writes]

    def _alone_of(self, api: Api, one: _Work, how: Callable[[Api, Sequence[_Work]], dict[str, Result]]) -> Result:
        try:
            return how(api, [one])[one.change]
        except SyncError as error:
            return error

    def make(self, api: Api, work: Sequence[_Work]) -> dict[str, Result]:
        """Make the invoices with our mark, and then all that belongs to them. Those that have the mark already were
        begun before, and are finished.
        """
        ensure(api, "invoices")
        inputs = []
        for one in work:
            contact = one.payload.get("contact")
            more: Payload = {"associations": [to(contact, INVOICE_CONTACT)]} if contact else {}
            said = {name: value for name, value in self._said(api, one.payload).items() if name != STATUS}
            inputs.append(trace_input(one.change, {"properties": said}, **more))
        answers = post_batch(api, "invoices", "create", inputs)
        begun = self._begun(api, [one for one in work if _met(answers[one.change])])
        found: dict[str, Result] = {}
        new, old = [], []
        for one in work:
            answer = answers[one.change]
            if one.change in begun:
                old.append(_Work(one.change, one.payload, begun[one.change]))
            elif isinstance(answer, SyncError):
                found[one.change] = answer
            else:
                new.append(_Work(one.change, one.payload, str(answer["id"])))
        if new:
            found |= self._finish(api, new, {one.remote_id: {} for one in new})
        if old:
            found |= self.say(api, old)
        return found

    def _begun(self, api: Api, work: Sequence[_Work]) -> dict[str, str]:
        """Which of these carry our mark already: change -> invoice."""
        marks = {str(one.payload["properties"][MARK]): one.change for one in work}
        rows = self.by_mark(api, marks)
        return {marks[mark]: str(row["id"]) for row in rows if (mark := str(value_of(row, MARK))) in marks}

    def say(self, api: Api, work: Sequence[_Work]) -> dict[str, Result]:
        """Change invoices that are there: properties, then customer and lines where told, then the status."""
        if any(name.startswith("qbo_") for one in work for name in one.payload["properties"]):
            ensure(api, "invoices")
        found: dict[str, Result] = {}
        simple = {one.change for one in work if not _touches_lines(one.payload)}
        inputs = []
        for one in work:
            said = self._said(api, one.payload)
            if one.change not in simple:
                said.pop(STATUS, None)
            inputs.append(trace_input(one.change, {"properties": _fixed_left_out(said)}, one.remote_id))
        answers = post_batch(api, "invoices", "update", inputs)
        going = []
        for one in work:
            answer = answers[one.change]
            if isinstance(answer, SyncError):
                found[one.change] = answer
            else:
                going.append(_Work(one.change, one.payload, str(answer["id"])))
        present = self.again(api, (one.remote_id for one in going))
        self._customers(api, going, present)
        lines = [one for one in going if one.change not in simple]
        found |= self._finish(api, lines, present)
        rest = [one for one in going if one.change in simple]
        if any("contact" in one.payload for one in rest):
            present = self.again(api, (one.remote_id for one in rest))
        found |= {one.change: present.get(one.remote_id, {"id": one.remote_id}) for one in rest}
        return found

    def _customers(self, api: Api, work: Sequence[_Work], present: Mapping[str, Raw]) -> None:
        """Put the customer told in the place of any other."""
        wanted = {one.remote_id: str(one.payload["contact"]) for one in work if one.payload.get("contact")}
        have = {invoice: linked_to(present.get(invoice, {}), "contacts") or [] for invoice in wanted}
        fresh = [(invoice, contact) for invoice, contact in wanted.items() if contact not in have[invoice]]
        others = [(invoice, one) for invoice, contact in wanted.items() for one in have[invoice] if one != contact]
        if fresh:
            link(api, "invoices", "contacts", fresh, INVOICE_CONTACT)
        if others:
            unlink(api, "invoices", "contacts", others)

    def _finish(self, api: Api, work: Sequence[_Work], present: Mapping[str, Raw]) -> dict[str, Result]:
        """Lines, then the status; and the invoices as they are then."""
        language = api.context.get("language", "en")
        goals = {}
        for one in work:
            wanted = goal(one.payload, present.get(one.remote_id) or {}, language)
            goals[one.remote_id] = difference((present.get(one.remote_id) or {}).get("lines") or (), wanted)
        refused = put(api, goals)
        done = [one for one in work if one.remote_id not in refused]
        refused |= self._put_status(api, done)
        now = self._seen(api, [one for one in work if one.remote_id not in refused], language)
        return {one.change: refused.get(one.remote_id) or now.get(one.remote_id, {"id": one.remote_id}) for one in work}

    def _seen(self, api: Api, work: Sequence[_Work], language: str) -> dict[str, Raw]:
        """The invoices as they are now. Lines of an earlier try may have landed meanwhile: what is too much goes."""
        now = self.again(api, (one.remote_id for one in work))
        wanted = {one.remote_id: one.payload for one in work if one.remote_id in now and "lines" in one.payload}
        surplus = {
            invoice: Difference(archive=ids)
            for invoice, payload in wanted.items()
            if (ids := difference(now[invoice].get("lines") or (), goal(payload, now[invoice], language)).archive)
        }
        if surplus:
            put(api, surplus)
            now |= self.again(api, surplus)
        return now

    def _put_status(self, api: Api, work: Sequence[_Work]) -> dict[str, SyncError]:
        """Set the status last: an invoice without lines cannot be opened."""
        inputs = [
            trace_input(one.remote_id, {"properties": {STATUS: status}}, one.remote_id)
            for one in work
            if (status := one.payload["properties"].get(STATUS)) and status != "draft"
        ]
        if not inputs:
            return {}
        try:
            answers = post_batch(api, "invoices", "update", inputs)
        except RecordRejected as error:
            return {str(one["id"]): error for one in inputs}
        return {remote_id: found for remote_id, found in answers.items() if isinstance(found, SyncError)}

    def _said(self, api: Api, payload: Payload) -> dict[str, str]:
        """The properties to send: of the vendor's optional ones those the account has and lets us write."""
        known = definitions(api, "invoices")
        said = dict(payload["properties"])
        for name in OPTIONAL:
            row = known.get(name)
            if row is None or (row.get("modificationMetadata") or {}).get("readOnlyValue"):
                said.pop(name, None)
        return said

    # looking for what a lost write left behind

    def find(self, api: Api, write: Write) -> Raw | None:
        """An invoice that says all that was sent, its lines too; of a removal or void what still stands."""
        if write.action in ("remove", "void"):
            row = self.again(api, [str(write.remote_id)]).get(str(write.remote_id))
            return None if row is None or value_of(row, STATUS) == VENDORS["void"] else row
        if write.action == "create":
            rows = self.by_mark(api, [str(write.payload["properties"][MARK])])
            ids = [str(row["id"]) for row in rows]
        else:
            ids = [str(write.remote_id)]
        row = next(iter(self.again(api, ids).values()), None)
        if row is None or not shows(row, self._said(api, write.payload)):
            return None
        contact = write.payload.get("contact")
        if contact and contact not in (linked_to(row, "contacts") or []):
            return None
        if _touches_lines(write.payload) and difference(
            row["lines"], goal(write.payload, row, api.context.get("language", "en"))
        ):
            return None
        return row


def _touches_lines(payload: Payload) -> bool:
    """Whether the lines may have to change: they hold shipping, taxes and discount too."""
    return "lines" in payload or any(name in payload["properties"] for name in _LINE_FIGURES)


def goal(payload: Payload, present: Raw, language: str) -> list[dict[str, str]]:
    """The line items an invoice is to have: what is told, and where nothing is, what is there."""

    def figure(name: str) -> Decimal | None:
        sent = payload["properties"].get(name)
        return amount(sent if sent is not None else value_of(present, name))

    if "lines" in payload:
        items, off = items_of(payload["lines"])
    else:
        items, off = present_items(present.get("lines") or ()), Decimal(0)
    return wanted_lines(items, off + (figure("qbo_discount") or 0), figure("qbo_tax"), figure("qbo_total"), language)


def _fixed_left_out(said: Mapping[str, str]) -> dict[str, str]:
    """What an invoice has from the beginning is not said again."""
    return {name: value for name, value in said.items() if name not in ("hs_invoice_billable", "hs_currency", MARK)}


def _met(answer: Result) -> bool:
    return isinstance(answer, SyncError) and answer.code == CONFLICT


def _settled(found: Result) -> Raw:
    if isinstance(found, SyncError):
        raise found
    return found


def _outcome(write: Write, found: Result) -> Outcome:
    if isinstance(found, SyncError):
        return Outcome(write.change, error=found)
    return Outcome(write.change, remote_id=str(found["id"]), raw=found if len(found) > 1 else None)


KIND = Invoices("invoices", links=("contacts", "line_items"))

WIRES = {
    **{name: own for name, own, _, _ in _READ},
    "status": "qbo_status",
    "memo": "hs_comments",
    "source": "hs_invoice_source",
    "lines": "line_items",
    "created_at": "hs_createdate",
}
INVOICES = Resource(
    name="invoices",
    entity="sale",
    label=Text("Invoices", "Factures"),
    read=read,
    changed_at=lambda raw: value_of(raw, "hs_lastmodifieddate") or raw.get("updatedAt"),
    is_gone=archived,
    build=build,
    create=KIND.create,
    update=KIND.update,
    void=KIND.void,
    remove=KIND.remove,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=Bulk(size=ROWS, send=KIND.send, minimum=2),
    repeat="harmless",  # a second create meets our mark
    open_in_vendor="https://app.hubspot.com/contacts/{account}/record/0-53/{id}",
    document="invoice",
    custom=custom_fields("invoices"),
    wires=WIRES,
    edits=edits_of("invoices", {name: wire for name, wire in WIRES.items() if name != "lines"}),
)
