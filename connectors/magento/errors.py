"""Answers that are no success, as errors. Sentences are the store's own, in the language of the code, so rows may look
for their words; ids, names and numbers in them are parameters.

A right that is missing is answered with 401, like a bad signature: the sentence tells the two apart. What is no JSON
comes from something in front of the store: a firewall, a login wall, a maintenance page.

Sources: AdobeDocs/commerce-webapi:src/pages/get-started/gs-web-api-response.md, authentication/oauth-errors.md;
magento/magento2:lib/internal/Magento/Framework/Webapi/ErrorProcessor.php (read 2026-11)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    ErrorRow,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    SyncError,
    Text,
    VendorUnavailable,
)
from connectors.transport import BadAnswer, decode, redact

ACL, NOT_FOUND, SIZE, ROUTE = "MAG-ACL", "MAG-NOT-FOUND", "MAG-SIZE", "MAG-ROUTE"
PAGE = "html"  # the vendor code of an answer that is a page

# The first row that fits counts.
ROWS = (
    ErrorRow(SettingInvalid, ACL, status=401, contains="authorized to access"),
    ErrorRow(SettingInvalid, "MAG-WALL", status=401, vendor_code=PAGE),
    ErrorRow(AuthorizationExpired, "MAG-SIGNATURE", status=401, contains="signature"),
    ErrorRow(AuthorizationExpired, "MAG-CLOCK", status=401, contains="timestamp"),
    ErrorRow(AuthorizationExpired, "MAG-NONCE", status=401, contains="nonce"),
    ErrorRow(AuthorizationExpired, "MAG-TOKEN", status=401),
    ErrorRow(AuthorizationExpired, "MAG-CLOCK", status=400, contains="timestamp"),
    ErrorRow(AuthorizationExpired, "MAG-SIGNATURE", status=400, contains="signature"),
    ErrorRow(AuthorizationExpired, "MAG-TOKEN", status=400, contains="oauth_"),
    ErrorRow(RecordRejected, SIZE, status=400, contains="maximum"),
    ErrorRow(ContractBroken, "MAG-OUR-FAULT", status=400, contains="searchcriteria"),
    ErrorRow(ContractBroken, "MAG-OUR-FAULT", status=400, contains="store code"),
    ErrorRow(SettingInvalid, "MAG-FORBIDDEN", status=400, vendor_code=PAGE),
    ErrorRow(RecordRejected, "MAG-REFUSED", status=400),
    ErrorRow(SettingInvalid, "MAG-FORBIDDEN", status=403),
    ErrorRow(SettingInvalid, ROUTE, status=404, vendor_code=PAGE),
    ErrorRow(SettingInvalid, ROUTE, status=404, contains="does not match any route"),
    ErrorRow(RecordRejected, NOT_FOUND, status=404),
    ErrorRow(ContractBroken, "MAG-OUR-FAULT", status=405),
    ErrorRow(ContractBroken, "MAG-OUR-FAULT", status=406),
    ErrorRow(RateLimited, "MAG-BUSY", status=429),
    ErrorRow(VendorUnavailable, "MAG-INTERNAL", status=500),
    ErrorRow(VendorUnavailable, "MAG-MAINTENANCE", status=503),
    ErrorRow(VendorUnavailable, "MAG-DOWN", status=502),
    ErrorRow(VendorUnavailable, "MAG-DOWN", status=504),
    ErrorRow(SettingInvalid, "MAG-PAGE", status=200, vendor_code=PAGE),
    # What our own code raises, beside what the store answers.
    ErrorRow(ContractBroken, "MAG-UNEXPECTED"),
)
MAINTENANCE_SECONDS = 300.0

_MARK = re.compile(r"%(\w+)")
_REPORT = re.compile(r"Report ID:\s*([\w-]+)", re.IGNORECASE)

# What to tick in the store's admin, by the name of the right. The tree is English in many shops, also in French ones.
TITLES: dict[str, Text] = {
    "Magento_Sales::sales": Text("Sales", "Sales (ventes)"),
    "Magento_Sales::actions_view": Text(
        "Sales > Operations > Orders > Actions > View",
        "Sales > Operations > Orders > Actions > View (commandes : afficher)",
    ),
    "Magento_Sales::sales_invoice": Text("Sales > Operations > Invoices", "Sales > Operations > Invoices (factures)"),
    "Magento_Sales::sales_creditmemo": Text(
        "Sales > Operations > Credit Memos", "Sales > Operations > Credit Memos (notes de crédit)"
    ),
    "Magento_Sales::transactions": Text(
        "Sales > Operations > Transactions", "Sales > Operations > Transactions (opérations de paiement)"
    ),
    "Magento_Sales::transactions_fetch": Text(
        "Sales > Operations > Transactions > Fetch",
        "Sales > Operations > Transactions > Fetch (opérations de paiement : lire)",
    ),
    "Magento_Catalog::products": Text("Catalog > Inventory > Products", "Catalog > Inventory > Products (produits)"),
    "Magento_CatalogInventory::cataloginventory": Text(
        "Catalog > Inventory > Catalog Inventory", "Catalog > Inventory > Catalog Inventory (stock du catalogue)"
    ),
    "Magento_Tax::manage_tax": Text("Stores > Taxes", "Stores > Taxes (taxes)"),
    "Magento_Backend::store": Text("Stores > Settings > All Stores", "Stores > Settings > All Stores (boutiques)"),
    "Magento_InventoryApi::source": Text(
        "Stores > Inventory > Sources", "Stores > Inventory > Sources (sources de stock)"
    ),
    "Magento_InventoryApi::stock": Text("Stores > Inventory > Stocks", "Stores > Inventory > Stocks (stocks)"),
    "Magento_InventoryApi::stock_source_link": Text(
        "Stores > Inventory > Stocks > Stock Source Links",
        "Stores > Inventory > Stocks > Stock Source Links (liens entre stocks et sources)",
    ),
    "Magento_InventoryApi::stock_source_item_assign": Text(
        "Stores > Inventory > Assign Sources", "Stores > Inventory > Assign Sources (quantités par source)"
    ),
}


def said(body: Mapping[str, Any]) -> str:
    """The store's sentence, its marks filled, and the sentences within it."""
    deep = body.get("messages")
    if isinstance(deep, Mapping):
        body = next((item for item in deep.get("error") or () if isinstance(item, Mapping)), {})
    parts = [_filled(body)]
    inner = body.get("errors")
    parts += [_filled(item) for item in inner if isinstance(item, Mapping)] if isinstance(inner, list) else []
    return " ".join(part for part in parts if part)


def _filled(body: Mapping[str, Any]) -> str:
    message, given = str(body.get("message") or ""), body.get("parameters")
    values = (
        {str(number): value for number, value in enumerate(given, 1)}
        if isinstance(given, list)
        else given
        if isinstance(given, Mapping)
        else {}
    )
    return _MARK.sub(lambda mark: str(values.get(mark[1], mark[0])), message)


def _resource(body: Mapping[str, Any], sentence: str) -> str:
    given = body.get("parameters")
    if isinstance(given, Mapping) and given.get("resources"):
        return str(given["resources"])
    if isinstance(given, list) and given:
        return str(given[0])
    found = re.search(r"[A-Z]\w+::\w+", sentence)
    return found[0] if found else ""


def classify(status: int, headers: Mapping[str, str], body: bytes) -> SyncError:
    """Return the error an answer stands for; a success that is no JSON may be shown too."""
    told, page = _read(body)
    sentence = said(told)
    for row in ROWS:
        if _fits(row, status, PAGE if page else "", sentence):
            return _error(row, status, told, sentence)
    return ContractBroken("MAG-UNEXPECTED", params={"status": status}, detail=redact(sentence))


def _read(body: bytes) -> tuple[dict[str, Any], bool]:
    """The answer's JSON, or the sentence in a text of the sign-in; and whether it is neither."""
    if body.lstrip()[:14] == b"oauth_problem=":
        pairs = dict(parse_qsl(body.decode("utf-8", "replace").strip()))
        return {"message": "oauth_problem: " + pairs.get("oauth_problem", "")}, False
    try:
        found = decode(body, any_shape=True) if body else {}
    except BadAnswer:
        return {}, True
    return ({"message": str(found["answer"])} if set(found) == {"answer"} else found), not body


def _fits(row: ErrorRow, status: int, kind: str, sentence: str) -> bool:
    return (
        (row.status == status or row.status is None or (row.status == 200 and 200 <= status < 300))
        and (row.vendor_code is None or row.vendor_code == kind)
        and (row.contains is None or row.contains in sentence.lower())
        and row.status is not None
    )


def _error(row: ErrorRow, status: int, told: Mapping[str, Any], sentence: str) -> SyncError:
    clean = redact(sentence)
    params: dict[str, object] = {"status": status, "said": clean[:300] or "–"}
    if row.code == ACL:
        names = _resource(told, sentence)
        titles = [TITLES[name].en for name in re.split(r"[,\s]+", names) if name in TITLES]
        params |= {"resource": names or "?", "title": ", ".join(titles) or names or "?"}
    report = _REPORT.search(sentence)
    params["report"] = report[1] if report else "–"
    return row.raises(
        row.code,
        params=params,
        detail=clean,
        request_id=report[1] if report else "",
        retry_after=MAINTENANCE_SECONDS if row.code == "MAG-MAINTENANCE" else None,
    )
