"""Orders made from a few words, and what happens to orders later: everything that follows is written with them.

`carts` and `events` are no resources of the vendor: a cart becomes an order with its invoices, transactions and credit
memos, an event (invoice, ship, refund, cancel, hold, state) moves an order made that way or one of the demo world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.magento import papers
from connectors.sandbox.magento.money import Rate
from connectors.sandbox.magento.sale import Address, Buyer, Good, Sale, Terms, View
from connectors.sandbox.magento.shop import Shop, attribute
from connectors.sandbox.magento.writes import STATUSES

# region: name, number the vendor gives it
REGIONS = {"QC": ("Québec", 76), "ON": ("Ontario", 74), "NB": ("Nouveau-Brunswick", 70), "AB": ("Alberta", 66),
           "MI": ("Michigan", 33)}  # fmt: skip
AMOUNTS = ("shipping", "discount_percent", "shipping_discount_percent", "rate", "gift_card", "surcharge")
WORDS = ("method", "carrier", "coupon", "currency", "po_number")
PERSON = ("email", "given_name", "family_name", "phone", "street", "city", "postcode", "company", "vat_id")
KNOWN = {"lines", "at", "store_id", "region", "country", "customer_id", "then", *PERSON, *AMOUNTS, *WORDS}
EVENT_OPTIONS = {"order_id", "event", "quantities", "shipping", "given", "withheld", "online", "state", "status"}


def take(shop: Shop, carts: Sequence[Document], views: Sequence[View]) -> int:
    """Make an order of each cart. Raises `SandboxError` for one that cannot be understood; those before it are kept."""
    asked = Asked(shop)
    for cart in carts:
        unknown = cart.keys() - KNOWN
        if unknown or not cart.get("lines"):
            raise SandboxError(f"carts: {', '.join(sorted(unknown)) or 'no lines'}; known: {', '.join(sorted(KNOWN))}")
        _take(shop, cart, views, asked)
    return len(carts)


def _take(shop: Shop, cart: Document, views: Sequence[View], asked: Asked) -> None:
    at = _moment(shop, cart.get("at"))
    buyer, terms = _buyer(cart), _terms(cart)
    view = next((one for one in views if one.id == int(cart.get("store_id", 1))), views[0])
    _number_on(shop)
    place = buyer.address.country, buyer.address.region_id
    sale = Sale(shop.numbers, view, buyer, at, terms, lambda tax_class: asked.rates(place, tax_class))
    sale.place([(asked.good(str(line["sku"])), int(line.get("quantity", 1))) for line in cart["lines"]])
    shop.sales[sale.id] = sale
    for step, event in enumerate(cart.get("then", ())):
        play(sale, {"event": event} if isinstance(event, str) else event, at + timedelta(minutes=step + 1))
    store(shop, sale)


def happen(shop: Shop, events: Sequence[Document]) -> int:
    """Let something happen now to orders the store knows the life of."""
    for event in events:
        sale = shop.sales.get(int(event.get("order_id", 0)))
        if sale is None:
            raise SandboxError(f"events: no order {event.get('order_id')!r} that was made by a cart or the demo world")
        _number_on(shop)
        play(sale, event, shop.clock.now())
        store(shop, sale)
    return len(events)


def play(sale: Sale, event: Mapping[str, Any], at: datetime) -> None:
    """One event of an order's life. `quantities` are by the position of rows without a parent."""
    unknown, name = event.keys() - EVENT_OPTIONS, event.get("event")
    if unknown:
        raise SandboxError(f"events: {', '.join(sorted(unknown))}; known: {', '.join(sorted(EVENT_OPTIONS))}")
    given = event.get("quantities")
    quantities = None if given is None else {int(row): int(pieces) for row, pieces in given.items()}
    if name == "invoice":
        if all(line.invoiced + line.canceled >= line.quantity for line in sale.rows):
            raise SandboxError(f"events: order {sale.id} has nothing left to invoice")
        sale.invoice(at, quantities)
    elif name == "ship":
        sale.ship(at)
    elif name == "refund":
        _refund(sale, event, at, quantities)
    elif name == "cancel":
        sale.cancel(at)
    elif name == "hold":
        sale.hold(at)
    elif name == "state" and event.get("state") in STATUSES:
        sale.move(str(event["state"]), at)
        sale.status = str(event.get("status", sale.status))
    else:
        raise SandboxError(f"events: unknown event {name!r}; known: invoice, ship, refund, cancel, hold, state")


def _refund(sale: Sale, event: Mapping[str, Any], at: datetime, quantities: dict[int, int] | None) -> None:
    if not sale.invoices:
        raise SandboxError(f"events: order {sale.id} has no invoice to refund")
    sale.refund(
        at,
        quantities,
        shipping=bool(event.get("shipping", quantities is None)),
        given=Decimal(str(event.get("given", 0))),
        withheld=Decimal(str(event.get("withheld", 0))),
        online=bool(event.get("online", bool(sale.transactions))),
    )


def store(shop: Shop, sale: Sale) -> None:
    """Write the order as it is now, and those of its documents that are not written yet."""
    order = papers.order(sale)
    held = shop.tables["orders"].get(str(sale.id))
    if held:
        order["status_histories"] = held.get("status_histories", [])
    shop.publish("orders", order)
    for name, made, write in (
        ("invoices", sale.invoices, papers.invoice),
        ("creditmemos", sale.memos, papers.credit_memo),
    ):
        for paper in made:
            if paper.id not in sale.written[name]:
                sale.written[name].add(paper.id)
                shop.publish(name, write(sale, paper))
    for document in sale.transactions:
        if document["transaction_id"] not in sale.written["transactions"]:
            sale.written["transactions"].add(document["transaction_id"])
            shop.publish("transactions", document)


def _number_on(shop: Shop) -> None:
    """New numbers begin behind those of documents that were loaded."""
    for name, kind in (("orders", "order"), ("invoices", "invoice"), ("creditmemos", "creditmemo")):
        last = shop.next_id(name) - 1
        shop.numbers.beyond(name, last)
        shop.numbers.beyond(f"{kind} ", last)
    shop.numbers.beyond("transactions", shop.next_id("transactions") - 1)
    shop.numbers.beyond("items", shop.last_item)


def _moment(shop: Shop, text: object) -> datetime:
    if text is None:
        return shop.clock.now()
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise SandboxError(f"carts: at: {error}") from error


def _terms(cart: Document) -> Terms:
    amounts = {name: Decimal(str(cart[name])) for name in AMOUNTS if name in cart}
    return Terms(**amounts, **{name: str(cart[name]) for name in WORDS if name in cart})  # type: ignore[arg-type]


def _buyer(cart: Document) -> Buyer:
    """A guest unless `customer_id` is given. Who says nothing is called Camille Fictive."""
    code = str(cart.get("region", "QC"))
    name, number = REGIONS.get(code, (code, 0))
    told = {
        "email": "camille.fictive@example.com",
        "given_name": "Camille",
        "family_name": "Fictive",
        "phone": "514 555-0100",
        "street": "1, rue Inventée",
        "city": "Montréal",
        "postcode": "H2X 1A1",
        **{key: str(cart[key]) for key in PERSON if key in cart},
    }
    street = (told.pop("street"),)
    place = {"region": name, "region_code": code, "region_id": number, "country": str(cart.get("country", "CA"))}
    customer = cart.get("customer_id")
    address = Address(street=street, **told, **place)  # type: ignore[arg-type]
    return Buyer(address, None if customer is None else int(customer), int(customer is not None))


# Products and taxes as they are in the store


class Asked:
    """Goods and rates looked up once for many carts."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._goods: dict[str, Good] = {}
        self._rates: dict[tuple[tuple[str, int], int], tuple[Rate, ...]] = {}

    def good(self, sku: str) -> Good:
        if sku not in self._goods:
            self._goods[sku] = good(self._shop, sku)
        return self._goods[sku]

    def rates(self, place: tuple[str, int], tax_class: int) -> tuple[Rate, ...]:
        if (place, tax_class) not in self._rates:
            self._rates[place, tax_class] = rates(self._shop, place, tax_class)
        return self._rates[place, tax_class]


def good(shop: Shop, sku: str) -> Good:
    """A product of the store as the till needs it; composites bring their parts, a configurable its first variant."""
    document = shop.product(sku)
    if document is None:
        raise SandboxError(f"carts: magento has no product {sku!r}")
    kind = document["type_id"]
    return Good(
        document["id"],
        document["sku"],
        document["name"],
        kind,
        Decimal(str(document.get("price", 0))),
        int(attribute(document, "tax_class_id") or 0),
        int(document.get("weight", 0)),
        _parts(shop, document),
        kind == "bundle" and attribute(document, "price_type") == "0",
    )


def _parts(shop: Shop, document: Document) -> tuple[tuple[Good, int], ...]:
    inside = document.get("extension_attributes", {})
    if document["type_id"] == "configurable":
        table = shop.tables["products"]
        variants = [table.value(str(id), "sku") for id in inside.get("configurable_product_links", ())]
        return tuple((good(shop, sku), 1) for sku in variants[:1])
    if document["type_id"] == "bundle":
        chosen = [option["product_links"][0] for option in inside.get("bundle_product_options", ())]
        return tuple((good(shop, link["sku"]), int(link["qty"])) for link in chosen)
    links = document.get("product_links", ()) if document["type_id"] == "grouped" else ()
    return tuple((good(shop, link["linked_product_sku"]), 1) for link in links)


def rates(shop: Shop, place: tuple[str, int], tax_class: int) -> tuple[Rate, ...]:
    """The rates of a place for a class of products, by the store's rules."""
    country, region = place
    wanted = {
        rate
        for rule in shop.documents("taxRules")
        if tax_class in rule["product_tax_class_ids"]
        for rate in rule["tax_rate_ids"]
    }
    found = []
    for row in shop.documents("taxRates"):
        here = row["tax_country_id"] == country and row.get("tax_region_id", 0) in (0, region)
        if row["id"] in wanted and here and row.get("tax_postcode", "*") == "*":
            title = next((one["value"] for one in row.get("titles", ())), row["code"])
            percent = Decimal(str(row["rate"]))
            found.append(Rate(row["id"], row["code"], title, percent, country, row.get("region_name", ""), region))
    return tuple(found)
