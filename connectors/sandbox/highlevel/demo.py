"""World `demo`: people the books know too, as a sales team keeps them, and half a year of what they bought.

Some have no e-mail here, some another one than in the books, some are here twice, some never bought anything.
Everything is invented, follows from one seed, and is placed in time before the present moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.highlevel import control, payments
from connectors.sandbox.highlevel.place import Location
from connectors.sandbox.worlds import Person, people, plain, us_people

SEED = 71
DAYS = 180
TPS: Document = {"_id": "64a0c0ffee000000000000a5", "name": "TPS", "rate": 5, "calculation": "exclusive"}
TVQ: Document = {"_id": "64a0c0ffee000000000000a9", "name": "TVQ", "rate": Decimal("9.975"), "calculation": "exclusive"}
SALES_TAX: Document = {"_id": "64a0c0ffee000000000000b6", "name": "VT sales tax", "rate": 6, "calculation": "exclusive"}
STRANGE_GIVEN = ("Alix", "Camille", "Dominique", "Maxence", "Sacha", "Morgane", "Rosalie", "Philémon", "Éloi", "Ondine")
STRANGE_FAMILY = ("Nullepart", "Quiconque", "Trucmuche", "Chimère", "Tartempion", "Brouillon")


@dataclass(frozen=True, slots=True)
class Ware:
    """Something sold: as the books name it, with its price and whether it renews."""

    name: str
    sku: str
    amount: Decimal
    kind: str = "PHYSICAL"
    renews: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How much a location holds."""

    persons: Callable[[], tuple[Person, ...]]
    customers: int  # so many of the people the books know
    others: int  # and so many of those the books do not know
    strangers: int
    invoices: int
    purchases: int
    members: int
    taxes: tuple[Document, ...]
    wares: tuple[Ware, ...]


FRENCH = (
    Ware("Table d'érable", "MEU-0101", Decimal("849.00")),
    Ware("Chaise berçante", "MEU-0201", Decimal("389.00")),
    Ware("Planche à découper", "MEU-0501", Decimal("64.50")),
    Ware("Installation", "SRV-02", Decimal("95.00"), "SERVICE"),
    Ware("Livraison locale", "SRV-03", Decimal("45.00"), "SERVICE"),
    Ware("Consultation à domicile", "SRV-06", Decimal("75.00"), "SERVICE"),
    Ware("Atelier d'initiation", "CRM-01", Decimal("120.00"), "SERVICE"),
    Ware("Club des bricoleurs", "CRM-02", Decimal("29.95"), "DIGITAL", renews=True),
    Ware("Cours en ligne\u00a0: finition", "CRM-03", Decimal("149.99"), "DIGITAL"),
)
ENGLISH = (
    Ware("Garden design", "SRV-01", Decimal("180.00"), "SERVICE"),
    Ware("Spring clean-up", "SRV-02", Decimal("95.00"), "SERVICE"),
    Ware("Trowel", "GAR-0201", Decimal("14.25")),
    Ware("Raised bed", "GAR-0301", Decimal("129.00")),
    Ware("Gardeners' circle", "CRM-02", Decimal("19.00"), "DIGITAL", renews=True),
    Ware("Online course: compost", "CRM-03", Decimal("59.00"), "DIGITAL"),
)
PLANS = {
    "full": Plan(people, 240, 12, 60, 130, 84, 9, (TPS, TVQ), FRENCH),
    "american": Plan(us_people, 40, 0, 6, 24, 16, 2, (SALES_TAX,), ENGLISH),
}
KINDS = ("order_form", "checkout", "calendar", "order_form", "calendar", "checkout", "store", "payment_link")


def play(location: Location, size: str) -> None:
    """Fill a location."""
    Business(location, PLANS[size]).play()


class Business:
    """Plays what happened in one location, from the oldest day to the newest."""

    def __init__(self, location: Location, plan: Plan) -> None:
        self.location, self.plan = location, plan
        self.world = location.world
        self.now = self.world.now().replace(second=0, microsecond=0)
        self.dice = random.Random(f"{SEED} {location.id}")
        self.buyers: list[str] = []
        self.wares: dict[str, tuple[str, str]] = {}
        self._story: list[tuple[datetime, int, Callable[[], object]]] = []

    def play(self) -> None:
        self._products()
        self._contacts()
        for at in range(self.plan.invoices):
            self._invoice(at)
        for at in range(self.plan.purchases):
            self._purchase(at)
        for at in range(self.plan.members):
            self._membership(at)
        for when, _, happens in sorted(self._story, key=lambda event: event[:2]):
            self.world.at = when
            happens()
        self.world.at = None

    def _later(self, when: datetime, happens: Callable[[], object]) -> None:
        """Let something happen, unless it is still to come."""
        if when < self.now:
            self._story.append((when, len(self._story), happens))

    def _ago(self, days: float) -> datetime:
        """That many days before the present, at a time of day of its own."""
        return self.now - timedelta(days=days, seconds=self.dice.randrange(60, 8 * 3600))

    def _load(self, resource: str, document: Document) -> Document:
        return control.load(self.location, resource, document)

    # Who and what

    def _products(self) -> None:
        self.world.at = self._ago(DAYS + 60)
        for ware in self.plan.wares:
            product = self._load("products", {
                "name": ware.name, "description": None, "productType": ware.kind, "availableInStore": True,
                "isTaxesEnabled": True, "taxes": [tax["_id"] for tax in self.plan.taxes],
            })  # fmt: skip
            price = self._load("prices", {
                "product": product["_id"], "name": ware.name, "type": "recurring" if ware.renews else "one_time",
                "currency": self.location.currency, "amount": ware.amount, "sku": ware.sku,
            })  # fmt: skip
            self.wares[ware.name] = (product["_id"], price["_id"])

    def _contacts(self) -> None:
        persons = self.plan.persons()
        known = persons[: self.plan.customers]
        # The books stop before the last ones: these are known here only.
        chosen = [*known, *(persons[-self.plan.others :] if self.plan.others else ())]
        for at, person in enumerate(chosen):
            self.world.at = self._ago(DAYS + 30 - at * DAYS / (2 * len(chosen)))
            contact = self._load("contacts", self._person(at, person))
            self.buyers.append(contact["id"])
            if at % 47 == 46:
                again = {"firstName": person.given_name, "lastName": person.family_name, "email": person.email or None}
                self._load("contacts", {**again, "source": "form", "tags": ["formulaire"]})
        for at in range(self.plan.strangers):
            self.world.at = self._ago(DAYS - at * DAYS / (self.plan.strangers + 1))
            given = STRANGE_GIVEN[at % len(STRANGE_GIVEN)]
            family = STRANGE_FAMILY[at // len(STRANGE_GIVEN) % len(STRANGE_FAMILY)]
            mail = None if at % 9 == 4 else f"{plain(given)}.{plain(family)}@prospect.example"
            stranger = {"firstName": given, "lastName": family, "email": mail, "country": self.location.country}
            self._load("contacts", {**stranger, "tags": ["prospect"], "source": "landing page"})

    def _person(self, at: int, person: Person) -> Document:
        """As the sales team wrote it down: with an address missing, another one, or one in capitals now and then."""
        mail: str | None = person.email or None
        if at % 19 == 11:
            mail = None
        elif at % 13 == 5:
            mail = f"{plain(person.given_name)}.{plain(person.family_name)}@perso.example"
        elif at % 17 == 2 and mail:
            mail = mail.upper()
        return {
            "firstName": person.given_name,
            "lastName": person.family_name,
            "email": mail,
            "phone": f"+1{''.join(letter for letter in person.phone if letter.isdecimal())}",
            "companyName": person.company or None,
            "address1": person.street,
            "city": person.city,
            "state": person.region,
            "postalCode": person.postcode,
            "country": person.country,
            "tags": ["client"] if at % 3 else ["client", "vip"],
            "source": ("form", "manual", "import")[at % 3],
        }

    def _line(self, ware: Ware, quantity: int, taxes: Sequence[Document]) -> Document:
        product, price = self.wares[ware.name]
        line = {"name": ware.name, "amount": ware.amount, "qty": quantity, "taxes": list(taxes)}
        return {**line, "productId": product, "priceId": price, "currency": self.location.currency}

    def _lines(self, count: int, taxes: Sequence[Document]) -> list[Document]:
        once = [ware for ware in self.plan.wares if not ware.renews]
        return [self._line(ware, self.dice.randrange(1, 4), taxes) for ware in self.dice.sample(once, count)]

    # What happened

    def _invoice(self, at: int) -> None:
        """One invoice in ten stays a draft; of the others most are paid, some in part, some not, a few void."""
        made = self._ago(DAYS - at * (DAYS - 1) / self.plan.invoices)
        sent = made + timedelta(hours=self.dice.randrange(1, 30))
        settled = sent + timedelta(days=self.dice.randrange(2, 35))
        id = self.location.long_id()
        buyer = self.buyers[at * 5 % len(self.buyers)]
        taxes = () if at % 12 == 7 else self.plan.taxes
        day = made.astimezone(self.location.zone).date()
        document: Document = {
            "_id": id,
            "contact": buyer,
            "name": f"Facture {at + 1}" if self.location.country == "CA" else f"Invoice {at + 1}",
            "items": self._lines(1 + at % 3, taxes),
            "discount": self._discount(at),
            "issueDate": day.isoformat(),
            "dueDate": (day + timedelta(days=30)).isoformat(),
            "liveMode": at % 41 != 20,
        }
        self._later(made, lambda: self._load("invoices", document))
        if at % 10 == 3:
            return
        self._later(sent, lambda: self._load("invoices", {"_id": id, "send": True}))
        if at % 21 == 8:
            self._later(settled, lambda: self._load("invoices", {"_id": id, "void": True}))
        elif at % 7 == 5:
            part = {"_id": id, "pay": Decimal("50.00"), "provider": "manual", "mode": "cheque"}
            self._later(settled, lambda: self._load("invoices", part))
        elif at % 5 != 1:
            self._later(settled, lambda: self._load("invoices", {"_id": id, "pay": True}))
        if at % 33 == 13:
            self._later(settled + timedelta(days=1), lambda: self._load("invoices", {"_id": id, "deleted": True}))

    def _discount(self, at: int) -> Document:
        if at % 8 == 2:
            return {"type": "percentage", "value": 10}
        return {"type": "fixed", "value": 25 if at % 15 == 4 else 0}

    def _purchase(self, at: int) -> None:
        """A purchase; some failed, some were given back, some the vendor's own books integration posted already."""
        kind = KINDS[at % len(KINDS)]
        count = 1 if kind == "calendar" else 1 + at % 2
        told: Document = {
            "kind": kind,
            "contact": self.buyers[at * 7 % len(self.buyers)],
            "items": self._lines(count, () if at % 11 == 6 else self.plan.taxes),
            "liveMode": at % 40 != 25,
            "status": "failed" if at % 27 == 13 else "succeeded",
            "qboSynced": at % 31 == 17,
        }
        if at % 9 == 4:
            told |= {"discount": {"type": "percentage", "value": 10}, "coupon": "AUTOMNE10"}
        when = self._ago(DAYS - 2 - at * (DAYS - 3) / self.plan.purchases)
        made: list[str] = []
        self._later(
            when, lambda: made.append(payments.sell(self.location, self._buyer(told), told, when)["transaction"])
        )
        if at % 17 == 9:
            back = Decimal("20.00")
            self._later(when + timedelta(days=6), lambda: payments.refund(self.location, made[0], back))

    def _buyer(self, told: Document) -> Document:
        return self.location.contacts[told["contact"]]

    def _membership(self, at: int) -> None:
        """A subscription with its monthly renewals."""
        ware = next(ware for ware in self.plan.wares if ware.renews)
        buyer = self.buyers[(at * 11 + 3) % len(self.buyers)]
        told = {"kind": "subscription", "contact": buyer, "items": [self._line(ware, 1, self.plan.taxes)]}
        first = self._ago(DAYS - 5 - at * 14)
        made: list[str] = []
        self._later(
            first, lambda: made.append(payments.sell(self.location, self._buyer(told), told, first)["subscription"])
        )
        for month in range(1, 1 + DAYS // 30):
            self._later(*self._renewal(made, first + timedelta(days=30 * month)))

    def _renewal(self, made: list[str], when: datetime) -> tuple[datetime, Callable[[], object]]:
        return when, lambda: payments.renew(self.location, made[0], when)
