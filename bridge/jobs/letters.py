"""Mails that always leave: written as rows, sent by a task, tried again until they have left, seen on the health page.

A letter has a key: whoever writes it twice, it is one. Sending is claimed by a filtered update, so of two tasks one
sends. A worker that dies between the mail server's "yes" and our note leaves a letter that is sent once more, under the
same Message-ID, by which mail systems know it for the same: the only other choice would be mails that get lost.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from smtplib import SMTPException, SMTPResponseException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from bridge.hub.look import tokens
from bridge.hub.models import Letter
from bridge.jobs import queue
from bridge.jobs.crash import crash_point

log = logging.getLogger("bridge.jobs.letters")

LEASE = timedelta(minutes=3)  # longer than a mail server may take
SERVER_SECONDS = 20
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP = timedelta(days=7)
AT_ONCE = 200
State = Letter.State


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    content: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Mail:
    """The words of one mail, in its reader's language. `template` names a pair in templates/mail: .txt and .html."""

    subject: str
    template: str
    context: dict[str, Any]
    reply_to: Sequence[str] = ()
    attachments: Sequence[Attachment] = field(default=())


def add(user: Any, kind: str, key: str, **about: Any) -> Letter | None:
    """Write a letter and ring for it; None where it is written already."""
    letter = Letter(user=user, kind=kind, key=key, **about)
    try:
        with transaction.atomic():
            letter.save(force_insert=True)
    except IntegrityError:
        return None
    queue.ring("letter", letter.pk)
    return letter


def address(path: str) -> str:
    """Return a page of ours as a mail names it: by the set address, never by what a request said."""
    return f"{settings.BRIDGE_BASE_URL}{path}"


def send(letter_id: int) -> int:
    """Send one letter; returns how many mails left (0 or 1). May be called twice: the second finds nothing to claim."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    attempts = Letter.objects.filter(pk=letter_id).values_list("attempts", flat=True).first() or 0
    pause = min(timedelta(minutes=2**attempts), LONGEST_PAUSE)
    claimed = Letter.objects.filter(free, pk=letter_id, state=State.WAITING).update(
        lease_until=now + LEASE, attempts=F("attempts") + 1, wake_at=now + pause
    )
    if not claimed:
        return 0
    letter = Letter.objects.select_related("user", "report__organization", "question__integration").get(pk=letter_id)
    crash_point("letter_claimed")
    with translation.override(letter.user.language):
        mail = _words(letter) if letter.user.is_active else None
        if mail is None:
            _settle(letter, State.NEEDLESS)
            return 0
        message = _message(letter, mail)
    try:
        message.send()
    except (OSError, SMTPException, ValueError) as error:
        _failed(letter, error)
        return 0
    crash_point("letter_sent")
    _settle(letter, State.SENT, sent_at=timezone.now())
    log.info("mail left letter=%s kind=%s user=%s", letter.pk, letter.kind, letter.user_id)
    return 1


def _message(letter: Letter, mail: Mail) -> EmailMultiAlternatives:
    context = {**mail.context, "look": tokens(), "subject": mail.subject, "reader": letter.user}
    text = render_to_string(f"mail/{mail.template}.txt", context)
    host = urlsplit(settings.BRIDGE_BASE_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        " ".join(mail.subject.split()), text.strip() + "\n", None, [letter.user.email], reply_to=list(mail.reply_to),
        connection=get_connection(timeout=SERVER_SECONDS),
        # Without being asked no machine answers these; and a repeat is known as one.
        headers={"Message-ID": f"<{letter.public_id}@{host}>", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    message.attach_alternative(render_to_string(f"mail/{mail.template}.html", context), "text/html")
    for item in mail.attachments:
        message.attach(item.name, item.content, item.mime)
    return message


def _settle(letter: Letter, state: str, **values: Any) -> None:
    Letter.objects.filter(pk=letter.pk).update(state=state, lease_until=None, error="", **values)


def _failed(letter: Letter, error: Exception) -> None:
    """Keep what went wrong, in short words: a server's answer may hold addresses and more."""
    code = f" {error.smtp_code}" if isinstance(error, SMTPResponseException) else ""
    over = timezone.now() - letter.made_at > GIVE_UP
    state = State.GIVEN_UP if over else State.WAITING
    Letter.objects.filter(pk=letter.pk).update(
        state=state, lease_until=None, error=f"{type(error).__name__}{code}"[:200]
    )
    log.warning(
        "mail did not leave letter=%s user=%s error=%s%s", letter.pk, letter.user_id, type(error).__name__, code
    )


def due() -> list[int]:
    """Return the letters whose time has come and that nobody is sending."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    rows = Letter.objects.filter(free, state=State.WAITING).filter(Q(wake_at__isnull=True) | Q(wake_at__lte=now))
    return list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def in_trouble() -> list[Letter]:
    """Return letters that did not leave at the first try and still have not, for the health page; oldest first."""
    rows = Letter.objects.filter(
        Q(state=State.WAITING, attempts__gte=1) & ~Q(error="") | Q(state=State.GIVEN_UP)
    ).select_related("user")
    return list(rows.order_by("pk")[:50])


def again(letter: Letter) -> None:
    """Try a letter at once that did not leave, or was given up."""
    Letter.objects.filter(pk=letter.pk, state__in=(State.WAITING, State.GIVEN_UP)).update(
        state=State.WAITING, wake_at=None, made_at=timezone.now()
    )
    queue.ring("letter", letter.pk)


def _words(letter: Letter) -> Mail | None:
    """Return what a letter says; None when it need not be said any more."""
    from bridge.jobs import notices, reminders, reports_mail  # they write letters themselves

    words: dict[str, Callable[[Letter], Mail | None]] = {
        Letter.Kind.NOTICES: notices.notices_mail,
        Letter.Kind.QUESTION: reminders.mail if letter.key.startswith(reminders.KEY) else notices.question_mail,
        Letter.Kind.REPORT: reports_mail.report_mail,
    }
    return words[letter.kind](letter)
