"""The store: what holds the products and orders of one company in one audience.

It starts with `is_syncing`, which keeps purchase automations quiet, and with the product that stands for lines without
one, so that no order can ever come before it. Removing it takes its customers, products and orders along and leaves the
audience's contacts alone.
Source: https://mailchimp.com/developer/marketing/api/ecommerce-stores/, read 2026-11-21.
"""

from collections.abc import Mapping
from typing import Any

from connectors.contract import Api, Field, Payload, Raw, RecordRejected, Resource, SettingInvalid, Text, Write
from connectors.contract.parsing import instant
from connectors.mailchimp.batches import written
from connectors.mailchimp.errors import EXISTS, NOT_FOUND
from connectors.mailchimp.wire import filled, segment, setting, shows, words

CATCH_ALL = "qbo-other"
CATCH_ALL_TITLE = Text("Other (line without a product)", "Autre (ligne sans produit)")

KEPT = (
    "id", "list_id", "name", "platform", "is_syncing", "email_address", "currency_code", "primary_locale", "timezone",
    "phone", "address", "created_at", "updated_at",
)  # fmt: skip
_PLACE = (
    ("line1", "address1"),
    ("line2", "address2"),
    ("city", "city"),
    ("region", "province"),
    ("postcode", "postal_code"),
    ("country", "country_code"),
)


def read_place(value: Any) -> dict[str, str | None] | None:
    """A canonical address from an e-commerce one."""
    found = {ours: filled(value.get(theirs)) for ours, theirs in _PLACE} if isinstance(value, Mapping) else {}
    return found if any(found.values()) else None


def write_place(value: Any) -> dict[str, str]:
    """An e-commerce address from a canonical one: here every part may be missing."""
    if not isinstance(value, Mapping):
        return {}
    return {theirs: words(value[ours]) for ours, theirs in _PLACE if value.get(ours)}


FIELDS = (
    Field("name", "name", read=filled, write=words, required=True),
    Field("currency", "currency_code", read=filled, write=words, required=True),
    Field("language", "primary_locale", read=filled, write=words),
    Field("time_zone", "timezone", read=filled, write=words),
    Field("email", "email_address", read=filled, write=words),
    Field("phone", "phone", read=filled, write=words),
    Field("address", "address", read=read_place, write=write_place),
    Field("importing", "is_syncing", read=bool, write=bool),
)


def chosen_id(values: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """The store's id, ours to choose: one for each pair of company and audience."""
    return setting(context, "store")


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body; a new store is bound to its audience for ever and starts in the quiet state."""
    payload: Payload = {}
    for item in FIELDS:
        if item.name in values and item.write and (action != "create" or values[item.name] not in (None, "")):
            payload[item.wire] = item.write(values[item.name])
    if action != "create":
        return payload
    payload.setdefault("name", chosen_id(values, context))
    payload.setdefault("currency_code", setting(context, "currency"))
    if context.get("platform"):
        payload["platform"] = context["platform"]
    return {**payload, "id": chosen_id(values, context), "list_id": setting(context, "audience"), "is_syncing": True}


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Open the store, or take the one of ours that is there, and see that it has its catch-all product."""
    try:
        raw = written(api.post("/ecommerce/stores", payload), KEPT)
    except RecordRejected as error:
        if error.code != EXISTS:
            raise
        raw = _take_over(api, payload)
    add_catch_all(api, payload)
    return raw


def _take_over(api: Api, payload: Payload) -> Raw:
    raw = fetch(api, payload["id"])
    if raw.get("list_id") != payload["list_id"]:
        raise SettingInvalid("MC-STORE-ELSEWHERE", params={"store": payload["id"], "audience": raw.get("list_id", "")})
    return api.patch(
        f"/ecommerce/stores/{segment(payload['id'])}",
        {name: value for name, value in payload.items() if name not in ("id", "list_id")},
    )


def add_catch_all(api: Api, payload: Mapping[str, Any]) -> None:
    """Put the product for lines without one into the store; there already is as good."""
    title = CATCH_ALL_TITLE.say(str(payload.get("primary_locale") or api.context.get("language", "en")))
    product = {"id": CATCH_ALL, "title": title, "variants": [{"id": CATCH_ALL, "title": title}]}
    try:
        api.post(f"/ecommerce/stores/{segment(str(payload['id']))}/products", product)
    except RecordRejected as error:
        if error.code != EXISTS:
            raise


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change the store; its audience is never among what changes."""
    if not payload:
        return fetch(api, remote_id)
    return api.patch(f"/ecommerce/stores/{segment(remote_id)}", payload)


def remove(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Remove the store with its products and orders. One that is not there is removed."""
    try:
        return api.delete(f"/ecommerce/stores/{segment(remote_id)}")
    except RecordRejected as error:
        if error.code != NOT_FOUND:
            raise
        return {}


def fetch(api: Api, remote_id: str) -> Raw:
    """One store."""
    return api.get(f"/ecommerce/stores/{segment(remote_id)}", {"fields": ",".join(KEPT)})


def find(api: Api, write: Write) -> Raw | None:
    """The store as a lost write wanted it; without its catch-all product it is only half made."""
    name = str(write.remote_id or write.payload.get("id", ""))
    raw = maybe(lambda: fetch(api, name))
    if write.action == "remove":
        return None if raw else {"id": name}
    if raw is None or write.action != "create":
        return raw if raw and shows(raw, write.payload) else None
    path = f"/ecommerce/stores/{segment(name)}/products/{CATCH_ALL}"
    return raw if maybe(lambda: api.get(path, {"fields": "id"})) else None


def maybe(call: Any) -> Raw | None:
    """What a reading call answers, None when the vendor knows no such thing."""
    try:
        found: Raw = call()
    except RecordRejected as error:
        if error.code == NOT_FOUND:
            return None
        raise
    return found


STORES = Resource(
    name="stores",
    entity="shop",
    label=Text("Stores", "Boutiques"),
    fields=FIELDS,
    changed_at=lambda raw: instant(raw.get("updated_at")),
    build=build,
    create=create,
    update=update,
    remove=remove,
    fetch=fetch,
    find=find,
    chosen_id=chosen_id,
    repeat="harmless",
)
