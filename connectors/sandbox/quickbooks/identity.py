"""Who a person is: sign-in with an Intuit account (OpenID Connect), for apps that ask for no company.

Claims are named as the vendor names them (`emailVerified`, `givenName`), which is not how the standard does. Source:
vendor page on OpenID Connect and its discovery document, read 2026-11.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.sandbox.core import Clock, Request, Response, encode, json_response
from connectors.sandbox.quickbooks import pages

ISSUER = "https://oauth.platform.intuit.com/op/v1"
CODE_LIFE = timedelta(minutes=10)
LIFE = timedelta(hours=1)
KEY_ID = "sandbox-1"
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an Intuit account. All are invented."""

    sub: str
    email: str
    verified: bool
    given: str
    family: str


PEOPLE = (
    Person("a1000000-0000-4000-8000-000000000001", "carla@boreal.example", True, "Carla", "Démo"),
    Person("a1000000-0000-4000-8000-000000000002", "dan@northwind.example", True, "Dan", "Demo"),
    Person("a1000000-0000-4000-8000-000000000003", "ann@bridge.example", True, "Ann", "Demo"),
    Person("a1000000-0000-4000-8000-000000000004", "nobody@elsewhere.example", True, "Noah", "Uninvited"),
    Person("a1000000-0000-4000-8000-000000000005", "carla@boreal.example", False, "Carl", "Unverified"),
)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code waiting to be exchanged, once."""

    person: Person
    client_id: str
    redirect_uri: str
    nonce: str
    issued_at: datetime


class IdentityDesk:
    """Tells apps who a person is, once the person agreed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Person, datetime]] = {}

    def page(self, asked: Mapping[str, str], lang: str) -> Response:
        """Ask which account to sign in with."""
        hidden = ("client_id", "response_type", "scope", "redirect_uri", "state", "nonce")
        choices = [
            (person.sub, f"{person.given} {person.family}", f"{person.email}, {pages.verified(person.verified, lang)}")
            for person in PEOPLE
        ]
        return pages.account_page(choices, {name: asked.get(name, "") for name in hidden}, lang)

    def issue_code(self, answer: Mapping[str, str]) -> str | None:
        """Return a code for the account chosen by `person` (its sub or its address; the first one without); None if
        there is no such account.
        """
        wanted = answer.get("person") or PEOPLE[0].sub
        person = next((one for one in PEOPLE if wanted in (one.sub, one.email)), None)
        if person is None:
            return None
        code = "SECRET-id-code-" + secrets.token_urlsafe(24)
        self._codes[code] = Code(
            person, answer["client_id"], answer["redirect_uri"], answer.get("nonce", ""), self.clock.now()
        )
        return code

    def knows(self, code: str) -> bool:
        """Tell whether a code is one of ours."""
        return code in self._codes

    def exchange(self, form: Mapping[str, str]) -> Response:
        """Answer a code with tokens, once."""
        code, now = self._codes.pop(form.get("code", "")), self.clock.now()
        if now > code.issued_at + CODE_LIFE or code.redirect_uri != form.get("redirect_uri"):
            told = {"error": "invalid_grant", "error_description": "Invalid authorization code"}
            return json_response(told, 400, headers=_NO_STORE)
        access = "SECRET-id-at-" + secrets.token_urlsafe(40)
        self._access[access] = (code.person, now + LIFE)
        return json_response(
            {
                "token_type": "bearer",
                "access_token": access,
                "expires_in": int(LIFE.total_seconds()),
                "id_token": self._id_token(code, now),
            },
            headers=_NO_STORE,
        )

    def userinfo(self, request: Request) -> Response:
        """`GET /v1/openid_connect/userinfo`."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        person, ends_at = self._access.get(token, (None, None)) if kind.lower() == "bearer" else (None, None)
        if person is None or ends_at is None or self.clock.now() >= ends_at:
            return json_response({"error": "invalid_token"}, 401, headers=_NO_STORE)
        told = {"sub": person.sub, "email": person.email, "emailVerified": person.verified,
                "givenName": person.given, "familyName": person.family}  # fmt: skip
        return json_response(told, headers=_NO_STORE)

    def keys(self) -> Response:
        """`GET /op/v1/jwks`: what identity tokens are signed with."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": KEY_ID,
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }
        return json_response({"keys": [key]})

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def _id_token(self, code: Code, now: datetime) -> str:
        claims: dict[str, object] = {
            "sub": code.person.sub,
            "aud": [code.client_id],
            "iss": ISSUER,
            "auth_time": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "exp": int((now + LIFE).timestamp()),
        }
        if code.nonce:
            claims["nonce"] = code.nonce
        head = _text(encode({"kid": KEY_ID, "typ": "JWT", "alg": "RS256"})) + "." + _text(encode(claims))
        return head + "." + _text(self._key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))


def endpoints(base: str) -> dict[str, object]:
    """What the discovery document says about identities."""
    return {
        "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
        "jwks_uri": f"{base}/op/v1/jwks",
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))
