"""The Duplicates desk: two records side by side, one decision at a time or many, by keyboard or by mouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge import registry
from bridge.hub.models import (
    Candidate,
    Connection,
    Double,
    DoubleSearch,
    Integration,
    Link,
    Merge,
    Organization,
    Question,
    Record,
)
from bridge.jobs import doubles, merging, questions
from bridge.jobs import duplicates as work
from bridge.staff import asking, desk, plan
from bridge.staff import sidebyside as show
from bridge.staff.pages import language, page, say_error, staff_view, tell_error
from bridge.staff.runs import vendor_url
from connectors.contract import SyncError

PAGE = 25
MERGED_AT_ONCE = 50  # each is looked at in full before
UNDOABLE = 20
_UNDO = "duplicates_undo"
_LATEST = timedelta(days=366)
Decision = Candidate.Decision

DONE: dict[str, Any] = {
    "same": _("Linked: %(pair)s."),
    "never": _("Kept apart for good: %(pair)s."),
    "later": _("Put off: %(pair)s."),
    "open": _("Asked again: %(pair)s."),
}
DOES: dict[str, Any] = {
    "same": _("The same: link"),
    "never": _("Different: never these two"),
    "later": _("Later"),
    "open": _("Ask again"),
    "merge": _("Merge"),
    "split": _("Split"),
}
# What can be decided about many pairs, by kind and by the state they are in.
OFFERED: dict[tuple[str, str], tuple[str, ...]] = {
    ("between", "open"): ("same", "never", "later"),
    ("between", "later"): ("same", "never", "open"),
    ("between", "never"): ("open",),
    ("between", "same"): ("split",),
    ("inside", "open"): ("merge", "never", "later"),
    ("inside", "later"): ("merge", "never", "open"),
    ("inside", "never"): ("open",),
    ("inside", "same"): (),
}
RIGHTS = {"merge": "hub.add_merge", "split": "hub.delete_link", "same": "hub.add_link"}


def _may(request: HttpRequest, do: str) -> None:
    """Ask for the right to do this, beside the right to decide."""
    if do in RIGHTS and not request.user.has_perm(RIGHTS[do]):
        raise PermissionDenied


def _model(kind: str) -> type[Candidate] | type[Double]:
    if kind not in show.KINDS:
        raise Http404
    return Candidate if kind == "between" else Double


def pair_of(request: HttpRequest, kind: str, pk: int) -> Candidate | Double:
    """Return the pair if the person may see it; 404 else."""
    rows = _model(kind).objects.for_user(request.user)
    return get_object_or_404(show.loaded(rows, show.Asked(kind=kind)), pk=pk)


def _url(kind: str, pk: int, asked: show.Asked, name: str = "duplicate") -> str:
    query = f"?{asked.query}" if asked.query else ""
    return f"{reverse(f'admin:{name}', args=[kind, pk])}{query}"


def _crumbs(*more: tuple[object, str]) -> list[tuple[object, str]]:
    return [(gettext("Duplicates"), reverse("admin:duplicates")), *more]


# the list


@staff_view(view="hub.view_candidate")
def duplicates(request: HttpRequest) -> HttpResponse:
    """List the pairs asked for, with filters, and the ways to decide about many."""
    asked = show.Asked.of(request.GET)
    rows = show.chosen(request.user, asked, timezone.localdate())
    found = desk.listing(request, show.loaded(rows, asked), PAGE)
    pairs = list(found.page.object_list)
    first = rows.values_list("pk", flat=True).first()
    return page(
        request,
        "staff/duplicates.html",
        gettext("Duplicates"),
        asked=asked,
        listing=found,
        views=show.views(asked.kind, pairs),
        deck=_url(asked.kind, first, asked) if first else "",
        tabs=_tabs(request, asked),
        states=_states(request, asked),
        filters=_filters(request, asked),
        offered=_offered(request, asked),
        tomorrow=timezone.localdate() + work.PUT_OFF,
        undoable=_last(request),
        accounts=_accounts(request, asked) if asked.kind == "inside" else [],
        searches=_searches(request) if asked.kind == "inside" else [],
        is_narrowed=bool(set(request.GET) - {"kind", "state", "page"}),
    )


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of the desk: its address, words, and how many wait there."""

    url: str
    words: str
    count: int | None
    is_here: bool


def _tabs(request: HttpRequest, asked: show.Asked | None) -> list[Tab]:
    today, base = timezone.localdate(), reverse("admin:duplicates")
    found = [
        Tab(
            base if kind == "between" else f"{base}?kind={kind}",
            str(label),
            show.chosen(request.user, show.Asked(kind=kind), today).order_by().count(),
            asked is not None and asked.kind == kind,
        )
        for kind, label in show.KINDS.items()
    ]
    standing = Merge.objects.for_user(request.user).filter(state=Merge.State.DONE).exclude(vendor=Merge.Vendor.SEEN)
    return [*found, Tab(reverse("admin:duplicates_merges"), gettext("Merges"), standing.count(), asked is None)]


def _states(request: HttpRequest, asked: show.Asked) -> list[Tab]:
    """Return the states of this kind of pair, each with how many there are."""
    counted = dict(
        _model(asked.kind).objects.for_user(request.user).order_by().values_list("decision").annotate(n=Count("pk"))
    )
    return [
        Tab(
            show.Asked(kind=asked.kind, state=state).list_url,
            str(label),
            None if state == "open" else counted.get(state, 0),
            asked.state == state,
        )
        for state, label in show.STATES_ASKED.items()
    ]


def _filters(request: HttpRequest, asked: show.Asked) -> list[tuple[str, str, list[desk.Option]]]:
    def option(value: object, label: object, chosen: object) -> desk.Option:
        return desk.Option(str(value), str(label), None, str(value) == str(chosen or ""))

    user = request.user
    clients = Organization.objects.for_user(user).only("pk", "name")[:200]
    pairs = Integration.objects.for_user(user).exclude(state=Integration.State.DISCONNECTED)
    found = [
        ("organization", gettext("Client"), [option(item.pk, item, asked.organization) for item in clients]),
        ("zone", gettext("How likely"), [option(key, item[0], asked.zone) for key, item in show.ZONES.items()]),
        ("equal", gettext("Have the same"), [option(key, label, asked.equal) for key, label in show.EQUALS.items()]),
        ("older", gettext("Found"), [
            option(n, ngettext("more than %(n)d day ago", "more than %(n)d days ago", n) % {"n": n}, asked.older)
            for n in (1, 7, 30)
        ]),
    ]  # fmt: skip
    entities = sorted(
        set(_model(asked.kind).objects.for_user(user).order_by().values_list("entity", flat=True).distinct())
    )
    if len(entities) > 1:
        found.insert(1, ("entity", gettext("Kind of record"), [
            option(name, desk.entity_label(name), asked.entity) for name in entities
        ]))  # fmt: skip
    if asked.kind == "between":
        integrations = pairs.select_related("organization")[:200]
        found.insert(1, ("integration", gettext("Integration"), [
            option(item.pk, desk.pair_name(item), asked.integration) for item in integrations
        ]))  # fmt: skip
        found.append(
            ("waiting", gettext("Documents"), [option("1", gettext("that wait for it"), asked.waiting and "1")])
        )
    return found


def _offered(request: HttpRequest, asked: show.Asked) -> list[tuple[str, str]]:
    """Return what this person may decide about many of these pairs."""
    if not request.user.has_perm("hub.change_candidate"):
        return []
    return [
        (do, str(DOES[do]))
        for do in OFFERED[asked.kind, asked.state]
        if do not in RIGHTS or request.user.has_perm(RIGHTS[do])
    ]


# one pair


@staff_view(view="hub.view_candidate")
def duplicate(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show one pair side by side, with its neighbours in the list it was opened from."""
    pair = pair_of(request, kind, pk)
    asked = _asked_of(request.GET, kind)
    (view,) = show.views(kind, [pair], in_full=True)
    before, after, place, total = _neighbours(request, pair, asked)
    now = work.compared(pair.left, pair.right)
    score = now[1] if now else pair.score
    link = _link_of(pair) if isinstance(pair, Candidate) else None
    linked = [each.pk for side in view.sides for each, _other in side.links]
    return page(
        request,
        "staff/duplicates_pair.html",
        show.words(pair),
        _crumbs((show.KINDS[kind], asked.list_url)),
        asked=asked,
        view=view,
        pair=pair,
        kind=kind,
        fields=show.fields(pair.entity, pair.left, pair.right),
        bars=show.bars(pair, now),
        score=score,
        zone_words=show.ZONES[show.zone_of(score)][0],
        zone_tone=show.TONES[show.zone_of(score)],
        entity=desk.entity_label(pair.entity),
        is_waiting=pair.decision in work.WAITING,
        before=_url(kind, before, asked) if before else "",
        after=_url(kind, after, asked) if after else "",
        place=place,
        total=total,
        rivals=_rivals(pair) if kind == "between" else [],
        link=link,
        first_link=None if link else next(iter(linked), None),  # which one a single key splits
        merge=pair.merges.filter(state=Merge.State.DONE).first() if kind == "inside" else None,
        tomorrow=timezone.localdate() + work.PUT_OFF,
        last_day=timezone.localdate() + _LATEST,
        undoable=_last(request),
        question=_question(pair) if kind == "between" else None,
        organization=pair.integration.organization if isinstance(pair, Candidate) else "",
    )


def _question(pair: Any) -> Question | None:
    """Return what the client was asked about this pair and has not answered."""
    open_ones = Question.objects.filter(integration=pair.integration, code=f"{questions.PAIR}:{pair.pk}")
    return open_ones.filter(answered_at=None).select_related("asked_of").first()


def _asked_of(query: Any, kind: str) -> show.Asked:
    """Return the list a pair was opened from; one of the other kind cannot be it."""
    asked = show.Asked.of(query)
    return asked if asked.kind == kind else show.Asked(kind=kind)


def _neighbours(
    request: HttpRequest, pair: Candidate | Double, asked: show.Asked
) -> tuple[int | None, int | None, int, int]:
    """Return the pairs before and after this one in its list, its place there (0: not in it any more), and how many."""
    rows = show.chosen(request.user, asked, timezone.localdate())
    ahead = rows.filter(Q(score__gt=pair.score) | Q(score=pair.score, pk__lt=pair.pk))
    behind = rows.filter(Q(score__lt=pair.score) | Q(score=pair.score, pk__gt=pair.pk))
    before = ahead.order_by("score", "-pk").values_list("pk", flat=True).first()
    after = behind.values_list("pk", flat=True).first()
    counted = ahead.order_by().count()
    is_in = rows.filter(pk=pair.pk).exists()
    return before, after, counted + 1 if is_in else 0, counted + behind.order_by().count() + is_in


def _link_of(pair: Candidate) -> Link | None:
    return Link.objects.filter(integration=pair.integration_id, left=pair.left_id, right=pair.right_id).first()


def _rivals(pair: Candidate) -> list[tuple[Candidate, Record, Record]]:
    """Return other pairs that want one of the two: with the record both want, and the one proposed instead."""
    near = Q(left=pair.left_id) | Q(right=pair.right_id)
    rows = Candidate.objects.filter(near, integration=pair.integration_id, decision__in=work.WAITING)
    rows = rows.exclude(pk=pair.pk).select_related("left__connection", "right__connection").order_by("-score", "pk")
    return [
        (row, *((row.right, pair.right) if row.left_id == pair.left_id else (row.left, pair.left))) for row in rows[:10]
    ]


@require_POST
@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicate_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the client whether the two of a pair are the same; meanwhile the pair waits."""
    pair = pair_of(request, "between", pk)
    assert isinstance(pair, Candidate)  # noqa: S101 - what lies between accounts
    return asking.about_pair(request, pair, reverse("admin:duplicate", args=["between", pk]))


@require_POST
@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicate_decide(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Take a decision and go on to the next pair."""
    pair = pair_of(request, kind, pk)
    asked = _asked_of(request.GET, kind)
    do = request.POST.get("decision", "")
    _may(request, do)
    _before, after, _place, _total = _neighbours(request, pair, asked)
    try:
        if do == "open":
            work.take_back(pair, request.user)
        elif do in ("never", "later") or (do == "same" and kind == "between"):
            work.decide(pair, do, request.user, _day(request))
            _remember(request, kind, pair.pk)
        else:
            raise Http404
    except SyncError as error:
        tell_error(request, error)
        return redirect(_url(kind, pair.pk, asked))
    _say(request, do, pair)
    if do == "open":
        return redirect(_url(kind, pair.pk, asked))
    return _go_on(request, asked, after)


def _go_on(request: HttpRequest, asked: show.Asked, after: int | None) -> HttpResponse:
    """Go to the next pair of the list; at its end to what was passed over, or to the list where nothing is left."""
    following = after or show.chosen(request.user, asked, timezone.localdate()).values_list("pk", flat=True).first()
    return redirect(f"{_url(asked.kind, following, asked)}#pair" if following else asked.list_url)


def _say(request: HttpRequest, do: str, pair: Candidate | Double) -> None:
    """Tell what was decided, and which run plans what follows from it."""
    text = str(DONE[do]) % {"pair": show.words(pair)}
    if isinstance(pair, Candidate) and do != "later":
        run = work.replan(pair.integration, request.user)
        text += " " + (
            gettext("Run #%(n)s plans what follows.") % {"n": run.pk}
            if run
            else gettext("The next run plans what follows.")
        )
    messages.success(request, text)


def _day(request: HttpRequest) -> date | None:
    """Return the day a pair is put off to: between tomorrow and a year from now; None for the usual month."""
    try:
        day = parse_date(request.POST.get("until", ""))
    except ValueError:
        return None
    today = timezone.localdate()
    return day if day and today < day <= today + _LATEST else None


# undoing the last decision


def _remember(request: HttpRequest, kind: str, pk: int) -> None:
    request.session[_UNDO] = [*request.session.get(_UNDO, []), [kind, pk]][-UNDOABLE:]


def _last(request: HttpRequest) -> str:
    """Return the last decision of this sitting in words; "" when there is none to undo."""
    for kind, pk in reversed(request.session.get(_UNDO, [])):
        rows = Merge if kind == "merge" else _model(kind)
        found = rows.objects.for_user(request.user).filter(pk=pk)
        if kind == "merge":
            row = found.filter(state=Merge.State.DONE).select_related("keep", "drop").first()
            if row:
                return gettext("%(drop)s merged into %(keep)s") % {"drop": row.drop, "keep": row.keep}
        else:
            row = found.exclude(decision__in=(Decision.OPEN, Decision.MOOT)).select_related("left", "right").first()
            if row:
                return f"{show.words(row)} – {row.get_decision_display()}"
    return ""


@require_POST
@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicates_undo(request: HttpRequest) -> HttpResponse:
    """Take back the last decision of this sitting and show its pair again."""
    done = list(request.session.get(_UNDO, []))
    while done:
        kind, pk = done.pop()
        request.session[_UNDO] = done
        if kind == "merge":
            row = show.standing(request.user).filter(pk=pk, state=Merge.State.DONE).first()
            if row:
                return _unmerged(request, row)
            continue
        pair = show.loaded(_model(kind).objects.for_user(request.user), show.Asked(kind=kind)).filter(pk=pk).first()
        if pair and pair.decision not in (Decision.OPEN, Decision.MOOT):
            try:
                work.take_back(pair, request.user)
                _say(request, "open", pair)
            except SyncError as error:
                tell_error(request, error)
            return redirect(f"{_url(kind, pk, _asked_of(request.GET, kind))}#pair")
    messages.warning(request, gettext("There is no decision of this sitting to undo."))
    return redirect("admin:duplicates")


# many pairs


@require_POST
@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicates_bulk(request: HttpRequest) -> HttpResponse:
    """Decide about many pairs: the ticked ones, or all of the list. Always asks first, with what moves."""
    asked = show.Asked.of(request.GET)
    do = request.POST.get("do", "")
    if do not in OFFERED[asked.kind, asked.state]:
        raise Http404
    _may(request, do)
    most = MERGED_AT_ONCE if do == "merge" else work.AT_ONCE
    rows = show.chosen(request.user, asked, timezone.localdate())
    if request.POST.get("all") != "1":
        rows = rows.filter(pk__in=[int(text) for text in request.POST.getlist("pick") if text.isdecimal()][:5000])
    total = rows.order_by().count()
    pairs = list(show.loaded(rows, asked)[:most])
    if not pairs:
        messages.warning(request, gettext("No pair is chosen. Tick some, or choose all of the list."))
        return redirect(asked.list_url)
    ids = ",".join(str(pair.pk) for pair in pairs)
    if not desk.confirmed(request) or request.POST.get("shown") != _digest(ids):
        return _ask_bulk(request, asked, do, pairs, total, _digest(ids))
    told = _do_bulk(request, do, pairs)
    _told_bulk(request, do, told)
    return redirect(asked.list_url)


def _digest(ids: str) -> str:
    """Return what stands for the very pairs a person was shown: others are never decided instead."""
    from hashlib import blake2b

    return blake2b(ids.encode(), digest_size=12).hexdigest()


def _ask_bulk(
    request: HttpRequest, asked: show.Asked, do: str, pairs: Sequence[Any], total: int, digest: str
) -> HttpResponse:
    return page(
        request,
        "staff/duplicates_bulk.html",
        DOES[do],
        _crumbs((show.KINDS[asked.kind], asked.list_url)),
        asked=asked,
        do=do,
        count=len(pairs),
        left_over=total - len(pairs),
        effects=_bulk_effects(asked.kind, do, pairs),
        shown=[show.words(pair) for pair in pairs[:20]],
        more=max(0, len(pairs) - 20),
        picks=[pair.pk for pair in pairs],
        is_changed=desk.confirmed(request),
        digest=digest,
        until=_day(request) or timezone.localdate() + work.PUT_OFF,
        is_grave=do in ("merge", "split"),
    )


def _bulk_effects(kind: str, do: str, pairs: Sequence[Any]) -> list[str]:
    """Return what would move, in sentences with numbers."""
    n = len(pairs)
    if do == "merge":
        return _merge_sentences([merging.effects(*_ends(pair)) for pair in pairs])
    if do == "split":
        written = sum(len(work.effects(link).written) for pair in pairs if (link := _link_of(pair)))
        return [
            ngettext("%(n)d link is taken apart.", "%(n)d links are taken apart.", n) % {"n": n},
            gettext("These pairs are never suggested again, until someone takes that back."),
            ngettext(
                "%(n)d write made by them stays as it is; it can be undone on the page of each link.",
                "%(n)d writes made by them stay as they are; they can be undone on the page of each link.",
                written,
            )
            % {"n": written},
        ]
    if do == "same":
        waiting = sum(view.waiting for view in show.views(kind, pairs))
        return [
            ngettext("%(n)d link is made.", "%(n)d links are made.", n) % {"n": n},
            ngettext("%(n)d waiting line is planned again.", "%(n)d waiting lines are planned again.", waiting)
            % {"n": waiting},
            gettext("Where several of them want the same record, none of those is linked."),
            gettext("Nothing is written at either side before its plan is approved."),
        ]
    if do == "never":
        return [gettext("They are never suggested again, until someone takes that back."),
                gettext("Nothing is linked, merged or written.")]  # fmt: skip
    if do == "later":
        return [gettext("They are asked about again on the day below. Nothing else changes.")]
    return [gettext("They wait for a decision again. Nothing is linked, merged or written.")]


def _ends(pair: Double) -> tuple[Record, Record]:
    """Return the suggested survivor and the other one."""
    keep = merging.survivor(pair.left, pair.right)
    return (pair.left, pair.right) if keep.pk == pair.left_id else (pair.right, pair.left)


def _merge_sentences(found: Sequence[merging.Effects]) -> list[str]:
    """Return what merging moves, in sentences; what is zero is not said."""

    def total(name: str) -> int:
        return sum(getattr(item, name) for item in found)

    told = [
        ngettext("%(n)d link moves to the record that is kept.", "%(n)d links move to the records that are kept.",
                 total("links")) % {"n": total("links")} if total("links") else "",
        ngettext("%(n)d record of the other side shares the twin of the record that is kept, and writes nothing.",
                 "%(n)d records of the other side share the twin of the record that is kept, and write nothing.",
                 total("shared")) % {"n": total("shared")} if total("shared") else "",
        ngettext("%(n)d open question or decision moves along.", "%(n)d open questions and decisions move along.",
                 total("questions")) % {"n": total("questions")} if total("questions") else "",
        ngettext("%(n)d past write is shown on the page of the record that is kept.",
                 "%(n)d past writes are shown on the page of the record that is kept.",
                 total("history")) % {"n": total("history")} if total("history") else "",
        ngettext("%(n)d document names the dropped record; it counts for the one that is kept, and stays as it is at "
                 "the vendor until the merge is done there.",
                 "%(n)d documents name the dropped record; they count for the one that is kept, and stay as they are "
                 "at the vendor until the merge is done there.",
                 total("documents")) % {"n": total("documents")} if total("documents") else "",
        ngettext("%(n)d planned or held line is planned anew.", "%(n)d planned or held lines are planned anew.",
                 total("planned")) % {"n": total("planned")} if total("planned") else "",
    ]  # fmt: skip
    moved = [text for text in told if text]
    return [
        *(moved or [gettext("Nothing hangs on the dropped record: no link, no document, no past write.")]),
        gettext("The dropped record is not planned any more. All of this can be undone."),
    ]


def _do_bulk(request: HttpRequest, do: str, pairs: Sequence[Any]) -> work.Decided:
    if do in ("same", "never", "later"):
        told = work.decide_many(pairs, do, request.user, _day(request))
        _replan(request, pairs, do)
        return told
    told = work.Decided()
    for pair in pairs:
        try:
            _do_one(request, do, pair)
            told.count += 1
        except SyncError as error:
            told.refused.append((pair, error.code, error.params))
    _replan(request, pairs, do)
    return told


def _do_one(request: HttpRequest, do: str, pair: Any) -> None:
    if do == "open":
        work.take_back(pair, request.user)
    elif do == "merge":
        made = merging.merge(*_ends(pair), request.user)
        _remember(request, "merge", made.pk)
    elif do == "split":
        link = _link_of(pair)
        if link:
            work.split(link, request.user)
        else:
            work.take_back(pair, request.user)


def _replan(request: HttpRequest, pairs: Sequence[Any], do: str) -> None:
    if do == "later":
        return
    for integration in {
        pair.integration_id: pair.integration for pair in pairs if isinstance(pair, Candidate)
    }.values():
        work.replan(integration, request.user)


def _told_bulk(request: HttpRequest, do: str, told: work.Decided) -> None:
    if told.count:
        messages.success(
            request,
            ngettext("%(n)d pair decided: %(what)s.", "%(n)d pairs decided: %(what)s.", told.count)
            % {"n": told.count, "what": str(DOES[do]).lower()},
        )
    by_code: dict[str, list[Any]] = {}
    for pair, code, params in told.refused:
        by_code.setdefault(code, []).append((pair, params))
    for code, refused in by_code.items():
        words = show.words(refused[0][0])
        text = say_error(SyncError(code, params=refused[0][1]))
        messages.warning(
            request,
            ngettext("%(n)d pair was left as it is (%(first)s). %(why)s",
                     "%(n)d pairs were left as they are (first: %(first)s). %(why)s", len(refused))
            % {"n": len(refused), "first": words, "why": text},
        )  # fmt: skip


# merging


@require_POST
@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicates_suspect(request: HttpRequest) -> HttpResponse:
    """Put two records of one account before a person, as a pair of their own."""
    ids = [int(request.POST[name]) for name in ("left", "right") if request.POST.get(name, "").isdecimal()]
    rows = list(Record.objects.for_user(request.user).filter(pk__in=ids).select_related("connection"))
    if len(rows) != 2:
        raise Http404
    entity = merging.resource_of(rows[0]).entity
    double = work.suspect(rows[0], rows[1], entity)
    if double is None:
        messages.error(request, gettext("These two are not two living records of one account: they cannot be merged."))
        return redirect("admin:duplicates")
    return redirect("admin:duplicate_merge", "inside", double.pk)


@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicate_merge(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Choose which of two records is kept, read what moves, and merge."""
    if kind != "inside":
        raise Http404
    pair = pair_of(request, kind, pk)
    asked = _asked_of(request.GET, kind)
    suggested = merging.survivor(pair.left, pair.right)
    if request.method == "POST":
        _may(request, "merge")
        wanted = request.POST.get("keep", "")
        ends = {str(pair.left_id): (pair.left, pair.right), str(pair.right_id): (pair.right, pair.left)}
        if wanted in ends and desk.confirmed(request):
            return _merged(request, pair, asked, *ends[wanted])
        messages.error(request, gettext("Choose which of the two is kept."))
    (view,) = show.views(kind, [pair], in_full=True)
    return page(
        request,
        "staff/duplicates_merge.html",
        gettext("Merge %(pair)s") % {"pair": show.words(pair)},
        _crumbs((show.KINDS[kind], asked.list_url), (show.words(pair), _url(kind, pair.pk, asked))),
        asked=asked,
        pair=pair,
        view=view,
        choices=[
            _Choice(side, other, side.record.pk == suggested.pk, merging.effects(side.record, other.record))
            for side, other in (view.sides, view.sides[::-1])
        ],
        by_call=merging.can_ask_vendor(pair.left),
        back=_url(kind, pair.pk, asked),
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of the two as survivor, with what would move to it."""

    side: show.Side
    other: show.Side
    is_suggested: bool
    effects: merging.Effects

    @property
    def sentences(self) -> list[str]:
        return _merge_sentences([self.effects])

    @property
    def lacking(self) -> list[str]:
        """Fields only the dropped record tells: a person may want to copy them first."""
        return [desk.field_label("contact", name) for name in self.effects.lacking]


def _merged(request: HttpRequest, pair: Any, asked: show.Asked, keep: Record, drop: Record) -> HttpResponse:
    try:
        made = merging.merge(keep, drop, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect(_url("inside", pair.pk, asked))
    _remember(request, "merge", made.pk)
    messages.success(
        request,
        gettext("Merged: %(drop)s is now %(keep)s. This can be undone.") % {"drop": drop, "keep": keep},
    )
    return redirect("admin:duplicates_merged", made.pk)


@staff_view(view="hub.view_candidate")
def duplicates_merges(request: HttpRequest) -> HttpResponse:
    """List merges, newest first: which stand, which are still to be done at the vendor."""
    rows = show.standing(request.user).defer("keep__document", "drop__document", "before").order_by("-pk")
    state = desk.pick(request.GET, "state", ("todo", "done", "undone"))
    if state == "todo":
        rows = rows.filter(state=Merge.State.DONE).exclude(vendor=Merge.Vendor.SEEN)
    elif state:
        rows = rows.filter(state=state)
    labels = {"todo": gettext("To be done at the vendor"), "done": gettext("Merged"), "undone": gettext("Taken back")}
    return page(
        request,
        "staff/duplicates_merges.html",
        gettext("Merges"),
        _crumbs(),
        listing=desk.listing(request, rows, PAGE),
        tabs=_tabs(request, None),
        filters=[
            ("state", gettext("State"), [desk.Option(key, text, None, key == state) for key, text in labels.items()])
        ],
        undoable=_last(request),
    )


@staff_view(view="hub.view_candidate")
def duplicates_merged(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one merge: what moved, what is left to do at the vendor, what was written since."""
    row = get_object_or_404(show.standing(request.user), pk=pk)
    resource = merging.resource_of(row.keep)
    written = list(merging.written_since(row)[:50])
    return page(
        request,
        "staff/duplicates_merged.html",
        gettext("%(drop)s merged into %(keep)s") % {"drop": row.drop, "keep": row.keep},
        _crumbs((gettext("Merges"), reverse("admin:duplicates_merges"))),
        merge=row,
        newer=merging.newer(row),
        by_call=resource.merge is not None,
        is_planned=merging.is_planned_there(row),
        is_final=merging.is_done_there(row),
        steps=[text.say(language()) for text in resource.merge_steps],
        keep_url=vendor_url(row.connection, row.keep.resource, row.keep.remote_id),
        drop_url=vendor_url(row.connection, row.drop.resource, row.drop.remote_id),
        moved=_moved(row),
        written=plan.lines(written),
        run=row.change.run if row.change else None,
    )


def _moved(row: Merge) -> list[tuple[str, int]]:
    labels = {
        "links": gettext("links moved"),
        "shared": gettext("links shared"),
        "questions": gettext("questions and decisions moved"),
        "planned": gettext("lines planned anew"),
    }
    return [(label, int(row.moved.get(key, 0))) for key, label in labels.items()]


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_merge")
def duplicates_unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back."""
    return _unmerged(request, get_object_or_404(show.standing(request.user), pk=pk))


def _unmerged(request: HttpRequest, row: Merge) -> HttpResponse:
    _may(request, "merge")
    try:
        merging.unmerge(row, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:duplicates_merged", row.pk)
    messages.success(
        request,
        gettext("Taken back: %(drop)s and %(keep)s and their links are as they were.")
        % {"drop": row.drop, "keep": row.keep},
    )
    if row.double_id:
        return redirect("admin:duplicate", "inside", row.double_id)
    return redirect("admin:duplicates_merged", row.pk)


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_merge")
def duplicates_prepare(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan the merge at the vendor; the plan waits for approval."""
    row = get_object_or_404(show.standing(request.user), pk=pk)
    try:
        run = merging.prepare(row, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:duplicates_merged", row.pk)
    messages.success(request, gettext("Planned. Nothing is merged at the vendor before you approve."))
    return redirect("admin:run_plan", run.pk)


# splitting


def _link(request: HttpRequest, pk: int) -> Link:
    rows = Link.objects.for_user(request.user).select_related(
        "left__connection", "right__connection", "integration__organization", "integration__left", "integration__right"
    )
    return get_object_or_404(rows, pk=pk)


@staff_view(view="hub.view_candidate", write="hub.delete_link")
def duplicates_split(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a wrong link apart: first what it wrote and who shares it is listed, then a person confirms."""
    link = _link(request, pk)
    told = work.effects(link)
    if request.method == "POST" and desk.confirmed(request):
        return _split(request, link)
    return page(
        request,
        "staff/duplicates_split.html",
        gettext("Split %(left)s and %(right)s?") % {"left": link.left, "right": link.right},
        _crumbs(),
        link=link,
        told=told,
        written=plan.lines(list(told.written)[:50]),
        more=max(0, len(told.written) - 50),
        why=desk.explained(link.why),
        may_undo=bool(told.written) and request.user.has_perm("hub.change_run"),
    )


def _split(request: HttpRequest, link: Link) -> HttpResponse:
    integration = link.integration
    names = {"left": link.left, "right": link.right}
    try:
        told = work.split(link, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect("admin:duplicates")
    messages.success(
        request,
        gettext("Split: %(left)s and %(right)s are never taken for the same again. Nothing was written.") % names,
    )
    if request.POST.get("undo") == "1" and told.written and request.user.has_perm("hub.change_run"):
        try:
            run = work.undo_written(integration, [item.pk for item in told.written], request.user)
            messages.info(request, gettext("This plan takes back what the link wrote. Read it and approve."))
            return redirect("admin:run_plan", run.pk)
        except SyncError as error:
            tell_error(request, error)
    else:
        work.replan(integration, request.user)
    return redirect("admin:record", link.left_id)


# documents


@staff_view(view="hub.view_candidate")
def duplicates_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """List every document that names a record, newest first."""
    record = get_object_or_404(Record.objects.for_user(request.user).select_related("connection"), pk=pk)
    found = desk.listing(request, show.naming(record), 100)
    return page(
        request,
        "staff/duplicates_documents.html",
        gettext("Documents of %(name)s") % {"name": record},
        _crumbs((str(record), reverse("admin:record", args=[record.pk]))),
        record=record,
        listing=found,
        lines=[(row, plan.resource_label(row.connection.vendor, row.resource)) for row in found.page.object_list],
    )


# searching one account


def _accounts(request: HttpRequest, asked: show.Asked) -> list[tuple[Connection, bool]]:
    """Return accounts that hold contacts, with whether this one is chosen."""
    holding = [
        key
        for key, vendor in registry.connectors().items()
        if any(item.entity == "contact" for item in vendor.resources)
    ]
    rows = Connection.objects.for_user(request.user).filter(vendor__in=holding)
    rows = rows.exclude(state=Connection.State.DISCONNECTED).select_related("organization")
    return [(row, row.pk == asked.connection) for row in rows[:200]]


def _searches(request: HttpRequest) -> list[DoubleSearch]:
    rows = DoubleSearch.objects.for_user(request.user).select_related("connection__organization", "user")
    return list(rows.order_by("-pk")[:5])


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_doublesearch")
def duplicates_search(request: HttpRequest) -> HttpResponse:
    """Begin a search inside an account."""
    wanted = request.POST.get("connection", "")
    if not wanted.isdecimal():
        raise Http404
    connection = get_object_or_404(Connection.objects.for_user(request.user), pk=int(wanted))
    try:
        made = doubles.begin(connection, request.user)
    except SyncError as error:
        tell_error(request, error)
        return redirect(show.Asked(kind="inside").list_url)
    return redirect("admin:duplicates_searching", made.pk)


def _search(request: HttpRequest, pk: int) -> DoubleSearch:
    rows = DoubleSearch.objects.for_user(request.user).select_related("connection__organization")
    return get_object_or_404(rows, pk=pk)


@staff_view(view="hub.view_candidate")
def duplicates_searching(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a search is."""
    search = _search(request, pk)
    return page(
        request,
        "staff/duplicates_search.html",
        gettext("Search inside %(account)s") % {"account": search.connection},
        _crumbs((show.KINDS["inside"], show.Asked(kind="inside").list_url)),
        found_url=show.Asked(kind="inside", connection=search.connection_id).list_url,
        **_progress(search),
    )


@staff_view(view="hub.view_candidate")
def duplicates_search_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the progress part of that page, for pages that refresh themselves."""
    return render(request, "staff/duplicates_search_progress.html", _progress(_search(request, pk)))


def _progress(search: DoubleSearch) -> dict[str, Any]:
    is_open = search.state == DoubleSearch.State.RUNNING
    return {
        "search": search,
        "is_open": is_open,
        "percent": min(100, search.seen * 100 // search.total) if search.total else (None if is_open else 100),
    }


@require_POST
@staff_view(view="hub.view_candidate", write="hub.add_doublesearch")
def duplicates_search_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End a search; what it found stays."""
    doubles.stop(_search(request, pk))
    return redirect("admin:duplicates_searching", pk)


urls = [
    path("duplicates/", duplicates, name="duplicates"),
    path("duplicates/bulk/", duplicates_bulk, name="duplicates_bulk"),
    path("duplicates/undo/", duplicates_undo, name="duplicates_undo"),
    path("duplicates/suspect/", duplicates_suspect, name="duplicates_suspect"),
    path("duplicates/merges/", duplicates_merges, name="duplicates_merges"),
    path("duplicates/merges/<int:pk>/", duplicates_merged, name="duplicates_merged"),
    path("duplicates/merges/<int:pk>/undo/", duplicates_unmerge, name="duplicates_unmerge"),
    path("duplicates/merges/<int:pk>/prepare/", duplicates_prepare, name="duplicates_prepare"),
    path("duplicates/links/<int:pk>/split/", duplicates_split, name="duplicates_split"),
    path("duplicates/documents/<int:pk>/", duplicates_documents, name="duplicates_documents"),
    path("duplicates/search/", duplicates_search, name="duplicates_search"),
    path("duplicates/search/<int:pk>/", duplicates_searching, name="duplicates_searching"),
    path("duplicates/search/<int:pk>/progress/", duplicates_search_progress, name="duplicates_search_progress"),
    path("duplicates/search/<int:pk>/stop/", duplicates_search_stop, name="duplicates_search_stop"),
    path("duplicates/<str:kind>/<int:pk>/", duplicate, name="duplicate"),
    path("duplicates/between/<int:pk>/ask/", duplicate_ask, name="duplicate_ask"),
    path("duplicates/<str:kind>/<int:pk>/decide/", duplicate_decide, name="duplicate_decide"),
    path("duplicates/<str:kind>/<int:pk>/merge/", duplicate_merge, name="duplicate_merge"),
]
