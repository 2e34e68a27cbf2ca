"""The sets that travel as files: which columns each has, what stands in it now, and what a row of a file would do.

Each set is a resource of django-import-export whose instances are `Entry`s: rows by their natural key, in words and in
stable ids, never a primary key of ours. A resource plans and writes nothing; `mapping_files` carries out.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from import_export.fields import Field
from import_export.resources import Resource
from import_export.results import RowResult
from tablib import Dataset

from bridge import registry
from bridge.engine.suggest import plain as plain_words
from bridge.hub.models import Candidate, Change, Connection, Flow, Integration, Link, MappingRule, ValueMap
from bridge.hub.models import Record as Row
from bridge.jobs import integrations, values
from bridge.jobs.context import context_of, scope_of
from bridge.jobs.mapping_reading import Line, Table, folded, is_garbled
from connectors.contract import ENTITY_LABELS, SettingInvalid, Text, entity_fields

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


def _column(key: str, en: str, fr: str, **more: Any) -> Column:
    return Column(key, Text(en, fr), **more)


YES_NO = (("yes", Text("yes", "oui")), ("no", Text("no", "non")))
ACTION = _column("action", "Action", "Action")
VERSION = _column("version", "Version", "Version")
INTEGRATION = _column("integration", "Integration", "Intégration")
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


class MappingSet(Resource):
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

    def entries(self) -> Iterator[Entry]:
        """Yield what stands, in the order people look for it; rows are streamed."""
        raise NotImplementedError

    def load(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Make ready what rows of a file are judged by: `live`, and what they may name."""
        self.live = {entry.key: entry for entry in self.entries()}

    def judge(self, entry: Entry, before: Entry | None, told: frozenset[str]) -> None:
        """Complete an entry and hold it to the rules of its set; `Bad` says what is wrong."""
        raise NotImplementedError

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


# values


class ValuesSet(MappingSet):
    """What each value of one system is called in the other: items, taxes, payment methods, classes, locations."""

    what = "values"
    columns = (
        _column("kind", "Kind", "Genre", is_id=True),
        _column("kind_name", "Kind in words", "Genre en mots", told=True),
        _column("source_id", "Value ID", "ID de la valeur", is_id=True),
        _column("source_name", "Value", "Valeur", told=True),
        _column("target_id", "Becomes ID", "ID de la cible", is_id=True),
        _column("target_name", "Becomes", "Devient"),
        _column("confirmed", "Confirmed", "Confirmé", ways=YES_NO),
        _column("state", "State", "État", told=True),
        _column("waiting", "Waiting", "En attente", told=True),
    )
    keys, edits = ("kind", "source_id"), ("target_id", "target_name", "confirmed")

    def __init__(self, integration: Integration, language: str = "en") -> None:
        super().__init__(integration, language)
        self._specs = {item.kind: item for item in registry.recipe(integration.recipe).value_maps}
        self._waiting: dict[tuple[str, str], int] | None = None
        self._offered: dict[str, dict[str, values.Offered]] = {}
        self._named: dict[str, dict[str, list[str]]] = {}
        self._sources: dict[str, frozenset[str]] = {}
        self._targets: dict[str, frozenset[str]] = {}

    def rows(self) -> QuerySet[ValueMap]:
        """Return the rows of ours, by kind and name."""
        found = self.integration.value_maps.filter(kind__in=self._specs).select_related("question", "decided_by")
        return found.order_by("kind", "source_label", "source_key")

    def entries(self) -> Iterator[Entry]:
        """Yield what each value becomes, also while it becomes nothing yet."""
        for row in self.rows().iterator(chunk_size=2000):
            cells = {
                "kind": row.kind, "kind_name": self._specs[row.kind].label.say(self.language),
                "source_id": row.source_key, "source_name": row.source_label, "target_id": row.target_id,
                "target_name": row.target_label, "confirmed": "yes" if row.confirmed else "no",
                "state": str(ValueMap.State(row.state).label),
                "waiting": str(self._waits().get((row.kind, row.source_key), 0)),
            }  # fmt: skip
            yield Entry((row.kind, row.source_key), cells, row)

    def load(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Read what stands and what may be chosen, once."""
        super().load(rows)
        for kind in self._specs:
            offered = values.targets(self.integration, kind)
            self._offered[kind] = {item.id: item for item in offered}
            self._targets[kind] = frozenset(self._offered[kind])
            named: dict[str, list[str]] = {}
            for item in offered:
                if item.usable:
                    named.setdefault(plain_words(item.label), []).append(item.id)
            self._named[kind] = named
            self._sources[kind] = frozenset(source for one, source in self.live if one == kind)

    def key_of(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return kind and value; a kind may be told by its name."""
        kind, source = super().key_of(row)
        if kind not in self._specs:
            told = folded(kind)
            kind = next((key for key, item in self._specs.items() if told in (folded(item.label.en), folded(item.label.fr))), kind)  # fmt: skip # noqa: E501
        return kind, source

    def known_ids(self, name: str, row: Mapping[str, str]) -> frozenset[str]:
        """Values we have met, targets that are offered."""
        kind = self.key_of(row)[0]
        if name == "source_id":
            return self._sources.get(kind, frozenset())
        return self._targets.get(kind, frozenset()) if name == "target_id" else frozenset(self._specs)

    def judge(self, entry: Entry, before: Entry | None, told: frozenset[str]) -> None:
        """A target must be on the list as last read, by its id or by a name only one choice has."""
        kind = entry.key[0]
        if kind not in self._specs:
            raise Bad("ROW-KIND", value=kind, known=", ".join(self._specs))
        was = before or Entry(entry.key, {})
        untouched = all(entry.get(name) == was.get(name) for name in ("target_id", "target_name"))
        if before and untouched:
            entry.confirmed = "yes" if entry.confirmed == "yes" and entry.target_id else was.get("confirmed")  # type: ignore[attr-defined]
            if entry.get("confirmed") != was.get("confirmed"):
                self._usable(entry, kind)
            return
        if not entry.get("target_id") and not entry.get("target_name"):
            if before and (was.get("target_id")):
                raise Bad("ROW-EMPTIED")
            entry.confirmed = "no"  # type: ignore[attr-defined]
            return
        self._find(entry, kind, told)
        choice = self._usable(entry, kind)
        entry.target_name, entry.confirmed = choice.label, "yes"  # type: ignore[attr-defined]

    def _find(self, entry: Entry, kind: str, told: frozenset[str]) -> None:
        """Find the id a row means; an id and a name that are not of one choice are no answer."""
        name = entry.get("target_name") if "target_name" in told else ""
        by_name = self._named[kind].get(plain_words(name), []) if name else []
        if not entry.get("target_id") or "target_id" not in told:
            if len(by_name) != 1:
                raise Bad("ROW-NAME-MANY" if by_name else "ROW-NAME-UNKNOWN", value=name)
            entry.target_id = by_name[0]  # type: ignore[attr-defined]
            return
        choice = self._offered[kind].get(entry.get("target_id"))
        if choice and name and plain_words(choice.label) != plain_words(name):
            raise Bad("ROW-ID-NAME", id=choice.id, known=choice.label, value=name)

    def _usable(self, entry: Entry, kind: str) -> values.Offered:
        choice = self._offered[kind].get(entry.get("target_id"))
        if choice is None or not choice.usable:
            code = "MAP-TARGET-UNKNOWN" if choice is None else "MAP-TARGET-GONE"
            told = choice.label if choice else entry.get("target_id")
            raise Bad(code, target=told, value=entry.get("source_name") or entry.key[1])
        return choice

    def leaving(self, entry: Entry) -> None:
        """Only what has a target can lose it."""
        if not entry.get("target_id"):
            raise Bad("ROW-NOTHING")

    def _waits(self) -> dict[tuple[str, str], int]:
        if self._waiting is None:
            self._waiting = values.waiting(self.integration)
        return self._waiting

    def waiting(self, entry: Entry) -> int:
        """Return how many records wait for this value."""
        return self._waits().get((entry.key[0], entry.key[1]), 0)

    def title(self, entry: Entry) -> str:
        """Return kind and value in words."""
        spec = self._specs.get(entry.key[0])
        name = entry.get("source_name") or entry.key[1]
        return f"{spec.label.say(self.language)} · {name}" if spec else name

    def moved_by(self, entry: Entry) -> dict[str, Any]:
        """Return who decided about the value last, and when."""
        row = entry.row
        at = row.decided_at or row.changed_at
        return {"who": str(row.decided_by or "–"), "at": at.isoformat(timespec="minutes")[:16].replace("T", " ")}


# rules

WAYS = (("right", Text("to the right", "vers la droite")), ("left", Text("to the left", "vers la gauche")))


def _choices(told: Any) -> tuple[tuple[str, Text], ...]:
    from django.utils.translation import override

    found = []
    for value, label in told:
        words = []
        for language in ("en", "fr"):
            with override(language):
                words.append(str(label))
        found.append((value, Text(*words)))
    return tuple(found)


class RulesSet(MappingSet):
    """Field to field, of every flow."""

    what, most = "rules", 5_000
    columns = (
        _column("flow", "Flow", "Flux", is_id=True),
        _column("flow_name", "Flow in words", "Flux en mots", told=True),
        _column("toward", "Direction", "Sens", ways=WAYS),
        _column("source", "From", "De", is_id=True),
        _column("source_name", "From in words", "De, en mots", told=True),
        _column("target", "To", "Vers", is_id=True),
        _column("target_name", "To in words", "Vers, en mots", told=True),
        _column("transform", "Transform", "Transformation", is_id=True),
        _column("argument", "Argument", "Argument"),
        _column("when", "When", "Quand"),
        _column("on_conflict", "On conflict", "En cas de conflit"),
        _column("note", "Note", "Note"),
        _column("position", "Position", "Position", is_number=True),
    )
    keys = ("flow", "toward", "source", "target")
    edits = ("transform", "argument", "when", "on_conflict", "note", "position")

    def __init__(self, integration: Integration, language: str = "en") -> None:
        super().__init__(integration, language)
        self._flows = {flow.entity: flow for flow in integration.flows.all()}
        for flow in self._flows.values():
            flow.integration = integration
        self._words_of = {
            "when": _choices(MappingRule.When.choices), "on_conflict": _choices(MappingRule.OnConflict.choices),
        }  # fmt: skip

    def entries(self) -> Iterator[Entry]:
        """Yield the rules of all flows."""
        rows = MappingRule.objects.filter(flow__integration=self.integration).select_related("flow", "created_by")
        for row in rows.order_by("flow__entity", "toward", "position", "id"):
            fields = entity_fields(row.flow.entity) if row.flow.entity in ENTITY_LABELS else {}
            names = {
                name: fields[told].label.say(self.language) if told in fields else told
                for name, told in (("source", row.source), ("target", row.target))
            }
            cells = {
                "flow": row.flow.entity, "flow_name": _entity_words(row.flow.entity, self.language),
                "toward": row.toward, "source": row.source, "source_name": names["source"], "target": row.target,
                "target_name": names["target"], "transform": row.transform, "argument": row.argument,
                "when": row.when, "on_conflict": row.on_conflict, "note": row.note, "position": str(row.position),
            }  # fmt: skip
            yield Entry((row.flow.entity, row.toward, row.source, row.target), cells, row)

    def line_of(self, entry: Entry) -> list[str]:
        """Return one row, its choices in words."""
        shown = entry.copy()
        for name, ways in self._words_of.items():
            setattr(shown, name, dict(ways)[entry.get(name)].say(self.language))
        told = super().line_of(shown)
        told[-2] = self.stamp(entry)
        return told

    def _cell(self, item: Column, text: str) -> str:
        if item.key in self._words_of:
            told = {folded(word): value for value, words in self._words_of[item.key] for word in (value, words.en, words.fr)}  # fmt: skip # noqa: E501
            return told.get(folded(text), text.strip())
        return super()._cell(item, text)

    def judge(self, entry: Entry, before: Entry | None, told: frozenset[str]) -> None:
        """A rule must be one the page of fields would take."""
        flow = self._flows.get(entry.key[0])
        if flow is None:
            raise Bad("ROW-KIND", value=entry.key[0], known=", ".join(self._flows))
        defaults = {"transform": "copy", "when": "always", "on_conflict": "source", "position": "999"}
        for name, value in defaults.items():
            if not entry.get(name):
                setattr(entry, name, before.get(name) if before else value)
        if not entry.get("position").isdecimal() or int(entry.get("position")) > 32_767:
            raise Bad("ROW-NUMBER", column=self._title("position"), value=entry.get("position"))
        for name in ("argument", "note"):
            if len(entry.get(name)) > 300:
                raise Bad("ROW-LONG", column=self._title(name), most=300)
        for problem in integrations.problems_of_rule(flow, self.rule(entry)):
            raise Bad(problem.code, **dict(problem.params))

    def rule(self, entry: Entry) -> MappingRule:
        """Return the rule an entry describes, unsaved."""
        cells = {name: entry.get(name) for name in ("toward", "source", "target", *self.edits) if name != "position"}
        return MappingRule(flow=self._flows[entry.key[0]], position=int(entry.get("position")), **cells)

    def waiting(self, entry: Entry) -> int:
        """Return how many records of its flow wait for anything: a new rule is tried on them first."""
        flow = self._flows.get(entry.key[0])
        return _held_of(flow) if flow else 0

    def moved_by(self, entry: Entry) -> dict[str, Any]:
        """Return when the rule was last changed."""
        at = entry.row.changed_at.isoformat(timespec="minutes")[:16].replace("T", " ")
        return {"who": str(entry.row.created_by or "–"), "at": at}


def _held_of(flow: Flow) -> int:
    if not hasattr(flow, "held_now"):
        flow.held_now = flow.changes.filter(state=Change.State.HELD).count()  # type: ignore[attr-defined]
    return cast(int, flow.held_now)  # type: ignore[attr-defined]


def _entity_words(entity: str, language: str) -> str:
    return ENTITY_LABELS[entity].say(language) if entity in ENTITY_LABELS else entity


# pairs of records


class PairsSet(MappingSet):
    """What links and decisions share: two records, by resource and id, looked up in this client's accounts only."""

    keys = ("entity", "left_resource", "left_id", "right_resource", "right_id")
    pair = (
        _column("entity", "Entity", "Entité", is_id=True),
        _column("left_resource", "Left kind", "Genre à gauche", is_id=True),
        _column("left_id", "Left ID", "ID à gauche", is_id=True),
        _column("left_name", "Left", "À gauche"),
        _column("right_resource", "Right kind", "Genre à droite", is_id=True),
        _column("right_id", "Right ID", "ID à droite", is_id=True),
        _column("right_name", "Right", "À droite"),
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
        _column("made_by", "Linked by", "Lié par", told=True),
        _column("made_on", "Linked on", "Lié le", told=True),
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


DECISIONS = _choices(
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
        _column("score", "Likeness", "Ressemblance", told=True),
        _column("decision", "Decision", "Décision", ways=DECISIONS),
        _column("until", "Ask again on", "Redemander le"),
        _column("decided_by", "Decided by", "Décidé par", told=True),
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


SETS: dict[str, type[MappingSet]] = {
    kind.what: kind for kind in (ValuesSet, RulesSet, LinksSet, ItemsSet, CustomersSet)
}


def known_heads() -> frozenset[str]:
    """Return every heading of every set, folded: what tells the delimiter and the sheet."""
    return frozenset(head for kind in SETS.values() for head in kind.titles())


def other_set(heads: Iterable[str], but: str) -> str:
    """Return the set that has all its keys among these headings; "" for none."""
    told = {folded(head) for head in heads}
    for what, kind in SETS.items():
        titles = kind.titles()
        if what != but and set(kind.keys) <= {titles[head] for head in told if head in titles}:
            return what
    return ""
