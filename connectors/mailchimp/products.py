"""Products of the store. Each has one variant, of the same id, which carries price and SKU.

Source: https://mailchimp.com/developer/marketing/api/ecommerce-products/, read 2026-11-21.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.contract import Api, Field, Payload, Raw, RecordRejected, Resource, Text, Values, Write
from connectors.contract.fields import parse
from connectors.mailchimp.batches import Answer, Item, Op, Script, Step, bulk, error_of, settle, written
from connectors.mailchimp.errors import EXISTS
from connectors.mailchimp.shop import maybe
from connectors.mailchimp.wire import filled, maybe_amount, segment, setting, shows, source_of, words

KEPT = ("id", "currency_code", "title", "url", "description", "type", "variants")
_PATH = "/ecommerce/stores/{store}/products"

FIELDS = (
    Field("name", "title", read=filled, write=words, required=True, max_length=255),
    Field("sku", "variants.sku", read=filled, write=words),
    Field("description", "description", read=filled, write=words),
    Field("price", "variants.price", read=maybe_amount, write=maybe_amount),
    Field("currency", "currency_code", read=filled),
    Field("category", "type", read=filled, write=words),
    Field("url", "url", read=filled, write=words),
)
_ON_PRODUCT = (("name", "title"), ("description", "description"), ("category", "type"), ("url", "url"))


def read(raw: Raw) -> Values:
    """Canonical values; price and SKU are the first variant's."""
    variants = raw.get("variants") or [{}]
    return parse(FIELDS, {**raw, "variants": variants[0]})


def chosen_id(values: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """The id of the record it comes from."""
    return source_of(values, context)[1]


def build(values: Mapping[str, Any], action: str, context: Mapping[str, str]) -> Payload:
    """The body. A blank title is refused, so a product without a name goes by its SKU or its id."""
    payload: Payload = {theirs: words(values[ours]) for ours, theirs in _ON_PRODUCT if ours in values}
    variant: Payload = {}
    if "sku" in values:
        variant["sku"] = words(values["sku"])
    if values.get("price") is not None:
        variant["price"] = maybe_amount(values["price"])
    if action == "create":
        payload["id"] = variant["id"] = chosen_id(values, context)
        payload["title"] = payload.get("title") or variant.get("sku") or payload["id"]
    elif not payload.get("title", "x"):
        del payload["title"]
    if "title" in payload:
        variant["title"] = payload["title"]
    if variant:
        payload["variants"] = [variant]
    return {name: value for name, value in payload.items() if action != "create" or value != ""}


def _patch(remote_id: str, payload: Payload) -> Payload:
    """The body of a change: the variant is named by its id, the product by the path."""
    body = {name: value for name, value in payload.items() if name != "id"}
    if payload.get("variants"):
        body["variants"] = [{**payload["variants"][0], "id": remote_id}]
    return body


def create(api: Api, payload: Payload, key: str) -> Raw:
    """Add the product; one of this id that is there already is brought up to date."""
    try:
        return written(api.post(_PATH, payload), KEPT)
    except RecordRejected as error:
        if error.code != EXISTS:
            raise
    return update(api, payload["id"], payload, key)


def update(api: Api, remote_id: str, payload: Payload, key: str) -> Raw:
    """Change a product and its variant."""
    if not payload:
        return fetch(api, remote_id)
    return written(api.patch(f"{_PATH}/{segment(remote_id)}", _patch(remote_id, payload)), KEPT)


def fetch(api: Api, remote_id: str) -> Raw:
    """One product."""
    return api.get(f"{_PATH}/{segment(remote_id)}", {"fields": ",".join(KEPT)})


def find(api: Api, write: Write) -> Raw | None:
    """The product a lost write meant, if it shows what was written."""
    raw = maybe(lambda: fetch(api, str(write.remote_id or write.payload.get("id", ""))))
    return raw if raw and shows(raw, write.payload) else None


def start(context: Mapping[str, str], items: Sequence[Item]) -> Step:
    """One operation for each product."""
    return Step(stage="write", ops=[_op(context, item) for item in items], items=list(items))


def _op(context: Mapping[str, str], item: Item) -> Op:
    path = f"/ecommerce/stores/{segment(setting(context, 'store'))}/products"
    if item.action == "create":
        return Op(item.change, "POST", path, item.payload)
    return Op(item.change, "PATCH", f"{path}/{segment(item.remote_id)}", _patch(item.remote_id, item.payload))


def advance(context: Mapping[str, str], stage: str, items: Sequence[Item], answers: Mapping[str, Answer]) -> Step:
    """Products whose id is taken are changed in a next batch; everything else is settled."""
    step = Step(stage="again")
    for item in items:
        answer = answers.get(item.change)
        error = error_of(answer)
        if error and error.code == EXISTS and item.action == "create":
            again = Item(item.change, "update", str(item.payload["id"]), item.payload)
            step.items.append(again)
            step.ops.append(_op(context, again))
        else:
            step.outcomes.append(settle(item, answer, KEPT, lambda raw: str(raw.get("id", ""))))
    return step


SCRIPT = Script("products", start, advance)

PRODUCTS = Resource(
    name="products",
    entity="product",
    label=Text("Products", "Produits"),
    fields=FIELDS,
    read=read,
    match_on=("sku",),
    build=build,
    create=create,
    update=update,
    fetch=fetch,
    find=find,
    chosen_id=chosen_id,
    bulk=bulk(SCRIPT, size=1000, actions=frozenset({"create", "update"})),
    repeat="harmless",
)
