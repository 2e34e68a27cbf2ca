"""How this vendor speaks: the envelope, times, ids, and refusals.

Source: https://shopmonkey.dev/overview, https://shopmonkey.dev/quickstart, read 2026-11-21.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from connectors.sandbox.core import Document, Request, Response, encode

JSON = "application/json; charset=utf-8"
DOCUMENTATION = "https://shopmonkey.dev"
WHOLE = Decimal(1)
MOST_NUMBER = 10**12
NO_DATE = "empty"  # a word some date fields hold instead of null (field report)
FIREWALL_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body><h1>Access denied</h1>"
    b"<p>This request was blocked by the security rules.</p></body></html>\n"
)


class Refusal(Exception):
    """An answer other than success; `data` says more about it where there is more to say."""

    def __init__(
        self, status: int, message: str, data: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.data, self.headers = status, message, data, headers or {}

    def response(self) -> Response:
        body: Document = {
            "success": False,
            "code": f"BOFF-{uuid.uuid4().hex[:6]}",
            "message": self.message,
            "documentation_url": DOCUMENTATION,
        }
        if self.data is not None:
            body["data"] = self.data
        return Response(self.status, encode(body), {"Content-Type": JSON, **self.headers})


def unfit(problems: Iterable[str]) -> Refusal:
    """A body or a query that cannot be used."""
    return Refusal(400, "Validation failed", {"errors": list(problems)})


def no_record() -> Refusal:
    return Refusal(404, "Not found")


def answer(data: object, meta: Document | None = None) -> Response:
    """A success in its envelope."""
    body: Document = {"success": True, "data": data}
    if meta is not None:
        body["meta"] = meta
    return Response(200, encode(body), {"Content-Type": JSON})


def firewall() -> Response:
    """The edge turns a caller away: a page, not JSON."""
    return Response(403, FIREWALL_PAGE, {"Content-Type": "text/html; charset=utf-8"})


def body_of(request: Request) -> Document:
    """The JSON body, an object. Raises `Refusal` (400)."""
    try:
        found = request.json()
    except (ValueError, RecursionError):
        raise Refusal(400, "Invalid JSON in the request body") from None
    if not isinstance(found, dict):
        raise Refusal(400, "The request body must be an object")
    return found


# Times and numbers


def moment(at: datetime) -> str:
    """A time as the vendor writes it: RFC 3339, UTC, milliseconds."""
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def parse_moment(text: object) -> datetime | None:
    """An aware time out of text; None when it is none (`empty` is none)."""
    return _moment(text) if isinstance(text, str) and len(text) >= len("2026-01-01") else None


@lru_cache(maxsize=100_000)
def _moment(text: str) -> datetime | None:
    """Filters look at the same few times again and again."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_number(value: object) -> bool:
    """Whether a JSON value is a number of a sensible size (true and false are none)."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool) and -MOST_NUMBER < value < MOST_NUMBER


def is_whole(value: object) -> bool:
    return isinstance(value, int) and is_number(value)


def number(value: object) -> Decimal:
    """A stored number, null as nothing."""
    return Decimal(0) if value is None else Decimal(str(value))


def cents(amount: Decimal) -> int:
    """Whole cents, half up. The vendor does not publish its rounding."""
    return int(amount.quantize(WHOLE, ROUND_HALF_UP))
