"""Questions for the client: in plain words, with what waits behind each and what each answer does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext

from bridge.hub import voice
from bridge.hub.formats import language, number
from bridge.hub.models import Integration, Membership, Question, User
from bridge.jobs import questions
from bridge.portal import moved
from bridge.portal.frame import Visit, listing, page, portal_view, tell_error
from connectors.contract import SyncError

BUTTONS = 6  # more choices than these are a list
BEHIND, ALL = 5, 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: its words, what it does, and whether a program would guess it."""

    value: str
    label: str
    effect: str
    is_suggested: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as the page shows it."""

    question: Question
    words: str
    choices: list[Choice]
    behind: questions.Behind
    lines: list[moved.Line]
    comments: Sequence[Any]
    others: list[User]
    is_late: bool
    answer: str
    over: voice.Over | None

    @property
    def buttons(self) -> list[Choice]:
        """The answers that are given by one tap: all of a few, of many the one that is guessed."""
        return self.choices if len(self.choices) <= BUTTONS else [item for item in self.choices if item.is_suggested]

    @property
    def listed(self) -> list[Choice]:
        """The answers that are chosen from a list."""
        return [item for item in self.choices if item not in self.buttons]

    @property
    def waits(self) -> str:
        """What waits for the answer, in one sentence."""
        if not self.behind.count:
            return gettext("Nothing waits for it just now.")
        words = ngettext("%(n)s record waits", "%(n)s records wait", self.behind.count) % {
            "n": number(self.behind.count)
        }
        money = voice.amounts(list(self.behind.amounts))
        return f"{words} ({money})." if money else f"{words}."


def rows_of(visit: Visit) -> Any:
    """Return the questions of this organization that its people may see."""
    found = questions.for_clients(visit.user).filter(integration__organization=visit.organization)
    return found.select_related(
        "asked_of", "asked_by", "answered_by", "integration__left", "integration__right", "integration__organization"
    )


def one(visit: Visit, pk: int) -> Question:
    """Return one of these questions; 404 for any other."""
    found: Question = get_object_or_404(rows_of(visit), pk=pk)
    return found


def asked(visit: Visit, question: Question, whole: bool = False) -> Asked:
    """Return a question with all a person needs to answer it; `whole` shows everything behind it."""
    guess = questions.suggested(question)
    choices = [_choice(question, item, guess) for item in question.choices]
    choices.sort(key=lambda item: not item.is_suggested)
    waiting = questions.behind(question)
    over = voice.over(*questions.over(question))
    open_now = question.answered_at is None and over is None
    shown = moved.narrow(waiting.order_by("pk"))[: ALL if whole else BEHIND] if open_now else ()
    return Asked(
        question,
        str(question.text.get(language()) or question.text.get("en") or ""),
        choices,
        questions.measured(waiting) if open_now else questions.Behind(0, ()),
        moved.lines(visit, list(shown)),
        list(question.comments.select_related("user")),
        questions.may_be_asked(question, visit.user) if open_now and visit.may("answer") else [],
        bool(open_now and question.due_on and question.due_on < question.integration.organization.today),
        questions.said(question, language()),
        over,
    )


def _choice(question: Question, item: dict[str, Any], guess: str) -> Choice:
    label = str(item.get(language()) or item.get("en") or item["value"])
    return Choice(
        item["value"], label, voice.say(questions.effect(question, item["value"], label)), item["value"] == guess
    )


@portal_view()
def question_list(visit: Visit) -> HttpResponse:
    """List what waits for an answer, the most urgent first, and what was answered."""
    rows = rows_of(visit)
    waiting = rows.filter(answered_at__isnull=True).order_by("due_on", "asked_at", "pk")
    answered = listing(visit, rows.filter(answered_at__isnull=False).order_by("-answered_at", "-pk"), 20)
    return page(
        visit,
        "questions",
        gettext("Questions for you"),
        waiting=[asked(visit, item) for item in waiting[:50]],
        rows=answered,
        answered=[asked(visit, item) for item in answered.object_list],
        member=visit.rows(Membership).filter(user=visit.user).first(),
    )


@portal_view(post="answer")
def question_mails(visit: Visit) -> HttpResponse:
    """Keep whether this person gets a mail when a question comes in that is asked of nobody in particular."""
    if visit.request.method == "POST":
        wanted = visit.request.POST.get("mails") == "yes"
        with visit.acts():
            questions.want_mails(visit.organization, visit.user, wanted)
        messages.success(
            visit.request,
            gettext("You get a mail when a question comes in.")
            if wanted
            else gettext("You get no mail of new questions any more, unless one is asked of you by name."),
        )
    return redirect(visit.url("questions"))


@portal_view()
def question(visit: Visit, pk: int) -> HttpResponse:
    """Show one question with everything behind it."""
    told = asked(visit, one(visit, pk), whole=True)
    return page(visit, "questions", gettext("A question for you"), template="question", asked=told)


@portal_view(post="answer")
def question_answer(visit: Visit, pk: int) -> HttpResponse:
    """Take an answer: it is carried out at once, in the name of whoever gave it."""
    if visit.request.method != "POST":
        one(visit, pk)
    else:
        try:
            with visit.acts():
                found = one(visit, pk)
                number_waiting = questions.behind(found).count()
                begun = questions.answer(found, visit.request.POST.get("answer", "")[:300], visit.user)
                thanks = _thanks(visit, found, number_waiting, begun)
        except SyncError as error:
            if not error.code.startswith("QUESTION-"):  # else the page itself says so, and why
                tell_error(visit, error)
            return redirect(visit.url("question", pk))
        messages.success(visit.request, thanks)
    return redirect(visit.url("questions"))


def _thanks(visit: Visit, found: Question, count: int, begun: bool) -> str:
    told = {"answer": questions.said(found, language()), "n": number(count)}
    if not count:
        return gettext("Thank you: “%(answer)s” is kept.") % told
    if begun or Integration.objects.for_user(visit.user).filter(pk=found.integration_id, automatic=True).exists():
        words = ngettext(
            "Thank you: “%(answer)s” is kept. %(n)s record that waited goes on now.",
            "Thank you: “%(answer)s” is kept. %(n)s records that waited go on now.",
            count,
        )
    else:
        words = ngettext(
            "Thank you: “%(answer)s” is kept. %(n)s record that waited goes on when the office starts the next pass.",
            "Thank you: “%(answer)s” is kept. %(n)s records that waited go on when the office starts the next pass.",
            count,
        )
    return words % told


@portal_view(post="answer")
def question_comment(visit: Visit, pk: int) -> HttpResponse:
    """Keep what a person says about a question."""
    if visit.request.method != "POST":
        one(visit, pk)
    else:
        try:
            with visit.acts():
                found = one(visit, pk)
                questions.comment(found, visit.request.POST.get("text", ""), visit.user)
            messages.success(visit.request, gettext("Your comment is kept; the office sees it."))
        except SyncError as error:
            tell_error(visit, error)
    return redirect(visit.url("question", pk))


@portal_view(post="answer")
def question_pass(visit: Visit, pk: int) -> HttpResponse:
    """Let somebody else of the organization answer, such as the accountant."""
    if visit.request.method != "POST":
        one(visit, pk)
    else:
        wanted = visit.request.POST.get("to", "")
        try:
            with visit.acts():
                found = one(visit, pk)
                chosen = next((one for one in questions.may_be_asked(found, visit.user) if str(one.pk) == wanted), None)
                questions.pass_on(found, chosen or visit.user, visit.user)
            messages.success(
                visit.request, gettext("%(person)s is asked now, and gets a mail.") % {"person": str(chosen)}
            )
        except SyncError as error:
            tell_error(visit, error)
    return redirect(visit.url("question", pk))
