"""Activity: which decisions were taken, and by whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from bridge.hub import voice
from bridge.hub.formats import language, number
from bridge.hub.models import Candidate
from bridge.hub.sheets import sheet
from bridge.jobs import activity, questions
from bridge.portal.frame import PAGE_LENGTH, Visit, page, portal_view

MOST = 5000  # decisions that are looked through for a page


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision in words."""

    at: datetime
    who: str
    words: str
    address: str = ""


def entries(visit: Visit) -> Iterator[Entry]:
    """Yield decisions in plain words, newest first."""
    for item in activity.decisions(visit.user, visit.organization):
        who = str(item.who) if item.who else gettext("Bridge itself")
        yield Entry(item.at, who, _words(item), _address(visit, item))


def _words(item: activity.Decision) -> str:
    return _WORDS[item.kind](item)


def _answer(item: activity.Decision) -> str:
    told = {"question": item.row.text.get(language(), ""), "answer": questions.said(item.row, language())}
    return gettext("Answered “%(answer)s” to: %(question)s") % told


def _question(item: activity.Decision) -> str:
    return gettext("Asked: %(question)s") % {"question": item.row.text.get(language(), "")}


def _value(item: activity.Decision) -> str:
    told = {"value": item.row.source_label or item.row.source_key, "target": item.row.target_label}
    if not item.row.target_id:
        return gettext("Took back what “%(value)s” is recorded under") % told
    return gettext("Decided that “%(value)s” is recorded under “%(target)s”") % told


def _pair(item: activity.Decision) -> str:
    told = {"one": str(item.row.left), "other": str(item.row.right)}
    if item.row.decision == Candidate.Decision.SAME:
        return gettext("Decided that “%(one)s” and “%(other)s” are the same") % told
    return gettext("Decided that “%(one)s” and “%(other)s” are not the same") % told


def _conflict(item: activity.Decision) -> str:
    link = item.row.link
    return gettext("Decided which side holds for “%(name)s”, where both were changed") % {"name": str(link.left)}


def _left_out(item: activity.Decision) -> str:
    return gettext("Left “%(name)s” out: %(reason)s") % {"name": str(item.row.record), "reason": item.row.reason}


def _terms(item: activity.Decision) -> str:
    return gettext("Accepted that work goes on by itself: %(pair)s") % {"pair": voice.pair(item.row.integration)}


def _comment(item: activity.Decision) -> str:
    return gettext("Commented: %(text)s") % {"text": item.row.text}


def _connected(item: activity.Decision) -> str:
    return gettext("Connected %(account)s") % {"account": voice.account(item.row)}


def _approval(item: activity.Decision) -> str:
    words = ngettext("Approved %(n)s planned record", "Approved %(n)s planned records", item.count)
    return words % {"n": number(item.count)}


_WORDS = {
    "answer": _answer,
    "question": _question,
    "value": _value,
    "pair": _pair,
    "conflict": _conflict,
    "left_out": _left_out,
    "terms": _terms,
    "comment": _comment,
    "connected": _connected,
    "approval": _approval,
}


def _address(visit: Visit, item: activity.Decision) -> str:
    if item.kind in ("answer", "question"):
        return visit.url("question", item.row.pk)
    if item.kind == "comment" and item.row.question_id:
        return visit.url("question", item.row.question_id)
    return ""


@portal_view()
def decisions(visit: Visit) -> HttpResponse:
    """Show decisions, newest first."""
    asked = visit.request.GET.get("page", "1")
    here = max(1, int(asked)) if asked.isdecimal() and len(asked) < 6 else 1
    start = min((here - 1) * PAGE_LENGTH, MOST)
    found: list[Any] = list(islice(entries(visit), start, start + PAGE_LENGTH + 1))
    return page(
        visit,
        "activity",
        gettext("Activity"),
        entries=found[:PAGE_LENGTH],
        before=here - 1,
        after=here + 1 if len(found) > PAGE_LENGTH else 0,
    )


@portal_view()
def decisions_csv(visit: Visit) -> HttpResponse:
    """Download all decisions, in the reader's language."""
    heads = [gettext("Date"), gettext("Time"), gettext("Who"), gettext("What")]
    return sheet(f"bridge-{visit.organization.pk}-decisions", heads, _cells(visit))


def _cells(visit: Visit) -> Iterator[list[Any]]:
    for item in entries(visit):
        local = timezone.localtime(item.at)
        yield [f"{local:%Y-%m-%d}", f"{local:%H:%M}", item.who, item.words]
