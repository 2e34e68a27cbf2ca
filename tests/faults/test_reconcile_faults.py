"""Five faults planted in the books behind our back: the comparison names these five and nothing else."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.faults.shop_stage import ShopStage, money
from tests.house import House

pytestmark = pytest.mark.postgres
KEPT = ("Id", "SyncToken", "MetaData")


@pytest.fixture
def shop(hub, quiet_sandbox):
    """A shop whose sixty orders are in the books."""
    stage = ShopStage(hub, House(quiet_sandbox), quiet_sandbox)
    stage.load(20, 60)
    stage.pair()
    assert stage.house.run().state == "done"
    return stage


def compared(stage):
    """Read what there is now, and compare."""
    from bridge.jobs import totals

    stage.house.run(approve=False)
    return totals.reconciliation(stage.house.integration)


def named(found):
    """Each difference as its kind, the number of the document, and what it adds to documents of the books less the shop's."""
    return {(item.kind, (item.left or item.right).number, item.amount) for item in found.differences}


class Planted:
    """Faults put into the books as somebody there would, and as the comparison should tell them."""

    def __init__(self, stage):
        self.stage, self.expected = stage, set()
        books = stage.books()
        # Whose payments would move with them is not what this is about: take what is open, and what is paid, by turns.
        self.open = [row for row in books["Invoice"] if money(row["Balance"])]
        self.paid = [row for row in books["Invoice"] if not money(row["Balance"])]
        self.credits = books["CreditMemo"]

    def missing(self):
        row = self.open.pop()
        self._load("Invoice", {"Id": row["Id"], "status": "Deleted"})
        self.expected.add(("missing", row["DocNumber"], -money(row["TotalAmt"])))

    def doubled(self):
        row = self.open.pop()
        self._load("Invoice", {name: value for name, value in row.items() if name not in KEPT})
        self.expected.add(("doubled", row["DocNumber"], money(row["TotalAmt"])))

    def a_cent(self):
        row = self.paid.pop()
        first, *others = row["Line"]
        lines = [{**first, "Amount": float(money(first["Amount"]) + Decimal("0.01"))}, *others]
        self._load("Invoice", {**row, "Line": lines, "TotalAmt": float(money(row["TotalAmt"]) + Decimal("0.01"))})
        self.expected.add(("amount", row["DocNumber"], Decimal("0.01")))

    def a_date(self):
        row = self.paid.pop()
        moved = date.fromisoformat(row["TxnDate"]) + timedelta(days=1)
        self._load("Invoice", {"Id": row["Id"], "TxnDate": moved.isoformat()})
        self.expected.add(("date", row["DocNumber"], Decimal(0)))

    def a_refund(self):
        row = self.credits.pop()
        self._load("CreditMemo", {"Id": row["Id"], "status": "Deleted"})
        self.expected.add(("refund", row["DocNumber"], -money(row["TotalAmt"])))

    def _load(self, kind, document):
        self.stage.server.load("quickbooks", **{kind: [document]})


@pytest.mark.fault("E22")
def test_five_planted_faults_are_named_and_nothing_else(shop):
    assert compared(shop).even, "the books differ before anything was planted"
    planted = Planted(shop)
    for plant in (planted.missing, planted.doubled, planted.a_cent, planted.a_date, planted.a_refund):
        plant()
    found = compared(shop)
    assert named(found) == planted.expected
    assert len(found.differences) == 5
    assert not any(found.unexplained.values()), found.unexplained
    days = [day for day in found.days if not day.even]
    assert days and all(found.behind(day) for day in days), "a day differs without a document that says why"
    off = sum(-amount if kind == "refund" else amount for kind, _, amount in planted.expected)
    assert sum(found.balance.values()) == off, "a refund that is not there makes the books more, not less"
