"""The shop itself: who it is, its store views with their zones and currencies, and the connection check.

A shop that was given no name of its own goes by its address. Its view of its own address is what makes it one account,
however a person wrote it.

Source: https://developer.adobe.com/commerce/webapi/rest/ (store configuration; read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from connectors.contract import (
    Api,
    Finding,
    Identity,
    Raw,
    RecordRejected,
    SettingInvalid,
    SyncError,
    Text,
)
from connectors.magento.errors import ACL, ROUTE
from connectors.magento.stock import MSI, modules
from connectors.magento.stores import Stores
from connectors.magento.wire import Test, criteria, everything, search, text

MANY = 200  # pages of the catalogue that a check reads at most


def _place(view: Mapping[str, Any]) -> str:
    """The shop's own address, without what may be written in two ways."""
    parts = urlsplit(str(view.get("secure_base_url") or view.get("base_url") or ""))
    return f"{parts.hostname or ''}{parts.path.rstrip('/')}".lower()


def identify(api: Api) -> Identity:
    """Return who the grant speaks for. Three calls."""
    stores, installed = Stores.read(api), modules(api)
    view = stores.first
    place = _place(view) or str(view.get("code"))
    locale = str(view.get("locale") or "")
    facts: dict[str, Any] = {
        "currency": view.get("base_currency_code"),
        "time_zone": view.get("timezone"),
        "language": locale[:2] or None,
        "locale": locale or None,
        "stock_by_source": "true" if MSI in installed else "false",
        "stores": [_view(item) for item in stores.views.values()],
    }
    name = _website(api, view)
    return Identity(
        place[:200],
        f"{name} ({place})"[:300] if name else place,
        {key: value for key, value in facts.items() if value is not None},
    )


def _website(api: Api, view: Raw) -> str | None:
    """The name of the website behind a view, where somebody gave it one and we may see it."""
    try:
        found = api.get("/V1/store/websites", any_shape=True).get("answer")
    except SyncError as error:
        if error.then == "wait" or error.code not in (ACL, ROUTE):
            raise
        return None
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    name = next((text(row.get("name")) for row in rows if row.get("id") == view.get("website_id")), None)
    return None if name == "Main Website" else name


def _view(view: Raw) -> dict[str, Any]:
    names = (("code", "code"), ("time_zone", "timezone"), ("currency", "base_currency_code"), ("locale", "locale"))
    return {"id": str(view["id"]), **{ours: view.get(theirs) for ours, theirs in names if view.get(theirs)}}


# the check

# What is asked of the shop, with the right it needs, and whether anything works without it.
PROBES: tuple[tuple[str, str, Text, bool], ...] = (
    ("/V1/orders", "Magento_Sales::actions_view", Text("Orders", "Commandes"), True),
    ("/V1/invoices", "Magento_Sales::sales_invoice", Text("Payments", "Paiements"), False),
    ("/V1/creditmemos", "Magento_Sales::sales_creditmemo", Text("Credit memos", "Notes de crédit"), False),
    ("/V1/transactions", "Magento_Sales::transactions_fetch", Text("Transactions", "Transactions"), False),
    ("/V1/products", "Magento_Catalog::products", Text("Products", "Produits"), False),
    ("/V1/taxRates/search", "Magento_Tax::manage_tax", Text("Tax rates", "Taux de taxe"), False),
)
SOURCES = ("/V1/inventory/sources", "Magento_InventoryApi::source", Text("Stock sources", "Sources de stock"), False)


def diagnose(api: Api) -> list[Finding]:
    """Return what stands in the way, a right at a time, and what a person should know of the shop."""
    stores, installed = Stores.read(api), modules(api)
    by_source = MSI in installed
    found = [
        Finding(
            "MAG-SHOP", "ok", Text("Connected to {name}.", "Connecté à {name}."), {"name": _place(stores.first) or "?"}
        )
    ]
    denied = [_probe(api, *probe) for probe in (*PROBES, *((SOURCES,) if by_source else ()))]
    found += [finding for finding in denied if finding]
    if not any(denied):
        found.append(Finding("MAG-RIGHTS", "ok", Text("All rights are given.", "Tous les droits sont accordés.")))
    found += _zones(stores)
    found += _currencies(stores)
    found.append(_system(by_source))
    if not any(finding and finding.params.get("what") == "Products" for finding in denied):
        found += twice(api)
    return found


def _probe(api: Api, path: str, right: str, label: Text, needed: bool) -> Finding | None:
    try:
        search(api, path, criteria(size=1))
        return None
    except SettingInvalid as error:
        if error.code not in (ACL, ROUTE):
            raise
        params = {**error.params, "what": label.en, "quoi": label.fr, "resource": error.params.get("resource") or right}
        if error.code == ROUTE:
            words = Text("The shop does not offer this: {what}.", "La boutique n’offre pas ceci : {quoi}.")
        else:
            words = Text(
                "A right is missing for: {what}. Tick {title} ({resource}) in the integration and save it again.",
                "Il manque un droit pour : {quoi}. Cochez {title} ({resource}) dans l’intégration et enregistrez-la "
                "de nouveau.",
            )
        return Finding(error.code, "blocker" if needed else "warning", words, params)


def _zones(stores: Stores) -> Iterator[Finding]:
    known = available_timezones()
    for view in stores.views.values():
        zone = str(view.get("timezone") or "")
        params = {"store": view.get("code") or "?", "zone": zone or "?"}
        if zone in known:
            words = Text(
                "Days of “{store}” are counted in {zone}.", "Les jours de « {store} » sont comptés selon {zone}."
            )
            yield Finding("MAG-TIME-ZONE", "ok", words, params)
        else:
            words = Text(
                "The time zone of “{store}” is not known ({zone}): its days are counted in UTC.",
                "Le fuseau horaire de « {store} » est inconnu ({zone}) : ses jours sont comptés en UTC.",
            )
            yield Finding("MAG-TIME-ZONE", "warning", words, params)


def _currencies(stores: Stores) -> Iterator[Finding]:
    used = sorted({str(view["base_currency_code"]) for view in stores.views.values() if view.get("base_currency_code")})
    shown = {str(view.get("default_display_currency_code") or "") for view in stores.views.values()}
    more = sorted({*used, *shown} - {""})
    if len(more) > 1:
        words = Text(
            "The shop sells in several currencies ({currencies}): the books need each of them.",
            "La boutique vend en plusieurs devises ({currencies}) : les livres doivent avoir chacune.",
        )
        yield Finding("MAG-CURRENCIES", "warning", words, {"currencies": ", ".join(more)})
    elif more:
        yield Finding(
            "MAG-CURRENCIES", "ok", Text("Currency: {currencies}.", "Devise : {currencies}."), {"currencies": more[0]}
        )


def _system(by_source: bool) -> Finding:
    if by_source:
        words = Text("Stock is kept by source.", "Le stock est tenu par source.")
    else:
        words = Text("Stock is kept by product, without sources.", "Le stock est tenu par produit, sans sources.")
    return Finding("MAG-STOCK", "ok", words)


def twice(api: Api) -> Iterator[Finding]:
    """Name products that share a SKU, or have none: what names one of them names both. Both are listed."""
    by_sku: dict[str, list[str]] = {}
    tests: list[list[Test]] = []
    fields = "items[id,sku,name],total_count"
    try:
        for rows in everything(api, "/V1/products", "entity_id", tests, fields, most=MANY, identity="id"):
            for row in rows:
                sku = str(row.get("sku") or "").strip()
                by_sku.setdefault(sku.casefold(), []).append(f"{row.get('name') or '?'} (id {row['id']}, “{sku}”)")
    except RecordRejected:
        return
    for sku, names in sorted(by_sku.items()):
        params: dict[str, object] = {"sku": sku or "–", "products": " · ".join(names[:10]), "count": len(names)}
        if not sku:
            words = Text("Products without a SKU: {products}.", "Produits sans UGS : {products}.")
            yield Finding("MAG-SKU-NONE", "warning", words, params)
        elif len(names) > 1:
            words = Text(
                "{count} products share the SKU “{sku}”: {products}.",
                "{count} produits partagent l’UGS « {sku} » : {products}.",
            )
            yield Finding("MAG-SKU-TWICE", "warning", words, params)
