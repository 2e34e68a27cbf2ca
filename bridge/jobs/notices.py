"""Mails that always leave: in the reader's language, grouped, never more than one per cause and day."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bridge import registry
from bridge.hub.models import Connection, Heartbeat, Question, User

log = logging.getLogger("bridge.jobs.notices")


def reconnect_needed(connection_id: int) -> int:
    """Tell staff that a connection needs a person; returns how many mails left. Once per connection and day."""
    connection = Connection.objects.select_related("organization__owner").get(pk=connection_id)
    name = f"mail:reconnect:{connection_id}"
    day = timezone.now() - timedelta(days=1)
    if Heartbeat.objects.filter(name=name, beat_at__gt=day).exists():
        return 0
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})
    owner = connection.organization.owner
    readers = [owner] if owner else list(User.objects.filter(is_staff=True, is_active=True)[:10])
    sent = 0
    for reader in readers:
        with translation.override(reader.language):
            told = registry.catalogue().get(connection.reason_code)
            cure = told.cure.say(reader.language, **connection.reason_params) if told else ""
            subject = _("Reconnect needed: %(account)s") % {"account": str(connection)}
            text = _(
                "%(account)s of %(organization)s no longer lets Bridge in. Nothing is lost: the work waits and goes on "
                "after you reconnect.\n\n%(cure)s\n\n%(url)s"
            ) % {
                "account": str(connection),
                "organization": str(connection.organization),
                "cure": cure,
                "url": f"{settings.BRIDGE_BASE_URL}/admin/connections/{connection.pk}/",
            }
        try:
            sent += send_mail(subject, text, None, [reader.email])
        except OSError:
            log.exception("mail did not leave to=%s", reader.pk)
    return sent


def question_asked(question_id: int) -> int:
    """Send a question to the person it was asked of, in that person's language; returns how many mails left."""
    question = Question.objects.select_related("asked_of", "asked_by", "integration__organization").get(pk=question_id)
    reader = question.asked_of
    if reader is None or question.answered_at is not None:
        return 0
    with translation.override(reader.language):
        words = "fr" if reader.language.startswith("fr") else "en"
        subject = _("A question about your books: %(organization)s") % {
            "organization": str(question.integration.organization)
        }
        text = _(
            "%(question)s\n\n%(choices)s\n\nUntil your answer these records wait, and nothing wrong is written. "
            "Answer this mail, or tell %(person)s."
        ) % {
            "question": question.text[words],
            "choices": "\n".join(f"– {item[words]} ({item['value']})" for item in question.choices[:100]),
            "person": str(question.asked_by or question.integration.organization),
        }
    replies = [question.asked_by.email] if question.asked_by else None
    try:
        return EmailMessage(subject, text, None, [reader.email], reply_to=replies).send()
    except OSError:
        log.exception("mail did not leave to=%s", reader.pk)
        return 0
