"""Browsers a person has signed in with before: whoever guesses elsewhere uses up nothing of theirs.

A signed cookie remembers for each address a random number; wrong passwords from such a browser are counted by that
number, all others by the address. So a stranger who keeps guessing shuts out strangers, and not the person.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "bridge.known-browser"
AGE = 180 * 24 * 3600
MOST = 4  # people who share one browser


def number(request: HttpRequest, email: str) -> str:
    """Return the number this browser has for an address; "" where it never signed in."""
    return _kept(request).get(_key(email), "")


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let the browser keep that this address signed in with it."""
    kept = _kept(request)
    mine = {_key(email): kept.pop(_key(email), "") or secrets.token_urlsafe(12)}
    others = dict(list(kept.items())[: MOST - 1])
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE, signing.dumps({**mine, **others}, salt=SALT), max_age=AGE, httponly=True,
        samesite="Lax", secure=settings.PRODUCTION,
    )  # fmt: skip


def _key(email: str) -> str:
    return salted_hmac(SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:20]


def _kept(request: HttpRequest) -> dict[str, str]:
    try:
        found = signing.loads(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE, ""), salt=SALT, max_age=AGE)
    except signing.BadSignature:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
