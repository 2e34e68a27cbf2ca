"""Who changed what is in conflict: asked of the vendors that tell, for new conflicts only, a page of records in a call.

What a vendor tells is kept with the conflict's facts; where it tells nothing that is kept too, so that it is not asked
again. A vendor that cannot answer now is asked by the next run: deciding never waits for it.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bridge import registry
from bridge.hub.models import Conflict, Connection, Run
from bridge.jobs.account import opened
from bridge.jobs.lease import Lease
from connectors.contract import Api, Resource, SyncError, Text

log = logging.getLogger("bridge.jobs.changers")

MOST = 500  # conflicts asked about in one run
ASKED = "asked"  # among the facts of a conflict: nobody needs to ask any more
Told = dict[int, dict[str, Any]]  # conflict -> side -> what is known of the change


def ask_who(run: Run, lease: Lease) -> None:
    """Ask who made the changes of this integration's new conflicts."""
    rows = Conflict.objects.filter(link__integration=run.integration, decision=Conflict.Decision.OPEN)
    rows = rows.exclude(facts__has_key=ASKED).select_related("link__left__connection", "link__right__connection")
    fresh = list(rows.defer("link__sent", "link__kept").order_by("pk")[:MOST])
    if not fresh:
        return
    told: dict[int, dict[str, Any]] = {item.pk: {} for item in fresh}
    for side in ("left", "right"):
        lease.renew()
        if not _ask_side(run, side, fresh, told):
            return
    for item in fresh:
        sides = {side: {**(item.facts.get(side) or {}), **told[item.pk].get(side, {})} for side in ("left", "right")}
        Conflict.objects.filter(pk=item.pk, left=item.left, right=item.right).update(
            facts={**item.facts, **sides, ASKED: True}
        )


def field_at(conflict: Conflict, side: str) -> str:
    """Return the field of a conflict as one side's records have it."""
    return (conflict.field if side == conflict.toward else conflict.twin_field) or conflict.field


def _ask_side(run: Run, side: str, conflicts: Sequence[Conflict], told: Told) -> bool:
    """Ask one account and add to `told`; False where it could not answer."""
    connection: Connection = getattr(conflicts[0].link, side).connection
    connector = registry.connector(connection.vendor)
    by_resource: dict[str, list[Conflict]] = {}
    for item in conflicts:
        resource = getattr(item.link, side).resource
        if connector.resource(resource).edits:
            by_resource.setdefault(resource, []).append(item)
    if not by_resource:
        return True
    try:
        with opened(connection, run.pinned["context"], run) as (api, _):
            for name, some in by_resource.items():
                _ask(api, connector.resource(name), side, some, told)
    except SyncError as error:
        log.info("who changed what was not told run=%s connection=%s code=%s", run.pk, connection.pk, error.code)
        return False
    return True


def _ask(api: Api, resource: Resource, side: str, conflicts: Sequence[Conflict], told: Told) -> None:
    asked: dict[int, tuple[Mapping[str, Any], set[str]]] = {}
    for item in conflicts:
        row = getattr(item.link, side)
        asked.setdefault(row.pk, (row.document, set()))[1].add(field_at(item, side))
    assert resource.edits  # noqa: S101 - chosen by it
    answers = dict(zip(asked, resource.edits(api, list(asked.values())), strict=True))  # type: ignore[arg-type]
    for item in conflicts:
        if edit := answers[getattr(item.link, side).pk].get(field_at(item, side)):
            told[item.pk][side] = {
                "field_changed_at": edit.at.isoformat() if edit.at else None,
                "who": _words(edit.who),
                "way": _words(edit.way),
            }


def _words(text: Text | None) -> dict[str, str] | None:
    return {"en": text.en, "fr": text.fr} if text else None
