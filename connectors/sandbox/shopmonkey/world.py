"""The named worlds: which companies there are, and what they hold at the start. All is invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.shopmonkey import demo
from connectors.sandbox.shopmonkey.shop import PERMISSIONS, Company, Key, World

GARAGE, SPRINGVALE = "5b1c0ffe-0001-4a00-8000-000000000001", "5b1c0ffe-0002-4a00-8000-000000000002"
RIVERS, OTTAWA, VERMONT = (f"10c00000-000{at}-4a00-8000-00000000000{at}" for at in (1, 2, 3))
KEY, READING_KEY = "smk-SECRET-garage-point-mort-0001", "smk-SECRET-garage-lecture-0003"
OTTAWA_KEY, SPRINGVALE_KEY = "smk-SECRET-garage-ottawa-0004", "smk-SECRET-springvale-auto-0002"


@dataclass(frozen=True, slots=True)
class Place:
    """A location with the taxes of where it is."""

    id: str
    name: str
    address: str
    city: str
    state: str
    postcode: str
    country: str
    zone: str
    taxes: Document


PLACES = {
    GARAGE: (
        Place(RIVERS, "Point-Mort Trois-Rivières", "10, rue Inventée", "Trois-Rivières", "QC", "G9A 1B2", "CA",
              "America/Toronto", {"gstPercent": 5, "pstPercent": Decimal("9.975")}),
        Place(OTTAWA, "Point-Mort Ottawa", "20 Madeup Street", "Ottawa", "ON", "K1A 1B2", "CA",
              "America/Toronto", {"hstPercent": 13}),
    ),
    SPRINGVALE: (
        Place(VERMONT, "Springvale Auto Care", "3 Madeup Lane", "Springvale", "VT", "05099", "US",
              "America/New_York", {"taxPercent": 6}),
    ),
}  # fmt: skip
NAMES = {GARAGE: "Garage Point-Mort inc. (fictif)", SPRINGVALE: "Springvale Auto Care LLC (invented)"}
KEYS = {
    GARAGE: (
        ("k-0001", KEY, "Bridge", PERMISSIONS, ()),
        ("k-0003", READING_KEY, "Lecture", [one for one in PERMISSIONS if one.endswith(":read")], ()),
        ("k-0004", OTTAWA_KEY, "Ottawa", PERMISSIONS, (OTTAWA,)),
    ),
    SPRINGVALE: (("k-0002", SPRINGVALE_KEY, "Bridge", PERMISSIONS, ()),),
}
WORKFLOW = ("Estimates", "Dropped off", "In progress", "Invoices")
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))


def build(world: World, name: str) -> dict[str, Company]:
    """The companies of a named world by id. Raises `SandboxError` for a name that is none."""
    if name not in ("demo", "empty"):
        raise SandboxError(f"shopmonkey has no world {name!r}; known: demo, empty")
    companies = {id: Company(id, NAMES[id], world) for id in PLACES}
    began = world.now().replace(second=0, microsecond=0)
    world.at = began - timedelta(days=500)
    for company in companies.values():
        _furnish(company)
    if name == "demo":
        demo.play(companies[GARAGE], "garage", began)
        demo.play(companies[SPRINGVALE], "american", began)
    world.at = None
    return companies


def _furnish(company: Company) -> None:
    """What a company has before anybody works in it."""
    for id, secret, name, permissions, where in KEYS[company.id]:
        company.keys[secret] = Key(id, secret, name, frozenset(permissions), frozenset(where))
    for place in PLACES[company.id]:
        location: Document = {
            "id": place.id, "name": place.name, "address1": place.address, "city": place.city, "state": place.state,
            "postalCode": place.postcode, "country": place.country, "timezone": place.zone,
        }  # fmt: skip
        company.put("locations", company.fill("locations", location))
        config: Document = {
            "locationId": place.id, "taxSystem": place.country, **place.taxes, "epaPercent": 1, "epaTaxable": True,
            "includeEpaOnParts": True, "laborShopSupplies": True, "shopSuppliesServicePercent": 5,
            "shopSuppliesConfig": "OrderCap", "shopSuppliesMaxCapCents": 4500, "shopSuppliesTaxable": True,
        }  # fmt: skip
        company.put("tax_configs", company.fill("tax_configs", config))
        for at, name in enumerate(WORKFLOW):
            row = {"locationId": place.id, "name": name, "position": at, "invoiceWorkflow": at == len(WORKFLOW) - 1}
            company.put("workflow_statuses", company.fill("workflow_statuses", row))
        company.put("vendors", company.fill("vendors", {"locationId": place.id, "name": "Pièces Imaginaires"}))
    for name, days in TERMS:
        company.put("payment_terms", company.fill("payment_terms", {"name": name, "days": days}))
