"""Payments of the books as notes on their deals: date, amount, method, invoice. Only written.

What a note says is a list of labelled lines in the account's language, which can be read back; its last line names our
company and payment, by which a note whose answer was lost is known among those of its deals.
Source: https://developers.hubspot.com/docs/api-reference/latest/crm/activities/notes/guide, read 2026-11-21.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.contract import Api, Outcome, Payload, Raw, RecordRejected, Resource, SyncError, Text, Values, Write
from connectors.hubspot.errors import NOT_FOUND
from connectors.hubspot.links import NOTE_DEAL, link, linked_to, read_links, to, unlink
from connectors.hubspot.properties import READ
from connectors.hubspot.records import KEPT, Kind, Result, archived, post_batch, read_some, trace_input, whole
from connectors.hubspot.wire import amount, noon, objects, our_mark, value_of

TITLE = Text("QuickBooks payment", "Paiement QuickBooks")
LABELS = {
    "date": Text("Date", "Date"),
    "total": Text("Amount", "Montant"),
    "method": Text("Method", "Mode"),
    "memo": Text("Invoice", "Facture"),
    "number": Text("Reference", "Référence"),
}
_MONTH_WORDS = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_MONTHS = {language: words.split() for language, words in _MONTH_WORDS.items()}
METHODS = {
    "cash": Text("Cash", "Comptant"),
    "check": Text("Cheque", "Chèque"),
    "card": Text("Card", "Carte"),
    "bank_transfer": Text("Bank transfer", "Virement"),
}
_LINE = re.compile(r"<li><strong>(?P<label>[^<]*?)[\s\u00a0]*:</strong> (?P<value>.*?)</li>", re.DOTALL)
_MARK = re.compile(r"Bridge (?P<language>en|fr) (?P<mark>[\w.-]+:[\w.-]+)")
_FIELDS = {text.say(language): name for name, text in LABELS.items() for language in ("en", "fr")}
_NOTE = ("date", "total", "currency", "method", "memo", "number")


@dataclass(frozen=True, slots=True)
class Note:
    """What a note says, as text: the date in ISO, the amount with a point; "" for what is not told."""

    language: str = "en"
    mark: str = ""
    date: str = ""
    total: str = ""
    currency: str = ""
    method: str = ""
    memo: str = ""
    number: str = ""

    def changed(self, said: Mapping[str, Any]) -> Note:
        """The note with what a write says put in."""
        kept = {name: getattr(self, name) for name in ("language", "mark", *_NOTE)}
        return Note(**{**kept, **{name: str(value) for name, value in said.items() if name in kept}})


def body_of(note: Note) -> str:
    """The note as plain HTML."""
    say = note.language
    shown = {
        "date": _day_words(note.date, say),
        "total": _money_words(note.total, note.currency, say),
        "method": METHODS[note.method].say(say) if note.method in METHODS else note.method,
        "memo": note.memo,
        "number": note.number,
    }
    colon = "\u00a0:" if say == "fr" else ":"
    rows = "".join(
        f"<li><strong>{html.escape(LABELS[name].say(say), quote=False)}{colon}</strong> "
        f"{html.escape(value, quote=False)}</li>"
        for name, value in shown.items()
        if value
    )
    title = html.escape(TITLE.say(say), quote=False)
    return f"<p><strong>{title}</strong></p><ul>{rows}</ul><p><small>Bridge {say} {note.mark}</small></p>"


def note_of(body: str) -> Note | None:
    """What a note of ours says; None when it is not one of ours."""
    found = _MARK.search(body)
    if not found:
        return None
    say = found["language"]
    told: dict[str, str] = {}
    for row in _LINE.finditer(body):
        name = _FIELDS.get(html.unescape(row["label"]))
        if name:
            told[name] = html.unescape(row["value"])
    total, currency = _apart(_spaced(told.get("total", "")))
    words = {method.say(say): name for name, method in METHODS.items()}
    return Note(
        language=say,
        mark=found["mark"],
        date=_day_read(told.get("date", ""), say),
        total=_money_read(total, say),
        currency=currency,
        method=words.get(told.get("method", ""), told.get("method", "")),
        memo=told.get("memo", ""),
        number=told.get("number", ""),
    )


def _apart(shown: str) -> tuple[str, str]:
    """Amount and currency of what is shown of both."""
    total, _, currency = shown.rpartition(" ")
    return (total, currency) if currency.isalpha() else (shown, "")


def _spaced(words: str) -> str:
    return words.replace("\u00a0", " ").replace("&nbsp;", " ")


def _day_words(written: str, say: str) -> str:
    if not written:
        return ""
    day = date.fromisoformat(written)
    month = _MONTHS[say][day.month - 1]
    if say == "fr":
        return f"{'1er' if day.day == 1 else day.day} {month} {day.year}"
    return f"{month} {day.day}, {day.year}"


def _day_read(words: str, say: str) -> str:
    parts = _spaced(words).replace(",", "").split()
    if len(parts) != 3:
        return ""
    day, month = (parts[0], parts[1]) if say == "fr" else (parts[1], parts[0])
    try:
        return date(int(parts[2]), _MONTHS[say].index(month) + 1, int(day.removesuffix("er"))).isoformat()
    except ValueError:
        return ""


def _money_words(total: str, currency: str, say: str) -> str:
    """1 234,56 CAD in French, 1,234.56 CAD in English."""
    if not total:
        return ""
    plain = f"{Decimal(total):,.2f}"
    if say == "fr":
        plain = plain.replace(",", "\u00a0").replace(".", ",")
    return f"{plain}\u00a0{currency}".rstrip("\u00a0")


def _money_read(words: str, say: str) -> str:
    plain = words.replace(" ", "").replace(",", ".") if say == "fr" else words.replace(",", "")
    try:
        return format(Decimal(plain), "f") if plain else ""
    except InvalidOperation:
        return ""


# The resource


def read(raw: Raw) -> Values:
    """What a note of ours says."""
    note = note_of(str(value_of(raw, "hs_note_body") or ""))
    if archived(raw) or note is None:
        return {}
    values: Values = {name: getattr(note, name) or None for name in ("currency", "method", "memo", "number")}
    values["total"] = amount(note.total)
    values["date"] = date.fromisoformat(note.date) if note.date else None
    deals = linked_to(raw, "deals")
    if deals is not None:
        values["deal_ids"] = sorted(deals)
    return values


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """What the note is to say (`said`) and, where told, the deals it belongs to."""
    said = {name: _said(values[name]) for name in _NOTE if name in values}
    payload: Payload = {"said": said}
    if action == "create":
        language = "fr" if context.get("language", "en").lower().startswith("fr") else "en"
        payload["said"] = {"language": language, "mark": our_mark(values, context), **said}
    if "deal_ids" in values:
        payload["deals"] = sorted(str(one) for one in values["deal_ids"] or ())
    return payload


def _said(value: Any) -> str:
    if value is None:
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def properties_of(note: Note) -> dict[str, str]:
    """The properties of a note. RecordRejected: without a date it has no place in a timeline."""
    if not note.date:
        raise RecordRejected("HS-REQUIRED", params={"field": "date", "said": ""}, field="date")
    return {"hs_note_body": body_of(note), "hs_timestamp": noon(note.date)}


@dataclass(frozen=True, slots=True)
class Notes(Kind):
    """Notes on the write side."""

    def create(self, api: Api, payload: Payload, key: str) -> Raw:
        """Add the note to its deals."""
        properties, associations = _whole(payload)
        row = api.post(objects("notes"), {"properties": properties, "associations": associations})
        return _told(row, properties, payload["deals"])

    def update(self, api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
        """Say what changed in it, and move it to the deals told."""
        present = self._present(api, remote_id)
        was = note_of(str(value_of(present, "hs_note_body") or ""))
        deals = linked_to(present, "deals") or []
        properties = dict(present.get("properties") or {})
        if was is not None and payload["said"]:
            properties = properties_of(was.changed(payload["said"]))
            api.patch(objects("notes", f"/{remote_id}"), {"properties": properties})
        if "deals" in payload:
            wanted = payload["deals"]
            if fresh := [(remote_id, deal) for deal in wanted if deal not in deals]:
                link(api, "notes", "deals", fresh, NOTE_DEAL)
            if others := [(remote_id, deal) for deal in deals if deal not in wanted]:
                unlink(api, "notes", "deals", others)
            deals = wanted
        return _told(present, properties, deals)

    def _present(self, api: Api, remote_id: str) -> Raw:
        rows = read_some(api, "notes", [remote_id], READ["notes"])
        if not rows:
            raise RecordRejected(NOT_FOUND, params={"status": 404, "said": "", "field": ""})
        return whole(api, "notes", rows, ("deals",))[0]

    def send(self, api: Api, writes: Sequence[Write]) -> list[Outcome]:
        """Add up to a hundred notes."""
        parts = {write.change: _whole(write.payload) for write in writes}
        inputs = [
            trace_input(change, {"properties": properties}, associations=associations)
            for change, (properties, associations) in parts.items()
        ]
        try:
            found = post_batch(api, "notes", "create", inputs)
        except RecordRejected:
            return [self._alone(api, write) for write in writes]
        return [_outcome(write, found[write.change], parts[write.change][0]) for write in writes]

    def find(self, api: Api, write: Write) -> Raw | None:
        """A note with our mark on one of the deals, if it says all that was sent; of a removal what still stands."""
        if write.action in ("remove", "void"):
            return self.standing(api, str(write.remote_id))
        said, deals = write.payload["said"], write.payload.get("deals")
        if write.action == "update":
            ids = [str(write.remote_id)]
        else:
            linked = read_links(api, "deals", "notes", deals or ())
            ids = list(dict.fromkeys(one for found in linked.values() for one in found))
        rows = read_some(api, "notes", ids, READ["notes"]) if ids else []
        ours = [row for row in rows if _says(row, said)]
        for row in whole(api, "notes", ours, ("deals",)):
            if deals is None or sorted(linked_to(row, "deals") or ()) == deals:
                return row
        return None


def _says(row: Raw, said: Mapping[str, str]) -> bool:
    note = note_of(str(value_of(row, "hs_note_body") or ""))
    return note is not None and all(_alike(getattr(note, name, ""), value) for name, value in said.items())


def _alike(one: str, other: str) -> bool:
    left, right = amount(one), amount(other)
    return one == other or (left is not None and left == right)


def _whole(payload: Payload) -> tuple[dict[str, str], list[Payload]]:
    """Properties and links of a new note."""
    note = Note().changed(payload["said"])
    return properties_of(note), [to(deal, NOTE_DEAL) for deal in payload.get("deals") or ()]


def _told(row: Raw, properties: Mapping[str, Any], deals: Sequence[str]) -> Raw:
    """A note's document with what was sent and the deals it is on."""
    told = {**(row.get("properties") or {}), **properties}
    found: Raw = {name: row[name] for name in KEPT if name in row}
    return {**found, "properties": told, "links": {"deals": list(deals)}}


def _outcome(write: Write, found: Result, properties: Mapping[str, str]) -> Outcome:
    if isinstance(found, SyncError):
        return Outcome(write.change, error=found)
    raw = _told(found, properties, write.payload.get("deals") or ())
    return Outcome(write.change, remote_id=str(found["id"]), raw=raw)


KIND = Notes("notes", links=("deals",))

PAYMENT_NOTES = Resource(
    name="payment_notes",
    entity="payment",
    label=Text("Payments on the deal’s timeline", "Paiements dans le fil de la transaction"),
    read=read,
    changed_at=lambda raw: value_of(raw, "hs_lastmodifieddate") or raw.get("updatedAt"),
    is_gone=archived,
    build=build,
    create=KIND.create,
    update=KIND.update,
    void=KIND.archive,
    remove=KIND.archive,
    fetch=KIND.fetch,
    find=KIND.find,
    bulk=KIND.bulk(("create",)),
    repeat="look_first",
    wires={**dict.fromkeys(_NOTE, "hs_note_body"), "date": "hs_timestamp"},
)
