"""A small shop on loopback, with its connector and a recipe into the books: for tests of value maps.

The recipe maps payment methods (required), taxes (required) and store views (optional) of orders to the company's own
lists, and has terms of its own.
"""

import json
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from connectors.contract import (
    ApiKey,
    AuthorizationExpired,
    Check,
    Choice,
    Connector,
    Excluded,
    Explanation,
    Feed,
    Finding,
    Grant,
    Hosts,
    Identity,
    Limits,
    Page,
    Recipe,
    RecipeFlow,
    Ref,
    Reference,
    Resource,
    RuleSpec,
    SeenValue,
    Setting,
    Terms,
    Text,
    ValueMapSpec,
    VendorUnavailable,
)


class Shop(ThreadingHTTPServer):
    """The shop: its orders and its list of payment methods."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Counter)
        self.orders, self.methods = [], {"card": "Credit card", "paypal": "PayPal Express"}
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Counter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):  # noqa: N802 - a name the server looks for
        """Answer the three questions a connector asks."""
        answers = {
            "/me": {"id": "shop-1", "name": "Corner shop"},
            "/orders": {"orders": self.server.orders},
            "/methods": {"methods": [{"code": code, "title": title} for code, title in self.server.methods.items()]},
        }
        raw = json.dumps(answers[urlsplit(self.path).path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def today():
    """Return the date where the shop is."""
    return datetime.now(ZoneInfo("America/Toronto")).date()


def order(number, method="card", taxes=(("TPS", "5"), ("TVQ", "9.975")), total="114.98", day="", store="main"):
    """An order as the shop has it."""
    return {
        "id": str(number), "number": f"W-{number}", "date": day or today().isoformat(), "total": total,
        "currency": "CAD", "method": method, "store": store,
        "taxes": [{"code": code, "percent": percent, "title": (*title, "")[0]} for code, percent, *title in taxes],
    }  # fmt: skip


def _read(raw):
    return {
        "number": raw["number"],
        "date": date.fromisoformat(raw["date"]),
        "total": Decimal(str(raw["total"])),
        "currency": raw["currency"],
        "payment_method": raw["method"],
        "store": raw["store"],
        "taxes": [
            {**item, **{name: Decimal(str(item[name])) for name in ("percent", "amount") if name in item}}
            for item in raw["taxes"]
        ],
    }


def _read_capture(raw):
    """A payment or a refund of an order."""
    return {
        "number": raw["number"],
        "date": date.fromisoformat(raw["date"]),
        "total": Decimal(str(raw["total"])),
        "currency": raw["currency"],
        "method": raw["method"],
        "online": raw.get("online", True),
        "sale": Ref("sale", "orders", raw["order"]),
    }


def _read_orders(api, cursor, wanted):
    orders = api.get("/orders")["orders"]
    yield Page({"orders": orders}, cursor={"read": len(orders)}, ends=frozenset(wanted))


def _classify(status, headers, body):
    known = {401: AuthorizationExpired}
    return known.get(status, VendorUnavailable)("SHOP-DOWN", params={"status": status})


def _explained(code):
    return Explanation(
        code,
        Text("The shop does not answer.", "La boutique ne répond pas."),
        Text("It told us so.", "Elle nous l’a dit."),
        Text("Wait.", "Attendez."),
    )


CONNECTOR = Connector(
    key="corner_shop",
    label=Text("Corner shop", "Boutique du coin"),
    environments={"local_sandbox": Hosts(api=os.environ.get("CORNER_SHOP_URL", "http://127.0.0.1:9"))},
    resources=(
        Resource(name="orders", entity="sale", label=Text("Orders", "Commandes"), read=_read),
        Resource(name="captures", entity="payment", label=Text("Payments", "Paiements"), read=_read_capture),
        Resource(name="returns", entity="refund", label=Text("Refunds", "Remboursements"), read=_read_capture),
    ),
    feeds=(Feed("orders", ("orders", "captures", "returns"), _read_orders),),
    sign_in=(
        ApiKey(
            setting=Setting("api_key", Text("Key", "Clé"), "secret"),
            grant=lambda key, hosts: Grant(access_token=key),
        ),
    ),
    headers=lambda grant: {"Authorization": f"Bearer {grant.access_token}"},
    base_url=lambda hosts, grant, account_id: hosts.api,
    classify=_classify,
    identify=lambda api: Identity("shop-1", str(api.get("/me")["name"])),
    limits=Limits(concurrency=2),
    catalogue=(_explained("SHOP-DOWN"),),
    references=(
        Reference(
            "methods",
            Text("Payment methods", "Modes de paiement"),
            lambda api: [Choice(item["code"], item["title"]) for item in api.get("/methods")["methods"]],
        ),
    ),
)


def _tax(values):
    """One value for all taxes of an order together, as taxes are posted."""
    rates = sorted(values["taxes"], key=lambda item: item["code"])
    if not rates:
        return [SeenValue("none", "Untaxed")]
    return [
        SeenValue(
            "+".join(item["code"] for item in rates),
            " + ".join(item["title"] or f"{item['code']} {item['percent']} %" for item in rates),
            tuple(item["percent"] for item in rates),
        )
    ]


def _free_is_held(source, target, settings):
    """An order without money is held for its tax, as a recipe's posting would say it."""
    return {"map": "tax", "key": "none"} if source["total"] == 0 else None


def _check(facts, settings):
    return Finding("SHOP-CHECK", "ok", Text("The shop has orders.", "La boutique a des commandes."))


SALE = RecipeFlow(
    entity="sale",
    label=Text("Orders → sales receipts", "Commandes → reçus de vente"),
    left=("orders",),
    right=("sales_receipts",),
    directions=("right",),
    rules=(
        *(RuleSpec(name, name) for name in ("number", "date", "total", "currency")),
        RuleSpec("payment_method", "method_id", "lookup", "payment_method"),
    ),
    exclusions=(Excluded("TAX-OF-SHOP", "hold", _free_is_held),),
    optional=True,
    sentence=Text("Orders become sales receipts.", "Les commandes deviennent des reçus de vente."),
)
RECIPE = Recipe(
    key="corner_shop_books",
    label=Text("Corner shop and the books", "Boutique du coin et les livres"),
    left="corner_shop",
    right="quickbooks",
    flows=(SALE,),
    settings=(
        Setting(
            "payments", Text("Record payments", "Inscrire les paiements"), "choice", required=False, default="on",
            choices=(("on", Text("yes", "oui")), ("off", Text("no", "non"))),
        ),
        Setting(
            "class_id", Text("Class of sales", "Catégorie comptable des ventes"), "choice", required=False,
            choices_from="classes", side="right",
        ),
        Setting(
            "second_class", Text("Class of shipping", "Catégorie comptable de la livraison"), "choice", required=False,
            choices_from="classes", side="right",
        ),
    ),
    value_maps=(
        ValueMapSpec(
            "payment_method", Text("Payment methods", "Modes de paiement"), "payment_methods", "right",
            seen=lambda values: [(values["payment_method"],)], sources="methods", needs=("payments", "on"),
        ),
        ValueMapSpec("tax", Text("Taxes", "Taxes"), "tax_codes", "right", seen=_tax, suggest=("percent", "name")),
        ValueMapSpec(
            "class", Text("Classes by store", "Catégories comptables par boutique"), "classes", "right", required=False,
            seen=lambda values: [(values["store"], values["store"])],
        ),
    ),
    checks=(Check("SHOP-CHECK", Text("Orders", "Commandes"), _check),),
    catalogue=(_explained("TAX-OF-SHOP"),),
    terms=Terms("test-1", (Text("We sync by ourselves.", "Nous synchronisons sans vous."),)),
)  # fmt: skip
PAYMENT = RecipeFlow(
    entity="payment", label=Text("Payments", "Paiements"), left=("captures",), right=("payments",),
    directions=("right",), rules=(RuleSpec("number", "number"),),
)  # fmt: skip
REFUND = RecipeFlow(
    entity="refund", label=Text("Refunds", "Remboursements"), left=("returns",),
    right=("refund_receipts", "credit_memos"), directions=("right",), rules=(RuleSpec("number", "number"),),
)  # fmt: skip
# The same with money that moves: for what the clearing accounts should hold.
WITH_MONEY = replace(RECIPE, key="corner_shop_money", flows=(SALE, PAYMENT, REFUND))
RECIPES = (RECIPE, WITH_MONEY)


@contextmanager
def open_shop(monkeypatch, settings):
    """A running shop whose vendor and recipe are known to the registry."""
    from bridge import registry

    module = __import__("tests.corner_shop", fromlist=["CONNECTOR"])
    shop = Shop()
    place = {"local_sandbox": replace(CONNECTOR.environments["local_sandbox"], api=shop.url)}
    monkeypatch.setattr(module, "CONNECTOR", replace(CONNECTOR, environments=place))
    settings.CONNECTORS = [*settings.CONNECTORS, "tests.corner_shop"]
    settings.RECIPES = [*settings.RECIPES, "tests.corner_shop"]
    caches = (registry.connectors, registry.recipes, registry.catalogue)
    for cache in caches:
        cache.cache_clear()
    try:
        yield shop
    finally:
        shop.shutdown()
        shop.server_close()
        for cache in caches:
            cache.cache_clear()
