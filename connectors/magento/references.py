"""Lists to choose from: what orders have shown (the store lists neither statuses nor payment methods), tax rates with
their rules, store views, stock sources.

Source: https://developer.adobe.com/commerce/webapi/rest/ (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.contract import Api, Choice, Raw, Reference, SettingInvalid, Text
from connectors.magento.errors import ACL, ROUTE
from connectors.magento.stores import Stores
from connectors.magento.wire import criteria, extra, number, numbered, search, text

RECENT_PAGES = 5
# What a store has before anybody adds to it: code, and the state behind it.
STATUSES = {
    "pending": "new",
    "pending_payment": "pending_payment",
    "processing": "processing",
    "complete": "complete",
    "closed": "closed",
    "canceled": "canceled",
    "holded": "holded",
    "payment_review": "payment_review",
    "fraud": "processing",
}


def _recent(api: Api, fields: str) -> Iterator[Raw]:
    """The orders that changed last."""
    for page in range(1, RECENT_PAGES + 1):
        query = criteria(sort=(("updated_at", "DESC"), ("entity_id", "DESC")), page=page, fields=fields)
        rows, total = search(api, "/V1/orders", query)
        yield from rows
        if page * 100 >= total:
            return


def order_statuses(api: Api) -> list[Choice]:
    """The statuses seen on recent orders, and those every store has."""
    found = dict(STATUSES)
    seen: dict[str, int] = {}
    for order in _recent(api, "items[entity_id,status,state],total_count"):
        code = str(order.get("status") or "")
        if code:
            found[code] = str(order.get("state") or found.get(code, ""))
            seen[code] = seen.get(code, 0) + 1
    return [
        Choice(code, code.replace("_", " "), {"state": state, "count": seen.get(code, 0)})
        for code, state in sorted(found.items(), key=lambda pair: (-seen.get(pair[0], 0), pair[0]))
    ]


def payment_methods(api: Api) -> list[Choice]:
    """The payment methods of recent orders, by the titles they had there."""
    titles: dict[str, str] = {}
    seen: dict[str, int] = {}
    fields = (
        "items[entity_id,payment[method,additional_information],extension_attributes[payment_additional_info]],"
        "total_count"
    )
    for order in _recent(api, fields):
        code = str((order.get("payment") or {}).get("method") or "")
        if code:
            titles.setdefault(code, _title(order) or code)
            seen[code] = seen.get(code, 0) + 1
    return [Choice(code, titles[code], {"count": seen[code]}) for code in sorted(seen, key=lambda code: -seen[code])]


def _title(order: Raw) -> str | None:
    for pair in extra(order).get("payment_additional_info") or ():
        if isinstance(pair, dict) and pair.get("key") == "method_title":
            return text(pair.get("value"))
    lines: Any = (order.get("payment") or {}).get("additional_information")
    return text(lines[0]) if isinstance(lines, list) and lines else None


def tax_rates(api: Api) -> list[Choice]:
    """Tax rates by code, which is what orders keep; with the rules that use them."""
    rules: dict[str, list[str]] = {}
    for row in _all(api, "/V1/taxRules/search"):
        for rate in row.get("tax_rate_ids") or ():
            rules.setdefault(str(rate), []).append(str(row.get("code")))
    found = []
    for row in _all(api, "/V1/taxRates/search"):
        percent = number(row.get("rate"))
        facts = {
            "rate": f"{percent.normalize():f} %",
            "country": row.get("tax_country_id"),
            "region": row.get("region_name"),
        }
        facts["rules"] = ", ".join(rules.get(str(row.get("id")), [])) or None
        code = str(row.get("code"))
        found.append(Choice(code, f"{code} ({percent.normalize():f} %)", facts))
    return found


def tax_rules(api: Api) -> list[Choice]:
    """Tax rules with the codes of their rates."""
    codes = {str(row.get("id")): str(row.get("code")) for row in _all(api, "/V1/taxRates/search")}
    return [
        Choice(
            str(row.get("id")),
            str(row.get("code")),
            {"rates": ", ".join(codes.get(str(rate), str(rate)) for rate in row.get("tax_rate_ids") or ())},
        )
        for row in _all(api, "/V1/taxRules/search")
    ]


def _all(api: Api, path: str) -> Iterator[Raw]:
    yield from numbered(api, path, (), "id")


def store_views(api: Api) -> list[Choice]:
    """Store views by code, with their zones and currencies."""
    stores = Stores.read(api)
    names = api.get("/V1/store/storeViews", any_shape=True).get("answer")
    by_id = {str(row.get("id")): row for row in names or () if isinstance(row, dict)} if isinstance(names, list) else {}
    return [
        Choice(
            str(view.get("code")),
            str(by_id.get(key, {}).get("name") or view.get("code")),
            {"time_zone": view.get("timezone"), "currency": view.get("base_currency_code")},
            active=by_id.get(key, {}).get("is_active", 1) in (1, True),
        )
        for key, view in stores.views.items()
    ]


def sources(api: Api) -> list[Choice]:
    """Stock sources; a shop that keeps none has the one everything is in."""
    try:
        rows = list(numbered(api, "/V1/inventory/sources", (), "source_code"))
    except SettingInvalid as error:
        if error.code not in (ROUTE, ACL):
            raise
        rows = []
    if not rows:
        return [Choice("default", "Default")]
    return [
        Choice(
            str(row["source_code"]), str(row.get("name") or row["source_code"]), active=bool(row.get("enabled", True))
        )
        for row in rows
    ]


REFERENCES = (
    Reference("order_statuses", Text("Order statuses", "États des commandes"), order_statuses),
    Reference("payment_methods", Text("Payment methods", "Modes de paiement"), payment_methods),
    Reference("tax_rates", Text("Tax rates", "Taux de taxe"), tax_rates),
    Reference("tax_rules", Text("Tax rules", "Règles de taxe"), tax_rules),
    Reference("store_views", Text("Store views", "Vues de boutique"), store_views),
    Reference("stock_sources", Text("Stock sources", "Sources de stock"), sources),
)
