"""The sets of pairs: which two records are the same, which two items, and what people decided about customers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

from django.db.models import Q

from bridge import registry
from bridge.engine.suggest import plain as plain_words
from bridge.hub.models import Candidate, Change, Connection, Integration, Link
from bridge.hub.models import Record as Row
from bridge.jobs import values
from bridge.jobs.context import context_of, scope_of
from bridge.jobs.mapping_planning import Bad, Entry, MappingSet, choices, column


class PairsSet(MappingSet):
    """What links and decisions share: two records, by resource and id, looked up in this client's accounts only."""

    keys = ("entity", "left_resource", "left_id", "right_resource", "right_id")
    pair = (
        column("entity", "Entity", "Entité", is_id=True),
        column("left_resource", "Left kind", "Genre à gauche", is_id=True),
        column("left_id", "Left ID", "ID à gauche", is_id=True),
        column("left_name", "Left", "À gauche"),
        column("right_resource", "Right kind", "Genre à droite", is_id=True),
        column("right_id", "Right ID", "ID à droite", is_id=True),
        column("right_name", "Right", "À droite"),
    )

    def __init__(self, integration: Integration, language: str = "en") -> None:
        super().__init__(integration, language)
        self._found: dict[tuple[str, str, str], Row] = {}
        self._resources: dict[str, dict[str, tuple[str, ...]]] = {}
        for flow in registry.recipe(integration.recipe).flows:
            self._resources[flow.entity] = {"left": tuple(flow.left), "right": tuple(flow.right)}

    def _pair_cells(self, entity: str, left: Row, right: Row) -> dict[str, str]:
        return {
            "entity": entity, "left_resource": left.resource, "left_id": left.remote_id, "left_name": str(left),
            "right_resource": right.resource, "right_id": right.remote_id, "right_name": str(right),
        }  # fmt: skip

    def load(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Read what stands, and the records the file names, by the hundred."""
        super().load(rows)
        context = context_of(self.integration)
        for side in ("left", "right"):
            account: Connection | None = getattr(self.integration, side)
            if account is None:
                continue
            wanted: dict[str, set[str]] = {}
            for row in rows:
                wanted.setdefault(str(row.get(f"{side}_resource", "")).strip(), set()).add(
                    str(row.get(f"{side}_id", "")).strip()
                )
            known = {name for sides in self._resources.values() for name in sides[side]}
            for resource in known.intersection(wanted):
                self._look_up(side, account, resource, sorted(wanted[resource]), scope_of(account, resource, context))

    def _look_up(self, side: str, account: Connection, resource: str, ids: list[str], scope: str) -> None:
        for at in range(0, len(ids), 500):
            rows = Row.objects.filter(
                connection=account, resource=resource, scope=scope, remote_id__in=ids[at : at + 500]
            )
            for row in rows.defer("document"):
                self._found[side, resource, row.remote_id] = row

    def known_ids(self, name: str, row: Mapping[str, str]) -> frozenset[str]:
        """Records found by the id as it stands."""
        side = name.partition("_")[0]
        if name not in ("left_id", "right_id"):
            return frozenset((str(row.get(name, "")),))
        told = (side, str(row.get(f"{side}_resource", "")), str(row.get(name, "")))
        return frozenset((told[2],)) if told in self._found else frozenset()

    def records(self, entry: Entry) -> tuple[Row, Row]:
        """Return the two records a row names. `Bad`: this client's accounts have no such two, or by another name."""
        entity = entry.key[0]
        if entity not in self._resources or not self.takes(entity):
            raise Bad("ROW-KIND", value=entity, known=", ".join(item for item in self._resources if self.takes(item)))
        found = []
        for side, resource, remote_id in (("left", *entry.key[1:3]), ("right", *entry.key[3:5])):
            row = self._found.get((side, resource, remote_id)) if resource in self._resources[entity][side] else None
            if row is None:
                raise Bad("ROW-RECORD", value=remote_id, account=str(getattr(self.integration, side) or "–"))
            if row.gone or row.merged_into:
                raise Bad("DUPLICATE-GONE", name=str(row))
            name = entry.get(f"{side}_name")
            if name and plain_words(name) != plain_words(str(row)):
                raise Bad("ROW-ID-NAME", id=remote_id, known=str(row), value=name)
            found.append(row)
        return found[0], found[1]

    def takes(self, entity: str) -> bool:
        """Tell whether this set is about an entity."""
        return True

    def title(self, entry: Entry) -> str:
        """Return the two names."""
        names = [entry.get(f"{side}_name") or entry.get(f"{side}_id") for side in ("left", "right")]
        return " = ".join(names)

    def waiting(self, entry: Entry) -> int:
        """Return how many changes of the two wait."""
        return self._waits().get(entry.key[1:3], 0) + self._waits().get(entry.key[3:5], 0)

    def _waits(self) -> dict[tuple[str, ...], int]:
        if not hasattr(self, "_waiting_now"):
            rows = Change.objects.filter(integration=self.integration, state__in=values.WAITING, source__isnull=False)
            self._waiting_now: dict[tuple[str, ...], int] = {}
            for resource, remote_id in rows.values_list("source__resource", "source__remote_id"):
                told = (resource, remote_id)
                self._waiting_now[told] = self._waiting_now.get(told, 0) + 1
        return self._waiting_now


class LinksSet(PairsSet):
    """Which two records are the same thing, of all entities but items."""

    what = "links"
    columns = (
        *PairsSet.pair,
        column("made_by", "Linked by", "Lié par", told=True),
        column("made_on", "Linked on", "Lié le", told=True),
    )
    edits = ("left_name", "right_name")

    def takes(self, entity: str) -> bool:
        """Items have a file of their own."""
        return entity != "product"

    def entries(self) -> Iterator[Entry]:
        """Yield links by name; those that only share another's twin are not anybody's to edit."""
        rows = Link.objects.filter(integration=self.integration, shared=False).select_related("made_by_user")
        rows = rows.filter(entity="product") if self.what == "items" else rows.exclude(entity="product")
        near = rows.select_related("left", "right").defer("left__document", "right__document", "sent", "kept")
        for row in near.order_by("entity", "left__name", "id").iterator(chunk_size=2000):
            cells = self._pair_cells(row.entity, row.left, row.right)
            cells |= {
                "made_by": str(row.made_by_user or row.get_made_by_display()),
                "made_on": row.made_at.date().isoformat(),
            }  # fmt: skip
            key = (row.entity, row.left.resource, row.left.remote_id, row.right.resource, row.right.remote_id)
            yield Entry(key, cells, row)

    def meaning(self, entry: Entry) -> tuple[str, ...]:
        """A link is there or not: names are only there to be read."""
        return ()

    def stamp(self, entry: Entry) -> str:
        """Names change at the vendor; the link is the same."""
        return blake2b("\x1f".join(entry.key).encode(), digest_size=6).hexdigest()

    def judge(self, entry: Entry, before: Entry | None, told: frozenset[str]) -> None:
        """Two records of this client that are there."""
        if before is None:
            left, right = self.records(entry)
            entry.left_name, entry.right_name = str(left), str(right)  # type: ignore[attr-defined]
            entry.extra = {"left": left, "right": right}

    def finish(self) -> None:
        """One record has one twin: a row that takes a record already linked is not taken, unless its link goes too."""
        going = {plan.key for plan in self.plans if plan.outcome == "removed"}
        taken: dict[tuple[str, ...], str] = {}
        for key, entry in self.live.items():
            if key not in going:
                for side in (("left", *key[:3]), ("right", key[0], *key[3:5])):
                    taken[side] = self.title(entry)
        for plan in self.plans:
            if plan.outcome != "new":
                continue
            sides = [("left", *plan.key[:3]), ("right", plan.key[0], *plan.key[3:5])]
            other = next((taken[side] for side in sides if side in taken), None)
            if other is not None:
                plan.outcome, plan.code, plan.params = "invalid", "ROW-TAKEN", {"other": other}
                plan.cells = self._lines[plan.line].cells
                continue
            for side in sides:
                taken[side] = plan.title

    def moved_by(self, entry: Entry) -> dict[str, Any]:
        """Return who made the link."""
        return {"who": entry.get("made_by"), "at": entry.get("made_on")}


class ItemsSet(LinksSet):
    """Which two items are the same."""

    what = "items"

    def takes(self, entity: str) -> bool:
        """Items only."""
        return entity == "product"


DECISIONS = choices(
    [
        (Candidate.Decision.OPEN, Candidate.Decision.OPEN.label),
        (Candidate.Decision.SAME, Candidate.Decision.SAME.label),
        (Candidate.Decision.NEVER, Candidate.Decision.NEVER.label),
        (Candidate.Decision.LATER, Candidate.Decision.LATER.label),
        (Candidate.Decision.MOOT, Candidate.Decision.MOOT.label),
    ]
)


class CustomersSet(PairsSet):
    """What people decided about customers that may be the same."""

    what, most = "customers", 5_000
    columns = (
        *PairsSet.pair,
        column("score", "Likeness", "Ressemblance", told=True),
        column("decision", "Decision", "Décision", ways=DECISIONS),
        column("until", "Ask again on", "Redemander le"),
        column("decided_by", "Decided by", "Décidé par", told=True),
    )
    edits = ("decision", "until")

    def takes(self, entity: str) -> bool:
        """Customers only."""
        return entity == "contact"

    def entries(self) -> Iterator[Entry]:
        """Yield all pairs that were ever put before a person."""
        rows = Candidate.objects.filter(integration=self.integration, entity="contact")
        near = rows.select_related("left", "right", "decided_by").defer("left__document", "right__document", "parts")
        for row in near.order_by("left__name", "id").iterator(chunk_size=2000):
            score = str(row.score)
            cells = self._pair_cells(row.entity, row.left, row.right) | {
                "score": score.replace(".", ",") if self.language.startswith("fr") else score,
                "decision": row.decision, "until": row.until.isoformat() if row.until else "",
                "decided_by": str(row.decided_by or ""),
            }  # fmt: skip
            key = (row.entity, row.left.resource, row.left.remote_id, row.right.resource, row.right.remote_id)
            yield Entry(key, cells, row)

    def judge(self, entry: Entry, before: Entry | None, told: frozenset[str]) -> None:
        """A decision one can take, with a day where it is put off."""
        entry.until = _day(entry.get("until"))  # type: ignore[attr-defined]
        if entry.get("decision") != "later":
            entry.until = ""  # type: ignore[attr-defined]
        if before is not None and self.meaning(entry) == self.meaning(before):
            return
        known = [value for value, _ in DECISIONS if value != "moot"]
        if entry.get("decision") not in known:
            raise Bad("ROW-DECISION", value=entry.get("decision"), known=", ".join(dict(DECISIONS)[one].say(self.language) for one in known))  # fmt: skip # noqa: E501
        left, right = self.records(entry)
        entry.extra = {"left": left, "right": right}
        if entry.get("decision") == "same":
            near = Q(left=left) | Q(right=right)
            links = Link.objects.filter(near, integration=self.integration, shared=False)
            if other := links.exclude(left=left, right=right).select_related("left", "right").first():
                raise Bad("ROW-TAKEN", other=f"{other.left} = {other.right}")

    def leaving(self, entry: Entry) -> None:
        """A decision is taken back by "open"; the pair itself stays."""
        raise Bad("ROW-OPEN-INSTEAD")

    def moved_by(self, entry: Entry) -> dict[str, Any]:
        """Return who decided."""
        at = entry.row.decided_at
        return {"who": entry.get("decided_by") or "–", "at": at.isoformat(timespec="minutes")[:16].replace("T", " ") if at else ""}  # fmt: skip # noqa: E501


def _day(text: str) -> str:
    """Return a day as we write it, 2026-11-21; 21/11/2026 is read too, since no Canadian date has a 21st month."""
    bare = text.strip()
    if not bare:
        return ""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", bare)
    parts = found.groups() if found else None
    if parts is None and (turned := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", bare)):
        one, other, year = turned.groups()
        if int(one) > 12 >= int(other):
            parts = (year, other, one)
        elif int(other) > 12 >= int(one):
            parts = (year, one, other)
    try:
        return date(*(int(part) for part in parts or ())).isoformat()
    except (TypeError, ValueError) as error:
        raise Bad("ROW-DAY", value=text) from error
