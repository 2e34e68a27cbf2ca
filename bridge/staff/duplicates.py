"""The Duplicates desk: two records side by side, one decision at a time or many, by keyboard or by mouse."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from bridge.hub.models import Candidate, Double, Integration, Link, Merge, Organization, Question, Record
from bridge.jobs import duplicates as work
from bridge.jobs import merging, questions
from bridge.staff import asking, desk
from bridge.staff import sidebyside as show
from bridge.staff.merges import merge_sentences, unmerged
from bridge.staff.pages import page, say_error, staff_view, tell_error
from bridge.staff.pairing import (
    PAGE,
    RIGHTS,
    UNDO,
    Tab,
    address_of,
    asked_of,
    crumbs,
    last_decision,
    model_of,
    pair_of,
    remember,
    require,
    tabs,
)
from bridge.staff.searches import accounts, searches_of
from connectors.contract import SyncError

MERGED_AT_ONCE = 50  # each is looked at in full before
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
        deck=address_of(asked.kind, first, asked) if first else "",
        tabs=tabs(request, asked),
        states=_states(request, asked),
        filters=_filters(request, asked),
        offered=_offered(request, asked),
        tomorrow=timezone.localdate() + work.PUT_OFF,
        undoable=last_decision(request),
        accounts=accounts(request, asked) if asked.kind == "inside" else [],
        searches=searches_of(request) if asked.kind == "inside" else [],
        is_narrowed=bool(set(request.GET) - {"kind", "state", "page"}),
    )


def _states(request: HttpRequest, asked: show.Asked) -> list[Tab]:
    """Return the states of this kind of pair, each with how many there are."""
    counted = dict(
        model_of(asked.kind).objects.for_user(request.user).order_by().values_list("decision").annotate(n=Count("pk"))
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
        set(model_of(asked.kind).objects.for_user(user).order_by().values_list("entity", flat=True).distinct())
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
    asked = asked_of(request.GET, kind)
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
        crumbs((show.KINDS[kind], asked.list_url)),
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
        before=address_of(kind, before, asked) if before else "",
        after=address_of(kind, after, asked) if after else "",
        place=place,
        total=total,
        rivals=_rivals(pair) if kind == "between" else [],
        link=link,
        first_link=None if link else next(iter(linked), None),  # which one a single key splits
        merge=pair.merges.filter(state=Merge.State.DONE).first() if kind == "inside" else None,
        tomorrow=timezone.localdate() + work.PUT_OFF,
        last_day=timezone.localdate() + _LATEST,
        undoable=last_decision(request),
        question=_question(pair) if kind == "between" else None,
        organization=pair.integration.organization if isinstance(pair, Candidate) else "",
    )


def _question(pair: Any) -> Question | None:
    """Return what the client was asked about this pair and has not answered."""
    open_ones = Question.objects.filter(integration=pair.integration, code=f"{questions.PAIR}:{pair.pk}")
    return open_ones.filter(answered_at=None).select_related("asked_of").first()


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
    asked = asked_of(request.GET, kind)
    do = request.POST.get("decision", "")
    require(request, do)
    _before, after, _place, _total = _neighbours(request, pair, asked)
    try:
        if do == "open":
            work.take_back(pair, request.user)
        elif do in ("never", "later") or (do == "same" and kind == "between"):
            work.decide(pair, do, request.user, _day(request))
            remember(request, kind, pair.pk)
        else:
            raise Http404
    except SyncError as error:
        tell_error(request, error)
        return redirect(address_of(kind, pair.pk, asked))
    _say(request, do, pair)
    if do == "open":
        return redirect(address_of(kind, pair.pk, asked))
    return _go_on(request, asked, after)


def _go_on(request: HttpRequest, asked: show.Asked, after: int | None) -> HttpResponse:
    """Go to the next pair of the list; at its end to what was passed over, or to the list where nothing is left."""
    following = after or show.chosen(request.user, asked, timezone.localdate()).values_list("pk", flat=True).first()
    return redirect(f"{address_of(asked.kind, following, asked)}#pair" if following else asked.list_url)


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


@require_POST
@staff_view(view="hub.view_candidate", write="hub.change_candidate")
def duplicates_undo(request: HttpRequest) -> HttpResponse:
    """Take back the last decision of this sitting and show its pair again."""
    done = list(request.session.get(UNDO, []))
    while done:
        kind, pk = done.pop()
        request.session[UNDO] = done
        if kind == "merge":
            row = show.standing(request.user).filter(pk=pk, state=Merge.State.DONE).first()
            if row:
                return unmerged(request, row)
            continue
        pair = show.loaded(model_of(kind).objects.for_user(request.user), show.Asked(kind=kind)).filter(pk=pk).first()
        if pair and pair.decision not in (Decision.OPEN, Decision.MOOT):
            try:
                work.take_back(pair, request.user)
                _say(request, "open", pair)
            except SyncError as error:
                tell_error(request, error)
            return redirect(f"{address_of(kind, pk, asked_of(request.GET, kind))}#pair")
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
    require(request, do)
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
        crumbs((show.KINDS[asked.kind], asked.list_url)),
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
        return merge_sentences([merging.effects(*_ends(pair)) for pair in pairs])
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
        remember(request, "merge", made.pk)
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


urls = [
    path("duplicates/", duplicates, name="duplicates"),
    path("duplicates/bulk/", duplicates_bulk, name="duplicates_bulk"),
    path("duplicates/undo/", duplicates_undo, name="duplicates_undo"),
    path("duplicates/suspect/", duplicates_suspect, name="duplicates_suspect"),
    path("duplicates/<str:kind>/<int:pk>/", duplicate, name="duplicate"),
    path("duplicates/between/<int:pk>/ask/", duplicate_ask, name="duplicate_ask"),
    path("duplicates/<str:kind>/<int:pk>/decide/", duplicate_decide, name="duplicate_decide"),
]
