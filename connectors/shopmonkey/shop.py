"""Whose key it is, its locations, and the connection check.

The answer of the status call has no published shape: only that it succeeds is relied on, and what it tells of company
and permissions is used where it does.

Source: https://shopmonkey.dev/quickstart (read 2026-11)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import available_timezones

from connectors.contract import Api, Finding, Identity, Raw, SettingInvalid, Text, VendorUnavailable
from connectors.shopmonkey.lists import Lists, Window
from connectors.shopmonkey.wire import (
    CURRENCIES,
    CUSTOMERS,
    FORBIDDEN,
    LOCATIONS,
    ORDERS,
    PARTS,
    PAYMENTS,
    TIRES,
    Source,
    read,
    rows,
    text,
)

STATUS = "/auth/api_key/status"
_KNOWN: WeakKeyDictionary[Api, dict[str, dict[str, Any]]] = WeakKeyDictionary()  # while an account is open


def locations(api: Api) -> list[Raw]:
    """The locations the key sees, by name, those closed left out. SettingInvalid SM-LOCATIONS-NONE: there is none.

    A list like the others: it is asked for until all that are counted were met. VendorUnavailable SM-LOCATIONS-LOST
    where they are not: what is read of some locations only is not to be taken for all.
    """
    lists = Lists(api, LOCATIONS, {}, datetime.now(UTC))
    windows = list(lists.windows(Window("")))
    found = {str(row["id"]): row for window in windows for row in window.found.values()}
    lost = [window.missing for window in windows if window.missing is not None]
    if lost:
        raise VendorUnavailable("SM-LOCATIONS-LOST", params={"found": len(found), "missing": sum(lost)})
    if not found:
        raise SettingInvalid("SM-LOCATIONS-NONE")
    open_ones = [row for row in found.values() if row.get("deleted") is not True]
    return sorted(open_ones or found.values(), key=lambda row: (str(row.get("name")), str(row["id"])))


def chosen(api: Api) -> list[Raw]:
    """The locations this integration is about: those of the setting, else all the key sees."""
    wanted = {item.strip() for item in api.context.get("locations", "").split(",") if item.strip()}
    found = [row for row in locations(api) if not wanted or str(row["id"]) in wanted]
    if not found:
        raise SettingInvalid("SM-LOCATIONS-NONE")
    return found


def note(row: Raw) -> dict[str, Any]:
    """What documents are told of their location."""
    return {name: row.get(name) for name in ("id", "name", "timezone", "country") if row.get(name)}


def noted(api: Api, row: Raw) -> Raw:
    """A document read by itself, with its location noted. Locations are read once for all documents of an account."""
    told = str(row.get("locationId") or "")
    known = _KNOWN.get(api)
    if known is None or told not in known:
        known = _KNOWN[api] = {str(item["id"]): note(item) for item in locations(api)}
    return {**row, "_location": known[told]} if told in known else row


def status(api: Api) -> Mapping[str, Any]:
    """What the key says of itself; {} where it says nothing we know."""
    data = read(STATUS, lambda: api.get(STATUS)).get("data")
    return data if isinstance(data, Mapping) else {}


def identify(api: Api) -> Identity:
    """Return whose key it is. Two calls, more where the list of locations leaves some out."""
    told, found = status(api), locations(api)
    company = text(told.get("companyId")) or next((text(row.get("companyId")) for row in found), None)
    names = [text(row.get("name")) or str(row["id"]) for row in found]
    name = text(told.get("companyName")) or names[0]
    first = found[0]
    facts: dict[str, Any] = {
        "country": text(first.get("country")),
        "currency": CURRENCIES.get(str(first.get("country") or "").upper()),
        "time_zone": text(first.get("timezone")),
        "locations": [{**note(row), "id": str(row["id"])} for row in found],
    }
    if len(found) == 1:
        facts["only_location"] = str(first["id"])
    if isinstance(told.get("permissions"), list):
        facts["permissions"] = sorted(str(item) for item in told["permissions"])
    many = f" ({len(found)})" if len(found) > 1 else ""
    return Identity(
        str(company or first["id"])[:200],
        f"{name}{many}"[:300],
        {key: value for key, value in facts.items() if value is not None},
    )


# the check

# What is asked, and whether anything works without it.
PROBES: tuple[tuple[Source, Text, bool], ...] = (
    (ORDERS, Text("Orders", "Commandes"), True),
    (CUSTOMERS, Text("Customers", "Clients"), True),
    (PAYMENTS, Text("Payments and refunds", "Paiements et remboursements"), False),
    (PARTS, Text("Parts", "Pièces"), False),
    (TIRES, Text("Tires", "Pneus"), False),
)


def diagnose(api: Api) -> list[Finding]:
    """Return what stands in the way, a permission at a time, and what a person should know of the locations."""
    status(api)
    found = locations(api)
    names = ", ".join(text(row.get("name")) or str(row["id"]) for row in found)
    told = Text("The key sees: {names}.", "La clé voit : {names}.")
    result = [Finding("SM-LOCATIONS", "ok", told, {"names": names, "count": len(found)})]
    denied = [finding for probe in PROBES if (finding := _probe(api, *probe))]
    result += denied
    if not denied:
        result.append(
            Finding(
                "SM-RIGHTS", "ok", Text("All rights to read are given.", "Tous les droits de lecture sont accordés.")
            )
        )
    for row in found:
        result += _place(row)
    return result


def _probe(api: Api, source: Source, label: Text, needed: bool) -> Finding | None:
    try:
        rows(api, source, {})
        return None
    except SettingInvalid as error:
        if error.code != FORBIDDEN:
            raise
        words = Text(
            "The key lacks the permission “{permission}” ({what}). An administrator ticks it on a new key in "
            "Settings > Integration > API Keys.",
            "Il manque à la clé la permission « {permission} » ({quoi}). Un administrateur la coche sur une nouvelle "
            "clé dans Settings > Integration > API Keys.",
        )
        params = {**error.params, "what": label.en, "quoi": label.fr}
        return Finding(FORBIDDEN, "blocker" if needed else "warning", words, params)


def _place(row: Raw) -> Iterator[Finding]:
    zone, country = text(row.get("timezone")) or "?", (text(row.get("country")) or "?").upper()
    params = {"name": text(row.get("name")) or str(row["id"]), "zone": zone, "country": country}
    if zone not in available_timezones():
        words = Text(
            "The time zone of “{name}” is not known ({zone}): its days are counted in UTC.",
            "Le fuseau horaire de « {name} » est inconnu ({zone}) : ses jours sont comptés en UTC.",
        )
        yield Finding("SM-TIME-ZONE", "warning", words, params)
    if country not in CURRENCIES:
        words = Text(
            "The currency of “{name}” is not known: its country is {country}.",
            "La devise de « {name} » est inconnue : son pays est {country}.",
        )
        yield Finding("SM-CURRENCY", "warning", words, params)
