"""Asking the client: whether two records are the same, whether planned documents shall go."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, ngettext

from bridge.hub.models import Candidate, Change, Integration, Question, Record, Run, User
from bridge.jobs import questions, values
from bridge.staff.pages import page, tell_error
from connectors.contract import SyncError

MOST = 500  # documents one question is about
Ask = Callable[[User | None, date], Question]


def about_pair(request: HttpRequest, pair: Candidate, back: str) -> HttpResponse:
    """Ask whether the two of a pair are the same; the first post of the form asks."""
    sentence = gettext("The client sees both names, what hangs on each, and answers yes or no.")
    return _form(
        request, pair.integration, gettext("Ask the client about this pair?"), sentence, [str(pair)], back,
        lambda to, due: questions.ask_pair(pair, request.user, to, due),
    )  # fmt: skip


def about_lines(request: HttpRequest, run: Run, ids: Sequence[int], back: str) -> HttpResponse:
    """Ask whether planned documents shall go; until the answer they wait in the plan."""
    known = Record.objects.only("id", "date", "name", "number", "remote_id", "resource")
    found = Change.objects.filter(run=run, pk__in=ids, state=Change.State.PLANNED, source__isnull=False)
    rows = list(found.prefetch_related(Prefetch("source", known)).order_by("id")[:MOST])
    if not rows:
        messages.warning(request, gettext("None of these lines waits for approval any more."))
        return redirect(back)
    title = ngettext("Ask the client about %(n)d document?", "Ask the client about %(n)d documents?", len(rows))
    sentence = gettext(
        "They wait in the plan until the client answers. Yes approves them as they stand; no leaves them out for good."
    )
    names = [change.title for change in rows[:10]]
    more = len(rows) - len(names)
    return _form(
        request, run.integration, title % {"n": len(rows)}, sentence,
        names + ([gettext("and %(n)d more") % {"n": more}] if more else []), back,
        lambda to, due: questions.ask_lines(rows, request.user, to, due), [change.pk for change in rows],
    )  # fmt: skip


def _form(
    request: HttpRequest, integration: Integration, title: str, sentence: str, about: Sequence[str], back: str,
    ask: Ask, ids: Sequence[int] = (),
) -> HttpResponse:  # fmt: skip
    people = [person for person in values.accountants(integration) if _may_answer(integration, person)]
    if request.POST.get("asked") == "yes" and people:
        to = {str(person.pk): person for person in people}.get(request.POST.get("to", ""))
        try:
            question = ask(to, _day(request.POST.get("due_on", ""), integration.organization.today))
        except SyncError as error:
            tell_error(request, error)
            return redirect(back)
        who = question.asked_of or gettext("the people of %(client)s") % {"client": integration.organization}
        messages.success(request, gettext("Asked. The question waits for %(who)s.") % {"who": who})
        return redirect(back)
    context: dict[str, Any] = {
        "sentence": sentence, "about": about, "people": people, "back": back, "ids": ids,
        "do": request.POST.get("do", ""),
        "people_url": reverse("admin:hub_organization_change", args=[integration.organization_id]),
        "due_on": integration.organization.today + timedelta(days=values.DUE_DAYS),
        "organization": integration.organization,
    }  # fmt: skip
    return page(request, "staff/ask_client.html", title, **context)


def _may_answer(integration: Integration, person: User) -> bool:
    return person.memberships.filter(organization=integration.organization, role__in=questions.MAY_ANSWER).exists()


def _day(text: str, today: date) -> date:
    """Return the day somebody wrote, or the usual one where it is no day or lies behind us."""
    usual = today + timedelta(days=values.DUE_DAYS)
    try:
        found = parse_date(text)
    except ValueError:
        return usual
    return found if found and found >= today else usual
