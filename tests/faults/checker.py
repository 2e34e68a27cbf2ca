"""The checker of the ten nevers: reads our ledger and what the vendors hold, and says where they are broken.

It trusts neither side's word about the other: documents are told apart by the number printed on them and contacts by
their address, never by the ids our writer chose. A test that kills or lies runs it at its end; the twins with a naive
writer show that it can see what it is for.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

CANARY = re.compile(r"SECRET-(?:at|rt|code|sandbox|hook|mc|verifier)[A-Za-z0-9_-]{6,}|SECRET-[A-Za-z0-9_-]{12,}")


@dataclass
class Findings:
    """What is wrong, by kind; all empty is well."""

    doubled: list[str] = field(default_factory=list)  # N1
    lost: list[str] = field(default_factory=list)  # N2
    crossed: list[str] = field(default_factory=list)  # N3
    cursors: list[str] = field(default_factory=list)  # N4
    unresolved: list[str] = field(default_factory=list)  # N5
    deleted: list[str] = field(default_factory=list)  # N6
    overwritten: list[str] = field(default_factory=list)  # N7
    leaked: list[str] = field(default_factory=list)  # N8
    stopped: list[str] = field(default_factory=list)  # N9
    stuck: list[str] = field(default_factory=list)  # N10

    def none(self) -> bool:
        """Tell whether nothing is wrong."""
        return not any(getattr(self, name) for name in self.__dataclass_fields__)

    def __str__(self) -> str:
        told = {name: getattr(self, name) for name in self.__dataclass_fields__ if getattr(self, name)}
        return "; ".join(f"{name} {len(items)}: {items[:5]}" for name, items in told.items()) or "nothing is wrong"


def check(stage: Any, run: Any | None = None) -> Findings:
    """Look at everything after a first sync of the pair; `run` is the one that ended it."""
    found = Findings()
    mailchimp = stage.server.state("mailchimp")
    audience = stage.house.integration.settings["audience"]
    contacts(found, stage.customers, mailchimp["members"][audience])
    orders(found, stage.documents, orders_of(mailchimp), excused=_visible())
    clients(found)
    cursors(found, stage)
    outcomes(found)
    deletions(found, stage.server)
    leaks(found, stage.hub)
    endings(found)
    return found


def orders_of(state: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for store in state["stores"].values():
        kept = store["orders"]
        rows += kept.values() if isinstance(kept, dict) else kept
    return rows


def _visible() -> set[str]:
    """Numbers of documents a person can see are held, with a reason."""
    from bridge.hub.models import Change

    rows = Change.objects.filter(state__in=("held", "rejected", "skipped"), source__isnull=False)
    return {
        number or name
        for number, name, code, error in rows.values_list("source__number", "source__email_key", "code", "error_code")
        if code or error
    }


def contacts(found: Findings, customers: Iterable[dict[str, Any]], members: Iterable[dict[str, Any]]) -> None:
    """N1, N2: every customer with an address is there once."""
    have = Counter(member["email_address"].lower() for member in members)
    wanted = {row["PrimaryEmailAddr"]["Address"].lower() for row in customers}
    excused = _visible()
    found.doubled += [f"contact {email} x{count}" for email, count in have.items() if count > 1]
    found.lost += [f"contact {email}" for email in wanted if email not in have and email not in excused]


def orders(
    found: Findings, documents: Iterable[dict[str, Any]], there: Iterable[dict[str, Any]], excused: set[str]
) -> None:
    """N1, N2: every document is there once, with its amount."""
    there = list(there)
    have = Counter(str(order.get("tracking_number") or order["id"]) for order in there)
    amounts = {str(order.get("tracking_number")): Decimal(str(order["order_total"])) for order in there}
    wanted = {row["DocNumber"]: Decimal(str(row["TotalAmt"])) for row in documents}
    found.doubled += [f"document {number} x{count}" for number, count in have.items() if count > 1]
    found.doubled += [f"document {number} belongs to nobody" for number in have if number not in wanted]
    for number, total in wanted.items():
        if number not in have:
            if number not in excused:
                found.lost.append(f"document {number}")
        elif amounts[number] != total:
            found.lost.append(f"document {number}: {total} became {amounts[number]}")


def books(found: Findings, numbers: Iterable[str], there: Iterable[dict[str, Any]]) -> None:
    """N1, N2 the other way: every number we sent is in the books once."""
    have = Counter(str(row.get("DocNumber")) for row in there)
    found.doubled += [f"document {number} x{count}" for number, count in have.items() if count > 1]
    found.lost += [f"document {number}" for number in numbers if number not in have]


def clients(found: Findings) -> None:
    """N3: no call and no link of one client in another one's run."""
    from django.db.models import F

    from bridge.hub.models import Change, Link, VendorCall

    calls = VendorCall.objects.filter(run__isnull=False).exclude(
        connection__organization=F("run__integration__organization")
    )
    changes = Change.objects.exclude(connection__organization=F("integration__organization"))
    links = Link.objects.exclude(left__connection__organization=F("integration__organization"))
    found.crossed += [
        f"{rows.model.__name__} {pk}"
        for rows in (calls, changes, links)
        for pk in rows.values_list("pk", flat=True)[:5]
    ]


def cursors(found: Findings, stage: Any) -> None:
    """N4: what a cursor has passed is in our tables."""
    from bridge.hub.models import Cursor, Record

    if not Cursor.objects.filter(connection__vendor="quickbooks", value__isnull=False).exists():
        return
    for names, rows in (
        (("customers",), stage.customers),
        (("invoices", "sales_receipts"), stage.documents),
    ):
        have = set(
            Record.objects.filter(connection__vendor="quickbooks", resource__in=names).values_list(
                "remote_id", flat=True
            )
        )
        found.cursors += [f"{names[0]} {row['Id']} was passed by" for row in rows if row["Id"] not in have]


def outcomes(found: Findings) -> None:
    """N5: nothing is unknown any more, and what was says how it was resolved."""
    from bridge.hub.models import Change

    open_ones = Change.objects.filter(state__in=("sending", "unknown"))
    found.unresolved += [f"change {row.pk} is {row.state}" for row in open_ones[:20]]
    silent = Change.objects.filter(state="done", error_code="OUTCOME-UNKNOWN", resolution="")
    found.unresolved += [f"change {row.pk} does not say how it was resolved" for row in silent[:20]]


def deletions(found: Findings, server: Any) -> None:
    """N6: nothing was deleted at a vendor that no planned removal asked for."""
    from bridge.hub.models import Change

    asked = Change.objects.filter(action__in=("remove", "void")).count()
    made = [
        call for call in server.calls("mailchimp") + server.calls("quickbooks")
        if call["method"] == "DELETE" or "operation=delete" in call["query"]
    ]  # fmt: skip
    if len(made) > asked:
        found.deleted += [f"{call['method']} {call['path']}" for call in made]


def leaks(found: Findings, hub: Any) -> None:
    """N8: no secret of the sandbox stands anywhere in the database or in a log, except sealed."""
    import psycopg

    with psycopg.connect(hub.url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        for (table,) in tables:
            rows = connection.execute(f"SELECT t::text FROM \"{table}\" t WHERE t::text LIKE '%SECRET-%'")  # type: ignore[arg-type]  # noqa: S608
            found.leaked += [f"{table}: {hit}" for (text,) in rows for hit in CANARY.findall(text)[:3]]
    found.leaked += [f"log: {hit[:24]}…" for hit in CANARY.findall(hub.logs())]


def endings(found: Findings) -> None:
    """N10: no run, lease, ticket or place is left that only a developer could free; N9: nobody else was stopped."""
    from bridge.hub.models import Change, Connection, Dispatch, Run

    found.stuck += [f"run {run.pk} is {run.state}" for run in Run.objects.filter(state__in=Run.WORKING)]
    closed = Run.objects.exclude(state__in=Run.OPEN)
    found.stuck += [
        f"change {row.pk} is {row.state}"
        for row in Change.objects.filter(state__in=("ready", "planned"), run__in=closed)[:20]
    ]
    found.stuck += [f"dispatch {row.pk} is open" for row in Dispatch.objects.filter(is_open=True, run__in=closed)[:20]]
    found.stopped += [
        f"{row} asks for a person: {row.reason_code}" for row in Connection.objects.filter(state="attention")
    ]
