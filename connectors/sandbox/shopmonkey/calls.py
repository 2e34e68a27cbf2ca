"""What each route does, for a caller whose key was admitted.

Source: https://shopmonkey.dev, AbbottDevelopments/shopmonkey-mcp-server, contracts/shopmonkey, read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connectors.sandbox.core import Document, Request, Response
from connectors.sandbox.shopmonkey import checks, people, query
from connectors.sandbox.shopmonkey.checks import Body
from connectors.sandbox.shopmonkey.hooks import new_secret
from connectors.sandbox.shopmonkey.orders import shown
from connectors.sandbox.shopmonkey.shapes import TABLES
from connectors.sandbox.shopmonkey.shop import Company, Key, Settings, places
from connectors.sandbox.shopmonkey.wire import Refusal, answer, body_of, no_record, unfit

LISTS = {
    "location": ("locations", "location:read"),
    "order": ("orders", "order:read"),
    "workflow_status": ("workflow_statuses", "workflow:read"),
    "vendor": ("vendors", "vendor:read"),
    "webhook": ("webhooks", "webhook:read"),
}
SINGLE = {
    "order": ("orders", "order:read"),
    "customer": ("customers", "customer:read"),
    "inventory_part": ("inventory_parts", "inventory:read"),
    "inventory_tire": ("inventory_tires", "inventory:read"),
    "inventory_labor": ("inventory_labors", "inventory:read"),
    "inventory_fee": ("inventory_fees", "inventory:read"),
    "vehicle": ("vehicles", "vehicle:read"),
    "webhook": ("webhooks", "webhook:read"),
}
SEARCHES = {
    "customer": ("customers", "customer:read"),
    "inventory_part": ("inventory_parts", "inventory:read"),
    "inventory_tire": ("inventory_tires", "inventory:read"),
}
UNLISTED = {"tax_config": ("tax_configs", "order:read"), "payment_term": ("payment_terms", "order:read")}
COMMON = ("id", "createdDate", "updatedDate", "companyId")


@dataclass(frozen=True, slots=True)
class Call:
    """One call by a key that was admitted."""

    request: Request
    company: Company
    key: Key

    @property
    def settings(self) -> Settings:
        return self.company.world.settings

    def need(self, permission: str) -> None:
        """Raises `Refusal` (403) unless the key may do this."""
        if permission not in self.key.permissions:
            raise Refusal(403, "Insufficient permissions")

    def sees(self, row: Document) -> bool:
        """Whether a row is at a location of the key."""
        if not self.key.locations:
            return True
        held = places(row)
        return not held or any(one in self.key.locations for one in held)

    def rows(self, table: str) -> Iterable[Document]:
        """What listings know of a table, for this key."""
        found = self.company.seen(table)
        if not self.key.locations:
            return found
        if table == "locations":
            return [row for row in found if row["id"] in self.key.locations]
        return [row for row in found if self.sees(row)]

    def find(self, table: str, id: str) -> Document:
        """A row of the key's locations. Raises `Refusal` (404)."""
        found = self.company.find(table, id)
        if not self.sees(found):
            raise no_record()
        return found

    def body(self, shape: Body, *, making: bool = True) -> Document:
        """The members of the body that are heeded. Raises `Refusal` (400)."""
        settings = self.settings
        return shape.fit(body_of(self.request), making=making, strict=settings.strict, ignored=settings.ignore_writes)

    def at(self, location: object) -> str:
        """A location the caller names. Raises `Refusal` (400) for one that is not the key's."""
        if location not in self.company["locations"] or (self.key.locations and location not in self.key.locations):
            raise unfit([f"locationId {location} is not known"])
        return str(location)


def operate(call: Call, parts: list[str]) -> Response:
    """Do what an address below `/v3` asks. Raises `Refusal`."""
    match call.request.method, parts:
        case "GET", ["auth", "api_key", "status"]:
            return _status(call)
        case "POST", ["integration", "payment", "search"]:
            return _search(call, "payments", "payment:read", "payment")
        case _, ["customer", *rest]:
            return _customers(call, rest)
        case "GET", ["order", id, "service"]:
            call.need("order:read")
            return answer(call.company.services_of(call.find("orders", id)["id"]))
        case "POST", ["inventory_part"] if call.settings.inventory_create:
            return _new_part(call)
        case "PUT", ["inventory_part", id] if call.settings.inventory_create:
            return _change_part(call, id)
        case "POST", [word, "search"] if word in SEARCHES:
            return _search(call, *SEARCHES[word], word)
        case "POST", ["webhook"]:
            return _new_webhook(call)
        case "PUT" | "DELETE", ["webhook", id]:
            return _change_webhook(call, id)
        case "GET", _:
            return _read(call, parts)
    raise no_record()


def _read(call: Call, parts: list[str]) -> Response:
    lists: Mapping[str, tuple[str, str]] = LISTS
    single: Mapping[str, tuple[str, str]] = SINGLE
    if call.settings.unlisted_routes:
        lists, single = {**LISTS, **UNLISTED}, {**SINGLE, **UNLISTED}
    match parts:
        case [word] if word in lists:
            table, permission = lists[word]
            return _list(call, table, permission, word)
        case [word, id] if word in single:
            table, permission = single[word]
            call.need(permission)
            return answer(_show(call, table)(call.find(table, id)))
    raise no_record()


def _status(call: Call) -> Response:
    key, company = call.key, call.company
    return answer(
        {
            "id": key.id,
            "name": key.name,
            "companyId": company.id,
            "companyName": company.name,
            "locationIds": sorted(key.locations or company["locations"]),
            "permissions": sorted(key.permissions),
            "enabled": True,
        }
    )


def _show(call: Call, table: str) -> Callable[[Document], Document]:
    return (lambda row: shown(call.company, row)) if table == "orders" else (lambda row: row)


def _columns(table: str) -> list[str]:
    """The names a filter heeds: columns, not lists and not free-form members."""
    blank = TABLES[table].blank()
    return [*COMMON, *(name for name, value in blank.items() if not isinstance(value, list)), "locationIds"]


def _list(call: Call, table: str, permission: str, word: str) -> Response:
    call.need(permission)
    asked = query.of_query(call.request)
    return _page(call, table, word, asked)


def _search(call: Call, table: str, permission: str, word: str) -> Response:
    call.need(permission)
    return _page(call, table, word, query.of_body(body_of(call.request)))


def _page(call: Call, table: str, word: str, asked: query.Asked) -> Response:
    rows, path = call.rows(table), call.request.path
    show = _show(call, table)
    return query.listing(call.company, rows, asked, word, show, columns=_columns(table), path=path)


# Customers


def _customers(call: Call, rest: list[str]) -> Response:
    nested, flat = (call.settings.search_routes in (one, "both") for one in ("nested", "flat"))
    match call.request.method, rest:
        case "GET", [] if call.settings.customer_list:
            return _list(call, "customers", "customer:read", "customer")
        case "POST", []:
            call.need("customer:write")
            told = call.body(checks.CUSTOMER)
            people.need_name(told)
            for location in told.get("locationIds", ()):
                call.at(location)
            if call.key.locations:
                told.setdefault("locationIds", sorted(call.key.locations))
            return answer(people.add(call.company, told))
        case "POST", ["search"]:
            return _search(call, *SEARCHES["customer"], "customer")
        case "POST", ["email", "search"] if nested:
            return _by_email(call)
        case "POST", ["search-by-email"] if flat:
            return _by_email(call)
        case "POST", ["phone_number", "search"] if nested:
            return _by_phone(call)
        case "POST", ["search-by-phone"] if flat:
            return _by_phone(call)
        case "GET", [id]:
            call.need("customer:read")
            return answer(call.find("customers", id))
        case "PUT", [id]:
            call.need("customer:write")
            call.find("customers", id)
            told = call.body(checks.CUSTOMER, making=False)
            people.need_name({**call.company["customers"][id], **told})
            for location in told.get("locationIds", ()):
                call.at(location)
            return answer(people.change(call.company, id, told))
    raise no_record()


def _by_email(call: Call) -> Response:
    call.need("customer:read")
    return answer(people.by_email(call.rows("customers"), call.body(checks.EMAILS)["emails"]))


def _by_phone(call: Call) -> Response:
    call.need("customer:read")
    wanted = [one["number"] for one in call.body(checks.PHONES)["phoneNumbers"]]
    return answer(people.by_phone(call.rows("customers"), wanted))


# Inventory


def _new_part(call: Call) -> Response:
    call.need("inventory:write")
    told = call.body(checks.PART)
    call.at(told["locationId"])
    return answer(call.company.put("inventory_parts", call.company.fill("inventory_parts", told)))


def _change_part(call: Call, id: str) -> Response:
    call.need("inventory:write")
    old = call.find("inventory_parts", id)
    told = call.body(checks.PART, making=False)
    if "locationId" in told:
        call.at(told["locationId"])
    return answer(call.company.put("inventory_parts", {**old, **told}))


# Webhooks


def _new_webhook(call: Call) -> Response:
    call.need("webhook:write")
    told = call.body(checks.WEBHOOK)
    _check_webhook(call, told, "")
    told["secret"] = told.get("secret") or new_secret(call.company)
    return answer(call.company.put("webhooks", call.company.fill("webhooks", told)))


def _change_webhook(call: Call, id: str) -> Response:
    call.need("webhook:write")
    old = call.find("webhooks", id)
    if call.request.method == "DELETE":
        if call.request.body or "json" in call.request.headers.get("content-type", ""):
            call.body(checks.NOTHING)
        return answer(call.company.drop("webhooks", id))
    told = call.body(checks.WEBHOOK, making=False)
    _check_webhook(call, told, id)
    well = {"error": False, "errorMessage": None, "errorDate": None}
    return answer(call.company.put("webhooks", {**old, **well, **told}))


def _check_webhook(call: Call, told: Document, id: str) -> None:
    """Raises `Refusal` (400) for a taken name or a strange location."""
    if told.get("locationId") is not None:
        call.at(told["locationId"])
    if any(one["name"] == told.get("name") and one["id"] != id for one in call.company["webhooks"].values()):
        raise unfit(["name is taken by another webhook"])
