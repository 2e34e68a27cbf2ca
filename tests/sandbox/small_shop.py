"""A shop of a few products and a company that knows them; orders come from carts, so that their arithmetic is right."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.sandbox.small_world import COMPANY, explained

CHAIR, TABLE, LAMP = (
    ("CH-1", "Chaise inventée", "100.00"),
    ("TA-1", "Table inventée", "80.00"),
    ("LA-1", "Lampe", "19.99"),
)
SKUS = {CHAIR[0]: "1001", TABLE[0]: "1002", LAMP[0]: "1003"}
# Items of the books for what is no product.
SHIPPING, DISCOUNT, GIFT, FEE, ROUNDING, OTHER, REFUND = "1901", "1902", "1903", "1904", "1905", "1906", "1907"
ITEMS = {
    "shipping_item": SHIPPING, "discount_item": DISCOUNT, "gift_card_item": GIFT, "fee_item": FEE,
    "rounding_item": ROUNDING,
}  # fmt: skip
NAMES = {
    SHIPPING: "Livraison", DISCOUNT: "Remise", GIFT: "Carte-cadeau", FEE: "Frais", ROUNDING: "Arrondi",
    OTHER: "Article divers", REFUND: "Remboursements",
}  # fmt: skip
TAXES = {"CA-QC-TPS+CA-QC-TVQ": "1", "CA-QC-TPS": "2", "CA-ON-TVH": "5", "none": "4"}
METHODS = {"checkmo": "3", "stripe_payments": "5", "paypal_express": "1"}
PAID = ("invoice",)
ZERO = Decimal(0)
DOCUMENTS = ("Invoice", "SalesReceipt", "Payment", "CreditMemo", "RefundReceipt")


def product(number: int, sku: str, name: str = "", price: str = "100.00", **fields: Any) -> dict[str, Any]:
    """A product of the shop, taxed as goods are."""
    return {
        "id": number, "sku": sku, "name": name or f"Produit {sku}", "price": float(price), "type_id": "simple",
        "weight": 1, "custom_attributes": [{"attribute_code": "tax_class_id", "value": "2"}], **fields,
    }  # fmt: skip


def item(number: str, sku: str, name: str = "", price: str = "100.00", **fields: Any) -> dict[str, Any]:
    """An item of the books."""
    known = {"Id": number, "Name": name or f"Article {sku}", "Type": "NonInventory", "UnitPrice": float(price)}
    return {**known, "IncomeAccountRef": {"value": "7"}, **({"Sku": sku} if sku else {}), **fields}


def cart(*lines: Any, **more: Any) -> dict[str, Any]:
    """A paid order to Québec of some SKUs; each may be given as (sku, quantity)."""
    told = [
        {"sku": line, "quantity": 1} if isinstance(line, str) else {"sku": line[0], "quantity": line[1]}
        for line in lines
    ]
    return {"lines": told or [{"sku": "CH-1", "quantity": 1}], "then": list(PAID), "method": "stripe_payments", **more}


def buyer(number: int, **more: Any) -> dict[str, Any]:
    """Who an invented cart is from."""
    return {
        "email": f"client{number}@fictive.example", "given_name": "Zoé", "family_name": f"Inventée {number}", **more,
    }  # fmt: skip


def furnish(server: Any, *, numbers: bool = True, items: bool = True) -> None:
    """Put three products into the shop, and their items with those for shipping and the like into the books."""
    server.load("magento", products=[product(at, *one) for at, one in enumerate((CHAIR, TABLE, LAMP), 1)])
    own = [item(one, "", name) for one, name in NAMES.items()]
    goods = [item(SKUS[one[0]], *one) for one in (CHAIR, TABLE, LAMP)] if items else []
    server.load("quickbooks", Item=[*own, *goods],
                Preferences=[{"SalesFormsPrefs": {"CustomTxnNumbers": numbers}}])  # fmt: skip


def sell(server: Any, *carts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Let people order; returns their orders as the shop tells them."""
    known = {order["entity_id"] for order in orders(server)}
    server.load("magento", carts=list(carts))
    return [order for order in orders(server) if order["entity_id"] not in known]


def happens(server: Any, order: Mapping[str, Any], event: str, **more: Any) -> None:
    """Let something happen to an order."""
    server.control("POST", "clock", {"advance_seconds": 60})
    server.load("magento", events=[{"order_id": order["entity_id"], "event": event, **more}])


def orders(server: Any) -> list[dict[str, Any]]:
    """The orders of the shop."""
    return list(server.state("magento")["orders"])


def pair(house: Any, settings: Mapping[str, str] | None = None, flows: tuple[str, ...] = (), **query: str) -> Any:
    """Connect both sides, with everything mapped."""
    from bridge.jobs import values

    made = house.shop_pair({**ITEMS, **(settings or {})}, flows, **query)
    wanted = {spec.kind for spec in values.kinds(made)}
    for kind, targets in (("tax", TAXES), ("payment_method", METHODS)):
        if kind in wanted:
            house.map(kind, **targets)
    return made


def synced(house: Any, state: str = "done", **options: Any) -> Any:
    """Plan, approve and write; nothing must be held unless the state says so."""
    run = house.run(**options)
    assert run.state == state, (run.state, run.reason_code, run.reason_params, kept(run))
    return run


def book(server: Any, *kinds: str, company: str = COMPANY) -> list[dict[str, Any]]:
    """Documents of the company of these kinds, oldest first."""
    tables = server.state("quickbooks")["companies"][company]
    return [row for kind in kinds or DOCUMENTS for row in tables.get(kind, ())]


def only(found: Any) -> Any:
    """The one there is."""
    rows = list(found)
    assert len(rows) == 1, rows
    return rows[0]


def money(value: Any) -> Decimal:
    """An amount as a number that can be compared."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


def lines(document: Mapping[str, Any]) -> list[tuple[str, Decimal]]:
    """The lines of a document of the books, as item and amount."""
    return [
        (line["SalesItemLineDetail"]["ItemRef"]["value"], money(line["Amount"]))
        for line in document["Line"]
        if line["DetailType"] == "SalesItemLineDetail"
    ]


def memo(document: Mapping[str, Any]) -> str:
    """The note of a document that stays in the house."""
    return str(document.get("PrivateNote") or "")


def kept(run: Any) -> dict[tuple[str, str], str]:
    """What is held, refused or left out, by entity and title: its newest code. Each has its words in both languages."""
    from bridge.hub.models import Change

    states, found = Change.State, {}
    for change in Change.objects.filter(integration=run.integration).order_by("id"):
        found.pop((change.entity, change.title), None)
        if change.state in (states.HELD, states.REJECTED, states.SKIPPED, states.UNKNOWN):
            code = change.error_code or change.code
            explained(code, change.error_params if change.error_code else change.params)
            found[change.entity, change.title] = code
    return found


def noted(run: Any) -> dict[str, list[str]]:
    """The remarks made while posting, by the number of what was posted."""
    found: dict[str, list[str]] = {}
    for change in run.changes.filter(entity__in=("sale", "refund", "payment", "contact")):
        for told in change.params.get("warnings") or ():
            found.setdefault(change.title, []).append(told["code"])
    return found


def at(text: str) -> str:
    """A moment the shop keeps, from one in universal time as ISO text."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
