"""The set of rules: field to field, of every flow of an integration."""

from collections.abc import Iterator
from typing import Any, cast

from bridge.hub.models import Change, Flow, Integration, MappingRule
from bridge.jobs import ruling
from bridge.jobs.mapping_planning import Bad, Column, Entry, MappingSet, choices, column
from bridge.jobs.mapping_reading import folded
from connectors.contract import ENTITY_LABELS, Text, entity_fields

WAYS = (("right", Text("to the right", "vers la droite")), ("left", Text("to the left", "vers la gauche")))


class RulesSet(MappingSet):
    """Field to field, of every flow."""

    what, most = "rules", 5_000
    columns = (
        column("flow", "Flow", "Flux", is_id=True),
        column("flow_name", "Flow in words", "Flux en mots", told=True),
        column("toward", "Direction", "Sens", ways=WAYS),
        column("source", "From", "De", is_id=True),
        column("source_name", "From in words", "De, en mots", told=True),
        column("target", "To", "Vers", is_id=True),
        column("target_name", "To in words", "Vers, en mots", told=True),
        column("transform", "Transform", "Transformation", is_id=True),
        column("argument", "Argument", "Argument"),
        column("when", "When", "Quand"),
        column("on_conflict", "On conflict", "En cas de conflit"),
        column("note", "Note", "Note"),
        column("position", "Position", "Position", is_number=True),
    )
    keys = ("flow", "toward", "source", "target")
    edits = ("transform", "argument", "when", "on_conflict", "note", "position")

    def __init__(self, integration: Integration, language: str = "en") -> None:
        super().__init__(integration, language)
        self._flows = {flow.entity: flow for flow in integration.flows.all()}
        for flow in self._flows.values():
            flow.integration = integration
        self._words_of = {
            "when": choices(MappingRule.When.choices), "on_conflict": choices(MappingRule.OnConflict.choices),
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
        for problem in ruling.problems_of_rule(flow, self.rule(entry)):
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
