"""A shop of a known size beside a company's books: its orders, what must come of them, and who looks whether it did.

The checker trusts neither our ledger nor the ids our writer chose: a document is told by the number printed on it, a
payment by the number of the shop's invoice, a customer by the address. What each of them owes is worked out from the
shop alone.
"""

import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.faults import checker
from tests.faults.checker import Findings
from tests.faults.stage import FIRST_DAY, Stage

QUEBEC = "9130000000000001"
SHIPPING, DISCOUNT = "990", "991"
GOODS = 12
CHUNK = 250
ONLINE, SALES_INCOME = "5", "7"
LATER = timedelta(seconds=2)


@dataclass
class BooksFindings(Findings):
    """What is wrong, by kind, with what customers owe beside it; all empty is well."""

    balances: list[str] = field(default_factory=list)


class ShopStage(Stage):
    """One client with a shop and a company, and orders of every usual kind behind them."""

    def load(self, customers: int, documents: int) -> None:
        """Let so many buyers order so often; every third buyer is a customer of the books already."""
        furnish(self.server)
        known = [buyer(n) for n in range(1, customers + 1) if not n % 3]
        self.server.load("quickbooks", Customer=[
            {"DisplayName": f"{one['given_name']} {one['family_name']}", "GivenName": one["given_name"],
             "FamilyName": one["family_name"], "PrimaryEmailAddr": {"Address": one["email"]}}
            for one in known
        ])  # fmt: skip
        self.sell(1, documents, customers)

    def sell(self, first: int, last: int, customers: int) -> None:
        """Let the orders of these numbers happen."""
        for start in range(first, last + 1, CHUNK):
            carts = [cart(n, customers) for n in range(start, min(last, start + CHUNK - 1) + 1)]
            self.server.load("magento", carts=carts)

    def pair(self) -> Any:
        """Connect both sides and set the pair up, with every value mapped."""
        made = self.house.shop_pair({"shipping_item": SHIPPING, "discount_item": DISCOUNT})
        self.house.map("tax", **{"CA-QC-TPS+CA-QC-TVQ": "1", "CA-ON-TVH": "5", "none": "4"})
        self.house.map("payment_method", stripe_payments=ONLINE, paypal_express=ONLINE, checkmo="3")
        return made

    def books(self) -> dict[str, Any]:
        """All the company holds."""
        return dict(self.server.state("quickbooks")["companies"][QUEBEC])

    def look(self, found: BooksFindings) -> None:
        """Hold the books against the shop."""
        look(found, self.server.state("magento"), self.books())

    def unread(self, found: Findings) -> None:
        """Hold our tables against the shop."""
        unread(found, self.server.state("magento"))

    def check(self) -> BooksFindings:
        """Look at everything after the books were brought in step."""
        found = BooksFindings()
        self.look(found)
        self.unread(found)
        checker.clients(found)
        checker.outcomes(found)
        checker.leaks(found, self.hub)
        checker.endings(found)
        waiting(found)
        return found

    def writes(self) -> bool:
        """Tell whether something has been sent to the books."""
        from bridge.hub.models import Change

        return Change.objects.filter(attempts__gt=0).exists()

    def hurry(self) -> None:
        """Let what waits for minutes go on now: a test cannot sleep as long as a vendor may be given to recover."""
        from django.utils import timezone

        from bridge.hub.models import Change, Connection, Run

        soon = timezone.now() + LATER
        Run.objects.filter(state__in=Run.WORKING, wake_at__gt=soon).update(wake_at=soon)
        Connection.objects.filter(throttled_until__gt=soon).update(throttled_until=soon)
        Change.objects.filter(state="ready", retry_at__gt=soon).update(retry_at=soon)


def furnish(server: Any) -> None:
    """Put the goods into the shop, and their items with those for shipping and discounts into the books."""
    server.load("magento", products=[product(n) for n in range(1, GOODS + 1)])
    server.load("quickbooks", Item=[item(str(900 + n), f"Chose inventée {n}", sku(n)) for n in range(1, GOODS + 1)])
    server.load("quickbooks", Item=[item(SHIPPING, "Livraison"), item(DISCOUNT, "Remise")],
                Preferences=[{"SalesFormsPrefs": {"CustomTxnNumbers": True}}])  # fmt: skip


def sku(number: int) -> str:
    """What a thing is called on both sides."""
    return f"CHOSE-{number:02d}"


def product(number: int) -> dict[str, Any]:
    """One thing the invented shop sells, taxed as goods are."""
    return {
        "id": number, "sku": sku(number), "name": f"Chose inventée {number}", "price": float(f"{9 + number * 7}.95"),
        "type_id": "simple", "weight": 1, "custom_attributes": [{"attribute_code": "tax_class_id", "value": "2"}],
    }  # fmt: skip


def item(number: str, name: str, code: str = "") -> dict[str, Any]:
    """One item of the books."""
    made = {
        "Id": number,
        "Name": name,
        "Type": "NonInventory",
        "UnitPrice": 1,
        "IncomeAccountRef": {"value": SALES_INCOME},
    }
    return {**made, "Sku": code} if code else made


def buyer(number: int) -> dict[str, str]:
    """One invented buyer with an address and a name of their own."""
    return {
        "email": f"client{number}@essai{number % 50}.example.com", "given_name": f"Prénom{number}",
        "family_name": f"Inventé {number}",
    }  # fmt: skip


def cart(number: int, customers: int) -> dict[str, Any]:
    """One order: two places with their taxes, three ways to pay, discounts, paid at once, in parts or not yet, some
    taken back in part or in full.
    """
    day = FIRST_DAY + timedelta(days=number % 300)
    lines = [
        {"sku": sku(1 + (number * 5 + at * 3) % GOODS), "quantity": 2 + (number + at) % 3}
        for at in range(1 + number % 3)
    ]
    more = {"discount_percent": "10"} if not number % 5 else {}
    return {
        "lines": lines, "at": f"{day} 15:00:00", "region": "ON" if not number % 4 else "QC", "shipping": "10.00",
        "method": ("stripe_payments", "paypal_express", "checkmo")[number % 3], "then": life(number),
        **buyer(1 + number % customers), **more,
    }  # fmt: skip


def life(number: int) -> list[Any]:
    """What becomes of an order after it is placed."""
    if not number % 11:
        return [{"event": "state", "state": "processing"}]  # to be paid later
    if not number % 7:
        return [{"event": "invoice", "quantities": {"0": 1}}, "invoice", "ship"]
    if not number % 9:
        return ["invoice", "ship", "refund"]
    if not number % 4:
        return ["invoice", "ship", {"event": "refund", "quantities": {"0": 1}, "shipping": False}]
    return ["invoice", "ship"]


# What must have come of it


def money(value: Any) -> Decimal:
    """An amount that can be compared."""
    return Decimal(str(value or 0)).quantize(Decimal("0.01"))


def look(found: BooksFindings, shop: Mapping[str, Any], books: Mapping[str, Any]) -> None:
    """N1, N2, N6: each order, payment and refund is in the books once, to the cent, and each customer owes what the
    shop says.
    """
    once(found, "invoice", shop["orders"], books.get("Invoice", ()), "DocNumber")
    once(found, "payment", shop["invoices"], books.get("Payment", ()), "PaymentRefNum")
    refunds = [*books.get("CreditMemo", ()), *books.get("RefundReceipt", ())]
    once(found, "refund", shop["creditmemos"], refunds, "DocNumber")
    owed(found, shop, books)
    open_invoices(found, shop, books)
    found.deleted += [f"{kind} {ids}" for kind, ids in books["deleted"].items()]


def once(
    found: Findings, kind: str, wanted: Iterable[Mapping[str, Any]], there: Iterable[Mapping[str, Any]], name: str
) -> None:
    """Every document of the shop is in the books once, with its amount."""
    amounts = {row["increment_id"]: money(row["grand_total"]) for row in wanted}
    have = [(str(row.get(name) or row["Id"]), money(row["TotalAmt"])) for row in there]
    counts = Counter(number for number, _ in have)
    found.doubled += [f"{kind} {number} x{count}" for number, count in counts.items() if count > 1]
    found.doubled += [f"{kind} {number} belongs to nobody" for number in counts if number not in amounts]
    found.lost += [f"{kind} {number}" for number in amounts if number not in counts]
    found.lost += [
        f"{kind} {number}: {amounts[number]} became {total}"
        for number, total in have
        if number in amounts and total != amounts[number]
    ]


def owed(found: BooksFindings, shop: Mapping[str, Any], books: Mapping[str, Any]) -> None:
    """What each customer owes: orders, less what was paid, less what was credited and not paid out."""
    owner = {row["entity_id"]: row["customer_email"] for row in shop["orders"]}
    paid_out = {str(row["DocNumber"]) for row in books.get("RefundReceipt", ())}
    owes: dict[str, Decimal] = defaultdict(Decimal)
    for row in shop["orders"]:
        owes[row["customer_email"]] += money(row["grand_total"])
    for row in shop["invoices"]:
        owes[owner[row["order_id"]]] -= money(row["grand_total"])
    for row in shop["creditmemos"]:
        if row["increment_id"] not in paid_out:
            owes[owner[row["order_id"]]] -= money(row["grand_total"])
    have: dict[str, list[Decimal]] = defaultdict(list)
    for row in books.get("Customer", ()):
        have[row.get("PrimaryEmailAddr", {}).get("Address", "")].append(money(row["Balance"]))
    found.doubled += [f"customer {email} x{len(rows)}" for email, rows in have.items() if len(rows) > 1]
    found.lost += [f"customer {email}" for email in owes if email not in have]
    found.balances += [
        f"{email} owes {sum(have[email], Decimal())} instead of {amount}"
        for email, amount in owes.items()
        if email in have and sum(have[email], Decimal()) != amount
    ]


def open_invoices(found: BooksFindings, shop: Mapping[str, Any], books: Mapping[str, Any]) -> None:
    """What is left open of each invoice is what the shop was not paid for that order: payments hang on their own."""
    paid: dict[Any, Decimal] = defaultdict(Decimal)
    for row in shop["invoices"]:
        paid[row["order_id"]] += money(row["grand_total"])
    left = {row["increment_id"]: money(row["grand_total"]) - paid[row["entity_id"]] for row in shop["orders"]}
    found.balances += [
        f"invoice {row['DocNumber']} is open with {money(row['Balance'])} instead of {left[row['DocNumber']]}"
        for row in books.get("Invoice", ())
        if row.get("DocNumber") in left and money(row["Balance"]) != left[row["DocNumber"]]
    ]


def unread(found: Findings, shop: Mapping[str, Any]) -> None:
    """N4: what a cursor has passed is in our tables."""
    from bridge.hub.models import Record

    for name, rows in (("orders", "orders"), ("captures", "invoices"), ("credit_memos", "creditmemos")):
        have = set(
            Record.objects.filter(connection__vendor="magento", resource=name).values_list("remote_id", flat=True)
        )
        found.cursors += [
            f"{name} {row['entity_id']} was passed by" for row in shop[rows] if str(row["entity_id"]) not in have
        ]


def waiting(found: Findings) -> None:
    """N2: nothing of this world gives a reason to hold it, so nothing waits for a person in the end."""
    from bridge.hub.models import Change

    rows = Change.objects.filter(state__in=("held", "rejected"))
    found.stuck += [f"{row.entity} {row.title} is {row.state}: {row.reason}" for row in rows[:20]]


# Writers who have not thought of any of this


class Naive:
    """A session with the books. It makes an invoice of each planned line, without a key and without a look."""

    def __init__(self) -> None:
        import requests
        from django.conf import settings

        from bridge.hub.models import Connection

        connection = Connection.objects.get(vendor="quickbooks")
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {connection.grant['access_token']}"
        self.session.headers["Accept"] = "application/json"
        company = f"{settings.BRIDGE_SANDBOX_URL}/quickbooks/v3/company/{connection.account_id}"
        self.url = f"{company}/invoice?minorversion=75&include=allowduplicatedocnum"
        self.customers = dict(self._customers(company))
        self.item = self._rows(company, "Item")[0]["Id"]

    def _customers(self, company: str) -> Iterable[tuple[str, str]]:
        for row in self._rows(company, "Customer"):
            yield row["PrimaryEmailAddr"]["Address"], row["Id"]

    def _rows(self, company: str, kind: str) -> list[dict[str, Any]]:
        query = {"query": f"select * from {kind} maxresults 1000"}  # noqa: S608 - our own words
        answer = self.session.get(f"{company}/query", params=query, timeout=10)
        answer.raise_for_status()
        return list(answer.json()["QueryResponse"][kind])

    def send(self, change: Any) -> bool:
        """Create one invoice. An error is a failure, says the naive writer."""
        import requests

        detail = {"ItemRef": {"value": self.item}, "TaxCodeRef": {"value": "4"}}
        amount = float(change.amount)
        body = {
            "CustomerRef": {"value": self.customers[address(change.source)]},
            "DocNumber": change.source.number,
            "GlobalTaxCalculation": "TaxExcluded",
            "Line": [{"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}],
        }
        with contextlib.suppress(requests.RequestException):
            answer = self.session.post(self.url, json=body, timeout=10)
            assert answer.status_code != 400, answer.text  # it is naive, but it speaks the language
            return bool(answer.ok)
        return False


def address(source: Any) -> str:
    """Whom a sale is billed to: told by its document, or by the customer it names."""
    from bridge.hub.models import Record

    told = source.document
    if "customerId" in told:
        buyer = Record.objects.get(connection=source.connection_id, resource="customers", remote_id=told["customerId"])
        return str(buyer.email_key)
    return str(told.get("customer_email") or told["contactDetails"]["email"])


def invoice_then_note() -> None:
    """Send a page, then note what was sent; what failed is sent again with the next page."""
    _each_page(note_first=False)


def note_then_invoice() -> None:
    """Note a page as sent, then send it."""
    _each_page(note_first=True)


WRITERS: dict[str, Callable[[], None]] = {
    "invoice_then_note": invoice_then_note,
    "note_then_invoice": note_then_invoice,
}


def _each_page(*, note_first: bool) -> None:
    from bridge.hub.models import Change

    naive: Naive | None = None
    while True:
        rows = list(
            Change.objects.filter(resource="invoices", state="ready").select_related("source").order_by("id")[:10]
        )
        if rows and naive is None:
            naive = Naive()
        pages = Change.objects.filter(pk__in=[row.pk for row in rows])
        if note_first:
            pages.update(state="done")
        sent = [row.pk for row in rows if naive and naive.send(row)]
        if not note_first:
            pages.filter(pk__in=sent).update(state="done")
        time.sleep(0.01 if rows else 0.1)
