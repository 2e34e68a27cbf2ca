"""Vendors' documents in the database: JSON that keeps every digit."""

from decimal import Decimal
from typing import Any

import msgspec
from django.db import models
from psycopg.types.json import Jsonb

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Encoded(str):
    """A document already encoded: goes to the database as it stands."""

    __slots__ = ()


def encode(value: Any) -> str:
    """Return JSON text; Decimal becomes a number with its own digits. NUL, which PostgreSQL cannot keep, is dropped."""
    if isinstance(value, Encoded):
        return value
    text = _encoder.encode(value).decode()
    if "\\u0000" in text:
        text = _encoder.encode(_without_nul(value)).decode()
    return text


def decode(text: str | bytes) -> Any:
    """Return what `encode` was given; numbers with a point come back as Decimal."""
    return _decoder.decode(text)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value


class DocumentField(models.JSONField):
    """A JSON column read and written by msgspec: three times faster than the standard library, and exact for money."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Decode what the driver hands over as text; a path look-up inside the document may hand over plain values."""
        if not isinstance(value, str | bytes):
            return value
        return decode(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encode for the driver."""
        if isinstance(value, models.expressions.Value | models.Expression) or value is None:
            return super().get_db_prep_value(value, connection, prepared)
        if connection.vendor == "postgresql":
            return Jsonb(value, dumps=encode)
        return encode(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Encode for the driver; None is SQL NULL."""
        if isinstance(value, Encoded) and connection.vendor != "postgresql":
            return str(value)
        return None if value is None else self.get_db_prep_value(value, connection)
