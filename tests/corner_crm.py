"""A small address book with invoices and payments, and a recipe with the books both ways: for tests of filters, presets
and fields of an account's own.
"""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from connectors.contract import (
    Associated,
    AuthorizationExpired,
    Connector,
    CustomFields,
    Explanation,
    Feed,
    Field,
    FilterPreset,
    Hosts,
    Identity,
    Limits,
    Page,
    Recipe,
    RecipeFlow,
    Ref,
    Resource,
    RuleSpec,
    Text,
    VendorUnavailable,
)


class Crm(ThreadingHTTPServer):
    """The address book: it knows only its fields."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Counter)
        self.fields = {"cost_centre": "Cost centre"}
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""

    def _answer(self, status, body):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self):  # noqa: N802 - a name the server looks for
        """Tell the fields."""
        self._answer(200, {"fields": [{"name": name, "label": label} for name, label in self.server.fields.items()]})

    def do_POST(self):  # noqa: N802 - a name the server looks for
        """Make a field; those who may not are refused."""
        label = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))["label"]
        if label == "Forbidden":
            return self._answer(401, {})
        name = label.lower().replace(" ", "_")
        self.server.fields[name] = label
        return self._answer(200, {"name": name})


def _read_contact(raw):
    return {
        "name": raw.get("name"),
        "email": raw.get("email"),
        **{f"custom.{name}": value for name, value in raw.get("custom", {}).items()},
    }


def _read_invoice(raw):
    return {
        "number": raw["number"],
        "date": date.fromisoformat(raw["date"]),
        "total": Decimal(raw["total"]),
        "currency": "CAD",
        "source": raw["source"],
        "contact": Ref("contact", "contacts", raw["contact"]),
    }


def _read_payment(raw):
    return {
        "total": Decimal(raw["total"]),
        "currency": "CAD",
        "created_at": raw.get("created_at"),
        "contact": Ref("contact", "contacts", raw["contact"]),
    }


def _no_pages(api, cursor, wanted):
    yield Page({}, cursor={"read": 1}, ends=frozenset(wanted))


def _classify(status, headers, body):
    return {401: AuthorizationExpired}.get(status, VendorUnavailable)("CRM-REFUSED", params={"status": status})


OWN = CustomFields(
    listed=lambda api: [(item["name"], item["label"]) for item in api.get("/fields")["fields"]],
    make=lambda api, label: str(api.post("/fields", {"label": label})["name"]),
)
CONNECTOR = Connector(
    key="corner_crm",
    label=Text("Corner CRM", "GRC du coin"),
    environments={"local_sandbox": Hosts(api="http://127.0.0.1:9")},
    resources=(
        Resource(
            name="contacts", entity="contact", label=Text("Contacts", "Contacts"), read=_read_contact, custom=OWN,
            fields=(Field("name", "name", write=str), Field("email", "email", write=str)),
        ),
        Resource(name="invoices", entity="sale", label=Text("Invoices", "Factures"), read=_read_invoice, custom=OWN),
        Resource(name="payments", entity="payment", label=Text("Payments", "Paiements"), read=_read_payment),
    ),
    feeds=(Feed("all", ("contacts", "invoices", "payments"), _no_pages),),
    sign_in=(),
    headers=lambda grant: {},
    base_url=lambda hosts, grant, account_id: hosts.api,
    classify=_classify,
    identify=lambda api: Identity("crm-1", "Corner CRM"),
    limits=Limits(concurrency=2),
    catalogue=(
        Explanation(
            "CRM-REFUSED",
            Text("The address book refused.", "Le carnet a refusé."),
            Text("It said so.", "Il l’a dit."),
            Text("Ask its owner.", "Demandez à son propriétaire."),
        ),
    ),
)  # fmt: skip

RECOMMENDED = FilterPreset(
    "recommended",
    Text("Recommended for contacts", "Recommandé pour les contacts"),
    {},
    back={
        "any": [
            {"all": [{"field": "sales.source", "test": "equals", "value": "crm"}]},
            {"all": [{"field": "payments.created_at", "test": "known"}]},
        ]
    },
    direction="both",
)
FROM_TODAY = FilterPreset(
    "recommended", Text("Recommended for invoices", "Recommandé pour les factures"), {}, direction="right",
    from_today=True,
)  # fmt: skip
CONTACT = RecipeFlow(
    entity="contact",
    label=Text("Customers and contacts", "Clients et contacts"),
    left=("customers",),
    right=("contacts",),
    directions=("right", "both", "left"),
    rules=(RuleSpec("name", "name"), RuleSpec("email", "email"), RuleSpec("email", "email", toward="left")),
    match_on=("email",),
    associated=(Associated("sales", "right", "invoices"), Associated("payments", "right", "payments")),
    presets=(RECOMMENDED,),
    sentence=Text("Customers are kept in step.", "Les clients sont tenus au pas."),
)
SALE = RecipeFlow(
    entity="sale",
    label=Text("Invoices", "Factures"),
    left=("invoices",),
    right=("invoices",),
    directions=("right",),
    rules=(RuleSpec("number", "number"), RuleSpec("total", "total")),
    presets=(FROM_TODAY,),
)
RECIPE = Recipe(
    key="quickbooks_corner_crm",
    label=Text("The books and Corner CRM", "Les livres et la GRC du coin"),
    left="quickbooks",
    right="corner_crm",
    flows=(CONTACT, SALE),
)
RECIPES = (RECIPE,)


@contextmanager
def open_crm(monkeypatch, settings):
    """A running address book whose vendor and recipe are known to the registry."""
    from bridge import registry

    module = __import__("tests.corner_crm", fromlist=["CONNECTOR"])
    crm = Crm()
    place = {"local_sandbox": replace(CONNECTOR.environments["local_sandbox"], api=crm.url)}
    monkeypatch.setattr(module, "CONNECTOR", replace(CONNECTOR, environments=place))
    settings.CONNECTORS = [*settings.CONNECTORS, "tests.corner_crm"]
    settings.RECIPES = [*settings.RECIPES, "tests.corner_crm"]
    caches = (registry.connectors, registry.recipes, registry.catalogue)
    for cache in caches:
        cache.cache_clear()
    try:
        yield crm
    finally:
        crm.shutdown()
        crm.server_close()
        for cache in caches:
            cache.cache_clear()
