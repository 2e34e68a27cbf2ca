"""How this vendor speaks: times, error bodies, checks of request bodies.

Source: https://developers.hubspot.com/docs/api-reference/error-handling, read 2026-11-21.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.core import Document, Request, Response, encode

JSON = "application/json;charset=utf-8"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_OF_ID = 20
MOST_DIGITS = 14  # milliseconds until the year 5138
WRONG_URL = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"


class Refusal(Exception):
    """An answer other than success. `errors` and `context` are as the body shows them."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str = "VALIDATION_ERROR",
        *,
        sub_category: str | None = None,
        errors: Sequence[Document] = (),
        context: Mapping[str, list[str]] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.category = status, message, category
        self.sub_category, self.errors, self.context = sub_category, list(errors), dict(context or {})
        self.more = dict(more or {})

    def document(self) -> Document:
        """The members of an error, without the correlation id."""
        found: Document = {"status": "error", "message": self.message}
        if self.category:
            found["category"] = self.category
        if self.sub_category:
            found["subCategory"] = self.sub_category
        if self.errors:
            found["errors"] = self.errors
        if self.context:
            found["context"] = self.context
        return found

    def row(self, trace_id: str | None = None, id: str | None = None) -> Document:
        """One entry of `errors` in a 207 answer, marked with what the caller called its row."""
        found = self.document()
        context = dict(self.context)
        if trace_id is not None:
            context["objectWriteTraceId"] = [trace_id]
        if id is not None:
            context.setdefault("ids", [id])
        if context:
            found["context"] = context
        return found

    def response(self) -> Response:
        correlation = str(uuid.uuid4())
        body = {**self.document(), "correlationId": correlation, **self.more}
        return Response(self.status, encode(body), {"Content-Type": JSON, "X-HubSpot-Correlation-Id": correlation})


def bad(message: str, **context: str) -> Refusal:
    """A request the vendor cannot use: 400."""
    return Refusal(400, message, context={name: [value] for name, value in context.items()})


def bad_json(detail: str) -> Refusal:
    """A body of the wrong shape."""
    return Refusal(400, f"Invalid input JSON on line 1, column 1: {detail}")


def invalid_values(problems: Iterable[tuple[str, str, str]]) -> Refusal:
    """Property values that were refused: (name, code, words)."""
    rows = [
        {"isValid": False, "message": words, "error": code, "name": name, "localizedErrorMessage": words}
        for name, code, words in problems
    ]
    errors = [
        {"message": row["message"], "code": row["error"], "context": {"propertyName": [row["name"]]}} for row in rows
    ]
    return Refusal(400, f"Property values were not valid: {encode(rows).decode()}", errors=errors)


def not_found(what: str = "resource not found") -> Refusal:
    """No such record: 404 with a body (a wrong address has none)."""
    return Refusal(404, what, "OBJECT_NOT_FOUND")


def wrong_url() -> Response:
    """What an address nobody serves answers."""
    return Response(404, WRONG_URL, {"Content-Type": "text/html;charset=utf-8"})


def answer(data: object, status: int = 200) -> Response:
    """A JSON answer with a correlation id."""
    return Response(status, encode(data), {"Content-Type": JSON, "X-HubSpot-Correlation-Id": str(uuid.uuid4())})


def moment(ms: int) -> str:
    """A time as answers write it: ISO 8601, UTC, milliseconds."""
    text = (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z"


def property_moment(ms: int) -> str:
    """A time inside `properties`: milliseconds only when there are some."""
    text = moment(ms)
    return f"{text[:-5]}Z" if text.endswith(".000Z") else text


def parse_moment(text: str) -> int | None:
    """Milliseconds since 1970 from ISO 8601 or digits; None when it is neither."""
    if text.removeprefix("-").isdecimal():
        return int(text) if len(text) <= MOST_DIGITS else None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return (found.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


# Bodies


def thing(value: object, where: str) -> Document:
    """An object of the body."""
    if not isinstance(value, dict):
        raise bad_json(f"{where} must be an object")
    return value


def rows(value: object, where: str) -> list[Any]:
    """A list of the body."""
    if not isinstance(value, list):
        raise bad_json(f"{where} must be a list")
    return value


def member(body: Document, name: str) -> Any:
    """A member that must be there."""
    if name not in body:
        raise Refusal(400, f"Some required fields were not set: [{name}]")
    return body[name]


def word(body: Document, name: str) -> str:
    """A text member that must be there and not be empty."""
    value = member(body, name)
    if not isinstance(value, str) or not value:
        raise bad_json(f"{name} must be text")
    return value


def maybe_word(body: Document, name: str) -> str | None:
    """A text member that may be left out."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_json(f"{name} must be text")
    return value


def inputs(body: object, most: int) -> list[Document]:
    """The rows of a batch body; each must be an object, and there may not be more than `most`."""
    found = rows(member(thing(body, "the body"), "inputs"), "inputs")
    if len(found) > most:
        raise bad(f"The maximum number of inputs supported in a batch request is {most}, received {len(found)}")
    return [thing(row, "each input") for row in found]


def words(value: object, where: str) -> list[str]:
    """A list of texts; None is an empty one."""
    if value is None:
        return []
    found = rows(value, where)
    if not all(isinstance(one, str) for one in found):
        raise bad_json(f"{where} must be a list of text")
    return found


def is_number(text: str) -> bool:
    """Whether a text is a whole number an id or a position can be."""
    return text.isdecimal() and len(text) <= MOST_OF_ID


def form_of(request: Request) -> dict[str, str]:
    """A form that was sent; an unreadable one is an empty one."""
    try:
        return request.form()
    except UnicodeDecodeError:
        return {}


def number_in(text: str | None, name: str, default: int, most: int) -> int:
    """A whole number of the query between 1 and `most`."""
    if text is None:
        return default
    if not text.removeprefix("-").isdecimal() or len(text) > MOST_DIGITS:
        raise bad(f"{name} must be a number, was {text!r}")
    value = int(text)
    if not 1 <= value <= most:
        raise bad(f"{name} must be between 1 and {most}, was {value}")
    return value
