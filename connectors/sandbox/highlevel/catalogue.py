"""The rest that can be read: the location itself, its workflows, custom fields, products and prices.

Source: GoHighLevel/highlevel-api-docs:apps/locations.json, workflows.json, products.json, read 2026-11-21.
"""

from __future__ import annotations

from connectors.sandbox.core import Response
from connectors.sandbox.highlevel.call import WRONG_PLACE, Call
from connectors.sandbox.highlevel.place import shown
from connectors.sandbox.highlevel.wire import Refusal, answer, nobody_serves, query_count, query_text, trace

SIZE = 50


def location(call: Call, id: str) -> Response:
    """`GET /locations/{id}`: for its own token, or its agency's."""
    call.need("locations.readonly")
    found = call.locations.get(id)
    if found is None or call.grant.location not in ("", id) or call.grant.company != found.company_id:
        raise Refusal(403, WRONG_PLACE)
    told = {
        "id": found.id,
        "companyId": found.company_id,
        "name": found.name,
        "country": found.country,
        "timezone": found.timezone,
        "email": found.email,
        "phone": found.phone,
        "currency": found.currency,
        "settings": {
            "allowDuplicateContact": found.world.settings.allow_duplicate_contact,
            "allowDuplicateOpportunity": False,
        },
    }
    return answer({"location": told, "traceId": trace()})


def custom_fields(call: Call, id: str) -> Response:
    """`GET /locations/{id}/customFields`."""
    call.need("locations/customFields.readonly")
    return answer({"customFields": list(call.at(id).custom_fields.values()), "traceId": trace()})


def workflows(call: Call) -> Response:
    """`GET /workflows/`."""
    call.need("workflows.readonly")
    return answer({"workflows": list(call.located().workflows.values()), "traceId": trace()})


def products(call: Call, parts: list[str]) -> Response:
    """`GET /products/…`; `parts` is what follows."""
    match parts:
        case [""]:
            call.need("products.readonly")
            return _products(call)
        case [id]:
            call.need("products.readonly")
            place = call.located()
            if id not in place.products:
                raise Refusal(404, "Product not found")
            return answer(shown(place.products[id]))
        case [id, "price"]:
            call.need("products/prices.readonly")
            return _prices(call, id)
    raise nobody_serves(call.request)


def _products(call: Call) -> Response:
    place = call.located()
    limit, offset = query_count(call.request, "limit", SIZE), query_count(call.request, "offset", 0)
    rising = query_text(call.request, "sortOrder", ("asc", "desc")) == "asc"
    word, ids = (call.arg("search") or "").lower(), set(call.request.query.get("productIds", []))
    rows = [row for row in place.products.values() if word in row["name"].lower() and (not ids or row["_id"] in ids)]
    rows.sort(key=lambda row: (row["createdAt"], row["_id"]), reverse=not rising)
    page = [shown(row) for row in rows[offset : offset + limit]]
    return answer({"products": place.world.kept(page), "total": [{"total": len(rows)}], "traceId": trace()})


def _prices(call: Call, id: str) -> Response:
    place = call.located()
    limit, offset = query_count(call.request, "limit", SIZE), query_count(call.request, "offset", 0)
    wanted = set((call.arg("ids") or "").split(",")) - {""}
    rows = [row for row in place.prices.values() if row["product"] == id and (not wanted or row["_id"] in wanted)]
    page = [shown(row) for row in rows[offset : offset + limit]]
    return answer({"prices": page, "total": len(rows), "traceId": trace()})
