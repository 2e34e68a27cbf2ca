"""How this vendor speaks: times, ids, error bodies, and the checks of bodies and queries that answer 422.

Source: GoHighLevel/highlevel-api-docs (apps/*.json of version 2021-07-28, docs/oauth), read 2026-11-21.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.sandbox.core import Document, Request, Response, encode

JSON = "application/json; charset=utf-8"
WORDS: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
NOT_FITTING = 422
CENT = Decimal("0.01")
MOST_DIGITS = 9
MOST_NUMBER = 10**12
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Refusal(Exception):
    """An answer other than success. `message` is one sentence, or a list of them when a body does not fit."""

    def __init__(self, status: int, message: str | Sequence[str], **more: object) -> None:
        super().__init__(message if isinstance(message, str) else "; ".join(message))
        self.status, self.message, self.more = status, message, more

    def response(self) -> Response:
        body: Document = {"statusCode": self.status, "message": self.message}
        if self.status in WORDS:
            body["error"] = WORDS[self.status]
        return Response(self.status, encode({**body, **self.more, "traceId": trace()}), {"Content-Type": JSON})


def unfit(*problems: str) -> Refusal:
    """A body or a query the vendor cannot use: 422 with the list of what is wrong."""
    return Refusal(NOT_FITTING, list(problems))


def nobody_serves(request: Request) -> Refusal:
    """An address that is none (a missing trailing slash is enough)."""
    return Refusal(404, f"Cannot {request.method} {request.path}")


def no_contact(id: str) -> Refusal:
    """The vendor answers 400, not 404, for a contact it does not know."""
    return Refusal(400, f"Contact with id {id} not found")


def answer(data: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, encode(data), {"Content-Type": JSON})


def trace() -> str:
    """The number support asks for."""
    return str(uuid.uuid4())


# Times and money


def moment(at: datetime) -> str:
    """A time as the vendor writes it: ISO 8601, UTC, milliseconds."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def parse_moment(text: object) -> datetime | None:
    """An aware time out of ISO text or milliseconds; None when it is neither."""
    try:
        if isinstance(text, (int, Decimal)) and not isinstance(text, bool):
            return datetime.fromtimestamp(float(text) / 1000, UTC)
        found = datetime.fromisoformat(str(text))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def milliseconds(text: object) -> int:
    """A stored time as the number cursors carry; 0 when there is none."""
    found = parse_moment(text)
    return 0 if found is None else round(found.timestamp() * 1000)


def is_day(text: object) -> bool:
    """Whether a text is a calendar day, `YYYY-MM-DD`."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def cents(amount: object) -> Decimal:
    """Money of two decimals, half up."""
    return Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)


def is_number(value: object) -> bool:
    """Whether a JSON value is a number (true and false are not)."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def is_mail(text: object) -> bool:
    return isinstance(text, str) and bool(_MAIL.fullmatch(text))


# Bodies


@dataclass(frozen=True, slots=True)
class Shape:
    """What one member of a body must be. `kind`: text, number, whole, flag, thing, list, any."""

    kind: str = "text"
    needed: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()
    day: bool = False
    mail: bool = False
    least: int | None = None
    most: int | None = None  # of a number; of the letters of a text; of the rows of a list
    inner: Mapping[str, Shape] = field(default_factory=dict)  # of a thing, or of each row of a list
    row: Shape | None = None  # of each row of a list that is no thing


def check(body: object, shapes: Mapping[str, Shape], *, closed: bool = False) -> Document:
    """The body, an object whose members fit. Raises `Refusal` (422) with every problem found."""
    if not isinstance(body, dict):
        raise unfit("the body must be an object")
    problems = list(_problems(body, shapes, "", closed=closed))
    if problems:
        raise unfit(*problems)
    return body


def _problems(body: Document, shapes: Mapping[str, Shape], where: str, *, closed: bool) -> Iterable[str]:
    if closed:
        yield from (f"property {where}{name} should not exist" for name in body if name not in shapes)
    for name, shape in shapes.items():
        if name not in body:
            if shape.needed:
                yield f"{where}{name} should not be empty"
        else:
            yield from _member(body[name], shape, f"{where}{name}")


def _member(value: Any, shape: Shape, where: str) -> Iterable[str]:
    if value is None:
        if not shape.nullable:
            yield f"{where} must not be null"
        return
    match shape.kind:
        case "text":
            yield from _text(value, shape, where)
        case "number" | "whole":
            yield from _number(value, shape, where)
        case "flag":
            if not isinstance(value, bool):
                yield f"{where} must be a boolean value"
        case "thing":
            if not isinstance(value, dict):
                yield f"{where} must be an object"
            else:
                yield from _problems(value, shape.inner, f"{where}.", closed=False)
        case "list":
            yield from _list(value, shape, where)


def _text(value: Any, shape: Shape, where: str) -> Iterable[str]:
    if not isinstance(value, str):
        yield f"{where} must be a string"
    elif shape.choices and value not in shape.choices:
        yield f"{where} must be one of the following values: {', '.join(shape.choices)}"
    elif shape.day and not is_day(value):
        yield f"{where} must be formatted as YYYY-MM-DD"
    elif shape.mail and not is_mail(value):
        yield f"{where} must be an email"
    elif shape.least is not None and len(value) < shape.least:
        yield f"{where} must be longer than or equal to {shape.least} characters"
    elif shape.most is not None and len(value) > shape.most:
        yield f"{where} must be shorter than or equal to {shape.most} characters"


def _number(value: Any, shape: Shape, where: str) -> Iterable[str]:
    if not is_number(value):
        yield f"{where} must be a number conforming to the specified constraints"
    elif not abs(value) < MOST_NUMBER:
        yield f"{where} must be a number of a sensible size"
    elif shape.kind == "whole" and value != int(value):
        yield f"{where} must be an integer number"
    elif shape.least is not None and value < shape.least:
        yield f"{where} must not be less than {shape.least}"
    elif shape.most is not None and value > shape.most:
        yield f"{where} must not be greater than {shape.most}"


def _list(value: Any, shape: Shape, where: str) -> Iterable[str]:
    if not isinstance(value, list):
        yield f"{where} must be an array"
        return
    if shape.least is not None and len(value) < shape.least:
        yield f"{where} should not be empty"
    row = shape.row or (Shape("thing", inner=shape.inner) if shape.inner else None)
    if row is not None:
        for at, entry in enumerate(value):
            yield from _member(entry, row, f"{where}.{at}")


# Queries


def query_text(request: Request, name: str, choices: Sequence[str] = (), *, needed: bool = False) -> str | None:
    """A text of the query. Raises `Refusal` (422)."""
    text = request.arg(name)
    if not text:
        if needed:
            raise unfit(f"{name} should not be empty")
        return None
    if choices and text not in choices:
        raise unfit(f"{name} must be one of the following values: {', '.join(choices)}")
    return text


def query_day(request: Request, name: str, *, exact: bool) -> str | None:
    """A day of the query; `exact` refuses one with a time behind it."""
    text = query_text(request, name)
    if text is not None and not is_day(text if exact else text[:10]):
        raise unfit(f"{name} must be formatted as YYYY-MM-DD")
    return None if text is None else text[:10]


def query_count(request: Request, name: str, default: int | None) -> int:
    """A count of the query; without a default it must be there."""
    text = request.arg(name)
    if text is None and default is not None:
        return default
    if text is None or not text.isdecimal() or len(text) > MOST_DIGITS:
        raise unfit(f"{name} must be a number string")
    return int(text)


def form_of(request: Request) -> dict[str, str]:
    """A form that was sent; an unreadable one is an empty one."""
    try:
        return request.form()
    except UnicodeDecodeError:
        return {}
