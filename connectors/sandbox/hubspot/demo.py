"""World `demo`: people and wares that other stand-ins know too, the way a sales team writes them down.

Spelling, phone formats and addresses differ from the bookkeeper's; some are here twice, some only here, some nowhere.
Everything is invented, follows from one seed, and is placed in time before the present moment.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.hubspot import control, links, records
from connectors.sandbox.hubspot.account import PERSON, Account, Record
from connectors.sandbox.hubspot.links import End
from connectors.sandbox.hubspot.wire import property_moment
from connectors.sandbox.worlds import Person, people, plain, us_people

SEED = 53
DAY = 86_400_000
DAYS = 400
STRANGERS = 190
DEALS = 44
SERVICES = (
    "Conception sur mesure",
    "Installation",
    "Livraison locale",
    "Restauration de meuble",
    "Affûtage",
    "Consultation à domicile",
)
GOODS = (
    "Table d'érable",
    "Chaise berçante",
    "Étagère murale",
    "Tabouret de bar",
    "Planche à découper",
    "Coffre en cèdre",
    "Banc d'entrée",
    "Cadre de miroir",
    "Porte-manteau",
    "Bol tourné",
)
FINISHES = ("naturel", "noyer", "blanc", "noir", "miel")
ONLY_HERE = ("Forfait entretien annuel", "Garantie prolongée", "Atelier d'initiation", "Échantillons de bois")
SHORT_NAMES = {
    "Frédéric": "Fred",
    "Mathieu": "Mat",
    "Geneviève": "Gene",
    "Stéphane": "Steph",
    "Valérie": "Val",
    "Mélanie": "Mel",
    "Élodie": "Élo",
    "Maxime": "Max",
    "Jean-Sébastien": "J.-S.",
    "Marie-Ève": "Marie Eve",
    "Oliver": "Ollie",
    "Beatrice": "Bea",
}
STRANGE_GIVEN = (
    "Alix",
    "Camille",
    "Dominique",
    "Frédérique",
    "Maxence",
    "Sacha",
    "Morgane",
    "Éloi",
    "Rosalie",
    "Philémon",
)
STRANGE_FAMILY = (
    "Nullepart",
    "Personne",
    "Quiconque",
    "Sansadresse",
    "Trucmuche",
    "Untel",
    "Lambda",
    "Bidon-Fictif",
    "Chimère",
    "Inventé",
    "d'Ailleurs",
    "Mirage",
    "Prétexte",
    "Songe",
    "Supposé",
    "Tartempion",
    "Vague",
    "Zéro",
    "Brouillon",
)
STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent", "closedwon", "closedlost")


class Sales:
    """Plays what a sales team left in one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.world = account.world
        self.dice = random.Random(SEED + account.portal)
        self.now = self.world.now()
        self.contacts: list[Record] = []
        self.known: list[Record] = []  # contacts who are customers elsewhere too
        self.products: list[Record] = []
        self.deals: list[Record] = []

    # In time

    def _at(self, days_ago: float) -> None:
        """Move to that many days before the present, at a time of day of its own."""
        self.world.at = self.now - int(days_ago * DAY) - self.dice.randrange(60_000, 9 * 3_600_000)

    def _make(self, kind: str, properties: Document, *ends: End) -> Record:
        record = control.save(self.account, kind, {"properties": properties})
        for end in ends:
            self._link(End(kind, record.id), end)
        return record

    def _link(self, one: End, other: End) -> None:
        control.connect(self.account, one, other, (links.default_type(one.kind, other.kind),))

    # People

    def people(self, crowd: Sequence[Person], strangers: int) -> None:
        """Everybody, the oldest first."""
        addresses: set[str] = set()
        for at, person in enumerate(crowd):
            self._at(DAYS - at * DAYS * 0.8 / len(crowd))
            if at % 11 == 10 or person.email and person.email.lower() in addresses:
                continue  # only in the books; or one contact who stands for two customers there
            addresses.add(person.email.lower())
            contact = self._make("contacts", self._seen(at, person))
            self.contacts.append(contact)
            self.known.append(contact)
            if at % 45 == 7:
                self._second(at, person)
        for at in range(strangers):
            self._at(DAYS * 0.9 - at * DAYS * 0.85 / strangers)
            self.contacts.append(self._make("contacts", self._stranger(at)))

    def _seen(self, at: int, person: Person) -> Document:
        """A person as the sales team wrote them down."""
        given, family = person.given_name, person.family_name
        if at % 7 == 3:
            given = SHORT_NAMES.get(given, given)
        if at % 10 == 4:
            given, family = _bare(given), _bare(family)
        if at % 19 == 8:
            given, family = family, given
        found: Document = {
            "firstname": given,
            "lastname": family,
            "phone": _dialled(at, person.phone),
            "company": person.company,
            "address": person.street,
            "city": person.city,
            "state": person.region,
            "zip": person.postcode,
            "country": "Canada" if person.country == "CA" else "United States",
            "lifecyclestage": "customer" if at % 3 else "opportunity",
        }
        if at % 17 == 5:
            return found  # no address known
        found["email"] = person.email
        if person.email and at % 15 == 6:
            found["email"] = f"{plain(given)}.{plain(family)}{at}@perso.example"
            found["hs_additional_emails"] = person.email
        elif person.email and at % 29 == 12:
            found["email"] = f"{plain(family)}{at}@nouvelle.example"
        return found

    def _second(self, at: int, person: Person) -> None:
        """The same person once more, under another address."""
        found = {
            "firstname": person.given_name,
            "lastname": person.family_name,
            "email": f"{plain(person.given_name)}{at}@bureau.example",
            "mobilephone": _dialled(at + 1, person.phone),
            "city": person.city,
        }
        self.contacts.append(self._make("contacts", found))

    def _stranger(self, at: int) -> Document:
        given = STRANGE_GIVEN[at % len(STRANGE_GIVEN)]
        family = STRANGE_FAMILY[(at // len(STRANGE_GIVEN) + at) % len(STRANGE_FAMILY)]
        found: Document = {"firstname": given, "lastname": family, "lifecyclestage": "lead" if at % 2 else "subscriber"}
        if at % 9 != 4:
            found["email"] = f"{plain(given)}.{plain(family)}{at}@prospects.example"
        if at % 4 == 1:
            found["phone"] = f"(450) 555-01{at % 100:02d}"
        return found

    def merges(self, count: int) -> None:
        """Some who were here twice are one by now; both old ids lead to the one that is left."""
        for at in range(count):
            self._at(60 - at)
            keeper = self.known[20 + at * 9]
            given, family = keeper.values["firstname"], keeper.values["lastname"]
            email = f"{plain(given)}.{at}@ancienne.example"
            twin = self._make(
                "contacts", {"firstname": given, "lastname": family, "email": email, "fax": "514 555-0199"}
            )
            self._at(20 - at / 10)
            merged = records.merge(self.account, keeper.id, twin.id, PERSON)
            self.contacts[self.contacts.index(keeper)] = merged
            self.known[self.known.index(keeper)] = merged

    def archived(self, count: int) -> None:
        """Some are in the recycle bin: customers and strangers."""
        for at in range(count):
            self._at(15 - at / 2)
            source = self.known if at % 2 else self.contacts
            contact = source[-1 - at * 7]
            records.archive(self.account, "contacts", contact, PERSON)

    def companies(self, count: int) -> None:
        named = [contact for contact in self.known if contact.values.get("company")][:count]
        for contact in named:
            self._at(200)
            company = {
                "name": contact.values["company"],
                "city": contact.values["city"],
                "phone": contact.values["phone"],
            }
            self._make("companies", company, End("contacts", contact.id))

    # Wares

    def wares(self) -> None:
        """What the books know by the same SKU, some of it under another name, and a few things only here."""
        self._at(DAYS + 5)
        for at, name in enumerate(SERVICES):
            self._ware({"name": name, "hs_sku": f"SRV-{at + 1:02d}", "hs_product_type": "service"}, 45, 120)
        for at, name in enumerate(GOODS):
            for finish, word in enumerate(FINISHES):
                sku = f"{plain(name)[:4].upper()}-{at + 1:02d}{finish + 1}"
                shown = f"{name} ({word})" if (at + finish) % 6 else f"{_bare(name)} - {word}"
                self._ware({"name": shown, "hs_sku": sku, "description": f"{name}, {word}"}, 18, 640)
        for name in ("Emballage cadeau", "Carte de souhaits"):
            self._ware({"name": name}, 4, 9)
        for at, name in enumerate(ONLY_HERE):
            more = {"recurringbillingfrequency": "annually", "hs_recurring_billing_period": "P12M"} if at == 0 else {}
            self._ware({"name": name, "hs_sku": f"HS-{at + 1:02d}", **more}, 40, 300)
        tiers = {
            "hs_pricing_model": "volume",
            "hs_tier_ranges": '[{"start":1,"end":9},{"start":10}]',
            "hs_tier_prices": '["12.00","9.50"]',
        }
        self._ware({"name": "Vis à bois (lot)", "hs_sku": "HS-90", **tiers}, 10, 14)
        gone = self._ware({"name": "Lampe retirée", "hs_sku": "HS-99"}, 30, 60)
        self._at(90)
        records.archive(self.account, "products", gone, PERSON)
        self.products.remove(gone)

    def _ware(self, properties: Document, low: int, high: int) -> Record:
        price = Decimal(self.dice.randrange(low * 100, high * 100, 5)) / 100
        cost = (price * Decimal("0.45")).quantize(Decimal("0.01"))
        given = {**properties, "price": f"{price:.2f}", "hs_cost_of_goods_sold": str(cost)}
        product = self._make("products", given)
        self.products.append(product)
        return product

    # Deals, invoices, payments

    def deals_of(self, count: int) -> None:
        for at in range(count):
            contact = self._live(self.known)[at * 5 % len(self._live(self.known))]
            days = DAYS * 0.7 - at * DAYS * 0.68 / count
            self._at(days)
            stage = STAGES[at % len(STAGES)]
            name = f"{contact.values.get('company') or contact.values['lastname']} - {GOODS[at % len(GOODS)]}"
            given = {
                "dealname": name,
                "dealstage": stage,
                "amount": f"{self.dice.randrange(200, 9000)}.00",
                "deal_currency_code": self.account.currency,
                "closedate": property_moment(self.now - int((days - 30) * DAY)),
            }
            deal = self._make("deals", given, End("contacts", contact.id))
            self.deals.append(deal)
            if at % 4 == 0:
                self._lines(End("deals", deal.id), 2)

    def _live(self, contacts: Sequence[Record]) -> list[Record]:
        return [contact for contact in contacts if contact.archived is None]

    def _lines(self, parent: End, count: int) -> None:
        for _ in range(count):
            product = self.dice.choice(self.products)
            given = {
                "hs_product_id": product.id,
                "quantity": str(self.dice.choice((1, 1, 1, 2, 3))),
                "hs_line_item_currency_code": self.account.currency,
            }
            if self.dice.random() < 0.1:
                given["hs_discount_percentage"] = "10"
            self._make("line_items", given, parent)

    def invoices(self, made_here: int, synced: int, older: int) -> None:
        """Invoices of the three sources; who has which decides who goes over to the books."""
        live = self._live(self.known)
        third = len(live) // 3
        for at in range(made_here):
            contact = live[self.dice.randrange(third)]
            self._invoice(at, contact, "HUBSPOT", "true", ("open", "open", "open", "draft", "voided")[at % 5])
        for at in range(synced):
            contact = live[third + self.dice.randrange(third)]
            self._invoice(at, contact, "data_sync", "false", "open" if at % 3 else "paid")
        for at in range(older):
            contact = live[third + self.dice.randrange(third)]
            self._invoice(at, contact, "QUICKBOOKS_INTEGRATION", "false", "paid")

    def _invoice(self, at: int, contact: Record, source: str, billable: str, status: str) -> None:
        days = DAYS * 0.6 - at * 2.4
        self._at(max(days, 0.5))
        number = f"INV-{self.account.number('invoice', 1001)}"
        if billable == "false":
            number = str(self.account.number("foreign invoice", 20_001))
        given = {
            "hs_currency": self.account.currency,
            "hs_invoice_status": "draft",
            "hs_invoice_billable": billable,
            "hs_number": number,
            "hs_title": f"Facture {number}",
            "hs_invoice_date": property_moment(self.account.now() // DAY * DAY),
            "hs_due_date": property_moment(self.account.now() // DAY * DAY + 30 * DAY),
            "hs_invoice_source": source,
        }
        ends = [End("contacts", contact.id)]
        deals = list(links.linked(self.account, ends[0], "deals"))
        if deals and at % 2 == 0:
            ends.append(End("deals", deals[0]))
        invoice = self._make("invoices", given, *ends)
        self._lines(End("invoices", invoice.id), self.dice.choice((1, 1, 2, 2, 3, 4)))
        control.save(self.account, "invoices", {"id": invoice.id, "properties": {"hs_invoice_status": status}})
        if source == "HUBSPOT" and status == "open" and at % 4 and self.account.payments:
            self._at(max(days - 12, 0.2))
            part = {"amount": str(Decimal(invoice.values["hs_balance_due"]) / 2)} if at % 12 == 3 else {}
            payment = control.pay(self.account, invoice.id, {"method": "card", "reference": f"R{at + 100}", **part})
            if at % 5 == 2:
                control.save(
                    self.account,
                    "commerce_payments",
                    {"id": payment.id, "properties": {"hs_processor_type": "hs_payments"}},
                )

    def payments_alone(self, count: int) -> None:
        """Payments nobody made an invoice for: they make a customer of a contact all the same."""
        live = self._live(self.known)
        for at in range(count):
            self._at(40 - at * 2)
            contact = live[len(live) - 1 - at * 4]
            given = {
                "hs_initial_amount": f"{self.dice.randrange(20, 400)}.00",
                "hs_initiated_date": property_moment(self.account.now()),
                "hs_currency_code": self.account.currency,
                "hs_latest_status": "succeeded",
                "hs_payment_method_type": "card",
                "hs_processor_type": "byo_stripe",
                "hs_customer_email": contact.values.get("email", ""),
            }
            self._make("commerce_payments", given, End("contacts", contact.id))

    def notes(self) -> None:
        for at, deal in enumerate(self.deals[::3]):
            self._at(30 - at)
            stamp = property_moment(self.account.now())
            note = {"hs_timestamp": stamp, "hs_note_body": "<p>Rappeler pour la livraison.</p>"}
            self._make("notes", note, End("deals", deal.id))


def _bare(text: str) -> str:
    """Accents taken off, capitals and hyphens kept: what a keyboard without them gives."""
    return "".join(_letters(text))


def _letters(text: str) -> Iterator[str]:
    for letter in text:
        bare = plain(letter)
        yield (bare.upper() if letter.isupper() else bare) or letter


def _dialled(at: int, phone: str) -> str:
    """A phone number the way this one wrote it."""
    area, rest = phone.split(" ")
    first, last = rest.split("-")
    forms = (phone, f"({area}) {rest}", f"+1{area}{first}{last}", f"{area}.{first}.{last}", f"1-{area}-{rest}")
    return forms[at % len(forms)]


def play(account: Account, size: str) -> None:
    """Fill an account: `full` for the one beside the demo company's books, `small` for the others."""
    sales = Sales(account)
    try:
        if size == "full":
            sales.people(people(), STRANGERS)
            sales.companies(20)
            sales.wares()
            sales.merges(5)
            sales.archived(8)
            sales.deals_of(DEALS)
            sales.invoices(80, 35, 20)
            sales.payments_alone(12)
        elif size == "american":
            sales.people(us_people(), 20)
        else:
            sales.people(people()[:40], 10)
            sales.wares()
            sales.deals_of(6)
            sales.invoices(8, 4, 2)
        sales.notes()
    finally:
        account.world.at = None
