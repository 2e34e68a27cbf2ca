"""Documents into records: parsed, keyed, and stored in bulk where they changed."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

from django.utils import timezone

from bridge.engine.match import keys
from bridge.hub import bulk
from bridge.hub.documents import Encoded, encode
from bridge.hub.models import Alias, Connection
from bridge.hub.models import Record as Row
from bridge.jobs import merged
from connectors.contract import Raw, Record, Ref, Resource

log = logging.getLogger("bridge.jobs.store")

COLUMNS = (
    "connection", "resource", "scope", "remote_id", "document", "name", "number", "date", "amount", "tax", "currency",
    "status", "party", "email_key", "phone_key", "name_key", "version", "fingerprint", "gone", "merged_into",
    "changed_at", "read_at", "touched",
)  # fmt: skip
UNIQUE = ("connection", "resource", "scope", "remote_id")


@dataclass(slots=True)
class Stored:
    """What became of a page: how many documents it held, and which could not be read (id or position, why)."""

    seen: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def parse_all(resource: Resource, documents: Iterable[Raw]) -> tuple[list[Record], list[tuple[str, str]]]:
    """Return the records, the last one of each id, and what could not be read. A bad one never stops the others."""
    records: dict[str, Record] = {}
    bad: list[tuple[str, str]] = []
    for position, raw in enumerate(documents):
        try:
            record = resource.parse(raw)
        except (KeyError, ValueError, TypeError, AttributeError, InvalidOperation, ArithmeticError) as error:
            told = raw.get("Id") or raw.get("id") if isinstance(raw, dict) else None
            bad.append((str(told or f"#{position}"), type(error).__name__))
            log.warning("record unreadable resource=%s id=%s error=%s", resource.name, told, type(error).__name__)
            continue
        records[record.remote_id] = record
    return list(records.values()), bad


def store(
    connection: Connection, resource: Resource, scope: str, records: Sequence[Record], touched: int, now: datetime
) -> None:
    """Upsert records; a row whose document is the same stays as it is. Call inside a transaction."""
    keep(connection, resource, scope, prepare(connection.pk, resource, scope, records, now), touched, now)


@dataclass(slots=True)
class Prepared:
    """Records as rows but for what only the storing transaction knows, and those that tell only that they are gone."""

    records: Sequence[Record]
    rows: list[tuple[Any, ...]]
    stubs: list[Record]


def prepare(connection_id: int, resource: Resource, scope: str, records: Sequence[Record], now: datetime) -> Prepared:
    """Return what `keep` stores; no database, so that it may be done while the database is busy."""
    rows, stubs = [], []
    for record in records:
        if record.gone and not _tells(record):
            stubs.append(record)
        else:
            rows.append(row_of(connection_id, resource, scope, record, now))
    return Prepared(records, rows, stubs)


def keep(
    connection: Connection, resource: Resource, scope: str, prepared: Prepared, touched: int, now: datetime
) -> None:
    """Upsert what was prepared. Call inside a transaction."""
    bulk.upsert(Row, COLUMNS, [(*row, touched) for row in prepared.rows], UNIQUE, "fingerprint")
    if resource.entity == "contact":
        _alias(connection, resource, scope, prepared.records)
    for stub in prepared.stubs:
        # A deletion stub tells nothing but that it is gone: what was known is kept.
        Row.objects.filter(
            connection=connection, resource=resource.name, scope=scope, remote_id=stub.remote_id, gone=False
        ).update(
            gone=True,
            touched=touched,
            fingerprint="gone",
            changed_at=stub.changed_at,
            read_at=now,
            merged_into=stub.merged_into or "",
        )
    merged.stay(connection.pk, resource.name, scope, prepared.records, now)


def _alias(connection: Connection, resource: Resource, scope: str, records: Sequence[Record]) -> None:
    """Keep the other addresses of contacts where they can be looked up; those a contact no longer has go."""
    told = {record.remote_id: _other_keys(record) for record in records if "other_emails" in record.values}
    if not told:
        return
    found = Row.objects.filter(connection=connection, resource=resource.name, scope=scope, remote_id__in=list(told))
    rows = dict(found.values_list("pk", "remote_id"))
    wanted = {(pk, value) for pk, remote_id in rows.items() for value in told[remote_id]}
    stored = Alias.objects.filter(record_id__in=list(rows)).values_list("pk", "record_id", "value")
    known = {(record, value): alias for alias, record, value in stored}
    Alias.objects.filter(pk__in=[alias for name, alias in known.items() if name not in wanted]).delete()
    Alias.objects.bulk_create(
        [Alias(connection=connection, record_id=pk, value=value) for pk, value in sorted(wanted - known.keys())]
    )


def _other_keys(record: Record) -> set[str]:
    found = {keys("contact", {"email": item}).email_key for item in record.values["other_emails"] or ()}
    return {value[:200] for value in found if value}


def row_of(connection_id: int, resource: Resource, scope: str, record: Record, now: datetime) -> tuple[Any, ...]:
    """Return the columns of one record, in the order of COLUMNS but for the last, the number of the reading."""
    values = record.values
    text = encode(record.raw)
    found = keys(resource.entity, values) if resource.entity == "contact" else None
    return (
        connection_id,
        resource.name,
        scope,
        record.remote_id[:200],
        Encoded(text),
        name_of(record)[:300],
        str(values.get("number") or values.get("sku") or "")[:60],
        values.get("date"),
        money(values.get("total", values.get("price"))),
        money(values.get("tax_total")),
        str(values.get("currency") or "")[:3],
        _status(values)[:30],
        contact.remote_id[:200] if isinstance(contact := values.get("contact"), Ref) else "",
        found.email_key[:200] if found else "",
        found.phone_key[:40] if found else "",
        found.name_key[:300] if found else "",
        (record.version or "")[:60],
        blake2b(text.encode(), digest_size=16).hexdigest(),
        record.gone,
        record.merged_into or "",
        record.changed_at,
        now,
    )


def name_of(record: Record) -> str:
    """Return what a person calls this record."""
    values = record.values
    if values.get("number") and "total" in values:
        return str(values["number"])  # a document, whoever it is for
    person = " ".join(str(values[key]) for key in ("given_name", "family_name") if values.get(key))
    for name in (values.get("name"), values.get("company"), person, values.get("email"), values.get("number")):
        if name:
            return str(name)
    return record.remote_id


def money(value: Any) -> Decimal | None:
    """Return an amount the column can hold; one beyond it is None (the document keeps it)."""
    if not isinstance(value, Decimal | int) or isinstance(value, bool):
        return None
    amount = Decimal(value)
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 14:
        return None
    return amount.quantize(Decimal("0.00001"))


def _status(values: Any) -> str:
    if values.get("status"):
        return str(values["status"])
    if "consent" in values:
        return str(values["consent"] or "")
    return {True: "active", False: "inactive"}.get(values.get("active"), "")


def _tells(record: Record) -> bool:
    return any(value is not None for value in record.values.values())


def remember(connection: Connection, resource: Resource, scope: str, raw: Raw) -> Row | None:
    """Store one document just read or written and return its row; None where it cannot be read."""
    records, bad = parse_all(resource, [raw])
    if bad:
        return None
    store(connection, resource, scope, records, connection.read_seq, timezone.now())
    return Row.objects.get(connection=connection, resource=resource.name, scope=scope, remote_id=records[0].remote_id)
