"""E-commerce customers: whom the store's orders belong to. They come with the orders; here they are only read.

Source: https://mailchimp.com/developer/marketing/api/ecommerce-customers/, read 2026-11-21.
"""

from connectors.contract import Api, Field, Raw, Resource, Text
from connectors.contract.parsing import instant
from connectors.mailchimp.shop import read_place
from connectors.mailchimp.wire import filled, segment

KEPT = (
    "id", "email_address", "opt_in_status", "company", "first_name", "last_name", "orders_count", "total_spent",
    "address", "created_at", "updated_at",
)  # fmt: skip

FIELDS = (
    Field("email", "email_address", read=filled),
    Field("given_name", "first_name", read=filled),
    Field("family_name", "last_name", read=filled),
    Field("company", "company", read=filled),
    Field("address", "address", read=read_place),
    Field("created_at", "created_at", read=instant),
)


def fetch(api: Api, remote_id: str) -> Raw:
    """One customer of the store."""
    return api.get(f"/ecommerce/stores/{{store}}/customers/{segment(remote_id)}", {"fields": ",".join(KEPT)})


CUSTOMERS = Resource(
    name="customers",
    entity="contact",
    label=Text("Store customers", "Clients de la boutique"),
    fields=FIELDS,
    changed_at=lambda raw: instant(raw.get("updated_at")),
    match_on=("email",),
    fetch=fetch,
)
