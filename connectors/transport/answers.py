"""Bodies: from bytes to values and back, strictly, with decimal numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from connectors.contract import Raw

MAX_NUMBER = 60  # characters


class BadAnswer(Exception):
    """A body that cannot be taken. `code`: ANSWER-NOT-JSON, ANSWER-TRUNCATED or ANSWER-SHAPE."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


def _number(text: str) -> Decimal:
    """A decimal of sane size: one of a billion digits would be written out somewhere later."""
    if len(text) > MAX_NUMBER:
        raise ValueError("a number of too many digits")
    value = Decimal(text)
    if ("e" in text or "E" in text) and abs(value.adjusted()) > MAX_NUMBER:
        raise ValueError("a number of too many digits")
    return value


_DECODER = msgspec.json.Decoder(float_hook=_number)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(body: Any) -> bytes:
    """JSON bytes; decimals are numbers with their own digits (`100.00` stays `100.00`)."""
    return _ENCODER.encode(body)


def decode(body: bytes, any_shape: bool = False) -> Raw:
    """Return the JSON object in `body`; `BadAnswer` when it is anything else. Of a doubled key the last one counts.

    With `any_shape` a list, a number or a text is taken too and comes as {"answer": value}.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    try:
        value = _DECODER.decode(body)
    except RecursionError:
        raise BadAnswer("ANSWER-SHAPE", "nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise _bad(body, error) from None
    if not isinstance(value, dict):
        if any_shape:
            return {"answer": value}
        raise BadAnswer("ANSWER-SHAPE", f"an object was expected, {type(value).__name__} came")
    return value


def _bad(body: bytes, error: Exception) -> BadAnswer:
    start = body.lstrip()[:1]
    if start not in (b"{", b"["):
        return BadAnswer("ANSWER-NOT-JSON", "an HTML or XML page" if start == b"<" else "no JSON at all")
    # A cut inside a letter of several bytes is reported as a bad letter, hence the look at the end.
    if "truncated" in str(error) or body.rstrip()[-1:] not in (b"}", b"]"):
        return BadAnswer("ANSWER-TRUNCATED", "the body ends in the middle")
    return BadAnswer("ANSWER-SHAPE", str(error)[:200])
