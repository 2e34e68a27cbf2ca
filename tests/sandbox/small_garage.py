"""A garage of one customer and the seven items its books should have; orders are what a person makes in its screens."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.small_shop import book, kept, lines, money, only

REALM = "9130000000000004"
KEY = "smk-SECRET-garage-point-mort-0001"
RIVERS = "10c00000-0001-4a00-8000-000000000001"  # in Québec: GST and PST
SINCE = "2020-01-01"
NAMES = {
    "labor": ("2001", "Shopmonkey Labor", "Service"),
    "part": ("2002", "Shopmonkey Part", "NonInventory"),
    "tire": ("2003", "Shopmonkey Tire", "NonInventory"),
    "subcontract": ("2004", "Shopmonkey Subcontract", "NonInventory"),
    "epa": ("2005", "Shopmonkey EPA", "NonInventory"),
    "shop_supplies": ("2006", "Shopmonkey Shop Supplies", "NonInventory"),
    "fee": ("2007", "Shopmonkey Fees", "NonInventory"),
}
DISCOUNT = ("2008", "Remise", "Service")
METHODS = ("Card", "Cash", "Check", "Other", "Card-Stripe")
__all__ = ["book", "kept", "lines", "money", "only"]


def item(number: str, name: str, kind: str, **fields: Any) -> dict[str, Any]:
    """An item of the books."""
    return {"Id": number, "Name": name, "Type": kind, "IncomeAccountRef": {"value": "7"}, "UnitPrice": 0, **fields}


def items(server: Any, *without: str) -> None:
    """Put the seven items and one for discounts into the books, but those left out."""
    told = [item(*NAMES[kind]) for kind in NAMES if kind not in without]
    server.load("quickbooks", realm=REALM, Item=[*told, item(*DISCOUNT)],
                Preferences=[{"SalesFormsPrefs": {"CustomTxnNumbers": True}}])  # fmt: skip


def customer(number: int, **fields: Any) -> dict[str, Any]:
    """A customer of the garage."""
    return {
        "id": f"c{number}", "firstName": "Zoé", "lastName": f"Fictive {number}", "customerType": "Customer",
        "emails": [{"email": f"zoe{number}@fictive.example", "primary": True}], **fields,
    }  # fmt: skip


LABOR = {"name": "Pose des freins", "hours": 2, "rateCents": 10_000, "taxable": True}
PART = {"name": "Plaquettes", "partNumber": "FR-1001", "quantity": 1, "retailCostCents": 8_000, "taxable": True}
TIRE = {"name": "Pneu d’hiver", "quantity": 4, "retailCostCents": 12_000, "taxable": True}
SUBCONTRACT = {"name": "Alignement", "retailCostCents": 9_000, "costCents": 6_000, "taxable": True}
FEE = {"name": "Écofrais", "feeType": "FixedCents", "amountCents": 500}
WORK = {"name": "Freins", "labors": [LABOR], "parts": [PART]}
PLAIN = {"epaPercent": 0, "shopSuppliesPercent": 0}


def order(number: int, *services: Mapping[str, Any], buyer: str | None = "c1", **more: Any) -> dict[str, Any]:
    """An order, invoiced unless told otherwise."""
    told = [{**PLAIN, **service} for service in services or (WORK,)]
    acts = {"authorize": True, "invoice": True}
    return {"id": f"o{number}", "number": number, "locationId": RIVERS, "customerId": buyer, "services": told,
            **acts, **more}  # fmt: skip


def work(server: Any, *orders: Mapping[str, Any], **more: Any) -> None:
    """Let the garage work; time passes, so that what changed is seen to have changed."""
    server.control("POST", "clock", {"advance_seconds": 60})
    server.load("shopmonkey", orders=list(orders), **more)


def garage(server: Any) -> dict[str, Any]:
    """All that the connected garage holds."""
    return server.state("shopmonkey")["companies"][0]


def books(server: Any, kind: str) -> list[dict[str, Any]]:
    """The living documents of a kind in the garage’s books."""
    rows = server.state("quickbooks")["companies"][REALM].get(kind, [])
    return [row for row in rows if row.get("Active", True)]


def connect(house: Any) -> tuple[Any, Any]:
    """Both accounts, as a person connects them."""
    from bridge.jobs import connections

    left = house.connect("quickbooks", realm=REALM)
    right = connections.create(house.organization, "shopmonkey", "local_sandbox", house.ann)
    return left, connections.sign_in_with_key(right, KEY, house.ann)


def pair(
    house: Any, settings: Mapping[str, str] | None = None, *, mapped: bool = True, without: tuple[str, ...] = ()
) -> Any:
    """Connect the pair and set it up; everything mapped but the kinds of line left out."""
    from bridge.jobs import connections, integrations, values

    left, right = connect(house)
    made = integrations.create(house.organization, "quickbooks_shopmonkey", house.ann)
    integrations.attach(made, "left", left)
    integrations.attach(made, "right", right)
    for connection in (left, right):
        connections.check(connection)
    given = {"orders_since": SINCE, "discount_item": DISCOUNT[0], "rounding_item": NAMES["fee"][0], "location": RIVERS}
    problems = integrations.save_settings(made, {**given, **(settings or {})}, house.ann)
    assert not problems, problems
    made.refresh_from_db()
    house.integration = made
    for spec in values.kinds(made):
        values.refresh(made, spec.kind)
    if mapped:
        house.map("line_kind", **{kind: told[0] for kind, told in NAMES.items() if kind not in without})
        house.map("payment_method", **dict.fromkeys(METHODS, "5"))
        house.map("tax", **{"GST 5%+PST 9.975%": "1", "none": "4"})
    return made


def synced(house: Any, state: str = "done", **options: Any) -> Any:
    """Plan, approve and write; nothing must be held unless the state says so."""
    run = house.run(**options)
    assert run.state == state, (run.state, run.reason_code, run.reason_params, kept(run), run.counts)
    return run
