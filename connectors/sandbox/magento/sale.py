"""One order's life: placed, invoiced, shipped, refunded, cancelled. What the store tells of it is made in `papers`.

Every amount is kept twice, in the store's base currency and in the order's own, each to the cent by itself. Always:
grand_total = subtotal + shipping_amount + tax_amount + discount_amount + discount_tax_compensation_amount
+ shipping_discount_tax_compensation_amount - gift cards + what no field explains (`surcharge`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.magento.money import (
    NOTHING,
    ZERO,
    Both,
    Money,
    Rate,
    Twice,
    cents,
    minus,
    plus,
    row,
    together,
)

ONLINE = ("stripe_payments", "paypal_express")
SHIPPING_CLASS = 4


@dataclass(frozen=True, slots=True)
class Good:
    """A product as the till needs it. `price` is in base currency, with tax where the website's prices include it."""

    id: int
    sku: str
    name: str
    type: str
    price: Decimal
    tax_class: int = 2
    weight: int = 1
    parts: tuple[tuple[Good, int], ...] = ()
    dynamic: bool = False

    @property
    def virtual(self) -> bool:
        """Nothing to ship."""
        return self.type in ("virtual", "downloadable")


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address with a person on it."""

    given_name: str
    family_name: str
    email: str
    phone: str
    street: tuple[str, ...]
    city: str
    region: str
    region_code: str
    region_id: int
    postcode: str
    country: str
    company: str = ""
    vat_id: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders; a guest has no `id`."""

    address: Address
    id: int | None = None
    group_id: int = 0
    business: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """A store view and the currency of its website."""

    id: int
    name: str
    prefix: str
    base: str
    inclusive: bool = False


@dataclass(slots=True)
class Row:
    """One line of the order: its money, and how many pieces went which way. `price` and `price_incl` are per piece."""

    id: int
    good: Good
    sku: str
    quantity: int
    rates: tuple[Rate, ...] = ()
    money: Both = field(default_factory=Both)
    price: Twice = NOTHING
    price_incl: Twice = NOTHING
    discount_percent: Decimal = ZERO
    parent: Row | None = None
    bare: bool = False
    invoiced: int = 0
    shipped: int = 0
    refunded: int = 0
    canceled: int = 0

    @property
    def counts(self) -> bool:
        """Whether its money is in the totals: not a variant under its configurable, nor a dynamic bundle's own row."""
        return not self.bare and not self.good.dynamic


@dataclass(frozen=True, slots=True)
class Part:
    """Some pieces of a row on an invoice or credit memo."""

    row: Row
    quantity: int
    money: Both


class Numbers:
    """Ids of everything a store numbers."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, name: str) -> int:
        """The next id of a kind of thing."""
        self._last[name] = self._last.get(name, 0) + 1
        return self._last[name]

    def beyond(self, name: str, number: int) -> None:
        """Go on behind `number`."""
        self._last[name] = max(self._last.get(name, 0), number)

    def document(self, kind: str, prefix: str) -> str:
        """The next human number of a kind of document in a store view."""
        return f"{prefix}{self.next(f'{kind} {prefix}'):09d}"


@dataclass(slots=True)
class Terms:
    """What an order is placed with. `surcharge` is in the total and in no field, as some extensions do it."""

    method: str = "checkmo"
    shipping: Decimal = ZERO
    carrier: str = "flatrate_flatrate"
    coupon: str = ""
    discount_percent: Decimal = ZERO
    shipping_discount_percent: Decimal = ZERO
    currency: str = ""
    rate: Decimal = Decimal(1)
    gift_card: Decimal = ZERO
    surcharge: Decimal = ZERO
    po_number: str = ""

    def twice(self, amount: Decimal) -> Twice:
        """An amount in base currency, and turned into the order's."""
        return amount, cents(amount * self.rate)

    def beside_rows(self) -> Twice:
        """What the total holds that is in no row."""
        return minus(self.twice(self.surcharge), self.twice(self.gift_card))


@dataclass(slots=True)
class Paper:
    """An invoice or credit memo before it is written down."""

    kind: str
    id: int
    number: str
    at: datetime
    parts: list[Part]
    shipping: Both
    beside_rows: Twice
    gift_card: Twice = NOTHING
    adjustments: tuple[Twice, Twice] = (NOTHING, NOTHING)
    transaction_id: str = ""
    invoice_id: int = 0

    def rows(self) -> Both:
        """Its rows together."""
        return together(part.money for part in self.parts if part.row.counts)

    def total(self) -> Twice:
        """Its grand total."""
        given, withheld = self.adjustments
        paid = plus(plus(self.rows().paid(), self.shipping.paid()), self.beside_rows)
        return minus(plus(paid, given), withheld)


@dataclass(slots=True)
class Sale:
    """An order with its invoices, credit memos and transactions."""

    numbers: Numbers
    view: View
    buyer: Buyer
    at: datetime
    terms: Terms
    rates_for: Callable[[int], tuple[Rate, ...]]
    number: str = ""
    state: str = "new"
    status: str = "pending"
    rows: list[Row] = field(default_factory=list)
    invoices: list[Paper] = field(default_factory=list)
    memos: list[Paper] = field(default_factory=list)
    transactions: list[Document] = field(default_factory=list)
    extra: Document = field(default_factory=dict)
    id: int = 0
    changed_at: datetime | None = None
    shipping: Both = field(default_factory=Both)
    shipping_rates: tuple[Rate, ...] = ()
    address_ids: tuple[int, int] = (0, 0)
    written: dict[str, set[int]] = field(
        default_factory=lambda: {"invoices": set(), "creditmemos": set(), "transactions": set()}
    )

    # Placing

    def place(self, basket: Sequence[tuple[Good, int]]) -> Sale:
        """Put the goods in, and number everything."""
        self.id = self.numbers.next("orders")
        self.number = self.number or self.numbers.document("order", self.view.prefix)
        self.changed_at = self.at
        for good, quantity in basket:
            self._add(good, quantity)
        self.address_ids = self.numbers.next("addresses"), self.numbers.next("addresses")
        if not self.virtual:
            self.shipping_rates = self.rates_for(SHIPPING_CLASS)
            percent = self.terms.shipping_discount_percent
            self.shipping = self._money(self.terms.shipping, 1, self.shipping_rates, percent)
        return self

    @property
    def virtual(self) -> bool:
        """Nothing to ship."""
        return all(line.good.virtual for line in self.rows)

    def _money(self, unit: Decimal, quantity: int, rates: Sequence[Rate], percent: Decimal) -> Both:
        base, own = self.terms.twice(unit)
        inclusive = self.view.inclusive
        return Both(
            row(base, quantity, rates, percent, inclusive=inclusive),
            row(own, quantity, rates, percent, inclusive=inclusive),
        )

    def _add(self, good: Good, quantity: int) -> None:
        if good.type == "configurable":
            variant = good.parts[0][0]
            parent = self._charged(good, variant.sku, quantity, variant.price)
            self._bare(variant, quantity, parent)
        elif good.type == "bundle" and good.dynamic:
            self._dynamic_bundle(good, quantity)
        elif good.type == "bundle":
            parent = self._charged(good, good.sku, quantity, good.price)
            for part, pieces in good.parts:
                self._bare(part, pieces * quantity, parent)
        elif good.type == "grouped":
            for part, pieces in good.parts:
                self._charged(part, part.sku, pieces * quantity, part.price)
        else:
            self._charged(good, good.sku, quantity, good.price)

    def _dynamic_bundle(self, good: Good, quantity: int) -> None:
        """The parent repeats what its parts come to; taxes and discounts are on the parts alone."""
        parent = self._keep(Row(0, good, "-".join((good.sku, *(part.sku for part, _ in good.parts))), quantity))
        parts = [self._charged(part, part.sku, n * quantity, part.price, parent) for part, n in good.parts]
        whole = together(line.money for line in parts)
        parent.money = Both(*(Money(one.row_total, one.row_total_incl_tax) for one in (whole.base, whole.own)))
        for (_, pieces), line in zip(good.parts, parts, strict=True):
            for _ in range(pieces):
                parent.price, parent.price_incl = (
                    plus(parent.price, line.price),
                    plus(parent.price_incl, line.price_incl),
                )

    def _charged(self, good: Good, sku: str, quantity: int, unit: Decimal, parent: Row | None = None) -> Row:
        """A row with money."""
        rates, percent = self.rates_for(good.tax_class), self.terms.discount_percent
        one = self._money(unit, 1, rates, ZERO)
        money = self._money(unit, quantity, rates, percent)
        price, price_incl = one.amount("row_total"), one.amount("row_total_incl_tax")
        return self._keep(Row(0, good, sku, quantity, rates, money, price, price_incl, percent, parent))

    def _bare(self, good: Good, quantity: int, parent: Row) -> None:
        """A row that only says what is inside its parent."""
        self._keep(Row(0, good, good.sku, quantity, parent=parent, bare=True))

    def _keep(self, line: Row) -> Row:
        line.id = self.numbers.next("items")
        self.rows.append(line)
        return line

    # Totals

    def goods(self) -> Both:
        """The rows that count, together."""
        return together(line.money for line in self.rows if line.counts)

    def grand_total(self) -> Twice:
        """What the customer owes."""
        return plus(plus(self.goods().paid(), self.shipping.paid()), self.terms.beside_rows())

    def paid(self) -> Twice:
        """What has been invoiced; in this shop that is what has been paid."""
        return _sum(self.invoices)

    def refunded(self, *, online: bool | None = None) -> Twice:
        """What has been given back: all of it, or through the gateway, or not."""
        return _sum([one for one in self.memos if online in (None, bool(one.invoice_id))])

    # Events

    def invoice(self, at: datetime, quantities: Mapping[int, int] | None = None) -> None:
        """Invoice all that is left, or `quantities` by the position of top rows; the first one takes shipping."""
        first = not self.invoices
        paper = self._paper("invoice", at, self._take("invoiced", quantities), shipping=first, rest=first)
        if self.terms.method in ONLINE:
            paper.transaction_id = self._transaction("capture", at)
        self.invoices.append(paper)
        self.move("processing", at)

    def ship(self, at: datetime) -> None:
        """Ship what was invoiced and needs it; invoiced and shipped in full means complete."""
        for line in self.rows:
            if not line.good.virtual:
                line.shipped = line.invoiced
        done = all(line.invoiced + line.canceled >= line.quantity for line in self.rows)
        self.move("complete" if done else "processing", at)

    def refund(
        self,
        at: datetime,
        quantities: Mapping[int, int] | None = None,
        *,
        shipping: bool = False,
        given: Decimal = ZERO,
        withheld: Decimal = ZERO,
        online: bool = False,
    ) -> None:
        """A credit memo: all that is left, or `quantities` by the position of top rows; `{}` is adjustments alone."""
        parts = self._take("refunded", quantities)
        paper = self._paper("creditmemo", at, parts, shipping=shipping, rest=quantities is None)
        paper.adjustments = self.terms.twice(given), self.terms.twice(withheld)
        if online:
            paper.invoice_id = self.invoices[0].id
            paper.transaction_id = self._transaction("refund", at)
        self.memos.append(paper)
        all_back = all(line.refunded >= line.invoiced for line in self.rows)
        self.move("closed" if all_back and self.refunded()[0] >= self.paid()[0] else self.state, at)

    def cancel(self, at: datetime) -> None:
        """Cancel what is not invoiced; with nothing invoiced, that is the order. The rest can then be shipped."""
        for line in self.rows:
            line.canceled = line.quantity - line.invoiced
        self.move("processing" if self.invoices else "canceled", at)

    def hold(self, at: datetime) -> None:
        """Put aside; the state before is kept."""
        self.extra.update(hold_before_state=self.state, hold_before_status=self.status)
        self.move("holded", at)

    def move(self, state: str, at: datetime) -> None:
        """Change state, with the status that belongs to it."""
        if state != self.state:
            self.status = "pending" if state == "new" else state
        self.state, self.changed_at = state, at

    def _paper(self, kind: str, at: datetime, parts: list[Part], *, shipping: bool, rest: bool) -> Paper:
        """`rest` takes what is in the order's total and in none of its rows."""
        terms = self.terms
        return Paper(
            kind,
            self.numbers.next(f"{kind}s"),
            self.numbers.document(kind, self.view.prefix),
            at,
            parts,
            self.shipping if shipping else Both(),
            terms.beside_rows() if rest else NOTHING,
            terms.twice(terms.gift_card) if rest else NOTHING,
        )

    def _take(self, counter: str, quantities: Mapping[int, int] | None) -> list[Part]:
        """Pieces for a new document; counts them. What is inside a parent follows it."""
        tops = [line for line in self.rows if line.parent is None]
        taken = {id(top): self._open(top, counter, quantities, at) for at, top in enumerate(tops)}
        parts = []
        for line in self.rows:
            top = line.parent or line
            pieces = taken[id(top)] * (line.quantity // top.quantity)
            if pieces:
                done = getattr(line, counter)
                parts.append(Part(line, pieces, line.money.share(done, pieces, line.quantity)))
                setattr(line, counter, done + pieces)
        return parts

    def _open(self, top: Row, counter: str, quantities: Mapping[int, int] | None, at: int) -> int:
        limit = top.quantity - top.canceled if counter == "invoiced" else top.invoiced
        left = int(limit - getattr(top, counter))
        return left if quantities is None else min(left, quantities.get(at, 0))

    def _transaction(self, kind: str, at: datetime) -> str:
        """A gateway's transaction, by its own number; a refund hangs on the first capture."""
        number = self.numbers.next("transactions")
        mark = "pi" if self.terms.method == "stripe_payments" else "PP"
        parent = self.transactions[0] if self.transactions and kind == "refund" else None
        document: Document = {
            "transaction_id": number,
            "order_id": self.id,
            "payment_id": self.id,
            "txn_id": f"{mark}_{self.id:05d}{kind[0]}{number:05d}",
            "parent_txn_id": parent["txn_id"] if parent else None,
            "txn_type": kind,
            "is_closed": int(kind == "refund"),
            "additional_information": [],
            "created_at": at.strftime("%Y-%m-%d %H:%M:%S"),
            "child_transactions": [],
        }
        if parent:
            document["parent_id"] = parent["transaction_id"]
        self.transactions.append(document)
        return str(document["txn_id"])


def _sum(papers: Sequence[Paper]) -> Twice:
    total = NOTHING
    for paper in papers:
        total = plus(total, paper.total())
    return total
