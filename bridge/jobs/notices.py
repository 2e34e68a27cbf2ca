"""What people must be told by mail: in the reader's language, grouped, with the cure, once per cause and day.

Whatever goes wrong is kept as a notice for each person first; the beat puts all that waits for a person into one
letter (see `letters`). What has been settled by the time the letter leaves is left out of it.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from bridge import registry
from bridge.hub import voice
from bridge.hub.formats import language, number
from bridge.hub.models import (
    Change,
    Connection,
    Heartbeat,
    Integration,
    Letter,
    Membership,
    Notice,
    Organization,
    Question,
    Run,
    User,
)
from bridge.jobs import letters, questions, queue

log = logging.getLogger("bridge.jobs.notices")

DAY = timedelta(hours=24)
REMIND = timedelta(days=7)  # what still stands is told again
OVERLAP = timedelta(minutes=10)  # runs that end while we look are looked at twice rather than never
NEWEST_RUNS = 5000
CHOICES = 100
STUCK = (Change.State.HELD, Change.State.REJECTED)
ENDED_BADLY = (Run.State.INTERRUPTED, Run.State.INCOMPLETE)
# What a person decided, and what only follows from another cause.
UNTOLD = {"HELD-BY-PERSON", "PARENT-HELD"}
_CAUSE = Coalesce(NullIf(F("error_code"), Value("")), F("code"))
Cause = Notice.Cause


# Who is told


def staff_of(organization: Organization) -> list[User]:
    """Return who of the office is told about a client: its owner, else those who see it."""
    owner = organization.owner
    if owner is not None and owner.is_active:
        return [owner]
    office = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    return [user for user in office if Organization.objects.for_user(user).filter(pk=organization.pk).exists()][:10]


def members_of(organization: Organization) -> list[User]:
    """Return the client's people who may act on what they are told."""
    roles = (Membership.Role.MANAGER, Membership.Role.ACCOUNTANT)
    rows = Membership.objects.filter(organization=organization, role__in=roles, user__is_active=True)
    return [row.user for row in rows.select_related("user").order_by("pk")]


def note(user: User, organization: Organization, cause: str, about: str, **params: Any) -> bool:
    """Keep that a person must be told; False where that was kept within the last day."""
    now = timezone.now()
    kept = Notice.objects.filter(user=user, organization=organization, cause=cause, about=about)
    if kept.filter(made_at__gt=now - DAY).exists():
        return False
    try:
        with transaction.atomic():
            Notice.objects.create(
                user=user, organization=organization, cause=cause, about=about, params=params,
                day=timezone.localdate(now, ZoneInfo(user.time_zone)),
            )  # fmt: skip
    except IntegrityError:
        return False
    return True


# What they are told


def reconnect_needed(connection_id: int) -> int:
    """Keep that a connection needs a person, for the office and for the client; returns how many will be told."""
    connection = Connection.objects.select_related("organization__owner").get(pk=connection_id)
    organization = connection.organization
    people = staff_of(organization)
    if connection.reason_code != "CONNECTION-REVOKED":  # the client's own wish is no news to the client
        people += [user for user in members_of(organization) if user not in people]
    return sum(note(user, organization, Cause.RECONNECT, str(connection_id)) for user in people)


def tick() -> None:
    """Find what went wrong, group what waits into letters, and ring for letters that nobody sends."""
    _connections()
    _runs()
    _questions()
    group()
    for pk in letters.due():
        queue.ring("letter", pk)


def _connections() -> None:
    """Tell of connections that need a person, also where the first notice got lost; once a week while they do."""
    told = Notice.objects.filter(cause=Cause.RECONNECT, made_at__gt=timezone.now() - REMIND).values("about")
    known = {int(row["about"]) for row in told if row["about"].isdigit()}
    lost = Connection.objects.filter(state=Connection.State.ATTENTION).exclude(pk__in=known)
    for pk in lost.values_list("pk", flat=True)[:200]:
        reconnect_needed(pk)


def _runs() -> None:
    """Tell of runs that ended badly, and of what they left waiting."""
    now = timezone.now()
    mark, _made = Heartbeat.objects.get_or_create(name="mail:runs", defaults={"beat_at": now - DAY})
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    ended = Run.objects.filter(
        pk__gt=newest - NEWEST_RUNS, finished_at__gt=mark.beat_at - OVERLAP, state__in=(*ENDED_BADLY, Run.State.HELD)
    )
    wanted = ended.select_related("integration__organization__owner", "integration__left", "integration__right")
    seen: set[int] = set()
    for run in wanted.defer("pinned", "reconciliation", "statement").order_by("-pk"):
        if run.integration_id not in seen:  # only how things stand now is news
            seen.add(run.integration_id)
            _run(run)
    Heartbeat.objects.filter(pk=mark.pk).update(beat_at=now)


def _run(run: Run) -> None:
    pair, organization = run.integration, run.integration.organization
    sides = (pair.left, pair.right)
    lost = any(side is not None and side.state == Connection.State.ATTENTION for side in sides)
    if run.state in ENDED_BADLY and not lost:  # else the account to connect again is what is told
        for user in staff_of(organization):
            note(user, organization, Cause.RUN, f"{pair.pk}:{run.reason_code}"[:120], run=run.pk)
    for code, count in stuck(pair).items():
        if code not in UNTOLD:
            _held(pair, code, count)


def stuck(pair: Integration, code: str = "") -> dict[str, int]:
    """Return how many records of a pair wait, by cause."""
    rows = pair.changes.filter(state__in=STUCK).order_by().annotate(cause=_CAUSE)
    if code:
        rows = rows.filter(cause=code)
    return dict(rows.values_list("cause").annotate(n=Count("pk")))


def _held(pair: Integration, code: str, count: int) -> None:
    """Tell that records wait: when it is new, when they have become more, and once a week."""
    entry = registry.catalogue().get(code)
    people = _office(pair, code)
    if entry is not None and entry.who == "client":
        people += [user for user in members_of(pair.organization) if user not in people]
    about = f"{pair.pk}:{code}"[:120]
    for user in people:
        last = Notice.objects.filter(user=user, cause=Cause.HELD, about=about).order_by("-pk").first()
        fresh = last is not None and timezone.now() - last.made_at < REMIND
        if last is not None and fresh and int(last.params.get("count", 0)) >= count:
            continue
        note(user, pair.organization, Cause.HELD, about, pair=pair.pk, code=code, count=count)


def _office(pair: Integration, code: str) -> list[User]:
    """Return who of the office hears of a cause: whoever it is assigned to; nobody while it is put off."""
    care = pair.held_causes.filter(cause=code).select_related("assigned_to").first()
    if care is not None and care.is_put_off:
        return []
    if care is not None and care.assigned_to is not None and care.assigned_to.may_work():
        return [care.assigned_to]
    return staff_of(pair.organization)


def _questions() -> None:
    """Write letters for questions whose bell got lost."""
    old, young = timezone.now() - timedelta(minutes=2), timezone.now() - REMIND
    asked = Question.objects.filter(answered_at__isnull=True, asked_at__lt=old, asked_at__gt=young)
    for question in asked.select_related("asked_of", "integration").order_by("pk")[:200]:
        wanted = {_question_key(question, user): user for user in questions.addressees(question)}
        known = set(Letter.objects.filter(key__in=wanted).values_list("key", flat=True))
        for key, user in wanted.items():
            if key not in known:
                letters.add(user, Letter.Kind.QUESTION, key, question=question)


def group() -> int:
    """Put what waits for each person into one letter; returns how many letters were written."""
    waiting = Notice.objects.filter(letter__isnull=True).order_by("user", "pk").values_list("user", "pk")
    first: dict[int, int] = {}
    for user, pk in waiting:
        first.setdefault(user, pk)
    written = 0
    for user in User.objects.filter(pk__in=first):
        with transaction.atomic():
            # Two beats at once name the letter alike: one of them writes it.
            letter = letters.add(user, Letter.Kind.NOTICES, f"notices:{first[user.pk]}")
            if letter is not None:
                Notice.objects.filter(user=user, letter__isnull=True).update(letter=letter)
                written += 1
    return written


# In words


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a mail tells: what, why and what to do, with the page where it is done."""

    organization: str
    title: str
    words: str
    cure: str
    url: str
    link: str


def notices_mail(letter: Letter) -> letters.Mail | None:
    """Return the mail of all notices of a letter that still hold; None where none does."""
    items = [item for notice in letter.notices.select_related("organization") if (item := _item(notice)) is not None]
    if not items:
        return None
    names = sorted({item.organization for item in items})
    about = names[0] if len(names) == 1 else gettext("%(n)s clients") % {"n": number(len(names))}
    if len(items) == 1:
        subject = f"{items[0].title} – {about}"
    else:
        words = ngettext("%(n)s thing needs you", "%(n)s things need you", len(items)) % {"n": number(len(items))}
        subject = f"{words} – {about}"
    return letters.Mail(subject=subject, template="notices", context={"items": items, "several": len(names) > 1})


def _item(notice: Notice) -> Item | None:
    """Return a notice in words; None when it is settled, or no longer the reader's to see."""
    if not Organization.objects.for_user(notice.user).filter(pk=notice.organization_id).exists():
        return None
    words = {Cause.RECONNECT: _reconnect_item, Cause.RUN: _run_item, Cause.HELD: _held_item}
    return words[Cause(notice.cause)](notice)


def _reconnect_item(notice: Notice) -> Item | None:
    connection = Connection.objects.filter(pk=int(notice.about), state=Connection.State.ATTENTION).first()
    if connection is None:
        return None
    name, is_staff = voice.account(connection), notice.user.is_staff
    if is_staff:
        page = reverse("admin:connection", args=[connection.pk])
    else:
        page = reverse("portal:connect", args=[notice.organization_id, connection.pk])
    text = gettext(
        "%(account)s no longer lets Bridge in. Nothing is lost: the work waits and goes on after you reconnect."
    ) % {"account": name}
    entry = registry.catalogue().get(connection.reason_code)
    cure = ""
    if entry is not None and (is_staff or voice.plain(entry.cure)):
        cure = voice.say(entry.cure, connection.reason_params)
    return Item(
        str(notice.organization), gettext("Reconnect needed: %(account)s") % {"account": name}, text, cure,
        letters.address(page), gettext("Connect again"),
    )  # fmt: skip


def _run_item(notice: Notice) -> Item | None:
    run = Run.objects.select_related("integration").filter(pk=notice.params.get("run")).first()
    if run is None or run.finished_at is None:
        return None
    good = run.integration.last_good_at
    if good is not None and good > run.finished_at:
        return None
    entry = registry.catalogue().get(run.reason_code)
    words = voice.say(entry.what, run.reason_params) if entry else gettext("The run did not end.")
    return Item(
        str(notice.organization),
        gettext("%(pair)s: the last run did not end well") % {"pair": voice.pair(run.integration)},
        f"{words} " + gettext("What it did not reach waits for the next run; nothing is lost."),
        voice.say(entry.cure, run.reason_params) if entry else "",
        letters.address(reverse("admin:run_page", args=[run.pk])), gettext("See the run"),
    )  # fmt: skip


def _held_item(notice: Notice) -> Item | None:
    pair = Integration.objects.filter(pk=notice.params.get("pair")).exclude(state="disconnected").first()
    code = str(notice.params.get("code", ""))
    count = stuck(pair, code).get(code, 0) if pair is not None else 0
    if pair is None or not count:
        return None
    entry = registry.catalogue().get(code)
    title = ngettext("%(n)s record waits", "%(n)s records wait", count) % {"n": number(count)}
    if notice.user.is_staff:
        if not _office(pair, code):
            return None
        words, cure = (voice.say(entry.what), voice.say(entry.cure)) if entry else (code, "")
        page = f"{reverse('admin:held_cause', args=[code])}?integration={pair.pk}"
    else:
        told = voice.reason(code)
        words, cure = (told.words, told.cure) if told else ("", "")
        page = f"{reverse('portal:moved', args=[notice.organization_id])}?state=waiting"
    return Item(
        str(notice.organization), f"{title} – {voice.pair(pair)}", words, cure, letters.address(page),
        gettext("See what waits"),
    )  # fmt: skip


# Questions


def _question_key(question: Question, user: User) -> str:
    return f"question:{question.pk}:{user.pk}"


def question_asked(question_id: int) -> int:
    """Send a question to those it is asked of, each in their own language; returns how many mails left."""
    question = Question.objects.select_related("asked_of", "integration").get(pk=question_id)
    if question.answered_at is not None:
        return 0
    sent = 0
    for user in questions.addressees(question):
        letters.add(user, Letter.Kind.QUESTION, _question_key(question, user), question=question)
        sent += letters.send(Letter.objects.get(key=_question_key(question, user)).pk)
    return sent


def question_mail(letter: Letter) -> letters.Mail | None:
    """Return the mail of a question; None when it is answered or over, or asked of somebody else meanwhile."""
    question = letter.question
    if question is None or question.answered_at is not None or letter.user not in questions.addressees(question):
        return None
    if questions.over(question)[0]:
        return None
    asker, organization = question.asked_by, question.integration.organization
    words = language()
    return letters.Mail(
        subject=gettext("A question about your books: %(organization)s") % {"organization": str(organization)},
        template="question",
        context={
            "question": question.text[words],
            "choices": [f"{item[words]} ({item['value']})" for item in question.choices[:CHOICES]],
            "person": str(asker or organization),
            "url": letters.address(reverse("portal:question", args=[organization.pk, question.pk])),
        },
        reply_to=[asker.email] if asker else (),
    )
