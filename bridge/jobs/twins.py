"""What may be the same as a record, looked up at the other side for many records at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.engine.match import keys
from bridge.hub.models import Alias, Connection, Integration, Link
from bridge.hub.models import Record as Row
from connectors.contract import RecipeFlow, Record, Ref, Resource

Key = tuple[str, str]
FOUND_BY = {"email": "email_key", "number": "number", "sku": "number", "name": "name"}
SUSPECTED_BY = {"name": "name_key", "phone": "phone_key"}
COMMON = 20  # a name or number that more records have says nothing
Found = dict[Key, tuple[list[Record], str | None]]


@dataclass(slots=True)
class Twins:
    """Looks for twins of one flow, in one direction: `near` is the side of the sources."""

    integration: Integration
    declared: RecipeFlow
    near: str
    far: str
    target: Connection
    resources: Sequence[str]
    resource: Resource
    scope: str
    match_on: tuple[str, ...]
    context: Mapping[str, str]
    parse: Callable[[Row, Connection], Record | None]
    _found: Found = field(default_factory=dict)

    def find(self, sources: Iterable[Record | None]) -> Found:
        """Return, for records without a link, what may be the same over there, and who already has it."""
        known = [source for source in sources if source is not None]
        if self.declared.inside:
            return {(record.resource, record.remote_id): ([record], None) for record in known}
        self._found = {}
        if self.resource.chosen_id:
            self._by("remote_id", self._grouped(known, self._chosen))
            return self._found
        if self.match_on:
            self._by(FOUND_BY.get(self.match_on[0], "email_key"), self._grouped(known, self.key))
        if self.match_on[:1] == ("email",):
            self._by_other_addresses(self._grouped(known, self.key))
        for kind in self.declared.suspects:
            alone = [item for item in known if (item.resource, item.remote_id) not in self._found]
            self._suspected(SUSPECTED_BY[kind], alone)
        return self._found

    # by what is equal

    def _grouped(self, sources: Iterable[Record], key_of: Callable[[Record], str]) -> dict[str, list[Record]]:
        groups: dict[str, list[Record]] = defaultdict(list)
        for source in sources:
            if key := key_of(source):
                groups[key].append(source)
        return groups

    def _chosen(self, source: Record) -> str:
        assert self.resource.chosen_id is not None  # noqa: S101 - asked by the only caller
        named = {**source.values, "source": Ref(self.declared.entity, source.resource, source.remote_id)}
        return self.resource.chosen_id(named, self.context)

    def key(self, source: Record) -> str:
        """Return what a record's twin is looked up by, in the form its column holds."""
        first = self.match_on[0]
        if first == "email":
            return keys(self.declared.entity, source.values).email_key
        return str(source.values.get(first) or "")

    def _base(self) -> Any:
        return Row.objects.filter(connection=self.target, resource__in=self.resources, scope=self.scope)

    def _by(self, column: str, groups: Mapping[str, list[Record]]) -> None:
        if groups:
            rows = list(self._base().filter(**{f"{column}__in": list(groups)}))
            self._keep(((getattr(row, column), row) for row in rows), groups, self._rivals(rows))

    def _by_other_addresses(self, groups: Mapping[str, list[Record]]) -> None:
        """Somebody's second address is theirs as much as the first."""
        if not groups:
            return
        aliases = list(
            Alias.objects.filter(connection=self.target, value__in=list(groups), record__resource__in=self.resources)
            .select_related("record")
            .order_by("record_id")
        )
        rows = [alias.record for alias in aliases if alias.record.scope == self.scope]
        self._keep(((alias.value, alias.record) for alias in aliases), groups, self._rivals(rows))

    def _keep(
        self, rows: Iterable[tuple[str, Row]], groups: Mapping[str, list[Record]], rivals: Mapping[int, str]
    ) -> None:
        for key, row in rows:
            twin = self.parse(row, self.target)
            if twin is None:
                continue
            for source in groups[key]:
                known, rival = self._found.get((source.resource, source.remote_id), ([], None))
                if all(item.remote_id != twin.remote_id for item in known):
                    known.append(twin)
                self._found[source.resource, source.remote_id] = (known, rivals.get(row.pk, rival))

    def _rivals(self, rows: Sequence[Row]) -> dict[int, str]:
        links = Link.objects.filter(
            integration=self.integration, shared=False, **{f"{self.far}_id__in": [row.pk for row in rows]}
        )
        return dict(links.values_list(f"{self.far}_id", f"{self.near}__remote_id"))

    # by what is alike

    def _suspected(self, column: str, sources: Sequence[Record]) -> None:
        """Free records with the same name or number, for those without any other twin: a person may know them."""
        groups = self._grouped(sources, lambda item: str(getattr(keys(self.declared.entity, item.values), column)))
        if not groups:
            return
        rows = list(self._base().filter(gone=False, merged_into="", **{f"{column}__in": list(groups)}))
        taken = self._rivals(rows)
        alike: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            alike[getattr(row, column)].append(row)
        free = [(key, row) for key, mine in alike.items() if len(mine) <= COMMON for row in mine if row.pk not in taken]
        self._keep(free, groups, {})
