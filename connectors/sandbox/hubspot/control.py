"""What a person (or a test) does in the vendor's screens: add records, edit them, link them, merge, delete, pay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from connectors.sandbox.core import Document, SandboxError
from connectors.sandbox.hubspot import definitions, links, reads, records, schema
from connectors.sandbox.hubspot.account import PERSON, Account, Record, Rule, Shelf
from connectors.sandbox.hubspot.links import End
from connectors.sandbox.hubspot.values import told
from connectors.sandbox.hubspot.wire import is_number, parse_moment, property_moment


def load(account: Account, resource: str, document: Document) -> None:
    """Take one document in the vendor's own shape. Raises `Refusal` or `SandboxError`.

    A record whose id is known is edited as a person would: named properties change, `"archived"` puts it into the
    recycle bin or takes it out, `"merge_into"` merges, `"forget"` deletes for good. An unknown id, or none, adds it.
    Other resources: `associations`, `payments`, `properties`, `groups`, `rules`, `labels`, `account`.
    """
    kind = schema.BY_WORD.get(resource)
    if kind is not None:
        save(account, kind.name, document)
    elif resource in _OTHERS:
        _OTHERS[resource](account, document)
    else:
        known = ", ".join((*schema.KINDS, *_OTHERS))
        raise SandboxError(f"hubspot cannot load {resource!r}; known: {known}")


def save(account: Account, kind: str, document: Document) -> Record:
    """Add or edit a record; give it back."""
    shelf = account.shelf(kind)
    id = str(document.get("id") or "")
    known = shelf.find(id) if id else None
    properties = dict(document.get("properties", {}))
    if known is None:
        return _add(account, kind, id or None, properties, document)
    if "merge_into" in document:
        return records.merge(account, str(document["merge_into"]), known.id, PERSON)
    if document.get("forget"):
        records.forget(account, known, PERSON)
        return known
    if document.get("archived") is False:
        records.restore(account, kind, known, PERSON)
    if properties:
        records.change(account, records.prepare_change(account, kind, known, properties, PERSON))
    for wanted in links.read_wanted(account, kind, document.get("associations")):
        connect(account, End(kind, known.id), wanted.to, wanted.types)
    if document.get("archived") is True:
        records.archive(account, kind, known, PERSON)
    return known


def _add(account: Account, kind: str, id: str | None, properties: Document, document: Document) -> Record:
    if id is not None and not is_number(id):
        raise SandboxError(f"ids are numbers, not {id!r}")
    created = document.get("createdAt") or properties.get("createdate") or properties.get("hs_createdate")
    changed = document.get("updatedAt") or properties.get(schema.KINDS[kind].cursor)
    birth = records.prepare_birth(account, kind, properties, document.get("associations"), PERSON)
    since = None if created is None else parse_moment(str(created))
    record = records.bear(account, birth, id, since)
    if changed is not None:
        record.updated = parse_moment(str(changed)) or record.updated
    if document.get("archived") is True:
        records.archive(account, kind, record, PERSON)
    return record


def connect(account: Account, one: End, other: End, types: tuple[links.Type, ...]) -> None:
    """Link two records, and work the amounts out anew."""
    links.connect(account, one, other, types, PERSON)
    _follow(account, one, other)


def _follow(account: Account, *ends: End) -> None:
    for end in ends:
        if end.kind == "invoices":
            records.follow(account, "invoices", account.shelf("invoices").records[end.id])


def _load_link(account: Account, document: Document) -> None:
    """`{"from": {"type", "id"}, "to": {"type", "id"}, "types"?, "removed"?}`"""
    one, other = _end(account, document["from"]), _end(account, document["to"])
    if document.get("removed"):
        links.disconnect(account, one, other, PERSON)
        _follow(account, one, other)
        return
    types = document.get("types")
    chosen = (
        links.read_types(account, one.kind, other.kind, types) if types else (links.default_type(one.kind, other.kind),)
    )
    connect(account, one, other, chosen)


def _end(account: Account, value: Mapping[str, object]) -> End:
    kind = records.kind_of(str(value["type"])).name
    return End(kind, links.require(account, kind, str(value["id"])).id)


def _load_payment(account: Account, document: Document) -> None:
    """`{"invoice": id, "amount"?, "method"?, "reference"?, "date"?}`"""
    pay(account, str(document["invoice"]), document)


def pay(account: Account, invoice_id: str, document: Mapping[str, object]) -> Record:
    """A payment a person records on an invoice (the balance, unless told otherwise), linked with all it belongs to."""
    invoice = links.require(account, "invoices", invoice_id)
    amount = Decimal(str(document.get("amount") or told(account.shelf("invoices"), invoice, "hs_balance_due") or "0"))
    wanted = [End("invoices", invoice.id)]
    for kind in ("contacts", "deals"):
        wanted += [End(kind, id) for id in links.linked(account, wanted[0], kind)]
    given = {
        "hs_initial_amount": str(amount),
        "hs_initiated_date": str(document.get("date") or property_moment(account.now())),
        "hs_currency_code": invoice.values["hs_currency"],
        "hs_latest_status": "succeeded",
        "hs_payment_method_type": str(document.get("method") or "other"),
        "hs_processor_type": "none",
        "hs_reference_number": str(document.get("reference") or ""),
    }
    birth = records.prepare_birth(account, "commerce_payments", given, None, PERSON)
    payment = records.bear(account, birth)
    for end in wanted:
        connect(
            account, End("commerce_payments", payment.id), end, (links.default_type("commerce_payments", end.kind),)
        )
    return payment


def _shelf_of(account: Account, document: Document) -> Shelf:
    return account.shelf(records.kind_of(str(document.get("objectType", "contacts"))).name)


def _load_property(account: Account, document: Document) -> None:
    shelf = _shelf_of(account, document)
    body = {name: value for name, value in document.items() if name not in ("objectType", "portal", "readOnlyValue")}
    group = str(body.setdefault("groupName", shelf.kind.group))
    if group not in shelf.groups:
        definitions.create_group(shelf, {"name": group, "label": group})
    if str(body["name"]) in shelf.definitions:
        shelf.definitions[str(body["name"])] |= body
    else:
        definitions.create(shelf, body, account.now())
    if "readOnlyValue" in document:
        found = shelf.definitions[str(body["name"])]
        found["modificationMetadata"]["readOnlyValue"] = document["readOnlyValue"] is True


def _load_group(account: Account, document: Document) -> None:
    definitions.create_group(_shelf_of(account, document), {name: document[name] for name in ("name", "label")})


def _load_rule(account: Account, document: Document) -> None:
    """`{"objectType", "property", "required"?, "pattern"?, "message"?, "removed"?}`"""
    kind = _shelf_of(account, document).kind.name
    name = str(document["property"])
    account.rules = [rule for rule in account.rules if (rule.kind, rule.property) != (kind, name)]
    if not document.get("removed"):
        message = str(document.get("message") or f"{name} breaks a rule of this account")
        rule = Rule(kind, name, message, document.get("required") is True, str(document.get("pattern") or ""))
        account.rules.append(rule)


def _load_label(account: Account, document: Document) -> None:
    one, other = records.kind_of(str(document["from"])).name, records.kind_of(str(document["to"])).name
    name, label = str(document["name"]), str(document["label"])
    links.add_label(account, one, other, name, label, str(document.get("inverseLabel") or ""))


def _load_account(account: Account, document: Document) -> None:
    """Switches of the account: `tier`, `payments`, `refused_scopes`, `name`, `type`, `tax_rates` (percent by group)."""
    known = ("tier", "payments", "refused_scopes", "name", "type", "tax_rates")
    unknown = document.keys() - {*known, "portal"}
    if unknown:
        raise SandboxError(f"an account has no {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    if "payments" in document:
        account.payments = document["payments"] is True
    if "refused_scopes" in document:
        account.refused_scopes = frozenset(map(str, document["refused_scopes"]))
    if "tax_rates" in document:
        account.tax_rates = {str(group): Decimal(str(rate)) for group, rate in document["tax_rates"].items()}
    for name in ("tier", "name", "type"):
        if name in document:
            setattr(account, name, str(document[name]))


_OTHERS: Mapping[str, Callable[[Account, Document], None]] = {
    "associations": _load_link,
    "payments": _load_payment,
    "properties": _load_property,
    "groups": _load_group,
    "rules": _load_rule,
    "labels": _load_label,
    "account": _load_account,
}


def state(account: Account) -> Document:
    """Everything an account holds, without its keys."""
    found: Document = {
        "portal": account.portal,
        "name": account.name,
        "type": account.type,
        "tier": account.tier,
        "payments": account.payments,
        "refused_scopes": sorted(account.refused_scopes),
        "records": {},
        "merged": {},
        "associations": [],
        "timeline_events": list(account.events.values()),
        "rules": [
            {"objectType": rule.kind, "property": rule.property, "required": rule.required, "pattern": rule.pattern}
            for rule in account.rules
        ],
        "own_properties": {},
    }
    for name, shelf in account.shelves.items():
        found["records"][name] = [_whole(shelf, record) for record in shelf.in_order()]
        found["merged"] |= shelf.merged
        found["own_properties"][name] = [one for one in shelf.definitions.values() if not one["hubspotDefined"]]
    for (kind, id), by_kind in account.links.items():
        for to_kind, partners in by_kind.items():
            for to_id, types in partners.items():
                found["associations"] += [
                    {"from": f"{kind}/{id}", "to": f"{to_kind}/{to_id}", "category": category, "typeId": number}
                    for category, number in sorted(types)
                ]
    return found


def _whole(shelf: Shelf, record: Record) -> Document:
    kind = shelf.kind
    return reads.shown(shelf, record, dict.fromkeys((*record.values, kind.created, kind.cursor, "hs_object_id")))
