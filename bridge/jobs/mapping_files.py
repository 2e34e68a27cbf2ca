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
from datetime import datetime, timedelta
from typing import Any

from auditlog.context import set_actor
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from bridge.hub.models import (
    Integration,
    MappingFile,
    MappingFileRow,
    User,
)
from bridge.jobs import copying, queue
from bridge.jobs.mapping_planning import MappingSet, Planned
from bridge.jobs.mapping_reading import (
    EncodingUnknown,
    Table,
    kind_of,
    neutral,
    read,
    refused,
    to_xml,
)
from bridge.jobs.mapping_sets import SETS, known_heads, other_set
from bridge.jobs.mapping_writers import WRITERS, Moved, Writer
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


def _writer(file: MappingFile, user: User | None) -> Writer:
    if file.what == MappingFile.What.SETUP:
        return copying.writer(file.integration, user)
    return WRITERS[file.what](file.integration, set_of(file.integration, file.what), user)
