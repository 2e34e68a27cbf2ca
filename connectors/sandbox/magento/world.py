"""The named worlds. `demo`: an invented Québec shop, four months of orders. `empty`: the same shop before it opened.

Everybody is invented, many of them customers of the invented cabinet maker in the other stand-ins too. The dice are
seeded: the same day brings the same shop.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.sandbox.core import Clock, Document, SandboxError
from connectors.sandbox.magento.catalogue import BOOKS, CONFIGURABLE, FURNITURE, GOODS, SHIPPING, Catalogue
from connectors.sandbox.magento.money import Rate, plain
from connectors.sandbox.magento.sale import Address, Buyer, Good, Sale, Terms, View
from connectors.sandbox.magento.shop import Shop
from connectors.sandbox.magento.till import store
from connectors.sandbox.worlds import Person, people, us_people
from connectors.sandbox.worlds import plain as letters

HERE = "{{base_url}}"
ZONE = ZoneInfo("America/Toronto")
DAYS, ORDERS, CUSTOMERS = 120, 340, 90
VIEWS = (
    View(1, "Boutique Boréal (fictive)\nBoutique\nFrançais", "", "CAD"),
    View(2, "Boutique Boréal (fictive)\nBoutique\nEnglish", "2", "CAD"),
    View(3, "Marché Boréal (fictif)\nMarché\nPrix taxes comprises", "3", "CAD", inclusive=True),
)
RATES = (
    Rate(1, "CA-QC-TPS", "TPS", Decimal(5), "CA", "QC", 76),
    Rate(2, "CA-QC-TVQ", "TVQ", Decimal("9.975"), "CA", "QC", 76),
    Rate(3, "CA-ON-TVH", "TVH Ontario", Decimal(13), "CA", "ON", 74),
    Rate(4, "CA-NB-TVH", "TVH Nouveau-Brunswick", Decimal(15), "CA", "NB", 70),
)
# Rule: name, classes of products it is for, rates. The TPS is in two of them.
RULES = (
    ("Québec : TPS et TVQ", (GOODS, SHIPPING), (1, 2)),
    ("Québec : livres, TPS seulement", (BOOKS,), (1,)),
    ("Ontario : TVH", (GOODS, SHIPPING, BOOKS), (3,)),
    ("Nouveau-Brunswick : TVH", (GOODS, SHIPPING, BOOKS), (4,)),
)
GROUPS = ("NOT LOGGED IN", "Général", "Entreprises")
MODULES = (
    "Magento_Store",
    "Magento_Directory",
    "Magento_Eav",
    "Magento_Customer",
    "Magento_Backend",
    "Magento_Catalog",
    "Magento_CatalogInventory",
    "Magento_Sales",
    "Magento_Tax",
    "Magento_Integration",
    "Magento_InventoryApi",
    "Magento_InventorySalesApi",
    "Magento_InventoryCatalog",
    "Magento_WebapiAsync",
    "Magento_AsynchronousOperations",
)
_ONTARIO = (
    ("Beatrice", "Ashgrove", "Ottawa", "K1P"),
    ("Callum", "Quillfeather", "Toronto", "M5V"),
    ("Nadia", "Hollowell", "Kingston", "K7L"),
    ("Solène", "Rivesaltes", "Ottawa", "K2P"),
    ("Rupert", "Merriweather", "Toronto", "M4W"),
    ("Ingrid", "O'Fancy", "Sudbury", "P3E"),
)
_BRUNSWICK = (("Océane", "Bonenfant", "Moncton", "E1C"), ("Desmond", "Thistledown", "Fredericton", "E3B"))


def build(clock: Clock, name: str) -> Shop:
    """A named world. Raises `SandboxError` for a name that is none."""
    if name not in ("demo", "empty"):
        raise SandboxError(f"magento has no world {name!r}; known: demo, empty")
    shop = Shop(clock)
    _settings(shop)
    if name == "demo":
        catalogue = Catalogue()
        catalogue.fill(shop)
        _Trade(shop, catalogue).play()
    return shop


def rates_for(region: str) -> Callable[[int], tuple[Rate, ...]]:
    """The rates of a place, by tax class; nowhere outside the three provinces."""

    def rates(tax_class: int) -> tuple[Rate, ...]:
        for _, classes, ids in RULES:
            found = tuple(rate for rate in RATES if rate.id in ids)
            if found[0].region == region and tax_class in classes:
                return found
        return ()

    return rates


# What every shop has


def _settings(shop: Shop) -> None:
    for name, documents in (
        ("websites", _websites()),
        ("storeGroups", _store_groups()),
        ("storeViews", _store_views()),
        ("storeConfigs", [_config(at, code, locale) for at, code, locale in _CONFIGS]),
        ("customerGroups", [_group(at, code) for at, code in enumerate(GROUPS)]),
        ("taxClasses", _tax_classes()),
        ("taxRates", [_tax_rate(rate) for rate in RATES]),
        ("taxRules", [_tax_rule(at + 1, *rule) for at, rule in enumerate(RULES)]),
        ("sources", [_source("default", "Entrepôt de Trois-Rivières"), _source("quebec", "Boutique de Québec")]),
        ("stocks", [_stock()]),
        ("stockSourceLinks", [_stock_link(at + 1, code) for at, code in enumerate(("default", "quebec"))]),
    ):
        for document in documents:
            shop.put(name, document)
    shop.modules = list(MODULES)
    shop.currency = _currency()


_CONFIGS = ((1, "default", "fr_CA"), (2, "en", "en_CA"), (3, "marche", "fr_CA"))


def _config(at: int, code: str, locale: str) -> Document:
    static = ("base_url", "base_link_url", "base_static_url", "base_media_url")
    return {
        "id": at,
        "code": code,
        "website_id": 2 if code == "marche" else 1,
        "locale": locale,
        "base_currency_code": "CAD",
        "default_display_currency_code": "CAD",
        "timezone": "America/Toronto",
        "weight_unit": "kgs",
        **dict.fromkeys((*static, *(f"secure_{one}" for one in static)), HERE),
    }


def _websites() -> list[Document]:
    return [
        {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0},
        {"id": 1, "code": "base", "name": "Boutique Boréal (fictive)", "default_group_id": 1},
        {"id": 2, "code": "marche", "name": "Marché Boréal (fictif)", "default_group_id": 2},
    ]


def _store_groups() -> list[Document]:
    names = (("Default", "default", 0), ("Boutique", "boutique", 1), ("Marché", "marche_group", 2))
    return [
        {
            "id": at,
            "website_id": website,
            "root_category_id": 2 if at else 0,
            "default_store_id": (0, 1, 3)[at],
            "name": name,
            "code": code,
        }
        for at, (name, code, website) in enumerate(names)
    ]


def _store_views() -> list[Document]:
    rows = (
        (0, "admin", "Admin", 0, 0),
        (1, "default", "Français", 1, 1),
        (2, "en", "English", 1, 1),
        (3, "marche", "Prix taxes comprises", 2, 2),
    )
    names = ("id", "code", "name", "website_id", "store_group_id")
    return [{**dict(zip(names, row, strict=True)), "is_active": 1} for row in rows]


def _group(at: int, code: str) -> Document:
    return {"id": at, "code": code, "tax_class_id": 3, "tax_class_name": "Client"}


def _tax_classes() -> list[Document]:
    rows = (
        (GOODS, "Biens taxables", "PRODUCT"),
        (3, "Client", "CUSTOMER"),
        (SHIPPING, "Livraison", "PRODUCT"),
        (BOOKS, "Livres", "PRODUCT"),
    )
    return [{"class_id": at, "class_name": name, "class_type": kind} for at, name, kind in rows]


def _tax_rate(rate: Rate) -> Document:
    return {
        "id": rate.id,
        "tax_country_id": rate.country,
        "tax_region_id": rate.region_id,
        "region_name": rate.region,
        "tax_postcode": "*",
        "rate": plain(rate.percent),
        "code": rate.code,
        "titles": [{"store_id": "1", "value": rate.title}],
    }


def _tax_rule(at: int, code: str, classes: tuple[int, ...], rates: tuple[int, ...]) -> Document:
    return {
        "id": at,
        "code": code,
        "priority": 0,
        "position": at - 1,
        "customer_tax_class_ids": [3],
        "product_tax_class_ids": list(classes),
        "tax_rate_ids": list(rates),
        "calculate_subtotal": False,
    }


def _source(code: str, name: str) -> Document:
    return {
        "source_code": code,
        "name": name,
        "enabled": True,
        "country_id": "CA",
        "postcode": "G9A 1A1" if code == "default" else "G1K 1A1",
        "use_default_carrier_config": True,
        "carrier_links": [],
    }


def _stock() -> Document:
    channels = [{"type": "website", "code": code} for code in ("base", "marche")]
    return {"stock_id": 1, "name": "Stock", "extension_attributes": {"sales_channels": channels}}


def _stock_link(priority: int, source: str) -> Document:
    return {"stock_id": 1, "source_code": source, "priority": priority}


def _currency() -> Document:
    return {
        "base_currency_code": "CAD",
        "base_currency_symbol": "$",
        "default_display_currency_code": "CAD",
        "default_display_currency_symbol": "$",
        "available_currency_codes": ["CAD", "USD"],
        "exchange_rates": [{"currency_to": "CAD", "rate": 1}, {"currency_to": "USD", "rate": Decimal("0.73")}],
    }


# People


def address_of(person: Person, region_name: str, region_id: int) -> Address:
    """The address an invented person gives the shop."""
    return Address(
        person.given_name,
        person.family_name,
        person.email or f"{letters(person.given_name)}.{letters(person.family_name)}@courriel.example",
        person.phone,
        (person.street, "app. 3") if person.key.endswith("4") else (person.street,),
        person.city,
        region_name,
        person.region,
        region_id,
        person.postcode,
        person.country,
        person.company,
    )


def _elsewhere(rows: Sequence[tuple[str, str, str, str]], code: str, name: str, region_id: int) -> list[Buyer]:
    found = []
    for at, (given, family, city, sector) in enumerate(rows):
        email = f"{letters(given)}.{letters(family)}@ailleurs.example"
        phone, street = f"613 555-01{at:02d}", (f"{100 + at * 7} Invented Street",)
        postcode = f"{sector} 1A{at}"
        address = Address(given, family, email, phone, street, city, name, code, region_id, postcode, "CA")
        found.append(Buyer(address))
    return found


def _customer(buyer: Buyer, at: datetime) -> Document:
    one, number = buyer.address, buyer.id or 0
    place = {"region_code": one.region_code, "region": one.region, "region_id": one.region_id}
    address: Document = {
        "id": number * 10,
        "customer_id": number,
        "firstname": one.given_name,
        "lastname": one.family_name,
        "default_billing": True,
        "default_shipping": True,
        "street": list(one.street),
        "city": one.city,
        "region": place,
        "region_id": one.region_id,
        "postcode": one.postcode,
        "country_id": one.country,
        "telephone": one.phone,
        **({"company": one.company} if one.company else {}),
    }
    moment = at.strftime("%Y-%m-%d %H:%M:%S")
    return {
        "id": number,
        "group_id": buyer.group_id,
        "default_billing": str(number * 10),
        "default_shipping": str(number * 10),
        "created_at": moment,
        "updated_at": moment,
        "created_in": "Français",
        "email": one.email,
        "firstname": one.given_name,
        "lastname": one.family_name,
        "store_id": 1,
        "website_id": 1,
        "addresses": [address],
        "disable_auto_group_change": 0,
        "extension_attributes": {"is_subscribed": number % 3 == 0},
    }


# Orders

# How the orders go, one after the other, again and again. `plain` and `variant` are the everyday ones.
# fmt: off
PLAYS = (
    "plain", "variant", "plain", "ontario", "plain", "coupon", "guest", "variant", "refund_part", "plain",
    "dynamic_bundle", "plain", "pending", "variant", "books", "fixed_bundle", "plain", "inclusive", "refund_full",
    "plain", "grouped", "surcharge", "plain", "variant", "canceled", "business", "plain", "partly", "foreign",
    "plain", "edited", "variant", "cod", "plain", "gift_card", "plain", "refund_adjustment", "inclusive_coupon",
    "brunswick", "plain", "untaxed", "hold", "variant", "free", "plain", "two_invoices", "late_evening", "download",
    "plain", "shipping_discount", "custom_status", "partly_canceled", "variant", "exempt", "plain", "review",
    "by_name", "inclusive",
)
# fmt: on


class _Trade:
    """Plays four months of orders, from the oldest to the newest."""

    def __init__(self, shop: Shop, catalogue: Catalogue) -> None:
        self.shop = shop
        self.catalogue = catalogue
        self.now = shop.clock.now()
        self.dice = random.Random(2_604)
        self.numbers = shop.numbers
        self.sales: list[Sale] = []
        self.customers: list[Buyer] = []
        self.guests: list[Buyer] = []
        self.simple = [good for good in catalogue.of_type("simple") if not good.sku.startswith(("ANCIEN", "LIVR"))]
        self.known = [good for good in self.simple if good.sku[:4] in {stem[:4] for stem, *_ in FURNITURE}]

    def play(self) -> None:
        """People first, then orders, then everything into the shop."""
        self._people()
        for at, moment in enumerate(self._moments()):
            getattr(self, f"_{PLAYS[at % len(PLAYS)]}")(moment)
        for sale in self.sales:
            self.shop.sales[sale.id] = sale
            store(self.shop, sale)

    def _people(self) -> None:
        seen: set[str] = set()
        for person in people():
            if not person.email or person.email.lower() in seen:
                continue
            seen.add(person.email.lower())
            address, business = address_of(person, "Québec", 76), bool(person.company)
            if len(self.customers) < CUSTOMERS:
                number = len(self.customers) + 1
                buyer = Buyer(address, number, 2 if business else 1, business)
                self.customers.append(buyer)
                joined = self.now - timedelta(days=DAYS + 40, hours=number)
                self.shop.put("customers", _customer(buyer, joined))
            else:
                self.guests.append(Buyer(address))

    def _moments(self) -> list[datetime]:
        """When orders come in: by day and local hour, none after the present."""
        today = self.now.astimezone(ZONE).date()
        found = []
        for at in range(ORDERS):
            day = today - timedelta(days=DAYS - 1 - at * DAYS // ORDERS)
            hour = 23 if PLAYS[at % len(PLAYS)] == "late_evening" else self.dice.randrange(8, 22)
            local = datetime.combine(day, time(hour, self.dice.randrange(60), self.dice.randrange(60)), ZONE)
            moment = local.astimezone(self.now.tzinfo).replace(microsecond=0)
            found.append(min(moment, self.now.replace(microsecond=0) - timedelta(minutes=ORDERS - at)))
        return sorted(found)

    # Building blocks

    def _sale(
        self,
        moment: datetime,
        basket: Sequence[tuple[Good, int]],
        buyer: Buyer | None = None,
        view: View = VIEWS[0],
        number: str = "",
        **terms: object,
    ) -> Sale:
        who = buyer or self._customer()
        asked = Terms(**{"method": self._method(), "shipping": Decimal("12.50"), **terms})  # type: ignore[arg-type]
        sale = Sale(self.numbers, view, who, moment, asked, rates_for(who.address.region_code), number)
        self.sales.append(sale)
        return sale.place(basket)

    def _customer(self) -> Buyer:
        """Few buy often, most seldom; one in six is a guest."""
        if self.dice.random() < 0.16:
            return self.dice.choice(self.guests)
        return self.customers[int(len(self.customers) * self.dice.random() ** 1.6)]

    def _method(self) -> str:
        return self.dice.choice(("stripe_payments", "stripe_payments", "paypal_express", "checkmo", "banktransfer"))

    def _goods(self, kinds: Sequence[int] = (1, 1, 2, 3)) -> list[tuple[Good, int]]:
        picked = self.dice.sample(self.known, self.dice.choice(kinds))
        return [(good, self.dice.choice((1, 1, 1, 2, 4))) for good in picked]

    def _variants(self) -> list[tuple[Good, int]]:
        stems = self.dice.sample([stem for stem, *_ in FURNITURE[:CONFIGURABLE]], self.dice.choice((1, 1, 2)))
        return [(self.catalogue.variant(stem, self.dice.randrange(5)), self.dice.choice((1, 1, 2))) for stem in stems]

    def _later(self, moment: datetime, **time_passed: float) -> datetime | None:
        """A later moment, None if it has not come yet."""
        at = moment + timedelta(**time_passed)
        return at if at <= self.now else None

    def _pay(self, sale: Sale) -> Sale:
        """Invoice: at once online, days later for a cheque or a transfer."""
        online = sale.terms.method in ("stripe_payments", "paypal_express", "free")
        at = self._later(sale.at, minutes=3) if online else self._later(sale.at, days=3, minutes=17)
        if at:
            sale.invoice(at)
        return sale

    def _finish(self, sale: Sale) -> Sale:
        """Paid and, after two days, shipped."""
        self._pay(sale)
        at = self._later(sale.at, days=4, hours=1)
        if sale.invoices and at:
            sale.ship(at)
        return sale

    # Plays

    def _plain(self, moment: datetime) -> None:
        self._finish(self._sale(moment, self._goods(), view=self.dice.choice((VIEWS[0], VIEWS[0], VIEWS[1]))))

    def _variant(self, moment: datetime) -> None:
        self._finish(self._sale(moment, self._variants()))

    def _ontario(self, moment: datetime) -> None:
        buyer = self.dice.choice(_elsewhere(_ONTARIO, "ON", "Ontario", 74))
        self._finish(self._sale(moment, self._goods(), buyer, VIEWS[1], shipping=Decimal("24.95")))

    def _brunswick(self, moment: datetime) -> None:
        buyer = self.dice.choice(_elsewhere(_BRUNSWICK, "NB", "Nouveau-Brunswick", 70))
        self._finish(self._sale(moment, self._goods(), buyer, shipping=Decimal("29.95")))

    def _untaxed(self, moment: datetime) -> None:
        """Sent abroad: no tax applies, in the shop's own currency."""
        buyer = Buyer(address_of(us_people()[len(self.sales) % 20], "Vermont", 59))
        self._finish(self._sale(moment, self._goods((1, 2)), buyer, VIEWS[1], shipping=Decimal(48)))

    def _foreign(self, moment: datetime) -> None:
        """Paid in US dollars at a store whose books are in Canadian ones."""
        buyer = Buyer(address_of(us_people()[len(self.sales) % 20 + 20], "Vermont", 59))
        rate = Decimal("0.73")
        self._finish(
            self._sale(moment, self._goods((1, 2)), buyer, VIEWS[1], shipping=Decimal(48), currency="USD", rate=rate)
        )

    def _coupon(self, moment: datetime) -> None:
        self._finish(self._sale(moment, self._goods((2, 3)), coupon="AUTOMNE10", discount_percent=Decimal(10)))

    def _shipping_discount(self, moment: datetime) -> None:
        half = Decimal(50)
        self._finish(
            self._sale(moment, self._goods(), coupon="LIVRAISON50", shipping_discount_percent=half, method="checkmo")
        )

    def _guest(self, moment: datetime) -> None:
        """A guest buys a service: nothing to ship, no address for it."""
        service = self.catalogue.goods[self.dice.choice(("SRV-02", "SRV-05", "SVC/POSE 1"))]
        sale = self._pay(self._sale(moment, [(service, 1)], self.dice.choice(self.guests), method="stripe_payments"))
        if sale.invoices:
            sale.move("complete", sale.at + timedelta(minutes=3))

    def _download(self, moment: datetime) -> None:
        good = self.dice.choice(self.catalogue.of_type("downloadable"))
        sale = self._pay(self._sale(moment, [(good, 1)], method="paypal_express"))
        if sale.invoices:
            sale.move("complete", sale.at + timedelta(minutes=3))

    def _dynamic_bundle(self, moment: datetime) -> None:
        good = self.catalogue.goods[self.dice.choice(("ENS-SAM", "ENS-BAR"))]
        discount = self.dice.choice((Decimal(0), Decimal(10)))
        coupon = "AUTOMNE10" if discount else ""
        self._finish(self._sale(moment, [(good, 1)], coupon=coupon, discount_percent=discount))

    def _fixed_bundle(self, moment: datetime) -> None:
        self._finish(self._sale(moment, [(self.catalogue.goods["COFFRET-CADEAU"], self.dice.choice((1, 2)))]))

    def _grouped(self, moment: datetime) -> None:
        self._finish(self._sale(moment, [(self.catalogue.goods["SERIE-CADRES"], 1)]))

    def _books(self, moment: datetime) -> None:
        """Two tax classes in one order."""
        self._finish(self._sale(moment, [(self.catalogue.goods["LIVR-301"], 2), *self._goods((1,))]))

    def _exempt(self, moment: datetime) -> None:
        self._finish(self._sale(moment, [(self.catalogue.goods["Bon-cadeau"], 1), *self._goods((1,))]))

    def _by_name(self, moment: datetime) -> None:
        extras = [(self.catalogue.goods[name], 1) for name in ("Emballage cadeau", "Carte de souhaits")]
        self._finish(self._sale(moment, [*self._goods((1,)), *extras]))

    def _inclusive(self, moment: datetime) -> None:
        self._finish(self._sale(moment, self._goods((1, 2)), view=VIEWS[2], method="stripe_payments"))

    def _inclusive_coupon(self, moment: datetime) -> None:
        """Prices with tax and a discount: part of it is given back as compensation."""
        self._finish(
            self._sale(moment, self._goods((1, 2)), view=VIEWS[2], coupon="BIENVENUE10", discount_percent=Decimal(10))
        )

    def _pending(self, moment: datetime) -> None:
        """A cheque that is only expected."""
        self._sale(moment, self._goods(), method="checkmo")

    def _business(self, moment: datetime) -> None:
        """A company on account: shipped, the transfer still to come unless it is old."""
        buyer = self.dice.choice([one for one in self.customers if one.business])
        sale = self._sale(moment, self._goods((2, 3)), buyer, method="banktransfer", shipping=Decimal(65))
        sale.terms.po_number = f"BC-{7000 + sale.id}"
        if at := self._later(moment, days=20):
            sale.invoice(at)
            sale.ship(at)

    def _cod(self, moment: datetime) -> None:
        sale = self._sale(moment, self._goods(), method="cashondelivery")
        if at := self._later(moment, days=2):
            sale.invoice(at)
            sale.ship(at)

    def _free(self, moment: datetime) -> None:
        """Nothing to pay: everything given away, sent for free."""
        sale = self._sale(
            moment,
            [(self.catalogue.goods["Carte de souhaits"], 1)],
            coupon="CADEAU100",
            discount_percent=Decimal(100),
            method="free",
            shipping=Decimal(0),
            carrier="freeshipping_freeshipping",
        )
        self._finish(sale)

    def _gift_card(self, moment: datetime) -> None:
        self._finish(self._sale(moment, self._goods((1,)), gift_card=Decimal(20), method="stripe_payments"))

    def _surcharge(self, moment: datetime) -> None:
        """An extension added a fee that is in the total and in no field."""
        self._finish(self._sale(moment, self._goods((1,)), surcharge=Decimal("3.50"), method="stripe_payments"))

    def _partly(self, moment: datetime) -> None:
        """Two kinds ordered, one piece of each invoiced so far."""
        sale = self._sale(moment, [(good, 2) for good, _ in self._goods((2,))], method="stripe_payments")
        if at := self._later(moment, hours=2):
            sale.invoice(at, {0: 1, 1: 1})

    def _two_invoices(self, moment: datetime) -> None:
        basket = [(good, 3) for good, _ in self._goods((2,))]
        sale = self._sale(moment, basket, coupon="AUTOMNE10", discount_percent=Decimal(10))
        if at := self._later(moment, hours=2):
            sale.invoice(at, {0: 1, 1: 2})
        if at := self._later(moment, days=3):
            sale.invoice(at)
        if at := self._later(moment, days=4):
            sale.ship(at)

    def _partly_canceled(self, moment: datetime) -> None:
        sale = self._sale(moment, [(good, 2) for good, _ in self._goods((2,))], method="paypal_express")
        if at := self._later(moment, hours=1):
            sale.invoice(at, {0: 2})
        if sale.invoices and (at := self._later(moment, days=2)):
            sale.cancel(at)
            sale.ship(at)

    def _canceled(self, moment: datetime) -> None:
        sale = self._sale(moment, self._goods(), method="checkmo")
        if at := self._later(moment, days=2):
            sale.cancel(at)

    def _hold(self, moment: datetime) -> None:
        sale = self._sale(moment, self._goods(), method="banktransfer")
        if at := self._later(moment, hours=5):
            sale.hold(at)

    def _review(self, moment: datetime) -> None:
        sale = self._sale(moment, self._goods((1,)), method="paypal_express")
        sale.state = sale.status = "payment_review"

    def _custom_status(self, moment: datetime) -> None:
        """The merchant's own word for orders at work."""
        sale = self._pay(self._sale(moment, self._goods(), method="stripe_payments"))
        if sale.state == "processing":
            sale.status = "en_preparation"

    def _late_evening(self, moment: datetime) -> None:
        """Today in the shop, tomorrow in UTC."""
        self._finish(self._sale(moment, self._goods(), method="stripe_payments"))

    def _edited(self, moment: datetime) -> None:
        """Edited by the shop: the first order is cancelled, a second one carries its number with -1."""
        basket, buyer = self._goods(), self._customer()
        old = self._sale(moment, basket, buyer, method="checkmo")
        at = self._later(moment, seconds=90)
        if at is None:
            return
        old.cancel(at)
        number = f"{old.number}-1"
        new = self._sale(at, [*basket, *self._goods((1,))], buyer, number=number, method="checkmo")
        old.extra.update(relation_child_id=str(new.id), relation_child_real_id=number)
        new.extra.update(
            original_increment_id=old.number,
            edit_increment=1,
            relation_parent_id=str(old.id),
            relation_parent_real_id=old.number,
        )
        self._finish(new)

    def _refund_full(self, moment: datetime) -> None:
        online = self.dice.random() < 0.5
        method = "stripe_payments" if online else "checkmo"
        sale = self._finish(self._sale(moment, self._goods((1, 2)), method=method))
        if sale.invoices and (at := self._later(moment, days=9)):
            sale.refund(at, shipping=True, online=online)

    def _refund_part(self, moment: datetime) -> None:
        """One piece comes back, less a restocking fee."""
        basket = [(good, 2) for good, _ in self._goods((2,))]
        sale = self._finish(self._sale(moment, basket, method="stripe_payments"))
        if sale.invoices and (at := self._later(moment, days=11)):
            sale.refund(at, {0: 1}, withheld=Decimal(5), online=True)

    def _refund_adjustment(self, moment: datetime) -> None:
        """Money given back for no particular row."""
        sale = self._finish(self._sale(moment, self._goods(), method="paypal_express"))
        if sale.invoices and (at := self._later(moment, days=6)):
            sale.refund(at, {}, given=Decimal(15), online=True)
