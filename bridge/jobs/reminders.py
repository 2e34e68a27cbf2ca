"""Reminders of questions: when half of the time is over, and on the day an answer is due.

One mail a day at most for a person, about all that waits for them: a letter's key names the person and the day, so
however many beats find it due, it is one. A question that is overdue stays open; nobody is reminded of it for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from bridge.hub.formats import day, language, number
from bridge.hub.models import Letter, Question, User
from bridge.jobs import letters, questions

KEY = "reminder:"
TOO_LATE = timedelta(days=7)  # beats that come this long after the day due remind nobody
MOST = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One question as the mail shows it."""

    words: str
    due: str
    is_late: bool
    waits: str
    url: str


def stages(question: Question, zone: ZoneInfo) -> tuple[date, date] | None:
    """Return the days of both reminders: half of the time, and the day due. None without a day due."""
    if question.due_on is None:
        return None
    asked = timezone.localtime(question.asked_at, zone).date()
    half = asked + max(timedelta(days=1), (question.due_on - asked) / 2)
    return min(half, question.due_on), question.due_on


def is_due(question: Question, told: Iterable[date], today: date, zone: ZoneInfo) -> bool:
    """Tell whether a reminder is due of which nothing was said: `told` are the days of mails about the question."""
    days = stages(question, zone)
    if days is None or today in (said := set(told)) or today > days[1] + TOO_LATE:
        return False
    reached = [stage for stage in days if stage <= today]
    return bool(reached) and not any(one >= reached[-1] for one in said)


def tick(now: datetime | None = None) -> int:
    """Write the reminders that are due; returns how many. May run twice: the second writes none."""
    now = now or timezone.now()
    by_person: dict[int, list[Question]] = {}
    for question in _waiting().filter(due_on__isnull=False):
        for user in questions.addressees(question):
            by_person.setdefault(user.pk, []).append(question)
    written = 0
    for person in User.objects.filter(pk__in=by_person, is_active=True):
        zone = zone_of(person)
        today = timezone.localtime(now, zone).date()
        mails = list(
            Letter.objects.filter(user=person, kind=Letter.Kind.QUESTION).values_list("key", "question", "made_at")
        )
        for question in by_person[person.pk]:
            told = [timezone.localtime(at, zone).date() for key, about, at in mails
                    if about == question.pk or key.startswith(KEY)]  # fmt: skip
            if is_due(question, told, today, zone):
                key = f"{KEY}{person.pk}:{today.isoformat()}"
                written += letters.add(person, Letter.Kind.QUESTION, key, question=question) is not None
                break
    return written


def _waiting() -> "QuerySet[Question]":
    rows = Question.objects.filter(answered_at__isnull=True).exclude(integration__state="disconnected")
    return rows.select_related("asked_of", "integration").order_by("due_on", "asked_at", "pk")


def zone_of(person: User) -> ZoneInfo:
    """Return the zone whose days count for a person."""
    try:
        return ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("America/Toronto")


def mail(letter: Letter) -> letters.Mail | None:
    """Return the mail that reminds of all that waits for its reader; None when all is answered, passed on or over."""
    seen = questions.for_clients(letter.user).values("pk")
    rows = _waiting().filter(Q(asked_of=letter.user) | Q(asked_of__isnull=True), pk__in=seen)
    mine = rows.select_related("asked_of", "integration__organization", "asked_by")
    stand = (one for one in mine if letter.user in questions.addressees(one) and not questions.over(one)[0])
    found = list(islice(stand, MOST))
    if not found:
        return None
    today = timezone.localtime(timezone.now(), zone_of(letter.user)).date()
    lines = [_line(question, today) for question in found]
    names = sorted({str(question.integration.organization) for question in found})
    words = ngettext(
        "Reminder: %(n)s question waits for your answer", "Reminder: %(n)s questions wait for your answer", len(found)
    ) % {"n": number(len(found))}
    asker = found[0].asked_by
    return letters.Mail(
        subject=f"{words} – {', '.join(names[:3])}", template="reminder",
        context={"lines": lines, "person": str(asker or names[0])}, reply_to=[asker.email] if asker else (),
    )  # fmt: skip


def _line(question: Question, today: date) -> Line:
    count = questions.behind(question).count()
    waits = ngettext("%(n)s record waits for it.", "%(n)s records wait for it.", count) % {"n": number(count)}
    due = question.due_on
    is_late = bool(due and due < today)
    sentence = gettext("It was due on %(day)s.") if is_late else gettext("An answer is due on %(day)s.")
    return Line(
        str(question.text.get(language()) or question.text.get("en") or ""),
        sentence % {"day": day(due)} if due else "",
        is_late, waits if count else "",
        letters.address(reverse("portal:question", args=[question.integration.organization_id, question.pk])),
    )  # fmt: skip
