"""A garage and an agency of a known size beside a company's books, and what must come of their papers.

What must be in the books is worked out from what each of them holds, in the shape the shop's checker takes: a document
is told by the number printed on it, a customer by the address, and amounts are compared to the cent.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.faults.shop_stage import CHUNK, BooksFindings, ShopStage, look, money, once, open_invoices, owed
from tests.sandbox import small_agency, small_garage

KINDS = ("order_form", "subscription", "checkout", "calendar")
Papers = Mapping[str, list[dict[str, Any]]]


def mail(number: int) -> str:
    """The address of an invented buyer."""
    return f"client{number}@essai{number % 50}.example.com"


def known(number: int) -> dict[str, Any]:
    """A buyer the books know already."""
    return {
        "DisplayName": f"Prénom{number} Inventé {number}", "GivenName": f"Prénom{number}",
        "FamilyName": f"Inventé {number}", "PrimaryEmailAddr": {"Address": mail(number)},
    }  # fmt: skip


class GarageStage(ShopStage):
    """One client with a garage, and orders of every kind of line behind it."""

    def load(self, customers: int, documents: int) -> None:
        """Let so many orders be worked on; every third customer is one of the books already."""
        # It tells its rate with every answer, and is believed: one that lets nobody wait.
        free = {"rate_limits": False, "calls_per_minute": 1_000_000}
        self.server.control("POST", "configure/shopmonkey", free)
        small_garage.items(self.server)
        self.server.load(
            "quickbooks", realm=small_garage.REALM, Customer=[known(n) for n in range(1, customers + 1) if not n % 3]
        )
        self.server.load("shopmonkey", customers=[visitor(n) for n in range(1, customers + 1)])
        for start in range(1, documents + 1, CHUNK):
            orders = [job(n, customers) for n in range(start, min(documents, start + CHUNK - 1) + 1)]
            self.server.load("shopmonkey", orders=orders)
        charges = {row["orderId"]: row for row in self.garage()["payments"]}
        given_back = [back(n, charges[f"o{n}"]) for n in range(1, documents + 1) if not n % 4 and f"o{n}" in charges]
        self.server.load("shopmonkey", refunds=given_back)

    def pair(self) -> Any:
        """Connect both sides and set the pair up, with every value mapped."""
        return small_garage.pair(self.house)

    def garage(self) -> dict[str, Any]:
        """All the garage holds."""
        return dict(small_garage.garage(self.server))

    def books(self) -> dict[str, Any]:
        """All the company holds."""
        return dict(self.server.state("quickbooks")["companies"][small_garage.REALM])

    def papers(self) -> Papers:
        """The garage's orders, payments and refunds, as the checker takes them."""
        found = self.garage()
        addresses = {row["id"]: row["emails"][0]["email"] for row in found["customers"]}
        orders = [
            {"increment_id": str(row["number"]), "entity_id": row["id"], "grand_total": _cents(row["totalCostCents"]),
             "customer_email": addresses[row["customerId"]]}
            for row in found["orders"]
        ]  # fmt: skip
        money_of = {kind: [
            {"increment_id": str(row["receiptNumber"]), "grand_total": _cents(row["amountCents"]),
             "order_id": row["orderId"], "entity_id": row["id"]}
            for row in found["payments"] if row["transactionType"] == kind
        ] for kind in ("Charge", "Refund")}  # fmt: skip
        return {"orders": orders, "invoices": money_of["Charge"], "creditmemos": money_of["Refund"]}

    def look(self, found: BooksFindings) -> None:
        """Hold the books against the garage."""
        look(found, self.papers(), self.books())

    def unread(self, found: Any) -> None:
        """Hold our tables against the garage."""
        papers = self.papers()
        _unread(
            found, "shopmonkey", orders=papers["orders"], payments=papers["invoices"], refunds=papers["creditmemos"]
        )


def visitor(number: int) -> dict[str, Any]:
    """One invented customer of the garage."""
    return small_garage.customer(
        number, firstName=f"Prénom{number}", lastName=f"Inventé {number}",
        emails=[{"email": mail(number), "primary": True}],
    )  # fmt: skip


def job(number: int, customers: int) -> dict[str, Any]:
    """One order: seven kinds of lines, discounts, two taxes or none; paid in full, in part or not yet."""
    work: dict[str, Any] = {
        "name": f"Travail {number}",
        "labors": [{**small_garage.LABOR, "hours": 1 + number % 3, "rateCents": 9_000 + number % 7 * 333}],
        "parts": [{**small_garage.PART, "quantity": 1 + number % 4, "retailCostCents": 1_999 + number % 11 * 101}],
        "epaPercent": number % 2, "shopSuppliesPercent": number % 3,
    }  # fmt: skip
    if not number % 3:
        work["tires"] = [small_garage.TIRE]
    if not number % 5:
        work |= {"subcontracts": [small_garage.SUBCONTRACT], "discountValueType": "Percent", "discountPercent": 10}
    if not number % 2:
        work["fees"] = [small_garage.FEE]
    method = ("Cash", "Check", "Card")[number % 3]
    paid = {} if not number % 11 else {"pay": 5_000 if not number % 7 else True, "paymentType": method}
    return small_garage.order(number, work, buyer=f"c{1 + number % customers}", **paid)


def back(number: int, charge: Mapping[str, Any]) -> dict[str, Any]:
    """Money given back of a payment: all of it or a part."""
    told = {"chargeId": charge["id"]}
    return told if not number % 8 else {**told, "amountCents": 1_000 + number % 13 * 77}


class AgencyStage(ShopStage):
    """One client with a sub-account: invoices once sent, their payments, receipts of four kinds, and review requests."""

    settings: Mapping[str, str] = {"reviews": "yes"}

    def load(self, customers: int, documents: int) -> None:
        """Let so many invoices be sent, and a third as many purchases be made; every third contact is in the books."""
        self.server.control(
            "POST", "configure/highlevel", {"allow_duplicate_contact": False, "lose_answers": 0, "rate_limits": False}
        )
        small_agency.furnish(self.server)
        self.server.load("quickbooks", Customer=[known(n) for n in range(1, customers + 1) if not n % 3])
        people = [
            small_agency.person(n, mail(n), firstName=f"Prénom{n}", lastName=f"Inventé {n}")
            for n in range(1, customers + 1)
        ]
        self.server.load("highlevel", contacts=people)
        for start in range(1, documents + 1, CHUNK):
            numbers = range(start, min(documents, start + CHUNK - 1) + 1)
            small_agency.sent(self.server, *(bill(n, customers) for n in numbers))
            self.server.load("highlevel", invoices=[
                small_agency.act(n, pay=20 if not n % 7 else True) for n in numbers if n % 11
            ])  # fmt: skip
        self.server.load("highlevel", payments=[
            small_agency.bought(KINDS[n % 4], mail(1 + n % customers), items=[thing(n)])
            for n in range(1, documents // 3 + 1)
        ])  # fmt: skip
        charges = self.place()["transactions"]
        self.server.load("highlevel", refunds=[
            {"transaction": row["_id"], "amount": row["amount"] if not at % 2 else 5}
            for at, row in enumerate(charges) if not at % 9
        ])  # fmt: skip

    def pair(self) -> Any:
        """Connect both sides and set the pair up, with every value mapped."""
        return small_agency.agency_pair(self.house, *small_agency.FLOWS, "review", settings=dict(self.settings))

    def place(self) -> dict[str, Any]:
        """All the sub-account holds."""
        return small_agency.place(self.server)

    def papers(self) -> Papers:
        """The sub-account's invoices and their payments, receipts and refunds, as the checker takes them."""
        found = self.place()
        orders = [
            {"increment_id": row["invoiceNumberPrefix"] + row["invoiceNumber"], "entity_id": row["_id"],
             "grand_total": row["total"], "customer_email": row["contactDetails"]["email"]}
            for row in found["invoices"]
        ]  # fmt: skip
        charges = [
            {"increment_id": row["_id"][-8:].upper(), "entity_id": row["_id"], "grand_total": row["amount"],
             "order_id": row["invoiceId"], "back": row["amountRefunded"]}
            for row in found["transactions"]
        ]  # fmt: skip
        return {
            "orders": orders,
            "invoices": [_lettered("P", row) for row in charges if row["order_id"]],
            "receipts": [_lettered("R", row) for row in charges if not row["order_id"]],
            "refunds": [_lettered("F", row, row["back"]) for row in charges if row["back"]],
            "creditmemos": [],
        }

    def look(self, found: BooksFindings) -> None:
        """Hold the books against the sub-account; who paid is asked for a review once."""
        papers, books = self.papers(), self.books()
        once(found, "invoice", papers["orders"], books.get("Invoice", ()), "DocNumber")
        once(found, "payment", papers["invoices"], books.get("Payment", ()), "PaymentRefNum")
        once(found, "receipt", papers["receipts"], books.get("SalesReceipt", ()), "DocNumber")
        refunds = [*books.get("CreditMemo", ()), *books.get("RefundReceipt", ())]
        once(found, "refund", papers["refunds"], refunds, "DocNumber")
        owed(found, papers, books)
        open_invoices(found, papers, books)
        found.deleted += [f"{kind} {ids}" for kind, ids in books["deleted"].items()]

    def unread(self, found: Any) -> None:
        """Hold our tables against the sub-account."""
        papers = self.papers()
        _unread(found, "highlevel", invoices=papers["orders"], invoice_payments=papers["invoices"],
                receipts=papers["receipts"], refunds=papers["refunds"])  # fmt: skip

    def reviewers(self) -> set[str]:
        """Ids of contacts one of whose invoices is fully paid: they are asked."""
        return {row["contactDetails"]["id"] for row in self.place()["invoices"] if money(row["amountDue"]) == 0}

    def asked(self) -> Counter[str]:
        """How often each contact was put into the workflow, or sent the tag for one: calls, not what is left of them."""
        place = self.place()
        return Counter(row["contactId"] for row in place["enrolments"]) + small_agency.times_tagged(place)


def thing(number: int) -> dict[str, Any]:
    """One line, taxed twice or not at all."""
    told: dict[str, Any] = {} if number % 4 else {"taxes": []}
    return small_agency.line(
        ("Cours", "Atelier")[number % 2], f"{19 + number % 17}.{number % 100:02d}", 1 + number % 3, **told
    )


def bill(number: int, customers: int) -> dict[str, Any]:
    """An invoice of one to three lines, every fifth with a discount."""
    more = {} if number % 5 else {"discount": {"type": "percentage", "value": 10}}
    items = [thing(number + at) for at in range(1 + number % 3)]
    return small_agency.bill(number, mail(1 + number % customers), items=items, **more)


def _lettered(letter: str, row: Mapping[str, Any], total: Any = None) -> dict[str, Any]:
    """A charge under the number its paper carries in the books."""
    changed = {} if total is None else {"grand_total": total}
    return {**row, "increment_id": f"{letter}-{row['increment_id']}", **changed}


def _cents(amount: int) -> str:
    return str(money(amount) / 100)


def _unread(found: Any, vendor: str, **wanted: list[dict[str, Any]]) -> None:
    """N4: what a cursor has passed is in our tables."""
    from bridge.hub.models import Record

    for name, rows in wanted.items():
        have = set(Record.objects.filter(connection__vendor=vendor, resource=name).values_list("remote_id", flat=True))
        found.cursors += [f"{name} {row['entity_id']} was passed by" for row in rows if row["entity_id"] not in have]
