"""Carrying out what a mapping file says, set by set: each writer also brings back what it replaced."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from typing import Any

from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.db.models.base import ModelState
from django.utils import timezone

from bridge.hub.models import Candidate, Flow, Integration, Link, MappingFileRow, MappingRule, User, ValueMap
from bridge.jobs import duplicates, values
from bridge.jobs.mapping_planning import Entry, MappingSet, Planned
from bridge.jobs.records import touch


class Moved(Exception):
    """What a file would touch is not what it was at the dry run."""


class Writer(ABC):
    """Carries out the plan of one set inside the caller's transaction. `write` returns what each line replaced."""

    def __init__(self, integration: Integration, found: MappingSet, user: User | None) -> None:
        self.integration, self.set, self.user = integration, found, user

    def lock(self) -> None:  # noqa: B027 - where nobody else writes in bulk, `hold` is enough
        """Keep others from changing the rows of this set until the transaction ends."""

    def entries(self) -> dict[tuple[str, ...], Entry]:
        """Return the set as it stands inside the transaction."""
        return {entry.key: entry for entry in self.set.entries()}

    def stamps(self) -> dict[tuple[str, ...], str]:
        """Return the mark of each row as it stands."""
        return {key: self.set.stamp(entry) for key, entry in self.entries().items()}

    def hold(self, plans: Sequence[Planned]) -> None:
        """Raise `Moved` where a row changed while it was being planned."""
        now = self.stamps()
        if any(plan.stamp != now.get(plan.key, "") for plan in plans if plan.outcome in MappingFileRow.LIVE):
            raise Moved

    @abstractmethod
    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Write what is new, changed and removed."""

    @abstractmethod
    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Bring back what these rows replaced; returns the titles of those that had to stay."""


# values

_VALUE = ("target_id", "target_label", "confirmed", "target_gone", "decided_by_id", "decided_at")


class ValuesWriter(Writer):
    """Targets of values: written by the hundred, with their history; exactly what waits for them is freed."""

    def lock(self) -> None:
        """Lock the rows themselves: a person may be choosing on the page."""
        list(ValueMap.objects.select_for_update(of=("self",)).filter(integration=self.integration).values_list("pk"))

    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Put targets, confirmed by the person who confirmed the file."""
        live, kept = {key: entry.row for key, entry in self.entries().items()}, {}
        fresh, changed, before = [], [], {}
        now = timezone.now()
        for plan in plans:
            row = live.get(plan.key)
            kept[plan.line] = _plain_value(row) if row else None
            target, label, confirmed = self._wanted(plan)
            if row is None:
                row = ValueMap(integration=self.integration, kind=plan.key[0], source_key=plan.key[1], in_use=False)
                row.source_label = (plan.entry.get("source_name") if plan.entry else "")[:300]
                fresh.append(row)
            else:
                before[row.pk] = (row.target_id, row.target_label, row.confirmed)
                changed.append(row)
            row.target_id, row.target_label, row.confirmed, row.target_gone = target, label, confirmed, False
            row.decided_by, row.decided_at, row.changed_at = self.user, now, now
        ValueMap.objects.bulk_create(fresh, batch_size=1000)
        self._update(changed)
        self._close_questions(changed)
        self._history(fresh, changed, before)
        self._free([*fresh, *changed])
        return kept

    def _wanted(self, plan: Planned) -> tuple[str, str, bool]:
        entry = plan.entry
        if entry is None or plan.outcome == "removed":
            return "", "", False
        return entry.get("target_id"), entry.get("target_name")[:300], entry.get("confirmed") == "yes"

    def _update(self, rows: Sequence[ValueMap]) -> None:
        """Write many rows at once. By an insert that meets each of them: a tenth of the time of one long UPDATE."""
        names = ["target_id", "target_label", "confirmed", "target_gone", "decided_by", "decided_at", "changed_at"]
        twins = []
        for row in rows:
            twin = copy(row)
            twin.pk, twin._state = None, ModelState()
            twins.append(twin)
        ValueMap.objects.bulk_create(
            twins, update_conflicts=True, unique_fields=["integration", "kind", "source_key"], update_fields=names,
            batch_size=1000,
        )  # fmt: skip

    def _close_questions(self, rows: Iterable[ValueMap]) -> None:
        """What was asked and is now told needs no answer any more."""
        for row in rows:
            if row.question_id and row.question.answered_at is None and row.target_id and row.confirmed:
                question = row.question
                question.answer, question.answered_by, question.answered_at = row.target_id, self.user, timezone.now()
                question.save(update_fields=["answer", "answered_by", "answered_at"])

    def _history(self, fresh: Sequence[ValueMap], changed: Sequence[ValueMap], before: Mapping[int, Any]) -> None:
        """Write the history saving row by row would have written."""
        kind = ContentType.objects.get_for_model(ValueMap)
        entries = []
        for row in (*fresh, *changed):
            now = (row.target_id, row.target_label, row.confirmed)
            names = zip(
                ("target_id", "target_label", "confirmed"), before.get(row.pk, ("", "", False)), now, strict=True
            )
            told = {name: [str(old), str(new)] for name, old, new in names if old != new}
            if told:
                action = LogEntry.Action.UPDATE if row.pk in before else LogEntry.Action.CREATE
                entries.append(
                    LogEntry(
                        content_type=kind, object_pk=str(row.pk), object_id=row.pk, object_repr=str(row), action=action,
                        changes=told, actor=self.user,
                    )
                )  # fmt: skip
        LogEntry.objects.bulk_create(entries, batch_size=1000)

    def _free(self, rows: Sequence[ValueMap]) -> None:
        """Make a new version of the maps, and let exactly what waits for these values be looked at by the next run."""
        if not rows:
            return
        Integration.objects.filter(pk=self.integration.pk).update(maps_version=F("maps_version") + 1)
        waits, now, freed = values.waiting(self.integration), timezone.now(), 0
        keys: dict[str, list[str]] = {}
        for row in rows:
            if (row.kind, row.source_key) in waits:
                keys.setdefault(row.kind, []).append(row.source_key)
        for kind, some in keys.items():
            for at in range(0, len(some), 500):
                freed += values.held(self.integration, kind, some[at : at + 500]).update(retry_at=now)
        if freed:
            active = Integration.objects.filter(pk=self.integration.pk, automatic=True, state__in=Integration.RUNNING)
            active.update(next_run_at=now)

    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Put the former targets back; values only the file named go again."""
        live = {key: entry.row for key, entry in self.entries().items()}
        changed, gone, before = [], [], {}
        for row in rows:
            found = live.get(tuple(row.key))
            if found is None:
                continue
            if row.kept is None:
                gone.append(found)
                continue
            before[found.pk] = (found.target_id, found.target_label, found.confirmed)
            for name in _VALUE:
                setattr(found, name, row.kept[name])
            changed.append(found)
        self._update(changed)
        self._history([], changed, before)
        self._free([*changed, *gone])
        ids = [row.pk for row in gone]
        for at in range(0, len(ids), 500):
            ValueMap.objects.filter(pk__in=ids[at : at + 500]).delete()
        return []


def _plain_value(row: ValueMap) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _VALUE}
    return {**told, "decided_at": row.decided_at.isoformat() if row.decided_at else None}


# rules

_RULE = ("source", "target", "toward", "transform", "argument", "when", "on_conflict", "note", "position")


class RulesWriter(Writer):
    """Mapping rules, row by row: there are few. Each flow that is touched gets one new version of its rules."""

    def lock(self) -> None:
        """Rules are saved with their flow's version: holding the flows holds them."""
        list(Flow.objects.select_for_update().filter(integration=self.integration).values_list("pk"))

    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Take away first: a new rule may stand where an old one stood."""
        live, kept = {key: entry.row for key, entry in self.entries().items()}, {}
        for plan in sorted(plans, key=lambda item: item.outcome != "removed"):
            row = live.get(plan.key)
            kept[plan.line] = {name: getattr(row, name) for name in _RULE} if row else None
            if plan.outcome == "removed" and row is not None:
                row.delete()
            elif plan.entry is not None:
                wanted = self.set.rule(plan.entry)  # type: ignore[attr-defined]
                self._save(row or wanted, {name: getattr(wanted, name) for name in _RULE})
        self._versions({plan.key[0] for plan in plans})
        return kept

    def _save(self, row: MappingRule, cells: Mapping[str, Any]) -> None:
        for name, value in cells.items():
            setattr(row, name, value)
        if row.pk is None:
            row.created_by = self.user
        row.save()

    def _versions(self, entities: Iterable[str]) -> None:
        flows = Flow.objects.filter(integration=self.integration, entity__in=list(entities))
        flows.update(rules_version=F("rules_version") + 1)

    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Bring the former rules back."""
        live = {key: entry.row for key, entry in self.entries().items()}
        flows = {flow.entity: flow for flow in self.integration.flows.all()}
        for row in rows:
            found = live.get(tuple(row.key))
            if row.kept is None and found is not None:
                found.delete()
            elif row.kept is not None:
                self._save(found or MappingRule(flow=flows[row.key[0]]), row.kept)
        self._versions({row.key[0] for row in rows})
        return []


# links

_LINK = ("entity", "left_id", "right_id", "sent", "kept", "made_by", "made_by_user_id", "why")


class LinksWriter(Writer):
    """Links people make by the hundred. One that is taken away is remembered as "never", as on its page."""

    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Take apart first, then link: a record may change its twin in one file."""
        live, kept = {key: entry.row for key, entry in self.entries().items()}, {}
        for plan in plans:
            if plan.outcome == "removed":
                kept[plan.line] = self._split(live[plan.key])
        fresh = [plan for plan in plans if plan.outcome == "new" and plan.entry is not None]
        pairs = [(plan.entry.extra["left"], plan.entry.extra["right"]) for plan in fresh if plan.entry]
        self._settle_candidates(pairs)
        Link.objects.bulk_create(
            [
                Link(
                    integration=self.integration, entity=plan.key[0], left=left, right=right,
                    made_by=Link.Maker.PERSON, made_by_user=self.user, why="import",
                )
                for plan, (left, right) in zip(fresh, pairs, strict=True)
            ],
            batch_size=1000,
        )  # fmt: skip
        kept |= {plan.line: None for plan in fresh}
        self._touch([row.pk for pair in pairs for row in pair])
        return kept

    def _split(self, link: Link) -> dict[str, Any]:
        whole = Link.objects.select_related("left__connection", "right__connection").get(pk=link.pk)
        before = Candidate.objects.filter(
            integration=self.integration, left=whole.left_id, right=whole.right_id
        ).first()
        told = {name: getattr(whole, name) for name in _LINK}
        told["agreed_at"] = whole.agreed_at.isoformat() if whole.agreed_at else None
        told["candidate"] = _plain_decision(before) if before else None
        duplicates.split(whole, self.user)
        return told

    def _settle_candidates(self, pairs: Sequence[tuple[Any, Any]]) -> None:
        """A link answers what was asked about its two records."""
        near = Candidate.objects.filter(integration=self.integration, decision__in=duplicates.WAITING)
        lefts, wanted = [left.pk for left, _ in pairs], {(left.pk, right.pk) for left, right in pairs}
        for at in range(0, len(lefts), 500):
            for found in near.filter(left__in=lefts[at : at + 500]):
                same = (found.left_id, found.right_id) in wanted
                decision = Candidate.Decision.SAME if same else Candidate.Decision.MOOT
                duplicates.keep(found, decision, self.user)

    def _touch(self, ids: Sequence[int]) -> None:
        for at in range(0, len(ids), 500):
            touch(ids[at : at + 500])

    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Take new links away where nothing was written by them, and put back those that were taken apart."""
        live = {key: entry.row for key, entry in self.entries().items()}
        left, touched = [], []
        for row in rows:
            found = live.get(tuple(row.key))
            if row.kept is None and found is not None:
                whole = Link.objects.select_related("left", "right").get(pk=found.pk)
                if duplicates.written_by(whole):
                    left.append(row.title)
                    continue
                touched += [whole.left_id, whole.right_id]
                whole.delete()
                self._reopen(whole)
        for row in rows:
            if row.kept is not None:
                told = dict(row.kept)
                candidate = told.pop("candidate")
                Link.objects.create(integration=self.integration, **told)
                self._restore(told, candidate)
                touched += [told["left_id"], told["right_id"]]
        self._touch(touched)
        return left

    def _reopen(self, link: Link) -> None:
        found = Candidate.objects.filter(integration=self.integration, left=link.left_id, right=link.right_id).first()
        if found and found.decision == Candidate.Decision.SAME:
            duplicates.keep(found, Candidate.Decision.OPEN, self.user)

    def _restore(self, told: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        rows = Candidate.objects.filter(integration=self.integration, left=told["left_id"], right=told["right_id"])
        if before is None:
            rows.delete()
        else:
            rows.update(decision=before["decision"], until=before["until"])


# decisions


def _plain_decision(row: Candidate) -> dict[str, Any]:
    return {"decision": row.decision, "until": row.until.isoformat() if row.until else None}


class DecisionsWriter(Writer):
    """Decisions about pairs, each as if a person had taken it on the desk."""

    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Decide; a decided pair is opened first, so that what the old decision did is taken back."""
        live, kept = {key: entry.row for key, entry in self.entries().items()}, {}
        for plan in plans:
            if plan.entry is None:
                continue
            row = live.get(plan.key)
            kept[plan.line] = _plain_decision(row) if row else None
            self._decide(row or self._made(plan.entry), plan.entry.get("decision"), plan.entry.get("until"))
        return kept

    def _made(self, entry: Entry) -> Candidate:
        left, right = entry.extra["left"], entry.extra["right"]
        parts, points = duplicates.compared(left, right) or ((), 0)
        return Candidate.objects.create(
            integration=self.integration, entity=entry.key[0], left=left, right=right, score=points,
            parts=duplicates.stored_parts(parts),
        )  # fmt: skip

    def _decide(self, row: Candidate, decision: str, until: str | None) -> None:
        pair = Candidate.objects.select_related("left__connection", "right__connection").get(pk=row.pk)
        if pair.decision != Candidate.Decision.OPEN:
            duplicates.take_back(pair, self.user)
        if decision == Candidate.Decision.MOOT:
            duplicates.keep(pair, decision, self.user)
        elif decision != Candidate.Decision.OPEN:
            duplicates.decide(pair, decision, self.user, date.fromisoformat(until) if until else None)

    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Bring the former decisions back; pairs only the file named go again."""
        live = {key: entry.row for key, entry in self.entries().items()}
        for row in rows:
            found = live.get(tuple(row.key))
            if found is None:
                continue
            kept = row.kept or {"decision": Candidate.Decision.OPEN, "until": None}
            self._decide(found, kept["decision"], kept["until"])
            if row.kept is None:
                Candidate.objects.filter(pk=found.pk).delete()
        return []


WRITERS: dict[str, type[Writer]] = {
    "values": ValuesWriter, "rules": RulesWriter, "links": LinksWriter, "items": LinksWriter,
    "customers": DecisionsWriter,
}  # fmt: skip
