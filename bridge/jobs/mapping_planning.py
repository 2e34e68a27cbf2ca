"""What all sets that travel as files have in common: columns, rows by natural key, and what a row of a file would do.

A set is a resource of django-import-export whose instances are `Entry`s: rows by their natural key, in words and in
stable ids, never a primary key of ours. A set plans and writes nothing; `mapping_writers` carries out.
"""

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.utils.translation import override
from import_export.fields import Field
from import_export.resources import Resource
from import_export.results import RowResult
from tablib import Dataset

from bridge.hub.models import Integration
from bridge.jobs.mapping_reading import Line, Table, folded, is_garbled
from connectors.contract import SettingInvalid, Text

REMOVE = frozenset(("remove", "delete", "supprimer", "retirer", "enlever"))
_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
# What Excel makes of an id in a file without types: 1.23E+15, 1,23E+15, dates, truth values, errors.
_MADE = re.compile(
    r"\d([.,]\d+)?E[+-]?\d+|\d{4}-\d\d-\d\d( 00:00:00)?|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|TRUE|FALSE|VRAI|FAUX|"
    r"#(REF!|N/A|NAME\?|NOM\?|VALUE!|VALEUR!|DIV/0!|NULL!|NUM!|NOMBRE!)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `ways` are the values of a choice with their words; what is `told` only is not read back."""

    key: str
    title: Text
    told: bool = False
    is_id: bool = False
    ways: tuple[tuple[str, Text], ...] = ()
    is_number: bool = False


def column(key: str, en: str, fr: str, **more: Any) -> Column:
    """Return a column with its title in both languages."""
    return Column(key, Text(en, fr), **more)


def choices(told: Any) -> tuple[tuple[str, Text], ...]:
    """Return the ways of a column from a model's choices, in both languages."""
    found = []
    for value, label in told:
        words = []
        for language in ("en", "fr"):
            with override(language):
                words.append(str(label))
        found.append((value, Text(*words)))
    return tuple(found)


YES_NO = (("yes", Text("yes", "oui")), ("no", Text("no", "non")))
ACTION = column("action", "Action", "Action")
VERSION = column("version", "Version", "Version")
INTEGRATION = column("integration", "Integration", "Intégration")
COMMON = (ACTION, VERSION, INTEGRATION)


class Entry:
    """One row of a set: its columns as attributes, all text, and the row of ours behind it."""

    def __init__(self, key: tuple[str, ...], cells: Mapping[str, str], row: Any = None) -> None:
        self.key, self.row, self.pk = key, row, None
        self.extra: dict[str, Any] = {}
        for name, value in cells.items():
            setattr(self, name, value)

    def copy(self) -> "Entry":
        """Return another one of the same: an import changes it."""
        made = Entry(self.key, {}, self.row)
        made.__dict__.update(self.__dict__)
        made.extra = dict(self.extra)
        return made

    def get(self, name: str) -> str:
        """Return a cell; "" for one not told."""
        return cast(str, getattr(self, name, ""))


@dataclass(slots=True)
class Planned:
    """What one row would do. `stamp`: what was live then; `code` says why it cannot, or why it is left alone."""

    line: int
    outcome: str  # new, changed, removed, invalid, kept, same
    key: tuple[str, ...] = ()
    title: str = ""
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    stamp: str = ""
    cells: list[str] = field(default_factory=list)
    code: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    waiting: int = 0
    entry: Entry | None = None


class Bad(ValidationError):
    """A row that cannot be taken, by a code of the catalogue."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, code=code, params=params)


class Live:
    """Instance loader: the set as it stands, read once."""

    def __init__(self, resource: "MappingSet", dataset: Dataset | None = None) -> None:
        self.resource = resource

    def get_instance(self, row: Mapping[str, Any]) -> Entry | None:
        """Return a copy of what has this row's key; None for nothing."""
        found = self.resource.live.get(self.resource.key_of(row))
        return found.copy() if found else None


class _Abstract(ABCMeta, type(Resource)):  # type: ignore[misc]
    """Both of what a set is made by: declared by its library, and whole only when it says what it must."""


class MappingSet(Resource, metaclass=_Abstract):
    """One set of one integration. `columns` without the common ones; `keys` name a row, `edits` may be changed."""

    what = ""
    columns: tuple[Column, ...] = ()
    keys: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    most = 30_000  # rows: each step must end well within a task's time

    class Meta:
        instance_loader_class = Live
        skip_diff = True
        use_transactions = False  # plans only: there is nothing to roll back

    def __init__(self, integration: Integration, language: str = "en") -> None:
        super().__init__()
        self.integration, self.language = integration, language
        self._meta.import_id_fields = list(self.keys)
        self.fields = {
            item.key: Field(attribute=item.key, column_name=item.key, readonly=item.told, saves_null_values=False)
            for item in self.columns
        }
        self.ways = {item.key: _ways(item) for item in self.columns if item.ways}
        self.live: dict[tuple[str, ...], Entry] = {}
        self.plans: list[Planned] = []
        self.used: dict[tuple[str, ...], int] = {}
        self._lines: dict[int, Line] = {}
        self._places: dict[str, int] = {}
        self._width, self._loose, self._newer = 0, True, False
        self._now = Planned(0, "")
        self._beat: Callable[[int], None] = lambda number: None

    # what each set says

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Yield what stands, in the order people look for it; rows are streamed."""

    def load(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Make ready what rows of a file are judged by: `live`, and what they may name."""
        self.live = {entry.key: entry for entry in self.entries()}

    @abstractmethod
    def judge(self, entry: Entry, before: Entry | None, told: frozenset[str]) -> None:
        """Complete an entry and hold it to the rules of its set; `Bad` says what is wrong."""

    def leaving(self, entry: Entry) -> None:
        """Hold a removal to the rules of the set."""

    def waiting(self, entry: Entry) -> int:
        """Return how many records wait for what this row names."""
        return 0

    def finish(self) -> None:
        """Look at all rows together."""

    def title(self, entry: Entry) -> str:
        """Return what people call the row."""
        return " → ".join(part for part in entry.key if part)

    def moved_by(self, entry: Entry) -> dict[str, Any]:
        """Return who last changed a row of ours, and when."""
        return {"who": "–", "at": ""}

    def known_ids(self, name: str, row: Mapping[str, str]) -> frozenset[str]:
        """Return the ids a column is known to hold: one of them is never taken for damage."""
        return frozenset()

    # out

    def heads(self) -> list[str]:
        """Return the titles of all columns in the reader's language."""
        return [item.title.say(self.language) for item in (*self.columns, *COMMON)]

    def line_of(self, entry: Entry) -> list[str]:
        """Return one row of an export, choices in words."""
        told = []
        for item in self.columns:
            text = self.export_field(self.fields[item.key], entry) or ""
            told.append(dict(item.ways)[text].say(self.language) if text in dict(item.ways) else text)
        return [*told, "", self.stamp(entry), str(self.integration.public_id)]

    def stamp(self, entry: Entry) -> str:
        """Return a short mark of what may be edited in a row: it shows who changed it, the file or we."""
        told = "\x1f".join(entry.get(name) for name in (*self.keys, *self.edits))
        return blake2b(told.encode(), digest_size=6).hexdigest()

    def meaning(self, entry: Entry) -> tuple[str, ...]:
        """Return what makes two entries of one key differ."""
        return tuple(entry.get(name) for name in self.edits)

    # in

    def key_of(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the natural key of a row."""
        return tuple(str(row.get(name, "")) for name in self.keys)

    def plan(self, table: Table, beat: Callable[[int], None] = lambda number: None) -> list[Planned]:
        """Return what each row would do, in the order of the file. SettingInvalid where the file is another set's."""
        names = self._names(table)
        if len(table.lines) > self.most:
            raise SettingInvalid("FILE-ROWS", params={"file": "", "most": self.most})
        self._beat, self._loose = beat, table.is_loose
        self._lines = {line.number: line for line in table.lines}
        self._places, self._width = {name: at for at, name in enumerate(names) if name}, len(names)
        rows = [self._row(names, line) for line in table.lines]
        self.load(rows)
        self._trim(rows)
        heads = [*dict.fromkeys(name for name in names if name), "#line"]
        dataset = Dataset(*([row.get(name, "") for name in heads] for row in rows), headers=heads)
        self.import_data(dataset, dry_run=False, raise_errors=False, use_transactions=False)
        self.finish()
        return self.plans

    def _names(self, table: Table) -> list[str]:
        known = self.titles()
        names = [known.get(folded(head), "") for head in table.heads]
        missing = [item for item in self.columns if item.key in self.keys and item.key not in names]
        if missing:
            words = ", ".join(item.title.say(self.language) for item in missing)
            raise SettingInvalid("FILE-HEADS", params={"columns": words})
        doubled = [table.heads[at] for at, name in enumerate(names) if name and name in names[:at]]
        if doubled:
            raise SettingInvalid("FILE-HEADS-TWICE", params={"column": doubled[0]})
        table.reading["unknown"] = [head for head, name in zip(table.heads, names, strict=True) if head and not name]
        return names

    @classmethod
    def titles(cls) -> dict[str, str]:
        """Return the column each folded heading means, in both languages, and by its own name."""
        found = {}
        for item in (*cls.columns, *COMMON):
            for head in (item.key, item.title.en, item.title.fr):
                found[folded(head)] = item.key
        return found

    def _row(self, names: Sequence[str], line: Line) -> dict[str, str]:
        row = {name: text for name, text in zip(names, line.cells, strict=False) if name}
        for item in self.columns:
            if item.key in row:
                row[item.key] = row[item.key] if item.told else self._cell(item, row[item.key])
        return {**row, "#line": str(line.number)}

    def _cell(self, item: Column, text: str) -> str:
        text = text.strip() if item.ways else text
        if item.ways:
            return self.ways[item.key].get(folded(text), text)
        return _number(text) if item.is_number else text

    def _trim(self, rows: Sequence[dict[str, str]]) -> None:
        """Take blanks around an id away, unless the id is known with them."""
        for row in rows:
            for item in self.columns:
                text = row.get(item.key, "") if item.is_id else ""
                if text != text.strip() and text not in self.known_ids(item.key, row):
                    row[item.key] = text.strip()

    # The steps of django-import-export, in its order.

    def import_row(self, row: dict[str, Any], instance_loader: Any, **kwargs: Any) -> RowResult:
        """Plan one row and remember what it would do."""
        line = self._lines[int(row["#line"])]
        told = Planned(line.number, "same", self.key_of(row))
        self._now = told
        result = super().import_row(row, instance_loader, **kwargs)
        if result.errors:
            raise result.errors[0].error  # no fault of the row: ours
        if result.import_type == RowResult.IMPORT_TYPE_INVALID:
            error = result.validation_error
            told.outcome, told.code, told.params = "invalid", str(error.code), dict(error.params or {})
            told.cells = line.cells
        told.title = told.title or " · ".join(part for part in told.key if part)
        self.plans.append(told)
        self._beat(len(self.plans))
        return result

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Hold a row to what every row must be, before its set is asked."""
        line = self._lines[int(row["#line"])]
        if any(cell.strip() for cell in line.cells[self._width :]):
            raise Bad("ROW-SHIFTED")
        given = _BLANKS.sub("", str(row.get("integration", "")))
        if given and given != str(self.integration.public_id):
            raise Bad("ROW-OTHER")
        for text in line.cells:
            if "\ufffd" in text or "\x00" in text:
                raise Bad("ROW-LOST", value=text.replace("\x00", ""))
        self._check_ids(row, line)
        for name in self.keys:
            if not str(row.get(name, "")):
                raise Bad("ROW-KEY", column=self._title(name))
        key = self.key_of(row)
        if key in self.used:
            raise Bad("ROW-TWICE", line=self.used[key])
        self.used[key] = line.number

    def _title(self, name: str) -> str:
        return next(item.title.say(self.language) for item in (*self.columns, *COMMON) if item.key == name)

    def _check_ids(self, row: Mapping[str, Any], line: Line) -> None:
        for item in self.columns:
            text = str(row.get(item.key, ""))
            if not item.is_id or not text:
                continue
            known = self.known_ids(item.key, row)
            if text in known:
                continue
            kind = line.kinds.get(self._places.get(item.key, -1), "")
            if kind in ("date", "flag", "rounded", "error") or (self._loose and _MADE.fullmatch(text)):
                raise Bad("ROW-DAMAGED", column=item.title.say(self.language), value=text)
            zeros = [one for one in known if text.isdecimal() and one.isdecimal() and one.lstrip("0") == text]
            if zeros:
                raise Bad("ROW-ZEROS", column=item.title.say(self.language), value=text, known=zeros[0])
            if back := is_garbled(text):
                raise Bad("ROW-GARBLED", value=text, known=back)

    def init_instance(self, row: Mapping[str, Any] | None = None) -> Entry:
        """A row we have not: all it says is new."""
        cells = {item.key: str((row or {}).get(item.key, "")) for item in self.columns}
        return Entry(self.key_of(row or {}), cells)

    def after_init_instance(self, instance: Entry, new: bool, row: Mapping[str, Any], **kwargs: Any) -> None:
        """See whether the row was edited in the file, here, or in both since it was exported."""
        live = self.live.get(instance.key)
        version = str(row.get("version", "")).strip()
        now = self.stamp(live) if live else ""
        self._now.stamp = now
        self._now.waiting = self.waiting(instance)
        self._now.title = self.title(live or instance)
        self._newer = False
        if not version or version == now:
            return
        if live is None:
            raise Bad("ROW-GONE")
        if self._wants_removal(row):
            raise Bad("ROW-MOVED", **self.moved_by(live), now=self._words(live))
        self._newer = self._as_exported(row, version)

    def _as_exported(self, row: Mapping[str, Any], version: str) -> bool:
        cells = Entry(self.key_of(row), {name: str(row.get(name, "")) for name in (*self.keys, *self.edits)})
        return self.stamp(cells) == version

    def _wants_removal(self, row: Mapping[str, Any]) -> bool:
        return folded(row.get("action", "")) in REMOVE

    def for_delete(self, row: Mapping[str, Any], instance: Entry) -> bool:
        """Only the column "action" takes a row away: one that is missing takes nothing."""
        action = folded(row.get("action", ""))
        if action and action not in REMOVE:
            raise Bad("ROW-ACTION", value=str(row.get("action", "")))
        if action and instance.key not in self.live:
            raise Bad("ROW-NOTHING")
        return bool(action)

    def delete_instance(self, instance: Entry, row: Mapping[str, Any], **kwargs: Any) -> None:
        """Plan a removal."""
        self.leaving(instance)
        self._now.outcome, self._now.entry = "removed", instance
        self._now.before = self._words_by_column(instance)

    def import_instance(self, instance: Entry, row: Mapping[str, Any], **kwargs: Any) -> None:
        """Put the cells that may be edited into the entry and let its set judge it."""
        before = self.live.get(instance.key)
        if self._newer:
            return
        told = frozenset(name for name in self.edits if name in row)
        for name in told:
            setattr(instance, name, str(row[name]))
        self.judge(instance, before, told)
        version = str(row.get("version", "")).strip()
        if version and before and version != self.stamp(before) and self.meaning(instance) != self.meaning(before):
            raise Bad("ROW-MOVED", **self.moved_by(before), now=self._words(before))

    def skip_row(self, instance: Entry, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        """What is as it stands is left alone."""
        if import_validation_errors:
            return False
        live = self.live.get(instance.key)
        if self._newer:
            self._now.outcome, self._now.code = "kept", "ROW-NEWER"
            self._now.params = {**self.moved_by(live), "now": self._words(live)} if live else {}
            return True
        return live is not None and self.meaning(instance) == self.meaning(live)

    def validate_instance(
        self, instance: Entry, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """Raise what the judge found, as it was."""
        if import_validation_errors:
            raise next(iter(import_validation_errors.values()))[0]

    def save_instance(self, instance: Entry, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Plan what is new or changed; nothing is written."""
        live = self.live.get(instance.key)
        self._now.outcome, self._now.entry = ("changed" if live else "new"), instance
        self._now.title = self.title(instance)
        after = self._words_by_column(instance)
        before = self._words_by_column(live) if live else {}
        self._now.before = {name: text for name, text in before.items() if text != after.get(name)}
        self._now.after = {name: text for name, text in after.items() if text != before.get(name)} if live else after

    def save_m2m(self, instance: Entry, row: Any, **kwargs: Any) -> None:
        """There is no such thing here."""

    def _words_by_column(self, entry: Entry) -> dict[str, str]:
        return {name: entry.get(name) for name in self.edits if entry.get(name)}

    def _words(self, entry: Entry) -> str:
        return ", ".join(text for text in self._words_by_column(entry).values()) or "–"


def _ways(item: Column) -> dict[str, str]:
    return {folded(word): value for value, text in item.ways for word in (value, text.en, text.fr)}


def _number(text: str) -> str:
    """Return a whole number as we write it: 1 000, 1,0 and 1.0 are read; other text is left to be refused."""
    bare = _BLANKS.sub("", text)
    found = re.fullmatch(r"(\d+)(?:[.,]0+)?", bare)
    return str(int(found.group(1))) if found else text
