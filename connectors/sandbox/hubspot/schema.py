"""What every account has from the start: object types, their properties, and the ids of their associations.

Source: the vendor's object, association and property guides (https://developers.hubspot.com/docs), read 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.sandbox.core import Document

VERSIONS = ("2026-03", "2026-09")
HUBSPOT_DEFINED = "HUBSPOT_DEFINED"
USER_DEFINED = "USER_DEFINED"
CATEGORIES = (HUBSPOT_DEFINED, "INTEGRATOR_DEFINED", USER_DEFINED, "WORK")


@dataclass(frozen=True, slots=True)
class Kind:
    """One object type. `event` is the word its webhooks begin with; `shown` comes back when nothing is asked for."""

    name: str
    type_id: str
    singular: str
    label: str
    cursor: str
    created: str
    shown: tuple[str, ...]
    searched: tuple[str, ...]
    read: tuple[str, ...]
    write: tuple[str, ...]
    define: tuple[str, ...]
    event: str
    group: str
    first_id: int


def _kind(
    name: str,
    type_id: str,
    singular: str,
    label: str,
    scope: str,
    first_id: int,
    *,
    shown: tuple[str, ...] = (),
    searched: tuple[str, ...] = (),
    cursor: str = "hs_lastmodifieddate",
    created: str = "hs_createdate",
    also: tuple[str, ...] = (),
    define: str = "",
    event: str = "object",
) -> Kind:
    return Kind(
        name=name,
        type_id=type_id,
        singular=singular,
        label=label,
        cursor=cursor,
        created=created,
        shown=shown or (created, cursor, "hs_object_id"),
        searched=searched,
        read=(f"crm.objects.{scope}.read", *also),
        write=(f"crm.objects.{scope}.write", *also),
        define=also or (f"crm.schemas.{define or scope}.write",),
        event=event,
        group=f"{singular}information".replace("_", ""),
        first_id=first_id,
    )


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(
            "contacts",
            "0-1",
            "contact",
            "Contact",
            "contacts",
            70_100_000_001,
            shown=("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
            searched=(
                "firstname",
                "lastname",
                "email",
                "phone",
                "hs_additional_emails",
                "fax",
                "mobilephone",
                "company",
            ),
            cursor="lastmodifieddate",
            created="createdate",
            event="contact",
        ),
        _kind(
            "companies",
            "0-2",
            "company",
            "Company",
            "companies",
            70_200_000_001,
            shown=("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
            searched=("name", "domain", "phone"),
            created="createdate",
            event="company",
        ),
        _kind(
            "deals",
            "0-3",
            "deal",
            "Deal",
            "deals",
            70_300_000_001,
            shown=(
                "amount",
                "closedate",
                "createdate",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ),
            searched=("dealname", "pipeline", "dealstage", "description", "dealtype"),
            created="createdate",
            event="deal",
        ),
        _kind(
            "products",
            "0-7",
            "product",
            "Product",
            "products",
            70_700_000_001,
            shown=("createdate", "description", "hs_lastmodifieddate", "name", "price"),
            searched=("name", "description", "price", "hs_sku"),
            created="createdate",
            also=("e-commerce",),
            event="product",
        ),
        _kind(
            "line_items",
            "0-8",
            "line_item",
            "Line item",
            "line_items",
            70_800_000_001,
            shown=("amount", "createdate", "hs_lastmodifieddate", "price", "quantity"),
            searched=("name", "hs_sku"),
            created="createdate",
            also=("e-commerce",),
            event="line_item",
        ),
        _kind("notes", "0-46", "note", "Note", "contacts", 74_600_000_001, searched=("hs_note_body",)),
        _kind("invoices", "0-53", "invoice", "Invoice", "invoices", 75_300_000_001, searched=("hs_number", "hs_title")),
        _kind(
            "commerce_payments",
            "0-101",
            "commerce_payment",
            "Payment",
            "commercepayments",
            80_100_000_001,
            searched=("hs_customer_email", "hs_reference_number"),
        ),
    )
}
BY_WORD: dict[str, Kind] = {
    word: kind for kind in KINDS.values() for word in (kind.name, kind.type_id, kind.singular, kind.singular + "s")
}
SCOPES: frozenset[str] = frozenset(
    {"oauth", "timeline", "tickets", "crm.schemas.companies.write"}
    | {scope for kind in KINDS.values() for scope in (*kind.read, *kind.write, *kind.define)}
    | {scope.replace(".write", ".read") for kind in KINDS.values() for scope in kind.define}
)

# Default association types by direction. The ones with a comment are not in the vendor's published list of this
# integration's facts: they are the other direction of one that is.
LINK_TYPES: dict[tuple[str, str], int] = {
    ("contacts", "deals"): 4,
    ("deals", "contacts"): 3,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,  # inverse
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("contacts", "invoices"): 178,
    ("invoices", "contacts"): 177,
    ("invoices", "companies"): 179,
    ("companies", "invoices"): 180,  # inverse
    ("invoices", "deals"): 175,
    ("deals", "invoices"): 176,
    ("invoices", "line_items"): 409,
    ("line_items", "invoices"): 410,
    ("deals", "line_items"): 19,
    ("line_items", "deals"): 20,
    ("invoices", "commerce_payments"): 541,
    ("commerce_payments", "invoices"): 542,
    ("commerce_payments", "contacts"): 387,
    ("contacts", "commerce_payments"): 388,
    ("commerce_payments", "deals"): 391,
    ("deals", "commerce_payments"): 392,
    ("commerce_payments", "companies"): 389,
    ("companies", "commerce_payments"): 390,  # inverse
    ("commerce_payments", "line_items"): 395,
    ("line_items", "commerce_payments"): 396,
    ("notes", "contacts"): 202,
    ("contacts", "notes"): 201,
    ("notes", "deals"): 214,
    ("deals", "notes"): 213,
    ("notes", "companies"): 190,
    ("companies", "notes"): 189,  # inverse
}
LINK_ENDS: dict[int, tuple[str, str]] = {number: ends for ends, number in LINK_TYPES.items()}

LIFECYCLE = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)
PIPELINE = "default"
STAGES = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
)
INVOICE_STATUSES = ("draft", "open", "paid", "voided")
# Only `data_sync` has been seen in public code; the others stand for what the product calls HubSpot and the older
# QuickBooks integration. A connector must read the options, so their values may be anything.
INVOICE_SOURCES = (
    ("HUBSPOT", "HubSpot"),
    ("data_sync", "Data Sync"),
    ("QUICKBOOKS_INTEGRATION", "QuickBooks (older integration)"),
)
PAYMENT_STATUSES = ("processing", "succeeded", "failed", "partially_refunded", "refunded", "processing_refund")
PAYMENT_METHODS = ("card", "ach", "cash", "check", "wire_transfer", "sepa", "bacs", "pads", "other")
PROCESSORS = ("hs_payments", "byo_stripe", "none", "quickbooks", "xero")
FREQUENCIES = ("weekly", "biweekly", "monthly", "quarterly", "per_six_months", "annually", "per_two_years")
OPEN_OPTIONS = "external"  # an enumeration whose values live elsewhere (owners, tax rates)

FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "datetime": "date",
    "date": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
    "phone_number": "phonenumber",
}


@dataclass(frozen=True, slots=True)
class Spec:
    """One property as the vendor defines it; `options` are (value, label), or the word `external`."""

    name: str
    type: str = "string"
    options: tuple[tuple[str, str], ...] | str = ()
    readonly: bool = False
    field_type: str = ""


def _texts(*names: str) -> tuple[Spec, ...]:
    return tuple(Spec(name) for name in names)


def _numbers(*names: str) -> tuple[Spec, ...]:
    return tuple(Spec(name, "number") for name in names)


def _fixed(type: str, *names: str) -> tuple[Spec, ...]:
    return tuple(Spec(name, type, readonly=True) for name in names)


def _choice(name: str, values: Sequence[str], *, readonly: bool = False) -> Spec:
    return Spec(name, "enumeration", tuple((value, value.replace("_", " ").capitalize()) for value in values), readonly)


_OWNER = Spec("hubspot_owner_id", "enumeration", OPEN_OPTIONS)
_STAMPS = (*_fixed("number", "hs_object_id"), *_fixed("datetime", "createdate", "hs_createdate", "hs_lastmodifieddate"))

SPECS: Mapping[str, tuple[Spec, ...]] = {
    "contacts": (
        *_texts("email", "hs_additional_emails", "firstname", "lastname", "phone", "mobilephone", "fax", "company"),
        *_texts("jobtitle", "website", "address", "city", "state", "zip", "country"),
        _choice("lifecyclestage", LIFECYCLE),
        _choice("hs_lead_status", ("NEW", "OPEN", "IN_PROGRESS", "UNQUALIFIED")),
        _OWNER,
        *_fixed("datetime", "createdate", "lastmodifieddate"),
        *_fixed("string", "hs_merged_object_ids"),
        *_fixed("number", "hs_object_id"),
    ),
    "companies": (*_texts("name", "domain", "phone", "address", "city", "state", "zip", "country"), _OWNER, *_STAMPS),
    "deals": (
        *_texts("dealname", "description"),
        _choice("dealstage", STAGES),
        _choice("dealtype", ("newbusiness", "existingbusiness")),
        *_numbers("amount", "hs_pinned_engagement_id"),
        Spec("closedate", "datetime"),
        _OWNER,
        *_STAMPS,
    ),
    "products": (
        *_texts("name", "hs_sku", "hs_recurring_billing_period", "hs_tier_ranges", "hs_tier_prices", "hs_url"),
        Spec("description", field_type="textarea"),
        *_numbers("price", "hs_cost_of_goods_sold"),
        _choice("hs_pricing_model", ("flat", "volume", "graduated", "stairstep")),
        _choice("hs_product_type", ("inventory", "non_inventory", "service")),
        _choice("recurringbillingfrequency", FREQUENCIES),
        *_STAMPS,
    ),
    "line_items": (
        *_texts("name", "hs_sku"),
        Spec("description", field_type="textarea"),
        *_numbers("hs_product_id", "quantity", "price", "discount", "hs_discount_percentage"),
        _choice("recurringbillingfrequency", FREQUENCIES),
        Spec("hs_tax_rate_group_id", "enumeration", OPEN_OPTIONS),
        *_fixed("number", "amount"),
        *_STAMPS,
    ),
    "notes": (
        Spec("hs_timestamp", "datetime"),
        Spec("hs_note_body", field_type="html"),
        _OWNER,
        *_texts("hs_attachment_ids"),
        *_fixed("string", "hs_body_preview_html"),
        *_STAMPS,
    ),
    "invoices": (
        _choice("hs_invoice_status", INVOICE_STATUSES),
        Spec("hs_invoice_billable", "bool"),
        *_texts("hs_title", "hs_number", "hs_tax_id", "hs_purchase_order_number", "hs_custom_fields"),
        *_texts("hs_external_recipient"),
        Spec("hs_comments", field_type="textarea"),
        Spec("hs_invoice_date", "datetime"),
        Spec("hs_due_date", "datetime"),
        _choice("hs_language", ("en", "fr")),
        _choice("hs_locale", ("en-us", "en-ca", "fr-ca", "fr-fr")),
        Spec(
            "hs_allowed_payment_methods",
            "enumeration",
            (("credit_or_debit_card", "Card"), ("ach", "ACH"), ("pads", "PADs")),
            field_type="checkbox",
        ),
        _choice("hs_invoice_payment_collection_method", ("manual", "none")),
        Spec("hs_allow_partial_payments", "bool"),
        *_texts("hs_recipient_company_address", "hs_recipient_company_city", "hs_recipient_company_state"),
        *_texts("hs_recipient_company_zip", "hs_recipient_company_country"),
        Spec("hs_invoice_source", "enumeration", INVOICE_SOURCES, readonly=True),
        *_fixed("string", "hs_invoice_link", "hs_pdf_download_link"),
        *_fixed("number", "hs_amount_billed", "hs_amount_paid", "hs_balance_due"),
        _OWNER,
        *_STAMPS,
    ),
    "commerce_payments": (
        *_numbers("hs_initial_amount", "hs_refunds_amount", "hs_fees_amount"),
        Spec("hs_initiated_date", "datetime"),
        *_texts("hs_customer_email", "hs_reference_number", "hs_internal_comment"),
        _choice("hs_latest_status", PAYMENT_STATUSES),
        _choice("hs_payment_method_type", PAYMENT_METHODS),
        _choice("hs_processor_type", PROCESSORS),
        *_fixed("string", "hs_payment_id", "hs_payment_source_app"),
        *_STAMPS,
    ),
}
# The property that carries the currency of a record; its options are the account's currencies.
CURRENCY: Mapping[str, str] = {
    "deals": "deal_currency_code",
    "line_items": "hs_line_item_currency_code",
    "invoices": "hs_currency",
    "commerce_payments": "hs_currency_code",
}


def definitions(kind: Kind, currencies: Sequence[str], pipelines: Sequence[str]) -> dict[str, Document]:
    """The properties of one object type in a new account, by name, as the property list shows them."""
    specs = list(SPECS[kind.name])
    if kind.name in CURRENCY:
        specs.append(Spec(CURRENCY[kind.name], "enumeration", tuple((code, code) for code in currencies)))
    if kind.name == "products":
        specs += [Spec(f"hs_price_{code.lower()}", "number") for code in currencies]
    if kind.name == "deals":
        specs.append(_choice("pipeline", pipelines))
    return {spec.name: define(kind, spec) for spec in specs}


def define(kind: Kind, spec: Spec) -> Document:
    """One definition made by the vendor."""
    external = spec.options == OPEN_OPTIONS
    options = [] if isinstance(spec.options, str) else spec.options
    return {
        "name": spec.name,
        "label": spec.name.removeprefix("hs_").replace("_", " ").capitalize(),
        "type": spec.type,
        "fieldType": spec.field_type or FIELD_TYPES[spec.type],
        "description": "",
        "groupName": kind.group,
        "options": [
            {"label": label, "value": value, "hidden": False, "displayOrder": at}
            for at, (value, label) in enumerate(options)
        ],
        "displayOrder": -1,
        "calculated": spec.readonly and spec.name in ("amount", "hs_amount_billed", "hs_amount_paid", "hs_balance_due"),
        "externalOptions": external,
        "hasUniqueValue": kind.name == "contacts" and spec.name == "email",
        "hidden": False,
        "hubspotDefined": True,
        "formField": kind.name == "contacts" and not spec.readonly,
        "archived": False,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyOptions": True,
            "readOnlyValue": spec.readonly,
        },
    }
