"""How this vendor speaks: refusals as problem+json, paging, sparse answers, times.

Source: https://mailchimp.com/developer/marketing/docs/errors/, /docs/methods-parameters/, read 2026-11-21.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from connectors.sandbox.core import Document, Response, encode

if TYPE_CHECKING:
    from connectors.sandbox.mailchimp.account import Account

T = TypeVar("T")

PROBLEM_TYPE = "https://mailchimp.com/developer/marketing/docs/errors/"
NOT_VALID = "The resource submitted could not be validated."
MAX_COUNT = 1000
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
FLAGS = frozenset(
    {
        "has_ecommerce_store",
        "include_total_contacts",
        "skip_merge_validation",
        "skip_duplicate_check",
        "vip_only",
        "since_last_campaign",
        "include_cleaned",
        "include_transactional",
        "include_unsubscribed",
        "required",
        "has_outreach",
    }
)

Tree: TypeAlias = dict[str, "Tree"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One entry of `errors` in a refusal."""

    field: str
    message: str


class Refusal(Exception):
    """An answer other than success; the router turns it into problem+json."""

    def __init__(self, status: int, title: str, detail: str, errors: Iterable[FieldError] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)

    def document(self) -> Document:
        """The body, with an instance that is the same for the same refusal (worlds stay deterministic)."""
        digest = hashlib.md5(f"{self.status}{self.title}{self.detail}".encode(), usedforsecurity=False).hexdigest()
        instance = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
        body: Document = {
            "type": PROBLEM_TYPE,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors:
            body["errors"] = [{"field": error.field, "message": error.message} for error in self.errors]
        return body

    def response(self) -> Response:
        """The refusal as it goes over the wire."""
        headers = {"Content-Type": "application/problem+json; charset=utf-8"}
        return Response(self.status, encode(self.document()), headers)


def invalid(*errors: tuple[str, str], detail: str = NOT_VALID) -> Refusal:
    """400 Invalid Resource with (field, message) pairs."""
    return Refusal(400, "Invalid Resource", detail, [FieldError(*error) for error in errors])


def bad_request(detail: str) -> Refusal:
    """400 Bad Request."""
    return Refusal(400, "Bad Request", detail)


def not_found() -> Refusal:
    """404; also what an e-commerce customer id over 50 characters gets."""
    return Refusal(404, "Resource Not Found", "The requested resource could not be found.")


def key_invalid() -> Refusal:
    """401: revoked, or the wrong data centre; the vendor does not tell which."""
    detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
    return Refusal(401, "API Key Invalid", detail)


@dataclass(frozen=True, slots=True)
class Call:
    """One API operation: over HTTP, or a row of a batch. `args` are the values in the path."""

    account: Account
    method: str
    args: Sequence[str]
    query: Mapping[str, str]
    body: bytes
    base_url: str
    in_batch: bool = False
    memo: dict[str, Any] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """A yes-or-no query parameter, no when absent."""
        return BOOLEANS.get(self.query.get(name, ""), False)

    def check_query(self) -> None:
        """Refuse parameters of the wrong type, as the vendor does before it looks at anything else."""
        for name, value in self.query.items():
            if name in FLAGS and value not in BOOLEANS:
                raise invalid((name, "Schema describes boolean, string found instead"))
            if name in ("count", "offset"):
                _whole(name, value)

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """An enumerated query parameter."""
        value = self.query.get(name)
        if value is not None and value not in allowed:
            raise invalid((name, f"Value must be one of: {', '.join(allowed)}"))
        return value

    def moment(self, name: str) -> float | None:
        """A time in the query as seconds since 1970, or None when not given."""
        value = self.query.get(name)
        return None if value is None else parse_time(value, name)

    def data(self) -> Any:
        """The JSON body; fractions come out as `Decimal`."""
        try:
            return _DECODER.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(
                400, "JSON Parse Error", f"We encountered an unspecified JSON parsing error: {error}"
            ) from None

    def wanted(self, items: str | None = None) -> frozenset[str] | None:
        """Top-level names of an item (or of the document) the caller wants to see; None for all of them."""
        tree = self.memo.get("fields", "")
        if tree == "":
            tree = self.memo["fields"] = _tree(self.query.get("fields"))
        if tree is None:
            return None
        if items is None:
            return frozenset(tree)
        if items not in tree:
            return frozenset()
        return frozenset(tree[items]) or None

    def sparse(self, document: Document) -> Document:
        """Apply `fields` and `exclude_fields`."""
        keep, drop = self.query.get("fields"), self.query.get("exclude_fields")
        if keep:
            document = _keep(document, _tree(keep) or {})
        if drop:
            document = _drop(document, _tree(drop) or {})
        return document

    def page(
        self, name: str, found: Iterable[T], total: int, render: Callable[[T, frozenset[str] | None], Document]
    ) -> Document:
        """One page of a listing. Only the page is rendered, and of it only what `fields` asks for."""
        offset = _whole("offset", self.query.get("offset", "0"))
        count = _whole("count", self.query.get("count", "10"))
        wanted = self.wanted(name)
        rows: list[Document] = []
        if wanted is None or wanted:
            rows = [render(item, wanted) for item in _window(found, offset, count)]
        return {name: rows, "total_items": total}


_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def _window(found: Iterable[T], offset: int, count: int) -> Iterable[T]:
    return found[offset : offset + count] if isinstance(found, list) else islice(found, offset, offset + count)


def _whole(name: str, value: str) -> int:
    if not value.lstrip("-").isdigit():
        raise invalid((name, "Schema describes integer, string found instead"))
    number = int(value)
    if number < 0:
        raise invalid((name, "Value must be greater than or equal to 0"))
    if name == "count" and number > MAX_COUNT:
        raise invalid((name, f"Value must be less than or equal to {MAX_COUNT}"))
    return number


def _tree(text: str | None) -> Tree | None:
    """`a.b,c` as nested names; an empty dict means everything below."""
    if text is None:
        return None
    tree: Tree = {}
    for path in text.split(","):
        at = tree
        for part in path.strip().split("."):
            at = at.setdefault(part, {})
    return tree


def _keep(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_keep(item, tree) for item in value]
    if isinstance(value, dict):
        return {name: _keep(value[name], below) for name, below in tree.items() if name in value}
    return value


def _drop(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_drop(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, inner in value.items():
        if name not in tree:
            kept[name] = inner
        elif tree[name]:
            kept[name] = _drop(inner, tree[name])
    return kept


def parse_time(value: str, name: str) -> float:
    """Seconds since 1970. A `+` that was not percent-encoded arrives as a space and is refused."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid((name, "Invalid datetime")) from None
    if " " in value and "+" not in value and value.count(":") > 2:
        raise invalid((name, "Invalid datetime"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def iso(seconds: float | None) -> str:
    """Seconds since 1970 as the vendor writes them; unset is empty text."""
    return "" if seconds is None else datetime.fromtimestamp(int(seconds), UTC).isoformat()


def subscriber_hash(email: str) -> str:
    """MD5 of the lower-cased address: a name for the member, not a secret."""
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()
