"""Secrets at rest: AES-256-GCM with a key ring from BRIDGE_KEYS, bound to the row and field they belong to.

A sealed text reads "v1:<key id>:<base64 of nonce and ciphertext>". Whatever does not open (moved to another row,
planted,
cut, of an unknown key) is refused: `VaultClosed`. The first key of the ring seals, all of them open.
"""

import hmac
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from bridge.hub.documents import decode, encode


class VaultClosed(Exception):
    """A secret cannot be opened. Says which place, never what is in it."""


@lru_cache(maxsize=4)
def _keys(text: str) -> dict[str, bytes]:
    ring: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, mark, encoded = part.partition(":")
        try:
            key = b64decode(encoded, validate=True)
        except Base64Error as error:
            raise VaultClosed("BRIDGE_KEYS is not readable: write id:base64 of 32 bytes, comma separated.") from error
        if not mark or not name or len(key) != 32 or name in ring:
            raise VaultClosed("BRIDGE_KEYS needs distinct ids, each with 32 bytes in base64.")
        if key in {bytes([byte]) * 32 for byte in range(256)}:
            raise VaultClosed(f"Key {name} of BRIDGE_KEYS is no random key.")
        ring[name] = key
    if not ring:
        raise VaultClosed("BRIDGE_KEYS is empty.")
    return ring


@lru_cache(maxsize=4)
def _ring(text: str) -> dict[str, AESGCM]:
    return {name: AESGCM(key) for name, key in _keys(text).items()}


def ring() -> dict[str, AESGCM]:
    """Return the key ring by id, the sealing key first."""
    return _ring(settings.BRIDGE_KEYS)


def seal(value: Any, place: str) -> str:
    """Return `value` (JSON) sealed for `place`, such as "connection:<id>:grant"."""
    name, cipher = next(iter(ring().items()))
    nonce = os.urandom(12)
    sealed = cipher.encrypt(nonce, encode(value).encode(), f"{name}:{place}".encode())
    return f"v1:{name}:{b64encode(nonce + sealed).decode()}"


def unseal(text: str, place: str) -> Any:
    """Return what was sealed for `place`; VaultClosed for anything else."""
    version, _, rest = text.partition(":")
    name, _, encoded = rest.partition(":")
    cipher = ring().get(name)
    if version != "v1" or cipher is None:
        raise VaultClosed(f"No key opens {place}: the key {name!r} is not in BRIDGE_KEYS.")
    try:
        blob = b64decode(encoded, validate=True)
        return decode(cipher.decrypt(blob[:12], blob[12:], f"{name}:{place}".encode()))
    except (InvalidTag, Base64Error, ValueError) as error:
        raise VaultClosed(f"What is stored at {place} was not sealed for this place.") from error


def seal_text(value: str, place: str) -> str:
    """Seal one text."""
    return seal(value, place)


def unseal_text(text: str, place: str) -> str:
    """Open one text."""
    return str(unseal(text, place))


def key_of(text: str) -> str:
    """Return the id of the key a sealed text needs; "" for no text."""
    return text.split(":", 2)[1] if text.count(":") >= 2 else ""


def reseal(text: str, place: str) -> str:
    """Seal again with the first key of the ring."""
    return seal(unseal(text, place), place)


def mac(key: str, purpose: str, data: bytes) -> str:
    """Return the HMAC-SHA256 of `data` as hex, under a key of its own derived from the ring's key `key` for `purpose`.

    KeyError where the ring has no such key.
    """
    return hmac.new(_derived(_keys(settings.BRIDGE_KEYS)[key], purpose), data, "sha256").hexdigest()


@lru_cache(maxsize=16)
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)
