"""How long a person stays signed in, when it was last confirmed who they are, and whether the second step was taken.

Times are whole seconds since 1970, kept in the session itself.
"""

import time

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest

BEGAN, SEEN = "began_at", "seen_at"
SEEN_EVERY = 60  # seconds between two notes of activity: not every page needs to write the session


def begin(request: HttpRequest) -> None:
    """Note that a person has just signed in."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def ended(request: HttpRequest) -> str:
    """Return why a session is over: "long" after the most it may last, "idle", or "" while it lives."""
    now = time.time()
    began, seen = request.session.get(BEGAN), request.session.get(SEEN)
    if began is None or seen is None:
        begin(request)
        return ""
    if now - began >= settings.SESSION_LONGEST_SECONDS:
        return "long"
    if of_the_office(request) and now - seen >= settings.STAFF_IDLE_SECONDS:
        return "idle"
    return ""


def left(request: HttpRequest) -> tuple[int, str]:
    """Return in how many seconds a living session ends by itself, and why: "idle" or "long"."""
    now = time.time()
    ends = [(request.session[BEGAN] + settings.SESSION_LONGEST_SECONDS, "long")]
    if of_the_office(request):
        ends.append((request.session[SEEN] + settings.STAFF_IDLE_SECONDS, "idle"))
    at, why = min(ends)
    return max(0, round(at - now)), why


def saw(request: HttpRequest) -> None:
    """Note activity. What a page fetches by itself, to stay fresh, is none."""
    alone = request.method == "GET" and request.headers.get("Sec-Fetch-Dest") == "empty"
    now = int(time.time())
    if not alone and now - request.session.get(SEEN, 0) >= SEEN_EVERY:
        request.session[SEEN] = now


def stay(request: HttpRequest) -> None:
    """Note that somebody is there and wants to stay."""
    request.session[SEEN] = int(time.time())


def of_the_office(request: HttpRequest) -> bool:
    """Tell whether the person signed in works for the office."""
    return bool(request.user.is_authenticated and (request.user.is_staff or request.user.is_superuser))


def fresh(request: HttpRequest) -> bool:
    """Tell whether the person signed in, or confirmed who they are, only a short while ago."""
    last = [request.session.get(BEGAN, 0)]
    last += [record.get("at", 0) for record in get_authentication_records(request, request.user)]
    return time.time() - max(last) < settings.FRESH_SECONDS


def second_step(request: HttpRequest) -> str:
    """Return "set up" or "take" where somebody of the office still owes the second step, else ""."""
    if not settings.STAFF_SECOND_STEP or not of_the_office(request):
        return ""
    if any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user)):
        return ""
    return "take" if is_mfa_enabled(request.user, ["totp", "webauthn"]) else "set up"
