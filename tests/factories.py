"""Rows for tests, made with the ORM. Each function returns a saved row; what a test does not say is plainly invented."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from bridge.engine.match import normal_name
from bridge.hub.models import (
    Change,
    Connection,
    Environment,
    Exclusion,
    Flow,
    InboxEvent,
    Integration,
    Link,
    MappingRule,
    Membership,
    Organization,
    Record,
    Run,
    User,
    VendorCall,
)

_next = count(1)
LONG_AGO = datetime(2026, 1, 2, 15, 4, tzinfo=UTC)


def staff(email: str = "", **values: Any) -> User:
    """Return a person of the house, who sees every client."""
    return User.objects.create_user(
        email or f"ann{next(_next)}@house.example",
        **{"first_name": "Ann", "last_name": "Invented", "is_staff": True, "is_superuser": True, **values},
    )


def office(role: str = "viewer", *looks_after: Organization, **values: Any) -> User:
    """Return a person of the office in a role, who sees every client or only the ones given."""
    made = staff(**{"is_superuser": False, "staff_role": role, "sees_all": not looks_after, **values})
    made.organizations.set(looks_after)
    return made


def client_person(of: Organization, **values: Any) -> User:
    """Return a person of one client."""
    made = User.objects.create_user(
        values.pop("email", f"carla{next(_next)}@client.example"), **{"first_name": "Carla", **values}
    )
    Membership.objects.create(organization=of, user=made)
    return made


def organization(**values: Any) -> Organization:
    """Return a client."""
    return Organization.objects.create(**{"name": f"Invented Garage {next(_next)}", **values})


def connection(of: Organization | None = None, vendor: str = "quickbooks", **values: Any) -> Connection:
    """Return a connected account at the local simulator."""
    number = next(_next)
    return Connection.objects.create(
        organization=of or organization(),
        vendor=vendor,
        **{
            "environment": Environment.LOCAL_SANDBOX,
            "account_id": f"account-{number}",
            "account_name": f"Invented Books {number}",
            "state": Connection.State.CONNECTED,
            **values,
        },
    )


def integration(of: Organization | None = None, **values: Any) -> Integration:
    """Return an active pair with a flow for contacts and one for sales."""
    owner = of or organization()
    made = Integration.objects.create(
        organization=owner,
        **{
            "recipe": "quickbooks_mailchimp",
            "left": values.pop("left", None) or connection(owner, "quickbooks"),
            "right": values.pop("right", None) or connection(owner, "mailchimp"),
            "state": Integration.State.ACTIVE,
            **values,
        },
    )
    for entity in ("contact", "sale"):
        Flow.objects.create(integration=made, entity=entity)
    return made


def rule(flow: Flow, source: str = "given_name", target: str = "given_name", **values: Any) -> MappingRule:
    """Return a mapping rule of a flow."""
    return MappingRule.objects.create(flow=flow, source=source, target=target, **values)


def record(at: Connection, resource: str = "customers", **values: Any) -> Record:
    """Return one thing as its vendor has it."""
    number = next(_next)
    return Record.objects.create(
        connection=at,
        resource=resource,
        **{
            "remote_id": str(number),
            "document": {"Id": str(number)},
            "name": (name := values.pop("name", f"Jane Invented {number}")),
            "name_key": normal_name(name) if resource in ("customers", "members", "contacts") else "",
            "fingerprint": f"{number:032d}",
            "read_at": LONG_AGO,
            **values,
        },
    )


def link(of: Integration, left: Record, right: Record, entity: str = "contact", **values: Any) -> Link:
    """Return "these two are the same"."""
    return Link.objects.create(integration=of, left=left, right=right, entity=entity, **values)


def run(of: Integration | None = None, **values: Any) -> Run:
    """Return a run that waits for approval."""
    return Run.objects.create(
        integration=of or integration(),
        **{"trigger": Run.Trigger.PERSON, "state": Run.State.PLANNED, "planned_at": timezone.now(), **values},
    )


def change(of: Run, **values: Any) -> Change:
    """Return one planned write of a run: by default a new contact at the right side."""
    owner = of.integration
    number = next(_next)
    return Change.objects.create(
        integration=owner,
        run=of,
        **{
            "entity": "contact",
            "action": Change.Action.CREATE,
            "connection": owner.right,
            "resource": "members",
            "title": f"Jane Invented {number}",
            "before": {},
            "after": {"email": f"jane{number}@invented.example", "given_name": "Jane"},
            "code": "new",
            **values,
        },
    )


def many_changes(of: Run, how_many: int, **values: Any) -> None:
    """Make a plan of many lines at once, with a source record each and a document that must not be loaded."""
    owner = of.integration
    sources = Record.objects.bulk_create(
        Record(
            connection=owner.left,
            resource="customers",
            remote_id=f"many-{number}",
            document={"Id": str(number), "Notes": "x" * 1000},
            name=f"Jane Invented {number}",
            fingerprint=f"{number:032d}",
            read_at=LONG_AGO,
        )
        for number in range(how_many)
    )
    Change.objects.bulk_create(
        Change(
            integration=owner,
            run=of,
            source=source,
            connection=owner.right,
            **{
                "entity": "contact",
                "action": "create",
                "resource": "members",
                "title": source.name,
                "before": {"given_name": "J."},
                "after": {"given_name": "Jane", "email": f"{source.remote_id}@invented.example"},
                "sent": {"given_name": "Jane", "notes": "x" * 1000},
                "trace": [{"field": "notes", "test": "known", "value": None, "have": "x" * 1000, "passed": True}],
                "code": "new",
                "amount": Decimal("10.25"),
                "currency": "CAD",
                **values,
            },
        )
        for source in sources
    )


def exclusion(of: Integration, what: Record, reason: str = "A test account", **values: Any) -> Exclusion:
    """Return a person's standing decision to leave a record out."""
    return Exclusion.objects.create(integration=of, record=what, reason=reason, **values)


def call(at: Connection, in_run: Run | None = None, **values: Any) -> VendorCall:
    """Return one call made to a vendor."""
    return VendorCall.objects.create(
        connection=at,
        run=in_run,
        **{
            "method": "GET",
            "path": "/things",
            "status": 200,
            "milliseconds": 12,
            "started_at": timezone.now(),
            **values,
        },
    )


def event(at: Connection, **values: Any) -> InboxEvent:
    """Return one line of a webhook delivery."""
    return InboxEvent.objects.create(
        connection=at,
        vendor=at.vendor,
        **{"unique_id": f"event-{next(_next)}", "resource": "customers", "remote_id": "1", "kind": "updated", **values},
    )


def today() -> date:
    """Return the date it is where people and clients live whose zone nobody set."""
    return timezone.localdate(timezone=ZoneInfo("America/Toronto"))


def hours_ago(hours: float) -> datetime:
    """Return an instant in the past."""
    return timezone.now() - timedelta(hours=hours)
