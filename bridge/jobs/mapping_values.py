"""The set of values: what each value of one system is called in the other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from bridge import registry
from bridge.engine.suggest import plain as plain_words
from bridge.hub.models import Integration, ValueMap
from bridge.jobs import values
from bridge.jobs.mapping_planning import YES_NO, Bad, Entry, MappingSet, column
from bridge.jobs.mapping_reading import folded


class ValuesSet(MappingSet):
    """What each value of one system is called in the other: items, taxes, payment methods, classes, locations."""

    what = "values"
    columns = (
        column("kind", "Kind", "Genre", is_id=True),
        column("kind_name", "Kind in words", "Genre en mots", told=True),
        column("source_id", "Value ID", "ID de la valeur", is_id=True),
        column("source_name", "Value", "Valeur", told=True),
        column("target_id", "Becomes ID", "ID de la cible", is_id=True),
        column("target_name", "Becomes", "Devient"),
        column("confirmed", "Confirmed", "Confirmé", ways=YES_NO),
        column("state", "State", "État", told=True),
        column("waiting", "Waiting", "En attente", told=True),
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
