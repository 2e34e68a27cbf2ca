"""A test invoice: a contact and an invoice of one unit of the currency, marked as sent without a message, then void.

Invoices in test mode never leave the platform, so this one is a live one; its name and its notes say what it is.
Source: GoHighLevel/highlevel-api-docs:apps/invoices.json, read 2026-11-21.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from connectors.contract import Api, Raw, RecordRejected, SettingInvalid
from connectors.highlevel.contacts import located
from connectors.highlevel.errors import NOT_FOUND
from connectors.highlevel.invoices import ALT, DRAFT, PAGE, VOID
from connectors.highlevel.place import identify
from connectors.highlevel.wire import zone

EMAIL = "bridge-test@example.com"
TITLE = "Bridge – test / essai"


def make_trial(api: Api, name: str) -> list[tuple[str, str]]:
    """Make the test invoice and its contact, or meet those of this name; (resource, remote id) of each."""
    contact = str(
        api.post(
            "/contacts/upsert",
            {"locationId": located(api), "email": EMAIL, "firstName": "Bridge", "lastName": "Test", "source": TITLE},
        )["contact"]["id"]
    )
    user = api.context.get("user", "")
    if not user:
        raise SettingInvalid("HL-SETTING-MISSING", params={"setting": "user"}, field="user")
    made = _known(api, contact, name) or dict(api.post("/invoices/", _body(api, contact, name)))
    if made.get("status") == DRAFT:
        body = {"altId": located(api), **ALT, "userId": user, "action": "send_manually", "liveMode": True}
        api.post(f"/invoices/{made['_id']}/send", body)
    return [("contacts", contact), ("invoices", str(made["_id"]))]


def _known(api: Api, contact: str, name: str) -> Raw | None:
    asked = {"altId": located(api), **ALT, "limit": str(PAGE), "offset": "0", "contactId": contact}
    rows = api.get("/invoices/", asked).get("invoices") or ()
    return next((dict(row) for row in rows if name in str(row.get("termsNotes") or "")), None)


def _body(api: Api, contact: str, name: str) -> Raw:
    place = identify(api)
    currency = place.facts["currency"] or api.context.get("home_currency", "")
    today = datetime.now(UTC).astimezone(zone(place.facts["time_zone"])).date().isoformat()
    return {
        "altId": located(api),
        **ALT,
        "name": TITLE,
        "businessDetails": {"name": place.name},
        "currency": currency,
        "items": [{"name": TITLE, "currency": currency, "amount": Decimal("1.00"), "qty": 1}],
        "discount": {"type": "fixed", "value": 0},
        "termsNotes": name,
        "contactDetails": {"id": contact, "name": "Bridge Test", "phoneNo": "", "email": EMAIL},
        "issueDate": today,
        "dueDate": today,
        "sentTo": {"email": [EMAIL]},
        "liveMode": True,
    }


def undo_trial(api: Api, remote_id: str) -> None:
    """Void the test invoice; one that is void or gone is fine."""
    try:
        found = api.get(f"/invoices/{remote_id}", {"altId": located(api), **ALT})
        if found.get("status") != VOID:
            api.post(f"/invoices/{remote_id}/void", {"altId": located(api), **ALT})
    except RecordRejected as error:
        if error.code != NOT_FOUND:
            raise
