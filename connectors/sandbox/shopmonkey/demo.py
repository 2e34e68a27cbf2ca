"""World `demo`: eight months of an invented garage, with every case that makes books hard.

Walk-ins and fleets, estimates that stay estimates, deposits, declined work, discounts of lines and of services, fixed
prices, fees by percent, refunds, transfers, payments for several orders at once, invoices opened again after they were
paid, history of an older system. Everything follows from one seed and lies before the present moment.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.garage import PARTS, TIRES, Ware, customers
from connectors.sandbox.shopmonkey import orders, people
from connectors.sandbox.shopmonkey.shop import Company
from connectors.sandbox.shopmonkey.wire import NO_DATE, moment
from connectors.sandbox.worlds import Person, plain, us_people

SEED = 83
DAYS = 240
TOGETHER = (300, 302, 307)  # invoices of one fleet that one cheque pays
WASTE_TIRE = 450  # cents for each tire
CARS = (
    (2014, "Honda", "Civic"), (2017, "Toyota", "RAV4"), (2019, "Mazda", "3"), (2021, "Hyundai", "Kona"),
    (2012, "Ford", "F-150"), (2016, "Subaru", "Outback"), (2023, "Kia", "Niro"), (2010, "Dodge", "Grand Caravan"),
)  # fmt: skip
LABORS = (
    ("Vidange d'huile", "0.5"), ("Freins avant", "1.8"), ("Pose de pneus", "1.2"), ("Diagnostic", "1"),
    ("Suspension", "2.75"), ("Mise au point", "1.4"),
)  # fmt: skip
FEES = (("Élimination des huiles usées", 395), ("Frais d'entreposage de pneus", 7500), ("Remorquage", 9500))
ENGLISH = {
    "Vidange d'huile": "Oil change",
    "Freins avant": "Front brakes",
    "Pose de pneus": "Tire mounting",
    "Diagnostic": "Diagnostics",
    "Suspension": "Suspension",
    "Mise au point": "Tune-up",
    "Élimination des huiles usées": "Waste oil disposal",
    "Frais d'entreposage de pneus": "Tire storage",
    "Remorquage": "Towing",
    "Géométrie quatre roues": "Four-wheel alignment",
    "Géométrie": "Alignment",
    "Moteur": "Engine",
    "Frais d'atelier": "Shop fee",
    "Essuie-glaces": "Wipers",
    "Courroie de distribution": "Timing belt",
    "Pneus": "Tires",
    "Ajout": "Extra",
    "Pièce retirée": "Retired part",
    **{ware.name: ware.english for ware in (*PARTS, *TIRES)},
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much a company holds."""

    persons: tuple[Person, ...]
    orders: int
    rate: int  # cents an hour
    is_english: bool = False


def play(company: Company, size: str, now: datetime) -> None:
    """Fill a company; `now` is where the story ends."""
    plan = Plan(customers(), 336, 11800) if size == "garage" else Plan(us_people()[20:50], 28, 12500, is_english=True)
    Garage(company, plan, now).play()


class Garage:
    """Plays what happened in one company, from the oldest order to the newest."""

    def __init__(self, company: Company, plan: Plan, now: datetime) -> None:
        self.company, self.plan, self.now = company, plan, now
        self.dice = random.Random(f"{SEED} {company.id}")  # noqa: S311 - invention, not secrecy
        self.places = list(company["locations"])
        self.buyers: list[str] = []
        self.cars: dict[str, str] = {}
        self.stock: dict[tuple[str, str], str] = {}
        self.paid: list[str] = []

    def play(self) -> None:
        self._inventory()
        self._people()
        for at in range(self.plan.orders):
            self._order(at)
        self._together()

    def _say(self, name: str) -> str:
        """A name in the language of the company."""
        return ENGLISH[name] if self.plan.is_english else name

    def _at(self, when: datetime) -> datetime:
        """Go to a moment of the story; nothing happens after the present."""
        self.company.world.at = min(when, self.now - timedelta(minutes=7))
        return self.company.world.at

    # What there is to sell

    def _inventory(self) -> None:
        self._at(self.now - timedelta(days=DAYS + 40))
        for place in self.places:
            for at, ware in enumerate(PARTS):
                if place == self.places[0] or at % 2 == 0:
                    self._part(place, at, ware)
            for at, ware in enumerate(TIRES):
                row = {
                    **self._priced(ware),
                    "partNumber": ware.number,
                    "quantity": 4 * (at + 1),
                    "locationId": place,
                    "wasteTireFeeCents": WASTE_TIRE,
                    "size": ware.name.rpartition(" ")[2],
                    "taxable": True,
                }
                self._keep("inventory_tires", ware.number, row)
        for name, hours in LABORS:
            row = {
                "name": self._say(name),
                "hours": Decimal(hours),
                "rateCents": self.plan.rate,
                "multiplier": 1,
                "taxable": True,
            }
            self._keep("inventory_labors", name, row)
        for name, amount in FEES:
            self._keep("inventory_fees", name, {"name": self._say(name), "amountCents": amount})
        for number in ("VX-0001", "VX-0002"):
            gone = {"name": self._say("Pièce retirée"), "number": number, "retailCostCents": 100, "deleted": True}
            self._keep("inventory_parts", number, gone | {"deletedDate": self.company.world.stamp()})

    def _part(self, place: str, at: int, ware: Ware) -> None:
        count = Decimal(self.dice.randrange(4, 120)) / (2 if ware.number.startswith("HU-200") else 1)
        low = 2 if at % 3 else None
        row = {
            **self._priced(ware),
            "number": ware.number,
            "quantity": count,
            "taxable": True,
            "locationId": place,
            "minCriticalQuantity": low,
            "availableQuantity": count,
            "reservedQuantity": 0,
        }
        self._keep("inventory_parts", ware.number, row)

    def _priced(self, ware: Ware) -> Document:
        return {"name": self._say(ware.name), "retailCostCents": ware.retail, "wholesaleCostCents": ware.cost}

    def _keep(self, table: str, number: str, row: Document) -> None:
        made = self.company.put(table, self.company.fill(table, row))
        self.stock[made["locationId"], number] = made["id"]

    # Who buys

    def _people(self) -> None:
        """Most are in the books too; some here have another address, none, two, or are here twice."""
        for at, person in enumerate(self.plan.persons):
            self._at(self.now - timedelta(days=DAYS + 30 - at * DAYS // (2 * len(self.plan.persons))))
            self._person(at, person)
            if at % 29 == 11:
                self._person(at, person, again=True)
        for row in list(self.company["customers"].values())[-2:]:
            self.company.edit("customers", row["id"], deleted=True)

    def _person(self, at: int, person: Person, *, again: bool = False) -> None:
        mail = person.email
        if at % 13 == 5 and mail:
            mail = f"{plain(person.given_name)}.{at}@autre.example"
        addresses = [{"email": mail.upper() if at % 17 == 2 else mail, "primary": True}] if mail else []
        if at % 19 == 7 and mail:
            addresses.append({"email": f"comptes.{at}@courriel.example", "primary": False})
        number = f"+1{''.join(letter for letter in person.phone if letter.isdecimal())}"
        row = people.add(
            self.company,
            {
                "id": self.company.old_id() if at % 23 == 3 else None,
                "customerType": "Fleet" if person.company else "Customer",
                "companyName": person.company or None,
                "firstName": person.given_name if not again else person.given_name[:1] + ".",
                "lastName": person.family_name,
                "address1": person.street,
                "city": person.city,
                "state": person.region,
                "postalCode": person.postcode,
                "country": person.country,
                "taxExempt": at % 40 == 21,
                "paymentTermId": list(self.company["payment_terms"])[-1] if person.company else None,
                "emails": addresses if not again else [],
                "phoneNumbers": [{"number": number, "primary": True, "type": "Mobile"}] if at % 11 else [],
                "locationIds": [self.places[at % 5 == 4 and len(self.places) > 1]],
                "lastTimeOrderWorked": NO_DATE if at % 31 == 4 else None,
            },
        )
        self.buyers.append(row["id"])
        year, make, model = CARS[at % len(CARS)]
        car = {"customerId": row["id"], "year": year, "make": make, "model": model, "licensePlate": f"F{at:03d} XYZ"}
        self.cars[row["id"]] = self.company.put("vehicles", self.company.fill("vehicles", car))["id"]

    # What was done

    def _order(self, at: int) -> None:
        made = self._at(self.now - timedelta(days=DAYS, hours=-3) + timedelta(days=at * (DAYS - 1) / self.plan.orders))
        place = self.places[1] if len(self.places) > 1 and at % 5 == 3 else self.places[0]
        buyer = None if at % 27 == 14 else self.buyers[at * 7 % len(self.buyers)]
        if at in TOGETHER:
            buyer = next(one["id"] for one in self.company["customers"].values() if one["customerType"] == "Fleet")
        told: Document = {
            "locationId": place,
            "customerId": buyer,
            "vehicleId": self.cars.get(buyer or ""),
            "services": self._services(at, place),
            "purchaseOrderNumber": f"PO-{at:04d}" if at % 16 == 9 else None,
            "dueDate": NO_DATE if at % 12 == 6 else None,
            "surchargingEnabled": at % 44 == 19,
        }
        if place != self.places[0]:
            told["number"] = f"OT-{2000 + at}"
        if at < self.plan.orders // 28:  # brought over from an older system: read only, never to be sent
            told |= {"id": self.company.old_id(), "readOnly": True, "readOnlyReason": "Migrated", "imported": True}
        id = orders.add(self.company, told)["id"]
        if buyer is not None and at % 6 == 0:
            car = self.company["vehicles"][self.cars[buyer]]
            name = f"{car['year']} {car['make']} {car['model']}"
            self.company.put("orders", {**self.company["orders"][id], "generatedVehicleName": name})
        self._life(at, id, made)

    def _life(self, at: int, id: str, made: datetime) -> None:
        """Of twelve orders one stays an estimate or a repair order; of the invoices most are paid."""
        company = self.company
        if at % 24 == 5:
            if at % 48 == 5:
                self._at(made + timedelta(days=20))
                company.edit("orders", id, archived=True)
            return
        self._at(made + timedelta(hours=2))
        orders.authorize(company, id)
        total = company["orders"][id]["totalCostCents"]
        if at % 22 == 8:
            company.edit("orders", id, requestedDepositCents=5000)
            orders.pay(company, {"orderId": id, "amountCents": min(5000, total), "deposit": True, **self._means(at)})
        if at % 36 == 20:
            return
        if at % 60 == 33:
            self._at(made + timedelta(days=1))
            orders.remove(company, id)
            return
        done = self._at(made + timedelta(hours=26))
        orders.invoice(company, id)
        self._settle(at, id, done)

    def _settle(self, at: int, id: str, done: datetime) -> None:
        company = self.company
        self._at(done + timedelta(hours=self.dice.choice((0, 0, 1, 30, 200))))
        order = company["orders"][id]
        if order["surchargingEnabled"]:
            fee = round(order["totalCostCents"] * 24 / 1000)
            orders.refresh(
                company, id, transactionalFeeSubtotalCents=order["totalCostCents"], transactionalFeeTotalCents=fee
            )
        if at % 9 == 4 or at in TOGETHER or order["remainingCostCents"] <= 0:
            return
        if at % 53 == 26:
            orders.pay(
                company,
                {
                    "orderId": id,
                    "status": "processing",
                    "paymentType": "Card",
                    "paymentMode": "Online",
                    "provider": "Stripe",
                    "cardType": "Visa",
                    "cardDigits": "4242",
                },
            )
            return
        amount = order["remainingCostCents"] * 2 // 5 if at % 17 == 9 else None
        charge = orders.pay(company, {"orderId": id, "amountCents": amount, **self._means(at)})
        self.paid.append(charge["id"])
        self._afterwards(at, id, charge, done)

    def _afterwards(self, at: int, id: str, charge: Document, done: datetime) -> None:
        company = self.company
        later = self._at(done + timedelta(days=9))
        if at % 25 == 12:
            orders.refund(company, charge["id"], min(2500, charge["amountCents"]))
        elif at % 49 == 30:
            orders.refund(company, charge["id"])
        elif at % 41 == 17:  # opened again, changed, invoiced again: the books are out of date
            orders.estimate(company, id)
            service = company.services_of(id)[0]
            self._at(later + timedelta(hours=1))
            extra = {"name": self._say("Ajout"), "hours": Decimal("0.25"), "rateCents": self.plan.rate, "taxable": True}
            orders.put_service(company, {"id": service["id"], "labors": [*service["labors"], extra]})
            orders.invoice(company, id)
        elif at % 83 == 44:
            orders.estimate(company, id)
        elif at % 97 == 60 and len(self.paid) > 1:
            orders.transfer(company, charge["id"], company["payments"][self.paid[-2]]["orderId"], 1500)

    def _together(self) -> None:
        """One cheque of a fleet for several invoices: a payment for each, with the statement's number."""
        self._at(self.now - timedelta(days=3))
        made = list(self.company["orders"].values())
        statement = self.company.new_id()
        for order in [made[at] for at in TOGETHER if at < len(made) and _is_due(made[at])]:
            orders.pay(
                self.company,
                {
                    "orderId": order["id"],
                    "bulk": True,
                    "statementId": statement,
                    "paymentType": "Check",
                    "checkNumber": "3301",
                },
            )
            self.company.edit("orders", order["id"], statementId=statement)

    def _means(self, at: int) -> Document:
        card: Document = {"paymentType": "Card", "cardType": "Visa", "cardDigits": "4242"}
        return (
            {**card, "paymentMode": "InPerson", "provider": "Stripe"},
            {**card, "paymentMode": "InPerson", "provider": "Stripe", "cardType": "MasterCard", "cardDigits": "4444"},
            {"paymentType": "Cash"},
            {"paymentType": "Check", "checkNumber": str(2000 + at)},
            {**card, "paymentMode": "Online", "provider": "Stripe"},
            {"paymentType": "Other", "note": "Interac"},
        )[at % 6]

    # Services

    def _services(self, at: int, place: str) -> list[Document]:
        found = [self._main(at, place)]
        if at % 4 == 1:
            found.append(self._small(at, place))
        if at % 10 == 7:
            found.append(self._declined())
        return found

    def _main(self, at: int, place: str) -> Document:
        kind = at % 7
        if kind == 0:
            return self._tires(at, place)
        if kind == 1:
            subs = [
                {
                    "name": self._say("Géométrie quatre roues"),
                    "retailCostCents": 12995,
                    "costCents": 8000,
                    "taxable": True,
                }
            ]
            return {"name": self._say("Géométrie"), "subcontracts": subs, "labors": [self._labor(3)]}
        if kind == 2:
            lines = [self._labor(1), {**self._labor(4), "multiplier": Decimal("1.25")}]
            parts = [self._line(0, 1, place), self._line(2, 2, place)]
            return {"name": self._say("Freins avant"), "labors": lines, "parts": parts, **self._off(at)}
        if kind == 3:
            return {"name": self._say("Diagnostic"), "labors": [self._labor(3)], "fees": [self._fee(at)]}
        if kind == 4:
            parts = [self._line(11, 4, place), self._line(12, 1, place)]
            fixed = {"pricing": "FixedPrice", "fixedPriceCents": 34900} if at % 14 == 4 else {"lumpSum": at % 3 == 0}
            return {"name": self._say("Mise au point"), "labors": [self._labor(5)], "parts": parts, **fixed}
        if kind == 5:
            parts = [self._line(18, 2, place), self._line(20, 1, place)]
            if at % 35 == 12:  # so long that shop supplies stop at their cap
                parts.append(self._line(23, 1, place))
                return {"name": self._say("Moteur"), "labors": [{**self._labor(4), "hours": 9}], "parts": parts}
            share: Document = {
                "feeType": "PercentService",
                "percent": Decimal("2.5"),
                "name": self._say("Frais d'atelier"),
            }
            return {"name": self._say("Suspension"), "labors": [self._labor(4)], "parts": parts, "fees": [share]}
        return {**self._oil(place), **self._off(at)}

    def _oil(self, place: str) -> Document:
        used = {"name": self._say(FEES[0][0]), "amountCents": FEES[0][1]}
        parts = [self._line(5, Decimal("4.4"), place), self._line(7, 1, place)]
        return {"name": self._say("Vidange d'huile"), "labors": [self._labor(0)], "parts": parts, "fees": [used]}

    def _small(self, at: int, place: str) -> Document:
        wipers = self._line(15, 2, place)
        if at % 3 == 0:
            wipers |= {"discountPercent": 10}
        elif at % 3 == 1:
            wipers |= {"discountValueType": "FixedCents", "discountCents": 300}
        return {
            "name": self._say("Essuie-glaces"),
            "parts": [wipers, {**self._line(17, 1, place), "taxable": at % 8 != 1}],
        }

    def _declined(self) -> Document:
        stamp = moment(self.company.world.now())
        told = {"authorizationStatus": "Declined", "deferredReason": "Declined", "deferredDate": stamp}
        return {"name": self._say("Courroie de distribution"), "labors": [{**self._labor(4), "hours": 6}], **told}

    def _tires(self, at: int, place: str) -> Document:
        ware = TIRES[at % len(TIRES)]
        tire: Document = {
            "name": self._say(ware.name),
            "partNumber": ware.number,
            "quantity": 4 if at % 3 else 2,
            "retailCostCents": ware.retail,
            "wholesaleCostCents": ware.cost,
            "wasteTireFee": WASTE_TIRE,
            "inventoryTireId": self.stock[place, ware.number],
            "taxable": True,
        }
        if at % 35 == 21:
            tire["federalExciseTaxCents"] = 215
        return {"name": self._say("Pneus"), "tires": [tire], "labors": [self._labor(2)]}

    def _fee(self, at: int) -> Document:
        name, amount = FEES[at % len(FEES)]
        return {"name": self._say(name), "amountCents": amount}

    def _labor(self, which: int) -> Document:
        name, hours = LABORS[which]
        return {"name": self._say(name), "hours": Decimal(hours), "rateCents": self.plan.rate, "taxable": True}

    def _line(self, which: int, count: int | Decimal, place: str) -> Document:
        ware = PARTS[which]
        return {
            "name": self._say(ware.name),
            "partNumber": ware.number,
            "quantity": count,
            "retailCostCents": ware.retail,
            "wholesaleCostCents": ware.cost,
            "inventoryPartId": self.stock.get((place, ware.number)),
            "taxable": True,
        }

    def _off(self, at: int) -> Document:
        """A discount of the whole service, now and then."""
        if at % 21 == 2:
            return {"discountPercent": 5}
        return {"discountValueType": "FixedCents", "discountCents": 1500} if at % 21 == 13 else {}


def _is_due(order: Document) -> bool:
    return bool(order["invoiced"] and not order["readOnly"] and (order["remainingCostCents"] or 0) > 0)
