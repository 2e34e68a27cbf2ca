"""The named worlds: which accounts, people, products, deals and invoices there are at the start. All is invented."""

from __future__ import annotations

from connectors.sandbox.core import SandboxError
from connectors.sandbox.hubspot import demo
from connectors.sandbox.hubspot.account import Account, World

STANDARD = 24_100_001
TEST = 24_100_002
SMALL = 24_100_003
NO_INVOICES = frozenset(
    {
        "crm.objects.invoices.read",
        "crm.objects.invoices.write",
        "crm.schemas.invoices.read",
        "crm.schemas.invoices.write",
        "crm.objects.commercepayments.read",
        "crm.objects.commercepayments.write",
        "crm.schemas.commercepayments.read",
        "crm.schemas.commercepayments.write",
    }
)


def build(world: World, name: str) -> dict[int, Account]:
    """The accounts of a named world by portal. Raises `SandboxError` for a name that is none."""
    if name not in ("demo", "empty"):
        raise SandboxError(f"hubspot has no world {name!r}; known: demo, empty")
    accounts = {account.portal: account for account in _accounts(world)}
    if name == "demo":
        demo.play(accounts[STANDARD], "full")
        demo.play(accounts[TEST], "small")
        demo.play(accounts[SMALL], "american")
    return accounts


def _accounts(world: World) -> list[Account]:
    return [
        Account(
            STANDARD,
            "Atelier Boréal (fictif)",
            "STANDARD",
            "professional",
            "CAD",
            "America/Toronto",
            world,
            currencies=("USD",),
            service_key="pat-na1-SECRET-atelier-boreal-0001",
        ),
        Account(
            TEST,
            "Bac d’essai (fictif)",
            "DEVELOPER_TEST",
            "enterprise",
            "CAD",
            "America/Toronto",
            world,
            currencies=("USD", "EUR"),
            service_key="pat-na1-SECRET-bac-essai-0002",
        ),
        Account(
            SMALL,
            "Pinecrest Garden Supply (invented)",
            "STANDARD",
            "free",
            "USD",
            "America/New_York",
            world,
            payments=False,
            refused_scopes=NO_INVOICES,
            service_key="pat-na1-SECRET-pinecrest-0003",
        ),
    ]
