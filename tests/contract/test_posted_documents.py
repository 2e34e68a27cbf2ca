"""What posting makes of a shop's orders is taken by the books as it is meant: same total, same taxes, published shape.

The totals here are the stand-in's own: it is given net lines, codes and rates, and adds up by itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bridge.engine.posting import Books, Policy, TaxCode, post_payment, post_refund, post_sale
from connectors.contract import Ref
from connectors.quickbooks import CONNECTOR
from tests.unit.engine.shop import Case, Shop
from tests.unit.sandbox.quickbooks_desk import US, Desk

pytestmark = pytest.mark.contracts
RESOURCES = {
    "invoice": ("invoices", "Invoice"),
    "sales_receipt": ("sales_receipts", "SalesReceipt"),
    "payment": ("payments", "Payment"),
    "credit_memo": ("credit_memos", "CreditMemo"),
    "refund_receipt": ("refund_receipts", "RefundReceipt"),
}
TAX_MAP = {"none": "4", "ZERO": "3", "TVH": "5", "TPS+TVQ": "1"}
OWN = (
    "shipping_item",
    "discount_item",
    "gift_card_item",
    "store_credit_item",
    "fee_item",
    "rounding_item",
    "refund_item",
)
ORDERS = 150


class Company:
    """A company of the stand-in with the items and the customer that orders need."""

    def __init__(self, schema: dict[str, Any], realm: str | None = None) -> None:
        self.desk = Desk("empty", realm) if realm else Desk("empty")
        self.american = realm == US
        self.schema = schema
        self.buyer = self.desk.customer()["Id"]
        self.items = {name: self.desk.service(name)["Id"] for name in (*OWN, *(f"item {at}" for at in range(1, 10)))}
        preferences = self.desk.books.preferences
        preferences["SalesFormsPrefs"]["CustomTxnNumbers"] = True
        if self.american:
            preferences["TaxPrefs"]["PartnerTaxEnabled"] = True
        rates = {row["Id"]: Decimal(str(row["RateValue"])) for row in self.desk.rows("select * from TaxRate")}
        self.codes = {
            row["Id"]: TaxCode(tuple((rate, rates[rate]) for rate in _rates_of(row)))
            for row in self.desk.rows("select * from TaxCode")
        }

    def facts(self, case: Case) -> Books:
        linked = {("buyers", "ann@example.com"): ("customers", self.buyer)}
        linked |= {("products", str(at)): ("items", self.items[f"item {at}"]) for at in range(1, 10)}
        home = "USD" if self.american else "CAD"
        return replace(case.books, country="US" if self.american else "CA", automated_tax=self.american,
                       tax_codes=self.codes, linked=linked, home_currency=home, multi_currency=False, classes="line",
                       item_skus={"SKU-9": (self.items["item 9"],)}, rounded_to=2)  # fmt: skip

    def policy(self, case: Case) -> Policy:
        maps = {"tax": TAX_MAP, "payment_method": dict.fromkeys(("card", "cheque", "paypal"), "5"), "class": {}}
        own = {name: self.items[name] for name in OWN}
        return replace(case.policy, maps=maps, class_id="1", number="source", number_prefix="Mag-", tax="auto", **own)

    def write(self, values: dict[str, Any], links: dict[tuple[str, str], str]) -> dict[str, Any]:
        """Send a document as its connector builds it, references turned as links turn them."""
        name, entity = RESOURCES[values["document"]]
        payload = CONNECTOR.resource(name).payload(_turned(values, links), "create", {"country": self.country})
        checker = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{entity}Create", "$defs": self.schema["$defs"]})
        problems = [error.message for error in checker.iter_errors(json.loads(json.dumps(payload, default=float)))]
        assert problems == [], payload
        return dict(self.desk.made(entity.lower(), payload))

    @property
    def country(self) -> str:
        return "US" if self.american else "CA"


def _rates_of(code: dict[str, Any]) -> list[str]:
    details = (code.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
    return [item["TaxRateRef"]["value"] for item in details]


def _turned(values: dict[str, Any], links: dict[tuple[str, str], str]) -> dict[str, Any]:
    """Values with the source's records replaced by their twins."""
    found = dict(values)
    if isinstance(found.get("contact"), Ref):
        found["contact"] = Ref("contact", "customers", links["buyers", found["contact"].remote_id])
    if "lines" in found:
        found["lines"] = [
            {**line, "product": Ref("product", "items", links["products", line["product"].remote_id])}
            if line.get("product")
            else line
            for line in found["lines"]
        ]
    if "applied" in found:
        found["applied"] = [
            {**row, "document": Ref("sale", "invoices", links["orders", "o1"])} for row in found["applied"]
        ]
    return found


@pytest.fixture(scope="module")
def schema(contracts: Path) -> dict[str, Any]:
    return dict(json.loads((contracts / "quickbooks" / "schema.json").read_text()))


def cases(seed: int, currency: str) -> Iterator[Case]:
    """Orders without a planted fault, in the company's currency, with taxes it has."""
    print(f"seed {seed}")
    shop, count = Shop(seed), 0
    while count < ORDERS:
        case = shop.case(clean=True)
        if (
            case.must
            or case.regime not in ("none", "zero", "single", "two")
            or case.sale["currency"] not in ("CAD", "USD")
        ):
            continue
        case.sale |= {"currency": currency, "home_currency": currency, "exchange_rate": Decimal(1)}
        case.sale["number"] = f"{count:06d}"
        count += 1
        yield case


def links_of(facts: Books, order: str) -> dict[tuple[str, str], str]:
    return {key: twin for key, (_, twin) in facts.linked.items()} | {("orders", "o1"): order}


def dollars(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


@pytest.mark.parametrize(("realm", "currency", "seed"), [(None, "CAD", 7), (US, "USD", 8)], ids=["québec", "us"])
def test_orders_payments_and_refunds_come_to_the_shops_totals_in_the_books(schema, realm, currency, seed):
    company, shop, seen = Company(schema, realm), Shop(seed + 100), Counter()
    for case in cases(seed, currency):
        policy, facts = company.policy(case), company.facts(case)
        posted = post_sale(case.sale, policy, facts)
        raw = company.write(posted.values, links_of(facts, ""))
        seen[posted.values["document"]] += 1
        assert dollars(raw["TotalAmt"]) == case.sale["total"], (posted.values, raw)
        assert dollars(raw.get("TxnTaxDetail", {}).get("TotalTax", 0)) == case.sale["tax_total"], (posted.values, raw)
        assert raw["DocNumber"] == f"Mag-{case.sale['number']}"
        links = links_of(facts, raw["Id"])
        if posted.values["document"] == "invoice" and case.sale["total"] > 0:
            paid = {"number": case.sale["number"], "date": case.sale["date"], "currency": currency, "method": "card",
                    "sale": Ref("sale", "orders", "o1"), "total": case.sale["total"] + 1}  # fmt: skip
            received = company.write(post_payment(paid, case.sale, policy, facts).values, links)
            assert dollars(received["UnappliedAmt"]) == 1
            assert dollars(company.desk.again("Invoice", raw)["Balance"]) == 0
            seen["payment"] += 1
        refund = shop.refund(case)
        if not refund["lines"] or refund["total"] > case.sale["total"]:
            continue
        refund["number"] = f"R{case.sale['number']}"
        back = post_refund(refund, case.sale, policy, facts)
        given = company.write(back.values, links)
        assert dollars(given["TotalAmt"]) == refund["total"], (back.values, given)
        seen[back.values["document"]] += 1
    assert min(seen[document] for document in RESOURCES) > 15, seen
