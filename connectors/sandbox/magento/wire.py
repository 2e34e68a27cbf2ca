"""How the store answers: errors with their parameters, JSON bodies, and the `fields` projection.

Sources: AdobeDocs/commerce-webapi gs-web-api-response.md and retrieve-filtered-responses.md;
magento/magento2 lib/internal/Magento/Framework/Webapi/ErrorProcessor.php; read 2026-11-21.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from connectors.sandbox.core import Document, Response, encode

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=UTF-8"}
UNAUTHORIZED = "The consumer isn't authorized to access %resources."
NO_ENTITY = "No such entity with %fieldName = %fieldValue"
NO_ROUTE = "Request does not match any route."
NO_PRODUCT = "The product that was requested doesn't exist. Verify the product and try again."

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])

Tree: TypeAlias = "dict[str, Tree | None]"


class Refusal(Exception):
    """An error answer. `parameters` fill %1 or %name of the message; the reader has to put them in."""

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Sequence[object] | Mapping[str, object] | None = None,
        errors: Sequence[Document] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.errors = tuple(errors)

    def text(self) -> str:
        """The message with its parameters put in: what `/oauth/token` and result messages say."""
        text, given = self.message, self.parameters or {}
        pairs = given.items() if isinstance(given, Mapping) else ((str(at + 1), v) for at, v in enumerate(given))
        for name, value in pairs:
            text = text.replace(f"%{name}", str(value))
        return text

    def response(self) -> Response:
        """The JSON error body."""
        body: Document = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        if self.parameters is not None:
            body["parameters"] = self.parameters
        return Response(self.status, encode(body), JSON)


def invalid(message: str, **parameters: object) -> Refusal:
    """400 with named parameters."""
    return Refusal(400, message, parameters or None)


def required(field: str) -> Refusal:
    """400: something that must be there is not."""
    return invalid('"%fieldName" is required. Enter and try again.', fieldName=field)


def wrong_type(value: object, kind: str) -> Refusal:
    """400: a value that cannot be read as `kind`."""
    message = 'The "%value" value\'s type is invalid. The "%type" type was expected. Verify and try again.'
    return invalid(message, value=value if isinstance(value, (str, int)) else str(value), type=kind)


def no_entity(field: str, value: object) -> Refusal:
    """404 for an id nobody has."""
    return Refusal(404, NO_ENTITY, {"fieldName": field, "fieldValue": value})


def no_route() -> Refusal:
    """404 for a path the store does not know (a module may be switched off)."""
    return Refusal(404, NO_ROUTE)


def not_allowed(resource: str) -> Refusal:
    """401 that names the resource an integration may not touch; also what an unsigned call gets."""
    return Refusal(401, UNAUTHORIZED, {"resources": resource})


def masked() -> Refusal:
    """500 as production mode shows any exception it does not know."""
    report = f"webapi-{secrets.token_hex(6)}"
    return Refusal(500, f"Internal Error. Details are available in Magento log file. Report ID: {report}")


def page(status: int, title: str, text: str) -> Response:
    """An HTML page as web servers, firewalls and maintenance mode send instead of JSON."""
    body = (
        f"<!doctype html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
    )
    return Response(status, body.encode(), HTML)


def answer(data: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, encode(data), JSON)


# fields=items[entity_id,items[sku]],total_count


def parse_fields(text: str) -> Tree | None:
    """The wanted names as a tree; None when brackets do not match (the store then answers with nothing)."""
    root: Tree = {}
    stack, word = [root], ""
    for sign in [*text.replace(" ", ""), ","]:
        if sign not in "[],":
            word += sign
            continue
        if sign == "[":
            if not word:
                return None
            below: Tree = {}
            stack[-1][word] = below
            stack.append(below)
        elif word:
            stack[-1][word] = None
        word = ""
        if sign == "]":
            stack.pop()
            if not stack:
                return None
    return root if len(stack) == 1 else None


def project_raw(raw: bytes | msgspec.Raw, tree: Tree) -> Any:
    """The same out of stored JSON: what is not wanted is skipped over, what is wanted whole stays as it was written."""
    first = memoryview(raw)[0]
    if first == ord("["):
        return [project_raw(row, tree) for row in _LIST.decode(raw)]
    if first != ord("{"):
        return msgspec.Raw(raw)
    held = _OBJECT.decode(raw)
    return {
        name: held[name] if below is None else project_raw(held[name], below)
        for name, below in tree.items()
        if name in held
    }


def project(value: Any, tree: Tree) -> Any:
    """Only the wanted names, in lists row by row; names that are not there are left out."""
    if isinstance(value, list):
        return [project(row, tree) for row in value]
    if not isinstance(value, dict):
        return value
    kept: Document = {}
    for name, below in tree.items():
        if name in value:
            kept[name] = value[name] if below is None else project(value[name], below)
    return kept
