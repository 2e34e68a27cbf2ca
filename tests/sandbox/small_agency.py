"""A handful of an agency's documents in HighLevel's own shape, its pair with a company, and ways to read both back."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.sandbox.small_shop import NAMES, OTHER, item
from tests.sandbox.small_world import COMPANY

PLACE, PINECREST = "locAtelierBoreal0001", "locPinecrestGarden02"
VERMONT = "9130000000000002"
REVIEW = "1c0ffee0-0000-4000-8000-000000000001"
TPS = {"_id": "64a0c0ffee000000000000a5", "name": "TPS", "rate": 5, "calculation": "exclusive"}
TVQ = {"_id": "64a0c0ffee000000000000a9", "name": "TVQ", "rate": 9.975, "calculation": "exclusive"}
MAIL = "ondine@inventee.example"
TAXES = {"TPS+TVQ": "1", "TPS": "2", "none": "4"}
METHODS = {"stripe": "5", "manual": "3", "cheque": "3", "cash": "3", "other": "3", "card": "5"}
OWN = {"shipping_item": "1901", "discount_item": "1902", "fee_item": "1904", "rounding_item": "1905",
       "refund_item": "1907", "default_item": OTHER}  # fmt: skip
FLOWS = ("contact", "sale", "payment", "refund")
SINCE = "2020-01-01"


def person(number: int, email: str | None = "", **fields: Any) -> dict[str, Any]:
    """A contact; "" gives an address of its own, None none at all."""
    found = {"id": f"contactInventee{number:05d}", "firstName": "Ondine", "lastName": f"Inventée {number}"}
    if email is not None:
        found["email"] = email or f"ondine{number}@inventee.example"
    return {**found, **fields}


def line(name: str = "Cours", amount: Any = 100, quantity: int = 1, **fields: Any) -> dict[str, Any]:
    """A line of an invoice or a purchase, taxed as in Québec."""
    return {"name": name, "amount": amount, "qty": quantity, "currency": "CAD", "taxes": [TPS, TVQ], **fields}


def bill(number: int, contact: str = MAIL, **fields: Any) -> dict[str, Any]:
    """A draft invoice, or with `_id` alone an act on it."""
    return {"_id": f"64a0c0ffee00000000{number:06d}", "contact": contact, "items": [line()], **fields}


def act(number: int, **acts: Any) -> dict[str, Any]:
    """Something done to an invoice: send, pay, void, deleted, or fields edited."""
    return {"_id": f"64a0c0ffee00000000{number:06d}", **acts}


def sent(server: Any, *bills: dict[str, Any]) -> None:
    """Put invoices there and mark them as sent."""
    server.load("highlevel", invoices=[*bills, *({"_id": one["_id"], "send": True} for one in bills)])


def bought(kind: str = "order_form", contact: str = MAIL, **fields: Any) -> dict[str, Any]:
    """A purchase, paid at once."""
    told = {} if "amount" in fields or "items" in fields else {"items": [line()]}
    return {"kind": kind, "contact": contact, **told, **fields}


def furnish(server: Any, *items: dict[str, Any]) -> None:
    """Put the items for what is no product, and some of their own, into the books."""
    own = [item(one, "", name) for one, name in NAMES.items()]
    server.load("quickbooks", Item=[*own, item("1001", "", "Cours"), item("1002", "", "Atelier"), *items],
                Preferences=[{"SalesFormsPrefs": {"CustomTxnNumbers": True}}])  # fmt: skip


def agency_pair(
    house: Any, *flows: str, settings: dict[str, str] | None = None, right: Any = None, **query: str
) -> Any:
    """Connect a company and a sub-account and set their pair up: all that a first run needs is chosen. `right`: the
    sub-account, where it is connected already.
    """
    from bridge.jobs import integrations, values

    books, right = house.connect("quickbooks", **query), right or house.connect("highlevel", **query)
    house.integration = integrations.create(house.organization, "quickbooks_highlevel", house.ann)
    integrations.attach(house.integration, "left", books)
    integrations.attach(house.integration, "right", right)
    given = {"since": SINCE, "before": "earlier", **OWN, **(settings or {})}
    problems = integrations.save_settings(house.integration, given, house.ann)
    assert not problems, problems
    house.integration.refresh_from_db()
    house.integration.flows.exclude(entity__in=flows or FLOWS).update(is_on=False)
    house.integration.flows.filter(entity__in=flows or FLOWS).update(is_on=True)
    for spec in values.kinds(house.integration):
        values.refresh(house.integration, spec.kind)
    if "realm" not in query and "sale" in (flows or FLOWS):
        house.map("tax", **TAXES)
    if "sale" in (flows or FLOWS):
        house.map("payment_method", **METHODS)
    return house.integration


def book(server: Any, kind: str, company: str = COMPANY) -> dict[str, dict[str, Any]]:
    """The documents of a kind in the books, by number."""
    rows = server.state("quickbooks")["companies"][company].get(kind, ())
    return {str(row.get("DocNumber") or row.get("PaymentRefNum") or row["Id"]): row for row in rows}


def place(server: Any, location: str = PLACE) -> dict[str, Any]:
    """Everything a sub-account holds."""
    return next(dict(one) for one in server.state("highlevel")["locations"] if one["id"] == location)


def times_tagged(found: dict[str, Any], tag: str = "bridge-review", added: bool = False) -> Counter[str]:
    """How often each contact of a sub-account was given a tag; or how often it was not there yet, so that a workflow
    which waits for it began.
    """
    rows = [one for one in found["taggings"] if one["tag"] == tag and (one["added"] or not added)]
    return Counter(one["contactId"] for one in rows)


def amount(value: Any) -> Decimal:
    """An amount of either side."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def ago(days: float) -> str:
    """An instant that long ago, as the stand-in takes it."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()
