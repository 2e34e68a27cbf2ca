"""What each write may carry: types, required names, closed lists, greatest lengths.

Source: the vendor's published interface description 3.0.91, read 2026-11-21.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.mailchimp.checks import (
    Check,
    Found,
    anything,
    boolean,
    fields,
    identifier,
    listing,
    money,
    number,
    one_of,
    text,
    values_of,
    whole,
)
from connectors.sandbox.mailchimp.wire import FieldError

WRITABLE_STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
ALL_STATUSES = (*WRITABLE_STATUSES, "archived")
MERGE_TYPES = (
    "text",
    "number",
    "address",
    "phone",
    "date",
    "url",
    "imageurl",
    "radio",
    "dropdown",
    "birthday",
    "zip",
)
ADDRESS_PARTS = ("addr1", "city", "state", "zip")
HOOK_EVENTS = (
    "subscribe",
    "unsubscribe",
    "profile",
    "cleaned",
    "upemail",
    "campaign",
    "sms_subscribe",
    "sms_unsubscribe",
    "upsms",
    "sms_campaign",
)
HOOK_SOURCES = ("user", "admin", "api")

FILLED = text(filled=True)
TITLE = text(filled=True, pattern=r"\S", says="This value should not be blank.")
CURRENCY = text(pattern=r"^[A-Z]{3}\Z", says="This value is not a valid currency code.")
ORDER_ID = text(filled=True, pattern=r"^(?!0\Z)(?=.*\S)", says="This value is not a valid order id.")
# An id that is too long is a 404, not a 400, so it is not looked at here.
CUSTOMER_ID = text(filled=True, pattern=r"\S", says="This value should not be blank.")
WEB_ADDRESS = text(pattern=r"^https?://", says="Please enter a valid URL")
STAMP = text(
    pattern=r"^(|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d))\Z",
    says="Invalid datetime",
)


def merge_value(value: Any, at: str, found: Found) -> None:
    """Text, a number, or a complete address."""
    if isinstance(value, dict):
        if not all(isinstance(value.get(part), str) and value[part] for part in ADDRESS_PARTS):
            found.append(FieldError(at, "Please enter a complete address"))
        elif not all(isinstance(value.get(part, ""), str) for part in ("addr2", "country")):
            found.append(FieldError(at, "Schema describes string, other type found instead"))
    elif not isinstance(value, str):
        number(value, at, found)


_MEMBER: dict[str, Check] = {
    "email_address": FILLED,
    "email_type": text(),
    "status": one_of(*WRITABLE_STATUSES),
    "merge_fields": values_of(merge_value),
    "interests": values_of(boolean),
    "language": text(),
    "vip": boolean,
    "location": fields({"latitude": number, "longitude": number}),
    "marketing_permissions": listing(fields({"marketing_permission_id": text(), "enabled": boolean})),
    "ip_signup": text(),
    "timestamp_signup": STAMP,
    "ip_opt": text(),
    "timestamp_opt": STAMP,
}
BATCH_ROW = fields(_MEMBER)
MEMBER_CREATE = fields({**_MEMBER, "tags": listing(text())}, ("email_address", "status"))
MEMBER_UPSERT = fields(
    {**_MEMBER, "status_if_new": one_of(*WRITABLE_STATUSES), "tags": listing(FILLED)}, ("email_address",)
)
MEMBER_PATCH = fields(_MEMBER)
BATCH_SUBSCRIBE = fields(
    {"members": listing(BATCH_ROW, most=500), "sync_tags": boolean, "update_existing": boolean}, ("members",)
)
TAGS_UPDATE = fields(
    {
        "tags": listing(fields({"name": FILLED, "status": one_of("active", "inactive")}, ("name", "status")), least=1),
        "is_syncing": boolean,
    },
    ("tags",),
)
SEGMENT_WRITE = fields(
    {
        "name": FILLED,
        "static_segment": listing(FILLED, most=500),
        "options": fields({"match": one_of("any", "all"), "conditions": listing(anything)}),
    },
    ("name",),
)
SEGMENT_CHANGE = fields({"members_to_add": listing(FILLED, most=500), "members_to_remove": listing(FILLED, most=500)})
SEGMENT_MEMBER = fields({"email_address": FILLED}, ("email_address",))

_MERGE_FIELD: dict[str, Check] = {
    "tag": text(longest=10),
    "name": text(),
    "required": boolean,
    "default_value": text(),
    "public": boolean,
    "display_order": whole,
    "options": fields(
        {
            "default_country": whole,
            "phone_format": text(),
            "date_format": text(),
            "choices": listing(text()),
            "size": whole,
        }
    ),
    "help_text": text(),
}
MERGE_FIELD_CREATE = fields({**_MERGE_FIELD, "type": one_of(*MERGE_TYPES)}, ("name", "type"))
MERGE_FIELD_PATCH = fields(_MERGE_FIELD, ("name",))

_HOOK: dict[str, Check] = {
    "url": WEB_ADDRESS,
    "events": fields(dict.fromkeys(HOOK_EVENTS, boolean)),
    "sources": fields(dict.fromkeys(HOOK_SOURCES, boolean)),
}
WEBHOOK_CREATE = fields(_HOOK, ("url",))
WEBHOOK_WRITE = fields(_HOOK)

BATCH_CREATE = fields(
    {
        "operations": listing(
            fields(
                {
                    "method": one_of("GET", "POST", "PUT", "PATCH", "DELETE"),
                    "path": FILLED,
                    "params": anything,
                    "headers": anything,
                    "body": text(),
                    "operation_id": text(),
                },
                ("method", "path"),
            ),
            least=1,
            most=1000,
        )
    },
    ("operations",),
)

_TEXTS = ("address1", "address2", "city", "province", "province_code", "postal_code", "country", "country_code")
ADDRESS = fields(dict.fromkeys(_TEXTS, text()))
PLACE = fields({**dict.fromkeys(_TEXTS, text()), "longitude": number, "latitude": number})
ORDER_PLACE = fields(
    {**dict.fromkeys((*_TEXTS, "name", "company", "phone"), text()), "longitude": number, "latitude": number}
)

_STORE: dict[str, Check] = {
    "name": FILLED,
    "currency_code": CURRENCY,
    "is_syncing": boolean,
    "address": PLACE,
    **dict.fromkeys(
        ("platform", "domain", "email_address", "money_format", "primary_locale", "timezone", "phone"), text()
    ),
}
STORE_CREATE = fields({**_STORE, "id": FILLED, "list_id": FILLED}, ("id", "list_id", "name", "currency_code"))
STORE_PATCH = fields(_STORE)

_CUSTOMER: dict[str, Check] = {
    "opt_in_status": boolean,
    "address": ADDRESS,
    **dict.fromkeys(("company", "first_name", "last_name", "sms_phone_number"), text()),
}
CUSTOMER_WRITE = fields(
    {**_CUSTOMER, "id": CUSTOMER_ID, "email_address": FILLED}, ("id", "email_address", "opt_in_status")
)
CUSTOMER_PATCH = fields(_CUSTOMER)
ORDER_CUSTOMER = fields({**_CUSTOMER, "id": CUSTOMER_ID, "email_address": FILLED}, ("id",))

_VARIANT: dict[str, Check] = {
    "title": TITLE,
    "price": money,
    "inventory_quantity": whole,
    **dict.fromkeys(("url", "sku", "image_url", "backorders", "visibility"), text()),
}
VARIANT_WRITE = fields({**_VARIANT, "id": identifier}, ("id", "title"))
VARIANT_PATCH = fields(_VARIANT)
_PRODUCT: dict[str, Check] = {
    "id": identifier,
    "title": TITLE,
    "images": listing(fields({"id": text(filled=True, longest=50), "url": text(), "variant_ids": listing(identifier)})),
    **dict.fromkeys(("handle", "url", "description", "type", "vendor", "image_url", "published_at_foreign"), text()),
}
_VARIANTS = listing(VARIANT_WRITE, least=1)
PRODUCT_CREATE = fields({**_PRODUCT, "variants": _VARIANTS}, ("id", "title", "variants"))
PRODUCT_PUT = fields({**_PRODUCT, "variants": _VARIANTS}, ("id",))
PRODUCT_PATCH = fields({**_PRODUCT, "variants": listing(fields({**_VARIANT, "id": identifier}))})

_LINE: dict[str, Check] = {
    "product_id": FILLED,
    "product_variant_id": FILLED,
    "quantity": whole,
    "price": money,
    "discount": money,
}
LINE_WRITE = fields(
    {**_LINE, "id": FILLED, "product": PRODUCT_PUT}, ("id", "product_id", "product_variant_id", "quantity", "price")
)
LINE_PATCH = fields(_LINE)


def cart_id(value: Any, at: str, found: Found) -> None:
    """Text up to 50 characters, or a whole number."""
    if type(value) is not int:
        text(longest=50)(value, at, found)


ORDER_TEXTS = (
    "campaign_id",
    "landing_site",
    "financial_status",
    "fulfillment_status",
    "order_url",
    "processed_at_foreign",
    "cancelled_at_foreign",
    "updated_at_foreign",
    "tracking_number",
    "tracking_carrier",
    "tracking_url",
)
ORDER_MONEY = ("order_total", "discount_total", "tax_total", "shipping_total")
_ORDER: dict[str, Check] = {
    "id": ORDER_ID,
    "currency_code": CURRENCY,
    "cart_id": cart_id,
    "tracking_code": one_of("prec"),
    "shipping_address": ORDER_PLACE,
    "billing_address": ORDER_PLACE,
    "outreach": fields({"id": text()}),
    "promos": listing(
        fields(
            {"code": text(), "type": one_of("fixed", "percentage"), "amount_discounted": money},
            ("code", "type", "amount_discounted"),
        )
    ),
    **dict.fromkeys(ORDER_TEXTS, text()),
    **dict.fromkeys(ORDER_MONEY, money),
}
ORDER_CREATE = fields(
    {**_ORDER, "customer": ORDER_CUSTOMER, "lines": listing(LINE_WRITE)},
    ("id", "customer", "currency_code", "order_total", "lines"),
)
ORDER_PATCH = fields({**_ORDER, "customer": CUSTOMER_PATCH, "lines": listing(fields({**_LINE, "id": FILLED}))})
