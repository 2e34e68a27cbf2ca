"""Property definitions and their groups, per account.

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide, read 2026-11-21.
"""

from __future__ import annotations

import re

from connectors.sandbox.core import Document, Response
from connectors.sandbox.hubspot.account import Shelf
from connectors.sandbox.hubspot.batches import MOST, batch_answer
from connectors.sandbox.hubspot.call import Call
from connectors.sandbox.hubspot.schema import FIELD_TYPES, Kind
from connectors.sandbox.hubspot.wire import (
    Refusal,
    answer,
    bad,
    bad_json,
    inputs,
    member,
    moment,
    not_found,
    rows,
    thing,
    word,
    wrong_url,
)

MOST_UNIQUE = 10
NAME = re.compile(r"[a-z][a-z0-9_]*")
FIELDS = (
    "booleancheckbox",
    "calculation_equation",
    "checkbox",
    "date",
    "file",
    "html",
    "number",
    "phonenumber",
    "radio",
    "select",
    "text",
    "textarea",
)
SENSITIVITIES = ("highly_sensitive", "non_sensitive", "sensitive")
CHANGEABLE = (
    "label",
    "description",
    "groupName",
    "fieldType",
    "displayOrder",
    "hidden",
    "formField",
    "options",
    "type",
)
COPIED = (
    "description",
    "displayOrder",
    "hidden",
    "formField",
    "externalOptions",
    "hasUniqueValue",
    "calculationFormula",
)


def serve(call: Call, kind: Kind, rest: list[str]) -> Response:
    """Answer a call below `/crm/properties/{version}/{type}`. Raises `Refusal`."""
    call.need((*kind.read, *kind.define) if call.method == "GET" or rest[-1:] == ["read"] else kind.define)
    shelf = call.account.shelf(kind.name)
    match (call.method, *rest):
        case ("GET",):
            return _list(call, shelf)
        case ("POST",):
            return answer(create(shelf, thing(call.body(), "the body"), call.account.now()), 201)
        case ("POST", "batch", "read"):
            return _batch_read(call, shelf)
        case ("POST", "batch", "create"):
            return _batch_create(call, shelf)
        case ("POST", "batch", "archive"):
            return _batch_archive(call, shelf)
        case (_, "groups", *more):
            return _groups(call, shelf, more)
        case ("GET", name):
            return answer(_require(shelf, name, call.flag("archived")))
        case ("PATCH", name):
            return _update(call, shelf, name)
        case ("DELETE", name):
            _archive(call, shelf, name)
            return Response(204)
    return wrong_url()


def _list(call: Call, shelf: Shelf) -> Response:
    is_archived = call.flag("archived")
    sensitivity = call.arg("dataSensitivity")
    if sensitivity is not None and sensitivity not in SENSITIVITIES:
        raise bad(f"dataSensitivity must be one of {', '.join(SENSITIVITIES)}")
    found = [one for one in shelf.definitions.values() if one["archived"] == is_archived]
    return answer({"results": found if sensitivity in (None, "non_sensitive") else []})


def _require(shelf: Shelf, name: str, is_archived: bool = False) -> Document:
    found = shelf.definitions.get(name)
    if found is None or found["archived"] != is_archived:
        raise not_found(f"Property '{name}' does not exist")
    return found


def create(shelf: Shelf, body: Document, now: int) -> Document:
    """Define a property. Raises `Refusal`: 400 for what is wrong with it, 409 when the name is taken."""
    name, label = word(body, "name"), word(body, "label")
    kind, field, group = word(body, "type"), word(body, "fieldType"), word(body, "groupName")
    if NAME.fullmatch(name) is None:
        raise bad(f"{name!r} is not a property name: lower-case letters, digits and _ only")
    if kind not in FIELD_TYPES:
        raise bad(f"{kind} is not a property type")
    if field not in FIELDS:
        raise bad(f"{field} is not a field type")
    options = _options(body.get("options"), kind)
    if group not in shelf.groups or shelf.groups[group]["archived"]:
        raise bad(f"Property group {group} does not exist", groupName=group)
    old = shelf.definitions.get(name)
    if old is not None and not old["archived"]:
        raise Refusal(409, f"A property named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")
    is_unique = body.get("hasUniqueValue") is True
    if is_unique and len([one for one in shelf.unique if one != "email"]) >= MOST_UNIQUE and name not in shelf.unique:
        raise bad(f"At most {MOST_UNIQUE} properties can have unique values")
    if old is not None:
        old["archived"] = False
        old.pop("archivedAt", None)
        return old
    definition: Document = {
        "name": name,
        "label": label,
        "type": kind,
        "fieldType": field,
        "groupName": group,
        "description": "",
        "options": options,
        "displayOrder": -1,
        "calculated": field == "calculation_equation",
        "externalOptions": False,
        "hasUniqueValue": False,
        "hidden": False,
        "formField": False,
        "hubspotDefined": False,
        "archived": False,
        "createdAt": moment(now),
        "updatedAt": moment(now),
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": False,
            "readOnlyOptions": False,
            "readOnlyValue": field == "calculation_equation",
        },
    }
    definition |= {one: body[one] for one in COPIED if one in body}
    shelf.definitions[name] = definition
    if is_unique:
        shelf.unique[name] = {}
    return definition


def _options(value: object, kind: str) -> list[Document]:
    found = [thing(one, "an option") for one in rows([] if value is None else value, "options")]
    for at, one in enumerate(found):
        word(one, "label"), word(one, "value")
        if not isinstance(member(one, "hidden"), bool):
            raise bad_json("hidden must be true or false")
        order = member(one, "displayOrder")
        if isinstance(order, bool) or not isinstance(order, int):
            raise bad_json(f"displayOrder of option {at} must be a number")
    if kind == "bool" and not found:
        found = [
            {"label": label, "value": text, "hidden": False, "displayOrder": at}
            for at, (label, text) in enumerate((("Yes", "true"), ("No", "false")))
        ]
    return found


def _update(call: Call, shelf: Shelf, name: str) -> Response:
    definition = _require(shelf, name)
    body = thing(call.body(), "the body")
    if definition["modificationMetadata"]["readOnlyDefinition"]:
        raise bad(f"The definition of {name} cannot be changed")
    if "fieldType" in body and body["fieldType"] not in FIELDS:
        raise bad(f"{body['fieldType']} is not a field type")
    if "type" in body and body["type"] not in FIELD_TYPES:
        raise bad(f"{body['type']} is not a property type")
    if "options" in body:
        _options(body["options"], definition["type"])
    if body.get("groupName", definition["groupName"]) not in shelf.groups:
        raise bad(f"Property group {body['groupName']} does not exist")
    definition |= {one: body[one] for one in CHANGEABLE if one in body}
    definition["updatedAt"] = moment(call.account.now())
    return answer(definition)


def _archive(call: Call, shelf: Shelf, name: str) -> None:
    definition = shelf.definitions.get(name)
    if definition is None:
        raise not_found(f"Property '{name}' does not exist")
    if not definition["modificationMetadata"]["archivable"]:
        raise bad(f"{name} cannot be archived")
    definition["archived"] = True
    definition["archivedAt"] = moment(call.account.now())


def _batch_read(call: Call, shelf: Shelf) -> Response:
    body = thing(call.body(), "the body")
    names = [word(row, "name") for row in inputs(body, MOST)]
    is_archived = body.get("archived", False)
    found, errors = [], []
    for name in names:
        try:
            found.append(_require(shelf, name, is_archived is True))
        except Refusal as refusal:
            errors.append(refusal.row(id=name))
    return batch_answer(call.account.now(), found, errors)


def _batch_create(call: Call, shelf: Shelf) -> Response:
    given = inputs(call.body(), MOST)
    for row in given:
        for one in ("name", "label", "type", "fieldType", "groupName"):
            word(row, one)
    found, errors = [], []
    for row in given:
        try:
            found.append(create(shelf, row, call.account.now()))
        except Refusal as refusal:
            errors.append(refusal.row(id=row["name"]))
    return batch_answer(call.account.now(), found, errors, 201)


def _batch_archive(call: Call, shelf: Shelf) -> Response:
    for name in [word(row, "name") for row in inputs(call.body(), MOST)]:
        if name in shelf.definitions:
            _archive(call, shelf, name)
    return Response(204)


def _groups(call: Call, shelf: Shelf, rest: list[str]) -> Response:
    match (call.method, *rest):
        case ("GET",):
            return answer({"results": [one for one in shelf.groups.values() if not one["archived"]]})
        case ("POST",):
            return answer(create_group(shelf, thing(call.body(), "the body")), 201)
        case ("GET", name):
            return answer(_group(shelf, name))
        case ("PATCH", name):
            return answer(_update_group(shelf, name, thing(call.body(), "the body")))
        case ("DELETE", name):
            _group(shelf, name)["archived"] = True
            return Response(204)
    return wrong_url()


def _group(shelf: Shelf, name: str) -> Document:
    found = shelf.groups.get(name)
    if found is None or found["archived"]:
        raise not_found(f"Property group '{name}' does not exist")
    return found


def create_group(shelf: Shelf, body: Document) -> Document:
    """A new group. Raises `Refusal`."""
    name, label = word(body, "name"), word(body, "label")
    if NAME.fullmatch(name) is None:
        raise bad(f"{name!r} is not a group name")
    old = shelf.groups.get(name)
    if old is not None and not old["archived"]:
        raise Refusal(409, f"A property group named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")
    order = _order(body)
    shelf.groups[name] = {"name": name, "label": label, "displayOrder": order, "archived": False}
    return shelf.groups[name]


def _order(body: Document) -> int:
    order = body.get("displayOrder", -1)
    if isinstance(order, bool) or not isinstance(order, int):
        raise bad_json("displayOrder must be a number")
    return order


def _update_group(shelf: Shelf, name: str, body: Document) -> Document:
    group = _group(shelf, name)
    if "displayOrder" in body:
        group["displayOrder"] = _order(body)
    if "label" in body:
        group["label"] = word(body, "label")
    return group
