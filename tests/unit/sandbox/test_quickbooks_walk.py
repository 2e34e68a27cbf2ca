"""Whatever is written, changed, voided and deleted in whatever order, balances, stock and links of the books agree."""

import random
from decimal import Decimal

import pytest

from connectors.sandbox.core import decode
from tests.unit.sandbox.quickbooks_desk import Desk

STEPS = 250


def amount(value):
    return Decimal(str(value or 0))


class Walk:
    """A bookkeeper who does one thing after another; what is refused must change nothing."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.desk = Desk()
        self.customers = [self.desk.customer(f"Cliente {at}") for at in range(4)]
        accounts = {"AssetAccountRef": "4", "IncomeAccountRef": "7", "ExpenseAccountRef": "10"}
        self.item = self.desk.made(
            "item",
            {
                "Name": "Table",
                "Type": "Inventory",
                "TrackQtyOnHand": True,
                "QtyOnHand": 100,
                "InvStartDate": "2026-01-01",
                **{name: {"value": id} for name, id in accounts.items()},
            },
        )
        self.service = self.desk.service()
        self.refused = 0

    def documents(self, entity):
        return list(self.desk.books.tables[entity].documents())

    def some(self, entity):
        found = self.documents(entity)
        return self.dice.choice(found) if found else None

    def lines(self):
        found = []
        for _ in range(self.dice.choice((1, 2, 3))):
            count, price = self.dice.choice((1, 1, 2, 5)), self.dice.choice((3.33, 10, 0.99, 120.5))
            item = self.dice.choice((self.item, self.service))
            more = {"Qty": count, "UnitPrice": price}
            found.append(self.desk.line(item["Id"], round(count * price, 2), self.dice.choice("1245"), **more))
        if self.dice.random() < 0.3:
            found.append(self.desk.line(self.service["Id"], "-1.5", "4"))
        return found

    def post(self, resource, body, **query):
        before = self.books()
        answer = self.desk.post(resource, body, **query)
        if answer.status == 400:
            self.refused += 1
            assert self.books() == before, "a refusal left something half done"
        else:
            assert answer.status == 200, answer.body

    def books(self):
        return {
            name: {id: table.raw(id) for id in table.ids()}
            for name, table in self.desk.books.tables.items()
            if name in ("Customer", "Item", "Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt", "Payment")
        }

    # Steps

    def sell(self):
        self.post(
            self.dice.choice(("invoice", "invoice", "salesreceipt")),
            self.desk.sale(self.dice.choice(self.customers), *self.lines()),
        )

    def give_back(self):
        body = self.desk.sale(self.dice.choice(self.customers), *self.lines())
        if self.dice.random() < 0.5:
            self.post("creditmemo", body)
        else:
            self.post("refundreceipt", {**body, "DepositToAccountRef": {"value": "1"}})

    def pay(self):
        invoice, memo = self.some("Invoice"), self.some("CreditMemo")
        if invoice is None:
            return
        share = self.dice.choice((1, 1, 0.5, 1.2))
        paid = round(float(invoice["Balance"]) * share, 2)
        lines = [{"Amount": paid, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
        total = paid + self.dice.choice((0, 0, 5))
        if memo is not None and self.dice.random() < 0.4:
            credit = min(float(memo["Balance"]), paid)
            lines.append({"Amount": credit, "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]})
            total = round(paid - credit, 2)
        self.post("payment", {"CustomerRef": invoice["CustomerRef"], "TotalAmt": total, "Line": lines})

    def change(self):
        entity = self.dice.choice(("Invoice", "SalesReceipt", "CreditMemo"))
        found = self.some(entity)
        if found is not None:
            body = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True}
            self.post(entity.lower(), {**body, "Line": self.lines()})

    def void(self):
        entity = self.dice.choice(("Invoice", "SalesReceipt", "Payment"))
        found = self.some(entity)
        if found is not None:
            body = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True}
            query = {"operation": "void"} if entity == "Invoice" else {"operation": "update", "include": "void"}
            self.post(entity.lower(), body, **query)

    def delete(self):
        entity = self.dice.choice(("Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt", "Payment"))
        found = self.some(entity)
        if found is not None:
            body = {"Id": found["Id"], "SyncToken": found["SyncToken"]}
            self.post(entity.lower(), body, operation="delete")

    # What must hold

    def check(self):
        self._balances()
        self._stock()
        self._links()

    def _balances(self):
        owing = {customer["Id"]: Decimal(0) for customer in self.customers}
        signs = (("Invoice", "Balance", 1), ("CreditMemo", "Balance", -1), ("Payment", "UnappliedAmt", -1))
        for entity, field, sign in signs:
            for document in self.documents(entity):
                owing[document["CustomerRef"]["value"]] += sign * amount(document[field])
        for customer in self.documents("Customer"):
            assert amount(customer["Balance"]) == owing[customer["Id"]], customer["DisplayName"]

    def _stock(self):
        left = Decimal(100)
        for entity, sign in (("Invoice", -1), ("SalesReceipt", -1), ("CreditMemo", 1), ("RefundReceipt", 1)):
            for document in self.documents(entity):
                for line in document["Line"]:
                    detail = line.get("SalesItemLineDetail") or {}
                    if (detail.get("ItemRef") or {}).get("value") == self.item["Id"]:
                        left += sign * amount(detail.get("Qty"))
        assert amount(self.desk.again("Item", self.item)["QtyOnHand"]) == left

    def _links(self):
        applied = {}
        for payment in self.documents("Payment"):
            for line in payment.get("Line") or []:
                for link in line["LinkedTxn"]:
                    key = (link["TxnType"], link["TxnId"], payment["Id"])
                    applied[key] = applied.get(key, Decimal(0)) + amount(line["Amount"])
        for entity in ("Invoice", "CreditMemo"):
            for document in self.documents(entity):
                mine = {key: value for key, value in applied.items() if key[:2] == (entity, document["Id"])}
                told = {link["TxnId"] for link in document.get("LinkedTxn") or []}
                assert told == {key[2] for key in mine}, (entity, document["Id"])
                assert amount(document["Balance"]) == amount(document["TotalAmt"]) - sum(mine.values())


@pytest.mark.parametrize("seed", range(6))
def test_balances_stock_and_links_agree_after_any_walk(seed):
    walk = Walk(seed)
    steps = (walk.sell, walk.sell, walk.give_back, walk.pay, walk.pay, walk.change, walk.void, walk.delete)
    for at in range(STEPS):
        walk.dice.choice(steps)()
        if at % 10 == 0:
            walk.check()
    walk.check()
    assert walk.refused > 5 and len(walk.documents("Invoice")) > 5, "the walk met both sides"
    assert decode(walk.desk.books.tables["Item"].raw(walk.item["Id"]))["SyncToken"] == "0"
