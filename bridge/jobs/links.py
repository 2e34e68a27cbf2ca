"""Links by mail: invitations, and the links with which people of a client come in without a password.

The secret of a link is 256 random bits. It is made while the mail is written and stands nowhere else.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex, token_urlsafe
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from bridge.hub.models import Organization, SignInLink, User
from bridge.jobs import queue
from connectors.contract import SettingInvalid

log = logging.getLogger("bridge.jobs.links")

INVITED_FOR = timedelta(days=7)
SIGN_IN_WITHIN = timedelta(minutes=15)
Kind = SignInLink.Kind


def invite(person: User, by: User) -> bool:
    """Mail a new invitation, in the language of the person; earlier ones end. False where the mail did not leave.

    SettingInvalid: the person has come in already, or the account was switched off by somebody.
    """
    if person.last_login is not None:
        raise SettingInvalid("PEOPLE-CAME-IN", params={"who": person.email}, field="email")
    if not person.is_active:
        if not taken_back(person):
            raise SettingInvalid("PEOPLE-OFF", params={"who": person.email}, field="email")
        person.is_active = True
        person.save(update_fields=["is_active"])
    _end(person)
    now = timezone.now()
    link = SignInLink.objects.create(
        user=person, kind=Kind.INVITATION, digest=token_hex(32), made_by=by, made_at=now, expires_at=now + INVITED_FOR
    )
    log.info("invitation made link=%s user=%s by=%s", link.pk, person.pk, by.pk)
    return _mail(link)


def withdraw(person: User, by: User) -> None:
    """Take an invitation back: its link opens nothing, and the account nobody has used yet is switched off.

    SettingInvalid: the person has come in already.
    """
    if person.last_login is not None:
        raise SettingInvalid("PEOPLE-CAME-IN", params={"who": person.email}, field="email")
    _end(person)
    latest = invitations([person]).get(person.pk)
    if latest is None:
        now = timezone.now()
        SignInLink.objects.create(
            user=person, kind=Kind.INVITATION, digest=token_hex(32), made_by=by, made_at=now, expires_at=now,
            withdrawn_at=now,
        )  # fmt: skip
    person.is_active = False
    person.save(update_fields=["is_active"])
    person.end_sessions()
    log.info("invitation withdrawn user=%s by=%s", person.pk, by.pk)


def taken_back(person: User) -> bool:
    """Tell whether an account is switched off because its invitation was taken back, before anybody used it."""
    latest = invitations([person]).get(person.pk)
    return person.last_login is None and latest is not None and latest.withdrawn_at is not None


def invitations(people: Iterable[User]) -> dict[int, SignInLink]:
    """Return the latest invitation of each of these people, by their number."""
    rows = SignInLink.objects.filter(user__in=list(people), kind=Kind.INVITATION).order_by("made_at", "pk")
    return {row.user_id: row for row in rows}


def ask(email: str, next_path: str = "") -> None:
    """Have a sign-in link sent to whoever has this address. It takes the same steps where nobody has it."""
    person = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    number = 0
    if person is not None:
        now = timezone.now()
        number = SignInLink.objects.create(
            user=person, kind=Kind.SIGN_IN, digest=token_hex(32), made_at=now, expires_at=now + SIGN_IN_WITHIN,
            next_path=next_path[:500],
        ).pk  # fmt: skip
    queue.ring("sign_in_link", number)


def send(link_id: int) -> str:
    """Mail a sign-in link that was asked for; for people of the office, where they sign in. May run twice."""
    link = SignInLink.objects.open().filter(pk=link_id, kind=Kind.SIGN_IN, mailed_at__isnull=True).first()
    if link is None:
        return "none"
    if _of_the_office(link.user):
        link.withdrawn_at = timezone.now()
        link.save(update_fields=["withdrawn_at"])
        return "told" if _tell_office(link.user) else "unsent"
    return "sent" if _mail(link) else "unsent"


def find(secret: str) -> SignInLink | None:
    """Return the link of a secret while it is good, else None."""
    digest = sha256(secret.encode()).hexdigest()
    link = SignInLink.objects.open().filter(digest=digest, mailed_at__isnull=False).select_related("user").first()
    if link is None or (link.kind == Kind.SIGN_IN and _of_the_office(link.user)):
        return None
    return link


def use(link: SignInLink) -> bool:
    """Claim a link; False where somebody was faster. All other links of the person end with it."""
    if not SignInLink.objects.open().filter(pk=link.pk, digest=link.digest).update(used_at=timezone.now()):
        return False
    _end(link.user)
    return True


def tidy() -> int:
    """Forget sign-in links that ended a month ago; invitations stay as long as the person."""
    old = timezone.now() - timedelta(days=30)
    return SignInLink.objects.filter(kind=Kind.SIGN_IN, expires_at__lt=old).delete()[0]


def _end(person: User) -> None:
    SignInLink.objects.filter(user=person, used_at__isnull=True, withdrawn_at__isnull=True).update(
        withdrawn_at=timezone.now()
    )


def _of_the_office(person: User) -> bool:
    return bool(person.is_staff or person.is_superuser)


def _mail(link: SignInLink) -> bool:
    secret = token_urlsafe(32)
    person = link.user
    with translation.override(person.language):
        address = settings.BRIDGE_BASE_URL + reverse("account_link", args=[secret])
        subject, text = _invitation(link, address) if link.kind == Kind.INVITATION else _sign_in(address)
        link.digest, link.mailed_at = sha256(secret.encode()).hexdigest(), timezone.now()
        link.save(update_fields=["digest", "mailed_at"])
        if _send(subject, text, person):
            return True
    link.mailed_at = None
    link.save(update_fields=["mailed_at"])
    return False


def _invitation(link: SignInLink, address: str) -> tuple[str, str]:
    person = link.user
    who = str(link.made_by) if link.made_by else "Bridge"
    clients = ", ".join(row.organization.name for row in person.memberships.select_related("organization"))
    days = INVITED_FOR.days
    told: dict[str, Any] = {"who": who, "clients": clients, "address": address, "until": ngettext(
        "The link works once, within %(count)s day.", "The link works once, within %(count)s days.", days
    ) % {"count": days}}  # fmt: skip
    if clients:
        text = gettext(
            "Hello,\n\n%(who)s invites you to the pages of %(clients)s in Bridge: what moved between your books and "
            "your other systems, and questions only you can answer.\n\nOpen this link to come in:\n\n%(address)s\n\n"
            "%(until)s If you did not expect it, do nothing."
        )
    else:
        text = gettext(
            "Hello,\n\n%(who)s invites you to work in Bridge.\n\nOpen this link, choose a password and set up a second "
            "step:\n\n%(address)s\n\n%(until)s If you did not expect it, do nothing."
        )
    return gettext("Your invitation to Bridge"), text % told


def tell_of_access(person: User, organization: Organization, by: User) -> bool:
    """Tell somebody who comes here already that there are more pages; False where the mail did not leave."""
    with translation.override(person.language):
        told = {
            "who": str(by), "client": organization.name,
            "address": settings.BRIDGE_BASE_URL + reverse("portal:home", args=[organization.pk]),
        }  # fmt: skip
        text = gettext("Hello,\n\n%(who)s lets you see the pages of %(client)s in Bridge:\n\n%(address)s")
        return _send(gettext("More pages in Bridge: %(client)s") % told, text % told, person)


def _sign_in(address: str) -> tuple[str, str]:
    minutes = int(SIGN_IN_WITHIN.total_seconds() // 60)
    text = gettext(
        "Hello,\n\nOpen this link to sign in to Bridge:\n\n%(address)s\n\nIt works once, within %(minutes)s minutes. "
        "If you did not ask for it, do nothing: without the link nobody comes in."
    )
    return gettext("Your link to sign in to Bridge"), text % {"address": address, "minutes": minutes}


def _tell_office(person: User) -> bool:
    with translation.override(person.language):
        text = gettext(
            "Hello,\n\nSomebody, probably you, asked for a link to sign in to Bridge. People of the office sign in "
            "with their password or passkey and a second step:\n\n%(address)s"
        ) % {"address": settings.BRIDGE_BASE_URL + reverse("account_login")}
        return _send(gettext("Signing in to Bridge"), text, person)


def _send(subject: str, text: str, person: User) -> bool:
    try:
        return bool(send_mail(subject, text, None, [person.email]))
    except OSError:
        log.exception("mail did not leave to=%s", person.pk)
        return False
