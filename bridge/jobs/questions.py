"""Questions only the client can answer: what waits for each, what an answer does, and the decision it becomes.

Three kinds: "map:…" (what a value becomes, asked by `values.ask_accountant`), "pair" (are these two the same person)
and "lines" (shall these planned documents go). An answer is carried out by the same functions the office uses, with
the name of whoever answered.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from bridge import registry
from bridge.hub.models import Candidate, Change, Comment, Integration, Membership, Organization, Question, Run, User
from bridge.jobs import duplicates, helping, queue, runs, values
from connectors.contract import SettingInvalid, SyncError, Text

log = logging.getLogger("bridge.jobs.questions")

PAIR, LINES = "pair", "lines"
MAY_ANSWER = (Membership.Role.MANAGER, Membership.Role.ACCOUNTANT)
POST, LEAVE_OUT = "post", "leave_out"
_WAITING = (Change.State.HELD, Change.State.REJECTED)
_OFFICE = {"en": "Your office", "fr": "Votre bureau"}
_YES_NO = {
    PAIR: (
        (Candidate.Decision.SAME, Text("Yes, the same", "Oui, la même")),
        (Candidate.Decision.NEVER, Text("No, two different ones", "Non, deux différentes")),
    ),
    LINES: (
        (POST, Text("Yes, send them", "Oui, les envoyer")),
        (LEAVE_OUT, Text("No, leave them out", "Non, les laisser de côté")),
    ),
}
_EFFECTS = {
    "map": Text(
        "What waits is recorded under “{choice}”, and so is everything like it from now on.",
        "Ce qui attend est inscrit sous « {choice} », et tout ce qui y ressemble le sera désormais.",
    ),
    Candidate.Decision.SAME: Text(
        "The two are joined; what waits goes to that one person.",
        "Les deux sont réunies ; ce qui attend va à cette seule personne.",
    ),
    Candidate.Decision.NEVER: Text(
        "The two stay apart for good, and each goes its own way.",
        "Les deux restent séparées pour de bon, et chacune suit son chemin.",
    ),
    POST: Text("They are sent with the next pass.", "Ils partent au prochain passage."),
    LEAVE_OUT: Text(
        "They stay out for good; the office can take them up again.",
        "Ils restent de côté pour de bon ; le bureau peut les reprendre.",
    ),
}


def for_clients(user: Any) -> "QuerySet[Question]":
    """Return the questions this person may see: what staff ask the house for help is none of them."""
    rows = Question.objects.for_user(user).exclude(code__startswith=helping.HELP, asked_of__isnull=True)
    return rows.exclude(integration__state=Integration.State.DISCONNECTED)


def waiting(user: Any) -> "QuerySet[Question]":
    """Return those that wait for an answer, the most urgent first."""
    return for_clients(user).filter(answered_at__isnull=True).order_by("due_on", "asked_at", "pk")


def kind_of(question: Question) -> str:
    """Return "map", "pair" or "lines"; "" for one that is only to be talked about."""
    kind = question.code.partition(":")[0]
    return kind if kind in ("map", PAIR, LINES) else ""


# what stands behind a question


def over(question: Question) -> tuple[str, dict[str, Any]]:
    """Return why a question no longer stands, as a code of the catalogue with its params; ("", {}) while it does.

    An answer to such a question could not be carried out, or would change nothing. One that was withdrawn stays over.
    """
    kind, withdrawn = kind_of(question), question.answered_at is not None
    if question.answer:
        return "", {}
    if kind == "map":
        return ("QUESTION-VALUES-GONE" if withdrawn or not _has_values(question) else ""), {}
    if kind == PAIR:
        pair = _pair(question)
        if pair is None:
            return "QUESTION-PAIR-GONE", {}
        decided = withdrawn or pair.decision not in duplicates.WAITING
        return ("QUESTION-DECIDED", {"who": str(pair.decided_by or "") or _OFFICE}) if decided else ("", {})
    if kind == LINES:
        return ("QUESTION-LINES-GONE" if withdrawn or not behind(question).exists() else ""), {}
    return ("QUESTION-KIND-UNKNOWN" if question.choices else ""), {}


def _has_values(question: Question) -> bool:
    known = {spec.kind for spec in registry.recipe(question.integration.recipe).value_maps}
    return question.value_maps.filter(kind__in=known).exists()


def withdraw_over() -> int:
    """Close what no longer stands, with no answer and nobody's name; returns how many. May run twice.

    Not while a run is open: it may be about to plan the very documents a question is about anew.
    """
    busy = Run.objects.filter(state__in=Run.OPEN).values("integration")
    rows = Question.objects.filter(answered_at__isnull=True).exclude(code__startswith=helping.HELP)
    found = 0
    for question in rows.exclude(code__startswith=LINES, integration__in=busy).select_related("integration"):
        code, _params = over(question)
        if code:
            left = Question.objects.filter(pk=question.pk, answered_at__isnull=True)
            found += left.update(answered_at=timezone.now())
            log.info("question withdrawn question=%s code=%s", question.pk, code)
    return found


@dataclass(frozen=True, slots=True)
class Behind:
    """What waits for an answer: how many records, and their amounts by currency."""

    count: int
    amounts: Sequence[tuple[Decimal, str]]


def behind(question: Question) -> "QuerySet[Change]":
    """Return the changes that wait for the answer."""
    kind = kind_of(question)
    if kind == "map":
        found = Change.objects.none()
        for row in question.value_maps.all():
            found |= values.held(question.integration, row.kind, [row.source_key])
        return found
    open_ones = Change.objects.filter(integration=question.integration)
    if kind == PAIR:
        pair = _pair(question)
        return open_ones.filter(source__in=[pair.left_id, pair.right_id] if pair else [], state__in=_WAITING)
    if kind == LINES:
        return open_ones.filter(source__in=question.facts.get("records") or [], state=Change.State.PLANNED)
    return open_ones.none()


def measured(rows: "QuerySet[Change]") -> Behind:
    """Count what waits, and add up its amounts."""
    told = rows.order_by().values("currency").annotate(n=Count("id"), money=Sum("amount"))
    found = list(told)
    amounts = [(row["money"], row["currency"]) for row in found if row["money"]]
    return Behind(sum(row["n"] for row in found), sorted(amounts, key=lambda item: item[1]))


def effect(question: Question, choice: str, label: str) -> Text:
    """Return what an answer does, in one sentence."""
    known = _EFFECTS.get("map" if kind_of(question) == "map" else choice)
    return Text(known.say("en", choice=label), known.say("fr", choice=label)) if known else Text("", "")


def _pair(question: Question) -> Candidate | None:
    rows = Candidate.objects.filter(integration=question.integration, pk=question.facts.get("candidate") or 0)
    return rows.select_related("left", "right", "integration", "decided_by").first()


def suggested(question: Question) -> str:
    """Return the answer a program would guess, "" for none."""
    row = question.value_maps.first() if kind_of(question) == "map" else None
    return row.target_id if row else ""


# asking


def ask_pair(pair: Candidate, user: User | None, to: User | None = None, due_on: date | None = None) -> Question:
    """Ask the client whether two records are the same; asked again while it is open, the same question comes back."""
    known = Question.objects.filter(integration=pair.integration, code=f"{PAIR}:{pair.pk}", answered_at=None).first()
    if known:
        return known
    words = Text(
        "Are “{left}” in {here} and “{right}” in {there} the same?",
        "« {left} » dans {here} et « {right} » dans {there}, est-ce la même personne ou la même chose ?",
    )
    integration = pair.integration
    told = {"left": str(pair.left), "right": str(pair.right), "here": str(integration.left),
            "there": str(integration.right)}  # fmt: skip
    return _ask(integration, PAIR, str(pair.pk), words, told, {"candidate": pair.pk}, user, to, due_on)


def ask_lines(
    changes: Iterable[Change], user: User | None, to: User | None = None, due_on: date | None = None
) -> Question:
    """Ask the client whether planned documents shall go. SettingInvalid where there are none, or of several pairs."""
    lines = [change for change in changes if change.state == Change.State.PLANNED and change.source_id]
    if len({change.integration_id for change in lines}) != 1:
        raise SettingInvalid("QUESTION-NO-LINES")
    days = sorted(day for change in lines if (day := _day(change)))
    words = Text("Shall these {n} documents be sent?", "Faut-il envoyer ces {n} documents ?")
    if days:
        words = Text(
            "Shall these {n} documents, dated {first} to {last}, be sent?",
            "Faut-il envoyer ces {n} documents, datés du {first} au {last} ?",
        )
    told = {"n": len(lines), "first": days[0] if days else "", "last": days[-1] if days else ""}
    facts = {"records": [change.source_id for change in lines]}
    key = str(min(change.pk for change in lines))
    return _ask(lines[0].integration, LINES, key, words, told, facts, user, to, due_on)


def _day(change: Change) -> str:
    day = change.source.date if change.source else None
    return day.isoformat() if day else ""


def _ask(
    integration: Integration, kind: str, key: str, words: Text, told: dict[str, object], facts: dict[str, Any],
    user: User | None, to: User | None, due_on: date | None,
) -> Question:  # fmt: skip
    with transaction.atomic():
        question = Question.objects.create(
            integration=integration, code=f"{kind}:{key}"[:80], facts=facts, asked_of=to, asked_by=user,
            text={name: words.say(name, **told) for name in ("en", "fr")},
            choices=[{"value": str(value), "en": label.say("en"), "fr": label.say("fr")}
                     for value, label in _YES_NO[kind]],
            due_on=due_on or integration.organization.today + timedelta(days=values.DUE_DAYS),
        )  # fmt: skip
        queue.ring("question", question.pk)
    return question


# answering


def answer(question: Question, value: str, user: User) -> bool:
    """Carry the client's answer out, in their name; True when a run was begun for what waited.

    SettingInvalid: answered by somebody else meanwhile, not offered, no longer to be had, or the question is over.
    """
    with transaction.atomic():
        locked = Question.objects.select_for_update(of=("self",)).select_related("integration").get(pk=question.pk)
        if locked.answered_at is not None:
            raise SettingInvalid("MAP-ANSWERED", params={"answer": said(locked, "en")})
        why, params = over(locked)
        if why:
            raise SettingInvalid(why, params=params)
        if value not in {item["value"] for item in locked.choices}:
            raise SettingInvalid("MAP-TARGET-UNKNOWN", params={"target": value, "value": ""})
        kind = kind_of(locked)
        if kind == "map":
            values.answer(locked, value, user)
        else:
            if kind == PAIR:
                _decide_pair(locked, value, user)
            elif kind == LINES:
                _decide_lines(locked, value, user)
            _close(locked, value, user)
    question.refresh_from_db()
    log.info("question answered question=%s kind=%s user=%s", question.pk, kind, user.pk)
    return kind in ("map", PAIR) and _begin(question.integration, user)


def _close(question: Question, value: str, user: User) -> None:
    question.answer, question.answered_by, question.answered_at = value, user, timezone.now()
    question.save(update_fields=["answer", "answered_by", "answered_at"])


def _decide_pair(question: Question, value: str, user: User) -> None:
    pair = _pair(question)
    if pair is None:
        raise SettingInvalid("DUPLICATE-GONE", params={"name": ""})
    duplicates.decide(pair, value, user)


def _decide_lines(question: Question, value: str, user: User) -> None:
    for change in list(behind(question).select_related("run", "source", "integration")):
        if value == POST:
            runs.approve(change.run, user, changes=[change.pk])
        else:
            runs.exclude(change, user, question.text["en"][:300])


def _begin(integration: Integration, user: User) -> bool:
    """Begin the run that plans what waited; False where one is open or a person starts them."""
    if integration.state not in Integration.RUNNING:
        return False
    try:
        runs.start(integration, "person", user)
    except SyncError as error:
        log.info("run not begun integration=%s code=%s", integration.pk, error.code)
        return False
    return True


def said(question: Question, language: str) -> str:
    """Return the answer as it was offered; "" while there is none."""
    found = next((item for item in question.choices if item["value"] == question.answer), None)
    return str(found[language]) if found else question.answer


# talking


def comment(question: Question, text: str, user: User) -> Comment:
    """Keep a remark about a question. SettingInvalid when it says nothing."""
    return remark(question.integration, text, user, question=question)


def remark(
    integration: Integration, text: str, user: User, question: Question | None = None, about: str = ""
) -> Comment:
    """Keep what a person says about a question, or about the documents of a difference."""
    if not text.strip():
        raise SettingInvalid("SETTING-MISSING", field="text")
    return Comment.objects.create(
        organization=integration.organization, integration=integration, question=question, about=about[:500],
        text=text.strip()[:2000], user=user,
    )  # fmt: skip


def may_be_asked(question: Question, user: User) -> list[User]:
    """Return who else of the client may answer: accountants first, then managers."""
    members = Membership.objects.filter(
        organization=question.integration.organization, role__in=MAY_ANSWER, user__is_active=True
    ).exclude(Q(user=user) | Q(user=question.asked_of_id or 0))  # fmt: skip
    found = members.select_related("user")
    return [item.user for item in sorted(found, key=lambda item: (item.role != "accountant", item.user.email))]


def addressees(question: Question) -> list[User]:
    """Return who is told of a question by mail: whom it was asked of, else the client's managers who want such mails.

    Where no manager wants them, or there is none, its accountants. Nobody for what is asked inside the house.
    """
    if question.asked_of is not None:
        return [question.asked_of]
    if question.code.startswith(helping.HELP):
        return []
    members = Membership.objects.filter(
        organization=question.integration.organization_id, role__in=MAY_ANSWER, user__is_active=True,
        question_mails=True,
    )  # fmt: skip
    people = {role: [row.user for row in members.select_related("user").order_by("pk") if row.role == role]
              for role in MAY_ANSWER}  # fmt: skip
    return next((found for found in people.values() if found), [])


def want_mails(organization: Organization, user: User, wanted: bool) -> None:
    """Keep whether a person is told by mail of questions asked of nobody in particular."""
    for member in Membership.objects.filter(organization=organization, user=user):
        member.question_mails = wanted
        member.save(update_fields=["question_mails"])


def pass_on(question: Question, to: User, user: User) -> None:
    """Let somebody else of the client answer, and tell them by mail. SettingInvalid for a stranger, or when over."""
    if question.answered_at is not None:
        raise SettingInvalid("MAP-ANSWERED", params={"answer": said(question, "en")})
    why, params = over(question)
    if why:
        raise SettingInvalid(why, params=params)
    if to not in may_be_asked(question, user):
        raise SettingInvalid("QUESTION-NOBODY")
    with transaction.atomic():
        question.asked_of = to
        question.save(update_fields=["asked_of"])
        queue.ring("question", question.pk)
