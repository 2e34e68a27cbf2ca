"""What a recipe makes of whole records within a run: what they name is looked up for many of them at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from bridge.engine.model import Composed, Pair
from bridge.hub.models import Connection, Link, Run
from bridge.hub.models import Record as Row
from connectors.contract import RecipeFlow, Record, Ref

Key = tuple[str, str]
Parse = Callable[[Row, Connection], Record | None]


class Composer:
    """Composes the records of one flow. `prepare` a chunk of sources, then ask for each of them. Is the recipe's
    `Known`.
    """

    policy = None

    def __init__(
        self, run: Run, declared: RecipeFlow, source: Connection, target: Connection, side: str, parse: Parse
    ) -> None:
        self.run, self.declared, self.source, self.target = run, declared, source, target
        self.side, self.parse = side, parse
        self.settings: Mapping[str, str] = run.pinned["context"]
        self.states: dict[Key, tuple[str, str, str]] = {}
        self._twins: dict[Key, Record] = {}
        self._naming: dict[str, dict[Key, list[Record]]] = {}

    def seen_as(self, record: Record) -> Record:
        """Return the record as it is."""
        return record

    def prepare(self, sources: Sequence[Record]) -> None:
        """Look up, for all of these at once, what stands for the records they name."""
        self._twins = {}
        wanted = {(ref.resource, ref.remote_id) for record in sources for ref in refs_in(record.values)}
        if not wanted:
            return
        rows = Row.objects.filter(
            connection=self.source,
            resource__in={resource for resource, _ in wanted},
            remote_id__in={remote_id for _, remote_id in wanted},
        ).values_list("pk", "resource", "remote_id")
        named = {pk: (resource, remote_id) for pk, resource, remote_id in rows if (resource, remote_id) in wanted}
        far = "left" if self.side == "right" else "right"
        links = Link.objects.filter(**{f"{self.side}_id__in": list(named)}).select_related(far)
        for link in links:
            if link.integration_id != self.run.integration_id:
                continue
            twin = self.parse(getattr(link, far), self.target)
            if twin is not None and not twin.gone:
                self._twins[named[getattr(link, f"{self.side}_id")]] = twin

    def __call__(self, pair: Pair, target: Record | None) -> Composed:
        """Return what the record becomes. CannotMap: it waits, with this code."""
        assert self.declared.compose is not None  # noqa: S101 - made for flows that have one
        return self.declared.compose(pair.source, self, self.settings)

    # what a recipe may ask

    def twin(self, ref: Ref) -> Record | None:
        """Return the record that stands for one the source names; None: there is none (yet)."""
        return self._twins.get((ref.resource, ref.remote_id))

    def named(self, resource: str, remote_ids: Iterable[str]) -> list[Record]:
        """Return these records of the side written to."""
        rows = Row.objects.filter(
            connection=self.target, resource=resource, remote_id__in=list(remote_ids), gone=False, merged_into=""
        )
        return [record for row in rows if (record := self.parse(row, self.target)) is not None]

    def naming(self, resource: str, ref: Ref) -> list[Record]:
        """Return the records of `resource` that name this one. All of them are looked at once, the first time."""
        found = self._naming.get(resource)
        if found is None:
            found = self._naming[resource] = defaultdict(list)
            rows = Row.objects.filter(connection=self.target, resource=resource, gone=False, merged_into="")
            for row in rows.order_by("id").iterator(chunk_size=500):
                record = self.parse(row, self.target)
                for item in refs_in(record.values) if record else ():
                    found[item.resource, item.remote_id].append(record)  # type: ignore[arg-type]
        return found.get((ref.resource, ref.remote_id), [])

    def across(self, resource: str, ref: Ref) -> list[Record]:
        """Return the records of `resource` at the other side that name the twin of this one."""
        inside = self.declared.inside
        far = "left" if inside == "right" else "right"
        there: Connection = getattr(self.run.integration, far)
        twins = Link.objects.filter(
            integration=self.run.integration,
            **{f"{inside}__resource": ref.resource, f"{inside}__remote_id": ref.remote_id},
        ).values_list(f"{far}__remote_id", flat=True)
        rows = Row.objects.filter(connection=there, resource=resource, party__in=list(twins), gone=False)
        return [record for row in rows.order_by("id") if (record := self.parse(row, there)) is not None]


def refs_in(values: Mapping[str, object]) -> list[Ref]:
    """Return every record that canonical values name, in lists and lines too."""
    found: list[object] = []
    for value in values.values():
        found.append(value)
        for item in value if isinstance(value, list) else ():
            found += item.values() if isinstance(item, Mapping) else [item]
    return [item for item in found if isinstance(item, Ref)]
