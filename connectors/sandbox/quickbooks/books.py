"""The books of one company: its tables, its counters, its name space, and what has been deleted."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Clock, Document, Response, Table, decode
from connectors.sandbox.quickbooks.entities import ENTITIES, NAME_SPACE, Entity
from connectors.sandbox.quickbooks.errors import PACIFIC, Refusal, stamp
from connectors.sandbox.quickbooks.query import instant

REPLAYS_KEPT = 20_000
DECODED_KEPT = 20_000
FIRST_NUMBER = 1001

CURRENCIES = {"CAD": "Canadian Dollar", "USD": "United States Dollar", "EUR": "Euro"}
# Home units the vendor takes for one foreign unit where a document names no rate: invented, and the same every day.
RATES = {"CAD": Decimal("0.73"), "USD": Decimal("1.37"), "EUR": Decimal("1.48")}

Emit = Callable[["Books", str, str, str, str | None], None]


def id_key(id: str) -> int:
    """Ids are numbers kept as text; the few that are words (TAX, NON) sort last."""
    return int(id) if id.isdecimal() else 10**30 + int.from_bytes(id.encode()[:20], "big")


def silent(books: Books, entity: str, id: str, verb: str, deleted_id: str | None) -> None:
    """Tell nobody: while a world is being built."""


class Books:
    """One company. `at` pins the time of writes while a world is being built; otherwise the vendors' clock rules."""

    COLUMNS = ("active", "changed", "name", "label", "email", "date", "customer")

    def __init__(self, realm: str, clock: Clock, info: Document, preferences: Document, emit: Emit = silent) -> None:
        self.realm = realm
        self.clock = clock
        self.info = info
        self.preferences = preferences
        self.emit = emit
        self.at: datetime | None = None
        self.tables = {name: Table(*self.COLUMNS, id_key=id_key) for name in ENTITIES}
        self.gone: dict[str, dict[str, tuple[int, Document]]] = {name: {} for name in ENTITIES}
        self.names: dict[str, tuple[str, str]] = {}
        self.numbers: dict[tuple[str, str], str] = {}
        self.replays: OrderedDict[str, Response] = OrderedDict()
        self.lag_seconds = 0.0
        self.closing_password = False
        self._decoded: dict[tuple[str, str], tuple[bytes, Document]] = {}
        self._shadows: dict[tuple[str, str], tuple[float, bytes | None]] = {}
        self._last: dict[str, int] = {}
        self._next_number: dict[str, int] = {}

    # Facts about the company

    @property
    def name(self) -> str:
        return str(self.info["CompanyName"])

    @property
    def country(self) -> str:
        return str(self.info["Country"])

    @property
    def currency(self) -> Document:
        """A reference to the home currency."""
        home: Document = self.preferences["CurrencyPrefs"]["HomeCurrency"]
        return {"value": home["value"], "name": CURRENCIES.get(home["value"], home["value"])}

    @property
    def numbers_by_hand(self) -> bool:
        """Whether the company wants its own document numbers (then none is given when none is sent)."""
        return bool(self.preferences["SalesFormsPrefs"].get("CustomTxnNumbers"))

    @property
    def warns_of_numbers(self) -> bool:
        """Whether a number may be used once for each kind of document only."""
        pairs = self.preferences.get("OtherPrefs", {}).get("NameValue", [])
        told = {pair["Name"]: pair["Value"] for pair in pairs}
        return str(told.get("WarnDuplicateCheckNumber", "true")).lower() == "true"

    @property
    def is_full_plan(self) -> bool:
        """Whether the plan has classes, locations and stock: Plus and Advanced have."""
        pairs = {pair["Name"]: pair["Value"] for pair in self.info.get("NameValue", [])}
        plan = str(pairs.get("OfferingSku", "Plus"))
        return "Plus" in plan or "Advanced" in plan

    @property
    def counts_stock(self) -> bool:
        return self.is_full_plan and bool(self.preferences["ProductAndServicesPrefs"].get("QuantityOnHand"))

    @property
    def multi_currency(self) -> bool:
        return bool(self.preferences["CurrencyPrefs"].get("MultiCurrencyEnabled"))

    def has_currency(self, code: str) -> bool:
        """Whether the company deals in this currency: its own, or one on its list."""
        if code == self.currency["value"]:
            return True
        listed = self.tables["CompanyCurrency"].documents()
        return any(row.get("Code") == code and row.get("Active", True) for row in listed)

    def rate(self, code: str) -> Decimal:
        """Home units for one unit of a currency, where a document names no rate."""
        return RATES.get(code, Decimal(1)) if code != self.currency["value"] else Decimal(1)

    def closed_until(self) -> date | None:
        """Documents dated up to this day can no longer be written."""
        text = self.preferences["AccountingInfoPrefs"].get("BookCloseDate")
        return date.fromisoformat(text) if text else None

    # Time, ids, numbers

    def now(self) -> datetime:
        return self.at or self.clock.now()

    def today(self) -> date:
        """The vendor's servers live in Pacific time."""
        return self.now().astimezone(PACIFIC).date()

    def new_id(self, entity: str) -> str:
        """Lists count each for itself; transactions share one sequence."""
        series = "txn" if entity in ENTITIES and ENTITIES[entity].kind != "list" else entity
        self._last[series] = self._last.get(series, 0) + 1
        return str(self._last[series])

    def next_number(self, entity: str) -> str:
        """The next free document number of this kind of document."""
        number = self._next_number.get(entity, FIRST_NUMBER)
        while (entity, str(number)) in self.numbers:
            number += 1
        self._next_number[entity] = number + 1
        return str(number)

    # Reading

    def get(self, entity: str, id: str) -> Document | None:
        return self.tables[entity].get(id)

    def require(self, entity: str, id: str) -> Document:
        """The document, or 610: this vendor has no 404."""
        found = self.tables[entity].get(id)
        if found is None:
            raise missing()
        return found

    def look(self, entity: str, id: str) -> Document | None:
        """A document to look at and not to change. The same few are named over and over: each is decoded once."""
        raw = self.tables[entity].raw(id)
        if raw is None:
            return None
        known = self._decoded.get((entity, id))
        if known is None or known[0] is not raw:
            if len(self._decoded) > DECODED_KEPT:
                self._decoded.clear()
            known = self._decoded[entity, id] = (raw, decode(raw))
        return known[1]

    def refer(self, entity: str, ref: Document | None, element: str) -> Document:
        """The active list object a reference points to, to look at and not to change. Raises 2500 when there is none,
        610 when it is inactive.
        """
        id = str((ref or {}).get("value", ""))
        found = self.look(entity, id)
        if found is None:
            where = ENTITIES[entity].names_as or entity
            raise Refusal("2500", f"Invalid Reference Id : {where} element id {id} not found", element=element)
        if found.get("Active") is False:
            raise missing()
        return found

    def holder(self, name: str) -> tuple[str, str] | None:
        """(entity, id) of who holds a display name among customers, vendors and employees."""
        return self.names.get(name.casefold())

    # Writing

    def fresh(self, document: Document) -> Document:
        """Give a new document its token and times."""
        moment = stamp(self.now())
        document["domain"] = "QBO"
        document["sparse"] = False
        document["SyncToken"] = "0"
        document["MetaData"] = {"CreateTime": moment, "LastUpdatedTime": moment}
        return document

    def touch(self, document: Document) -> Document:
        """Move the time of last change, and nothing else: what a payment does to its customer."""
        document["MetaData"] = {**document.get("MetaData", {}), "LastUpdatedTime": stamp(self.now())}
        return document

    def revise(self, document: Document) -> Document:
        """Count one real change."""
        document["SyncToken"] = str(int(document["SyncToken"]) + 1)
        return self.touch(document)

    def save(self, entity: str, document: Document, verb: str | None) -> Document:
        """Store, keep indexes and counters right, and tell (`verb` None: tell nobody)."""
        id = document["Id"]
        columns = _columns(document)
        if self.lag_seconds and self.at is None:
            self._remember_old(entity, id)
        self._register(ENTITIES[entity], id, document, columns["label"])
        self.tables[entity].put(id, document, **columns)
        self.gone[entity].pop(id, None)
        if verb is not None:
            self.emit(self, entity, id, verb, None)
        return document

    def drop(self, entity: str, id: str, verb: str = "deleted", *, survivor: str | None = None) -> None:
        """Remove for good and leave a stub for the change feed. A merge tells about the survivor instead."""
        old = self.require(entity, id)
        self._unregister(ENTITIES[entity], id, old)
        self.tables[entity].delete(id)
        moment = stamp(self.now())
        stub = {"domain": "QBO", "status": "Deleted", "Id": id, "MetaData": {"LastUpdatedTime": moment}}
        self.gone[entity][id] = (instant(moment), stub)
        if survivor is None:
            self.emit(self, entity, id, verb, None)
        else:
            self.emit(self, entity, survivor, "merged", id)

    # Searches that lag

    def _remember_old(self, entity: str, id: str) -> None:
        """Keep how a document looked, for as long as searches do not see the change."""
        now = self.now().timestamp()
        known = self._shadows.get((entity, id))
        if known is None or known[0] <= now:
            self._shadows[entity, id] = (now + self.lag_seconds, self.tables[entity].raw(id))

    def unseen(self, entity: str) -> dict[str, bytes | None]:
        """What searches answer instead of the latest: the old document, or nothing (None) for one just made."""
        if not self._shadows:
            return {}
        now = self.now().timestamp()
        self._shadows = {key: shadow for key, shadow in self._shadows.items() if shadow[0] > now}
        return {id: raw for (name, id), (_, raw) in self._shadows.items() if name == entity}

    def remember(self, request_id: str, response: Response) -> None:
        """Keep the first answer to a request id."""
        self.replays[request_id] = response
        if len(self.replays) > REPLAYS_KEPT:
            self.replays.popitem(last=False)

    def _register(self, entity: Entity, id: str, document: Document, label: str | None) -> None:
        old_label = self.tables[entity.name].value(id, "label") if id in self.tables[entity.name] else None
        if entity.name in NAME_SPACE:
            if old_label is not None and self.names.get(old_label) == (entity.name, id):
                del self.names[old_label]
            if label:
                self.names[label] = (entity.name, id)
        if entity.kind == "txn":
            if old_label is not None and self.numbers.get((entity.name, old_label)) == id:
                del self.numbers[entity.name, old_label]
            if label:
                self.numbers.setdefault((entity.name, label), id)
        if id.isdigit():
            series = "txn" if entity.kind != "list" else entity.name
            # Very large ids exist (attachments, classes); they are no part of the count.
            if int(id) < 10**12:
                self._last[series] = max(self._last.get(series, 0), int(id))

    def _unregister(self, entity: Entity, id: str, document: Document) -> None:
        name = str(document.get("DisplayName", "")).casefold()
        if self.names.get(name) == (entity.name, id):
            del self.names[name]
        number = (entity.name, str(document.get("DocNumber", "")).casefold())
        if self.numbers.get(number) == id:
            del self.numbers[number]


def missing() -> Refusal:
    """610: gone, never there, or inactive. The text always speaks of inactive."""
    return Refusal(
        "610",
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees.",
    )


def _columns(document: Document) -> dict[str, Any]:
    """Index values of one document; texts are folded so that they compare without regard to case."""
    label = document.get("DisplayName") or document.get("Name") or document.get("DocNumber")
    folded = str(label).casefold() if label is not None else None
    name = document.get("FullyQualifiedName")
    email = (document.get("PrimaryEmailAddr") or {}).get("Address")
    return {
        "active": document.get("Active", True),
        "changed": instant(document["MetaData"]["LastUpdatedTime"]) if document.get("MetaData") else 0,
        "name": folded if name is None or name == label else str(name).casefold(),
        "label": folded,
        "email": str(email).casefold() if email else None,
        "date": document.get("TxnDate"),
        "customer": (document.get("CustomerRef") or {}).get("value"),
    }
