"""The published sample shop and the contract's fixtures, synced into the books over HTTP: to the cent, or with a reason.

Orders of the sample data are only a recipe (who, what, refunded or not): the stand-in's till works out their amounts.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest

from bridge.hub.models import Change
from bridge.jobs import totals
from connectors.transport import api as transport
from tests.contracts import MAGENTO
from tests.house import SALES_FLOWS
from tests.sandbox.small_shop import book, kept, money, only, orders
from tests.sandbox.small_world import written

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.contracts]

US = "9130000000000002"
FLOWS = (*SALES_FLOWS, "product")
OWN = ("Shipping", "Discount", "Rounding", "Fees", "Gift cards", "Store credit", "Refunds", "Other")
SETTINGS = dict(
    zip(
        ("shipping_item", "discount_item", "rounding_item", "fee_item", "gift_card_item", "store_credit_item",
         "refund_item", "default_item"),
        (str(1901 + at) for at in range(len(OWN))), strict=True,
    ),
    create_items="yes", products_scope="all", language="en",
)  # fmt: skip
ACCOUNTS = {
    "income_account": "Sales of Product Income", "expense_account": "Cost of Goods Sold",
    "income_account_tracked": "Sales of Product Income", "expense_account_tracked": "Cost of Goods Sold",
    "asset_account_tracked": "Inventory Asset",
}  # fmt: skip
KINDS = {
    "customers": "Customer", "items": "Item", "invoices": "Invoice", "sales_receipts": "SalesReceipt",
    "payments": "Payment", "credit_memos": "CreditMemo", "refund_receipts": "RefundReceipt",
}  # fmt: skip
# Why something of these shops may stay behind; anything else is a fault of ours.
REASONS = {"SALES-STATUS", "MAGE-COMPOSITE", "MAGE-UNSOLD", "SOURCE-INACTIVE", "SALES-NOTHING", "PARENT-LEFT-OUT"}


@pytest.fixture(scope="session")
def magento(real_books: Path) -> Path:
    """The folder of the shop's contract."""
    return real_books.parent / "magento"


@pytest.fixture(autouse=True)
def quick(settings):
    """Passwords cost nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def sent(monkeypatch) -> list[Any]:
    """Every request that leaves, as it leaves."""
    found: list[Any] = []
    real = transport.exchange

    def recorded(sessions: Any, request: Any, *rest: Any) -> Any:
        found.append(request)
        return real(sessions, request, *rest)

    monkeypatch.setattr(transport, "exchange", recorded)
    return found


def complaints(request: Any) -> list[str]:
    """What of a request to the shop does not fit its contract."""
    parts = urlsplit(request.url)
    address = f"{parts.path.removeprefix('/magento')}?{parts.query}"
    return MAGENTO.misfits(request.method, address, request.body, kind=request.headers.get("Content-Type", ""))


def not_published(folder: Path, made: Any) -> list[str]:
    """What of the bodies sent to the books does not fit their published shape."""
    schema = json.loads((folder / "quickbooks" / "schema.json").read_text())
    checkers: dict[str, Any] = {}
    found = []
    for change in Change.objects.filter(integration=made, connection=made.left, state="done").exclude(payload=None):
        if change.action not in ("create", "update") or not change.payload:
            continue
        shape = f"{KINDS[change.resource]}{'Create' if change.action == 'create' else 'SparseUpdate'}"
        body = json.loads(json.dumps(change.payload, default=float))
        if change.action == "update":
            body |= {"Id": change.remote_id, "SyncToken": "0", "sparse": True}
        if shape not in checkers:
            checkers[shape] = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{shape}", "$defs": schema["$defs"]})
        found += [f"{shape} {change.title}: {error.message[:200]}" for error in checkers[shape].iter_errors(body)]
    return found


def company(server: Any, *currencies: str) -> dict[str, str]:
    """Let the American company have items for what is no product, and keep other currencies; returns the accounts."""
    accounts = {row["Name"]: row["Id"] for row in book(server, "Account", company=US)}
    income = {"IncomeAccountRef": {"value": accounts["Services"]}}
    items = [{"Id": str(1901 + at), "Name": name, "Type": "Service", **income} for at, name in enumerate(OWN)]
    prefs = {"SalesFormsPrefs": {"CustomTxnNumbers": True}, "CurrencyPrefs": {"MultiCurrencyEnabled": bool(currencies)},
             "TaxPrefs": {"PartnerTaxEnabled": True}}  # fmt: skip
    server.load("quickbooks", realm=US, Item=items, Preferences=[prefs],
                CompanyCurrency=[{"Code": code, "Name": code, "Active": True} for code in currencies])  # fmt: skip
    return {key: accounts[name] for key, name in ACCOUNTS.items()}


def connected(house: Any, accounts: dict[str, str]) -> Any:
    """Set the pair up, every payment method to the account for online money."""
    from bridge.jobs import values

    made = house.shop_pair({**SETTINGS, **accounts, "order_statuses": "processing,complete,closed"}, FLOWS, realm=US)
    clearing = next(item.id for item in values.targets(made, "payment_method") if item.label == "Online clearing")
    methods = {order["payment"]["method"] for order in orders(house.server)}
    house.map("payment_method", **dict.fromkeys(methods, clearing))
    return made


def in_step(house: Any, server: Any, folder: Path, sent: list[Any]) -> Any:
    """Sync; every order is in the books to the cent or stays behind with a reason; the next run writes nothing."""
    run = house.run()
    behind = kept(run)
    assert set(behind.values()) <= REASONS, {key: code for key, code in behind.items() if code not in REASONS}
    assert run.state == "done", (run.state, run.reason_code)
    assert [item for line in run.statement for item in line["unreadable"]] == []
    posted = {row["DocNumber"]: row for row in book(server, "Invoice", "SalesReceipt", company=US)}
    for order in orders(server):
        number = order["increment_id"]
        if number in posted:
            assert money(posted[number]["TotalAmt"]) == money(order["grand_total"]), number
            assert money(posted[number]["TxnTaxDetail"]["TotalTax"]) == money(order["tax_amount"]), number
        else:
            assert ("sale", number) in behind, number
    given_back = sorted(money(row["TotalAmt"]) for row in book(server, "CreditMemo", "RefundReceipt", company=US))
    assert given_back == sorted(money(row["grand_total"]) for row in server.state("magento")["creditmemos"])
    compared = totals.as_json(totals.reconciliation(house.integration))
    assert all(Decimal(amount) == 0 for amount in compared["unexplained"].values()), compared
    assert not_published(folder, house.integration) == []
    asked = [request for request in sent if "/magento/" in request.url]
    assert asked and [text for request in asked for text in complaints(request)] == []
    before, held = len(written(server, "quickbooks")), book(server, company=US)
    again = house.run()
    assert again.counts["changed"] == 0 and len(written(server, "quickbooks")) == before
    assert book(server, company=US) == held and written(server, "magento") == []
    return posted


def test_the_fixtures_of_the_contract_are_in_step_and_a_second_run_writes_nothing(house, server, magento, sent):
    told = json.loads((magento / "fixtures.json").read_text())
    server.load("magento", **{name: value for name, value in told.items() if not name.startswith("_")})
    connected(house, company(server, "EUR"))
    posted = in_step(house, server, magento.parent, sent)
    going = {one["increment_id"] for one in told["orders"] if one["status"] in ("processing", "complete", "closed")}
    assert set(posted) == going
    paid = sum(money(row["TotalAmt"]) for row in book(server, "Payment", company=US))
    assert paid == sum(money(row["grand_total"]) for row in told["invoices"])


# The sample shop


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of the sample data."""
    with (folder / "sample-data" / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def simple(number: int, sku: str, name: str, price: str, kind: str, **inside: Any) -> dict[str, Any]:
    """A product in the shop's own shape."""
    return {
        "id": number, "sku": sku, "name": name, "price": float(price or 0), "type_id": kind, "weight": 1,
        "custom_attributes": [{"attribute_code": "tax_class_id", "value": "2"}],
        **({"extension_attributes": inside} if inside else {}),
    }  # fmt: skip


def catalogue(folder: Path) -> list[dict[str, Any]]:
    """Every product of the sample data: gear, clothes with their variants, videos, the kit and the set."""
    found: dict[str, dict[str, Any]] = {}

    def add(sku: str, name: str, price: str, kind: str, **inside: Any) -> None:
        found.setdefault(sku, simple(len(found) + 1, sku, name, price, kind, **inside))

    for part in ("bags", "fitness_equipment", "fitness_equipment_ball", "fitness_equipment_strap", "watches"):
        for row in rows(folder, f"products/simple_gear_{part}"):
            add(row["sku"], row["name"], row["price"], "simple")
    for row in rows(folder, "products/downloadable_training_video"):
        add(row["sku"], row["name"], row["price"], "downloadable")
    clothes = list(rows(folder, "products/configurable_and_children"))
    for row in clothes:
        if row["product_type"] == "simple":
            add(row["sku"], row["name"], row["price"], "simple")
    for row in clothes:
        if row["product_type"] == "configurable":
            skus = [part.split("=")[1] for whole in row["configurable_variations"].split("|")
                    for part in whole.split(",") if part.startswith("sku=")]  # fmt: skip
            add(row["sku"], row["name"], "0", "configurable",
                configurable_product_links=[found[sku]["id"] for sku in skus if sku in found])  # fmt: skip
    return list(found.values())


def variant(product: dict[str, Any], of: list[dict[str, Any]], options: dict[str, str]) -> dict[str, Any]:
    """The configurable with the wanted variant first: that is the one the till sells."""
    wanted = f"{product['sku']}-{options['size']}-{options['color']}"
    chosen = only(one["id"] for one in of if one["sku"] == wanted)
    links = product["extension_attributes"]["configurable_product_links"]
    assert chosen in links
    inside = {"configurable_product_links": [chosen, *(one for one in links if one != chosen)]}
    return {**product, "extension_attributes": inside}


def sample_shop(server: Any, folder: Path) -> list[dict[str, Any]]:
    """Open the sample shop in the stand-in: dollars, its tax, its catalogue, its customer and its orders."""
    (rate,), (rule,) = list(rows(folder, "taxes/tax_rate")), list(rows(folder, "taxes/tax_rule"))
    products = catalogue(folder)
    by_sku = {one["sku"]: one for one in products}
    (person,) = list(rows(folder, "customers/customer_profile"))
    street = json.loads(person["street"])[0]
    who = {"firstname": person["firstname"], "lastname": person["lastname"]}
    server.load(
        "magento", products=products,
        storeConfigs=[{"id": at, "base_currency_code": "USD", "timezone": "America/Chicago"} for at in (1, 2, 3)],
        taxRates=[{"id": 11, "code": rate["code"], "tax_country_id": rate["tax_country_id"], "tax_region_id": 33,
                   "region_name": "MI", "tax_postcode": rate["tax_postcode"], "rate": float(rate["rate"])}],
        taxRules=[{"id": 11, "code": rule["code"], "tax_rate_ids": [11], "priority": 0, "position": 0,
                   "product_tax_class_ids": [2], "customer_tax_class_ids": [3]}],
        customers=[{"id": 501, "email": person["email"], "group_id": 1, "store_id": 1, "website_id": 1, **who,
                    "addresses": [{"id": 501, "customer_id": 501, **who, "street": [street], "city": person["city"],
                                   "postcode": person["postcode"], "country_id": "US", "region_id": 33,
                                   "telephone": person["telephone"]}]}],
    )  # fmt: skip
    for row in rows(folder, "orders/orders"):
        wanted = json.loads(row["product"])
        product = variant(by_sku[wanted["sku"]], products, wanted["configurable_options"])
        server.load("magento", products=[product])
        then = ["invoice", "ship", *(["refund"] if row["refund"] == "yes" else [])]
        assert row["customer_email"] == person["email"]
        cart = {"lines": [{"sku": wanted["sku"], "quantity": int(wanted["qty"])}], "method": row["payment"],
                "carrier": row["shipping_method"], "shipping": "5.00", "currency": row["currency"], "rate": "1",
                "email": person["email"], "given_name": person["firstname"], "family_name": person["lastname"],
                "street": street, "city": person["city"], "postcode": person["postcode"], "phone": person["telephone"],
                "country": "US", "region": "MI", "customer_id": 501, "then": then}  # fmt: skip
        server.load("magento", carts=[cart])
    # The till's own views are Canadian: the sample shop's base currency is that of its orders.
    for name in ("orders", "invoices", "creditmemos"):
        dollars = [{"entity_id": one["entity_id"], "base_currency_code": "USD", "global_currency_code": "USD",
                    "store_currency_code": "USD"} for one in server.state("magento")[name]]  # fmt: skip
        server.load("magento", **{name: dollars})
    return products


def test_the_published_sample_shop_is_in_step_and_a_second_run_writes_nothing(house, server, magento, sent):
    products = sample_shop(server, magento)
    assert len(products) > 2000
    connected(house, company(server))
    posted = in_step(house, server, magento.parent, sent)
    assert len(posted) == 2 and {money(row["TotalAmt"]) for row in posted.values()} == {
        money(order["grand_total"]) for order in orders(server)
    }
    customer = only(row for row in book(server, "Customer", company=US))
    assert customer["PrimaryEmailAddr"]["Address"] == "roni_cost@example.com"
    assert len(book(server, "CreditMemo", "RefundReceipt", company=US)) == 1
    items = {row.get("Sku") for row in book(server, "Item", company=US)}
    assert {one["sku"] for one in products if one["type_id"] != "configurable"} <= items
