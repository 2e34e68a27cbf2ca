"""Mapping files from upload to return: checked in the background, confirmed by a person, carried out whole, taken back.

A file is planned against the set as it stands and planned again when it is confirmed: where anything it would touch has
moved in between, it goes back to the person with what changed. Writing is one transaction; what it replaced stays with
its rows. Each step may be begun twice: the second beginner finds nothing to claim.
"""

import csv
import hashlib
import io
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any

from auditlog.context import set_actor
from auditlog.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.base import ModelState
from django.utils import timezone, translation
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from bridge.hub.models import (
    Candidate,
    Flow,
    Integration,
    Link,
    MappingFile,
    MappingFileRow,
    MappingRule,
    User,
    ValueMap,
)
from bridge.jobs import duplicates, queue, values
from bridge.jobs.mapping_reading import (
    EncodingUnknown,
    Table,
    kind_of,
    neutral,
    read,
    refused,
    to_xml,
)
from bridge.jobs.mapping_sets import SETS, Entry, MappingSet, Planned, known_heads, other_set
from bridge.jobs.records import touch
from connectors.contract import SettingInvalid

log = logging.getLogger("bridge.jobs.mapping_files")

LEASE = timedelta(minutes=2)
KEEP_UNCONFIRMED = timedelta(days=30)
BEAT = 500  # rows between two signs of progress
MOST_STARTS = 3
MOST_SHEET = 50_000  # rows of a workbook; longer sets go as CSV, which is streamed
State, Outcome = MappingFile.State, MappingFileRow.Outcome


# out


def set_of(integration: Integration, what: str, language: str = "en") -> MappingSet:
    """Return one set of an integration; KeyError for a set there is not."""
    return SETS[what](integration, language)


def exported(integration: Integration, what: str, language: str) -> Iterator[list[str]]:
    """Yield the heads, then the rows of a set as they stand, in a language; rows are read as they are asked for."""
    found = set_of(integration, what, language)
    yield found.heads()
    rows = found.entries()
    while True:
        with translation.override(language):
            entry = next(rows, None)
            if entry is None:
                return
            line = found.line_of(entry)
        yield line


def csv_of(lines: Iterable[Sequence[str]], language: str) -> Iterator[str]:
    """Yield CSV that the reader's spreadsheet opens as it is: BOM always, semicolons in French; nothing runs in it."""

    class Echo:
        def write(self, text: str) -> str:
            return text

    writer = csv.writer(Echo(), delimiter=";" if language.startswith("fr") else ",")
    mark = "\ufeff"
    for line in lines:
        yield mark + writer.writerow([neutral(cell) for cell in line])
        mark = ""


def workbook_of(lines: Iterable[Sequence[str]], title: str) -> bytes:
    """Return a workbook whose cells are all text, so that no id loses its zeros. SettingInvalid for too many rows."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:30])
    sheet.freeze_panes = "A2"
    for number, line in enumerate(lines):
        if number > MOST_SHEET:
            raise refused("FILE-SHEET-LONG", most=MOST_SHEET)
        cells = []
        for text in line:
            cell = WriteOnlyCell(sheet, value="")
            cell._value, cell.data_type, cell.number_format = to_xml(neutral(text)), "s", "@"
            cells.append(cell)
        sheet.append(cells)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


# in


def upload(integration: Integration, what: str, name: str, content: bytes, user: User | None) -> MappingFile:
    """Keep an uploaded file and ring for its dry run; one that is not safe or not of its kind is refused at once."""
    found = MappingFile(
        integration=integration, what=what, name=name.replace("\x00", "")[-200:], user=user, size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    try:
        found.kind = kind_of(found.name, content)
        if (found.kind == "json") != (what == MappingFile.What.SETUP):
            raise refused("FILE-KIND", file=found.name)
        found.content = content
    except SettingInvalid as error:
        found.state, found.code, found.params = State.REFUSED, error.code, dict(error.params)
    with transaction.atomic():
        found.save()
        if found.state == State.CHECKING:
            queue.ring("mapping_file", found.pk)
    log.info("file uploaded file=%s what=%s state=%s code=%s", found.pk, what, found.state, found.code)
    return found


def answer_encoding(file: MappingFile, encoding: str) -> None:
    """Read a file as a person says. SettingInvalid for an encoding that was not offered."""
    if encoding not in {name for name, _ in file.reading.get("samples", ())}:
        raise refused("FILE-ENCODING", encoding=encoding)
    _step(file, State.ASKING, State.CHECKING, encoding=encoding)


def check_again(file: MappingFile) -> None:
    """Make the dry run anew, against the set as it stands now."""
    _step(file, State.CHECKED, State.CHECKING)


def drop(file: MappingFile) -> None:
    """Forget an upload that nothing was made of."""
    moved = MappingFile.objects.filter(pk=file.pk, state__in=(State.CHECKED, State.ASKING, State.CHECKING))
    if not moved.update(state=State.DROPPED, content=None, lease_until=None):
        raise refused("FILE-STATE", state=_state_words(file))
    file.refresh_from_db()


def tidy(now: datetime) -> int:
    """Forget uploads nobody confirmed in time, with their rows: they hold a client's data and are of no use to anyone.

    The file stays on the list, as dropped; returns how many were forgotten. May run twice.
    """
    stale = MappingFile.objects.filter(state__in=(State.CHECKED, State.ASKING), uploaded_at__lt=now - KEEP_UNCONFIRMED)
    numbers = list(stale.values_list("pk", flat=True)[:100])
    dropped = stale.filter(pk__in=numbers).update(state=State.DROPPED, content=None, lease_until=None, reading={})
    MappingFileRow.objects.filter(file__in=numbers, file__state=State.DROPPED).delete()
    return dropped


def confirm(file: MappingFile, user: User | None, only_valid: bool = False) -> None:
    """Have a checked file carried out. SettingInvalid where it has invalid rows and only whole files were meant."""
    counts = file.counts
    if counts.get("invalid") and not only_valid:
        raise refused("FILE-INVALID-ROWS", count=counts["invalid"])
    if not any(counts.get(outcome) for outcome in MappingFileRow.LIVE):
        raise refused("FILE-NOTHING")
    _step(
        file, State.CHECKED, State.APPLYING, only_valid=only_valid, confirmed_by=user, confirmed_at=timezone.now(),
        code="", params={},
    )  # fmt: skip


def take_back(file: MappingFile, user: User | None) -> None:
    """Have the replaced set brought back."""
    _step(file, State.DONE, State.RETURNING, returned_by=user)


def _step(file: MappingFile, was: str, becomes: str, **values: Any) -> None:
    with transaction.atomic():
        moved = MappingFile.objects.filter(pk=file.pk, state=was)
        if not moved.update(state=becomes, lease_until=None, starts=0, seen=0, **values):
            file.refresh_from_db()
            raise refused("FILE-STATE", state=_state_words(file))
        queue.ring("mapping_file", file.pk)
    file.refresh_from_db()


def _state_words(file: MappingFile) -> str:
    return str(State(file.state).label)


# the work


def due() -> list[int]:
    """Return files nobody works on: their bell was lost or their worker died."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now())
    return list(MappingFile.objects.filter(free, state__in=MappingFile.WORKING).values_list("pk", flat=True))


def work(file_id: int) -> str:
    """Do what a file waits for; a second worker finds it taken. After three starts without an end it is given up."""
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    mine = MappingFile.objects.filter(free, pk=file_id, state__in=MappingFile.WORKING)
    if not mine.update(lease_until=now + LEASE, starts=F("starts") + 1):
        return "busy"
    file = MappingFile.objects.select_related(
        "integration__organization", "integration__left", "integration__right", "user", "confirmed_by", "returned_by"
    ).get(pk=file_id)
    if file.starts > MOST_STARTS:
        _give_up(file)
        return "given up"
    with translation.override(file.user.language if file.user else "en"):
        if file.state == State.CHECKING:
            return _check(file)
        return _apply(file) if file.state == State.APPLYING else _return(file)


def _give_up(file: MappingFile) -> None:
    back = {State.CHECKING: State.REFUSED, State.APPLYING: State.CHECKED, State.RETURNING: State.DONE}[
        State(file.state)
    ]
    _settle(file, back, code="FILE-GIVEN-UP")


def _settle(file: MappingFile, becomes: str, **values: Any) -> None:
    """End a step, unless somebody dropped the file meanwhile."""
    MappingFile.objects.filter(pk=file.pk, state=file.state).update(state=becomes, lease_until=None, **values)


def _check(file: MappingFile) -> str:
    """Make the dry run: what each row would do, and what waits for it. Writes nothing but the preview."""
    try:
        plans, table = _planned(file)
    except EncodingUnknown as unknown:
        samples = [[name, lines] for name, lines in unknown.samples]
        _settle(file, State.ASKING, reading={"samples": samples})
        return "asking"
    except SettingInvalid as error:
        _settle(file, State.REFUSED, code=error.code, params=dict(error.params), content=None)
        return "refused"
    _keep(file, plans, table)
    _settle(file, State.CHECKED, checked_at=timezone.now())
    return "checked"


def _planned(file: MappingFile, is_quiet: bool = False) -> tuple[list[Planned], Table]:
    if file.what == MappingFile.What.SETUP:
        from bridge.jobs import copying

        return copying.planned(file.integration, bytes(file.content or b""))
    known = known_heads()
    table = read(file.name, bytes(file.content or b""), file.kind, known, file.encoding)
    language = file.user.language if file.user else "en"
    found = set_of(file.integration, file.what, language)
    total = len(table.lines)

    def beat(number: int) -> None:
        if number % BEAT == 0 and not is_quiet:
            MappingFile.objects.filter(pk=file.pk).update(seen=number, total=total, lease_until=timezone.now() + LEASE)

    try:
        return found.plan(table, beat), table
    except SettingInvalid as error:
        if error.code == "FILE-HEADS" and (other := other_set(table.heads, file.what)):
            raise refused("FILE-OTHER-SET", set=str(MappingFile.What(other).label)) from error
        raise


def _keep(file: MappingFile, plans: Sequence[Planned], table: Table, **values: Any) -> None:
    """Store the preview: rows that say something, counts, how the file was read."""
    counts = Counter(plan.outcome for plan in plans)
    counts["waiting"] = sum(plan.waiting for plan in plans if plan.outcome in MappingFileRow.LIVE)
    with transaction.atomic():
        MappingFileRow.objects.filter(file=file).delete()
        MappingFileRow.objects.bulk_create(
            (_row(file, plan) for plan in plans if plan.outcome != "same"), batch_size=1000
        )
        MappingFile.objects.filter(pk=file.pk).update(
            counts=dict(counts), reading=table.reading, total=len(plans), seen=len(plans), **values
        )
    file.counts = dict(counts)


def _row(file: MappingFile, plan: Planned) -> MappingFileRow:
    return MappingFileRow(
        file=file, line=plan.line, outcome=plan.outcome, key=list(plan.key), title=plan.title[:300],
        before=plan.before, after=plan.after, stamp=plan.stamp, cells=plan.cells, code=plan.code, params=plan.params,
        waiting=plan.waiting,
    )  # fmt: skip


# carrying out


class Moved(Exception):
    """What a file would touch is not what it was at the dry run."""


def _apply(file: MappingFile) -> str:
    """Write the whole file, or its valid rows, in one transaction; or send it back with what has changed since."""
    user = file.confirmed_by
    try:
        plans, table = _planned(file, is_quiet=True)
        if moved := _differences(file, plans):
            _keep(file, plans, table, code="FILE-MOVED", params={"rows": ", ".join(moved[:10]), "count": len(moved)})
            _settle(file, State.CHECKED, checked_at=timezone.now(), confirmed_at=None, confirmed_by=None)
            return "moved"
        with transaction.atomic(), set_actor(user):
            Integration.objects.select_for_update().get(pk=file.integration_id)
            doing = _writer(file, user)
            doing.lock()
            doing.hold(plans)
            wanted = [plan for plan in plans if plan.outcome in MappingFileRow.LIVE]
            kept = doing.write(wanted)
            _keep_done(file, plans, kept, doing.stamps())
            _settle(file, State.DONE, done_at=timezone.now(), content=None, code="", params={})
    except (Moved, IntegrityError):
        _settle(file, State.CHECKING, starts=0, confirmed_at=None, confirmed_by=None)
        queue.ring("mapping_file", file.pk)
        return "moved"
    except EncodingUnknown:  # only where the encoding was forgotten
        _settle(file, State.CHECKING)
        return "asking"
    except SettingInvalid as error:
        _settle(file, State.CHECKED, code=error.code, params=dict(error.params), confirmed_at=None)
        return "refused"
    log.info("file carried out file=%s rows=%s", file.pk, len(kept))
    return "done"


def _differences(file: MappingFile, plans: Sequence[Planned]) -> list[str]:
    """Return the rows, by title, that would do something else than the person saw."""
    rows = MappingFileRow.objects.filter(file=file).values_list("line", "outcome", "after", "stamp", "title")
    seen = {line: (told, title) for line, *told, title in rows}
    found = []
    for plan in plans:
        was, _ = seen.pop(plan.line, (None, ""))
        now = [plan.outcome, plan.after, plan.stamp] if plan.outcome != "same" else None
        if now != was:
            found.append(plan.title)
    return found + [title for _, title in seen.values()]


def _keep_done(file: MappingFile, plans: Sequence[Planned], kept: Mapping[int, Any], stamps: Mapping[Any, str]) -> None:
    """Store what was done beside what it replaced, each row with the mark of what stands now."""
    rows = []
    for plan in plans:
        if plan.outcome == "same":
            continue
        row = _row(file, plan)
        if plan.line in kept:
            row.done, row.kept, row.stamp = True, kept[plan.line], stamps.get(plan.key, "")
        rows.append(row)
    MappingFileRow.objects.filter(file=file).delete()
    MappingFileRow.objects.bulk_create(rows, batch_size=1000)


def _return(file: MappingFile) -> str:
    """Bring back what the file replaced; what somebody changed since is left and named."""
    user = file.returned_by
    left: list[str] = []
    try:
        with transaction.atomic(), set_actor(user):
            Integration.objects.select_for_update().get(pk=file.integration_id)
            doing = _writer(file, user)
            doing.lock()
            now = doing.stamps()
            rows = []
            for row in file.rows.filter(done=True).order_by("line"):
                if now.get(tuple(row.key), "") == row.stamp:
                    rows.append(row)
                else:
                    left.append(row.title)
            left += doing.back(rows)
            file.rows.filter(pk__in=[row.pk for row in rows if row.title not in left]).update(done=False)
            told = {"rows": ", ".join(left[:10]), "count": len(left)} if left else {}
            _settle(file, State.RETURNED, returned_at=timezone.now(), code="FILE-LEFT" if left else "", params=told)
    except (SettingInvalid, IntegrityError) as error:
        code, params = (error.code, dict(error.params)) if isinstance(error, SettingInvalid) else ("FILE-MOVED", {"rows": "", "count": 0})  # fmt: skip # noqa: E501
        _settle(file, State.DONE, code=code, params=params)
        return "refused"
    log.info("file taken back file=%s left=%s", file.pk, len(left))
    return "returned"


class Writer:
    """Carries out the plan of one set inside the caller's transaction. `write` returns what each line replaced."""

    def __init__(self, integration: Integration, found: MappingSet, user: User | None) -> None:
        self.integration, self.set, self.user = integration, found, user

    def lock(self) -> None:
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

    def write(self, plans: Sequence[Planned]) -> dict[int, Any]:
        """Write what is new, changed and removed."""
        raise NotImplementedError

    def back(self, rows: Sequence[MappingFileRow]) -> list[str]:
        """Bring back what these rows replaced; returns the titles of those that had to stay."""
        raise NotImplementedError


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


_WRITERS: dict[str, type[Writer]] = {
    "values": ValuesWriter, "rules": RulesWriter, "links": LinksWriter, "items": LinksWriter,
    "customers": DecisionsWriter,
}  # fmt: skip


def _writer(file: MappingFile, user: User | None) -> Writer:
    if file.what == MappingFile.What.SETUP:
        from bridge.jobs import copying

        return copying.writer(file.integration, user)
    return _WRITERS[file.what](file.integration, set_of(file.integration, file.what), user)
