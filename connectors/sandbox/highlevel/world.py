"""The named worlds: which agency and locations there are, and what they hold at the start. All is invented."""

from __future__ import annotations

from datetime import timedelta

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.highlevel import demo
from connectors.sandbox.highlevel.place import Location, World
from connectors.sandbox.highlevel.wire import moment

COMPANY = "agcAgenceFictive0001"
ATELIER, PINECREST, CAFE = "locAtelierBoreal0001", "locPinecrestGarden02", "locCafeImaginaire003"
REVIEW, OLD, WELCOME = (f"{at}c0ffee0-0000-4000-8000-00000000000{at}" for at in (1, 2, 3))
WORKFLOWS = (
    (REVIEW, "Demander un avis après paiement", "published"),
    (WELCOME, "Bienvenue", "published"),
    (OLD, "Ancienne relance (brouillon)", "draft"),
)
FIELDS = (
    ("cfQuickbooksId000001", "QuickBooks ID", "contact.quickbooks_id"),
    ("cfImported0000000002", "Imported from", "contact.imported_from"),
)


def build(world: World, name: str) -> dict[str, Location]:
    """The locations of a named world by id. Raises `SandboxError` for a name that is none."""
    if name not in ("demo", "empty"):
        raise SandboxError(f"highlevel has no world {name!r}; known: demo, empty")
    locations = {one.id: one for one in _locations(world)}
    for one in locations.values():
        _furnish(one)
    if name == "demo":
        demo.play(locations[ATELIER], "full")
        demo.play(locations[PINECREST], "american")
    return locations


def _locations(world: World) -> list[Location]:
    return [
        Location(
            ATELIER,
            COMPANY,
            "Atelier Boréal (fictif)",
            "CA",
            "CAD",
            "America/Toronto",
            "bonjour@atelierboreal.example",
            "+18195550199",
            {"addressLine1": "1, rue Fictive", "city": "Trois-Rivières", "state": "QC", "countryCode": "CA",
             "postalCode": "G9A 1A1"},
            world,
            private_token="pit-SECRET-atelier-boreal-0001",
            invoice_prefix="CC-",
            users=["usrAliceFictive00001"],
        ),
        Location(
            PINECREST,
            COMPANY,
            "Pinecrest Garden Supply (invented)",
            "US",
            "USD",
            "America/New_York",
            "hello@pinecrest.example",
            "+18025550199",
            {"addressLine1": "1 Madeup Lane", "city": "Springvale", "state": "VT", "countryCode": "US",
             "postalCode": "05099"},
            world,
            private_token="pit-SECRET-pinecrest-garden-0002",
            users=["usrBobInvented000002"],
        ),
        Location(
            CAFE,
            COMPANY,
            "Café du Coin Imaginaire (fictif)",
            "CA",
            "CAD",
            "America/Toronto",
            "allo@cafeimaginaire.example",
            "+14185550199",
            {"addressLine1": "2, rue Fictive", "city": "Québec", "state": "QC", "countryCode": "CA",
             "postalCode": "G1K 1A1"},
            world,
            private_token="pit-SECRET-cafe-imaginaire-0003",
            users=["usrChloeFictive00003"],
        ),
    ]  # fmt: skip


def _furnish(location: Location) -> None:
    """What a location has before anybody works in it."""
    made = moment(location.world.now().replace(second=0, microsecond=0) - timedelta(days=500))
    for id, name, status in WORKFLOWS:
        location.workflows[id] = {
            "id": id,
            "name": name,
            "status": status,
            "version": 2,
            "locationId": location.id,
            "createdAt": made,
            "updatedAt": made,
        }
    for id, name, key in FIELDS:
        field: Document = {"id": id, "name": name, "fieldKey": key, "dataType": "TEXT", "model": "contact"}
        location.custom_fields[id] = field
