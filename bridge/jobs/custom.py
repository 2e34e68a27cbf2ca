"""Fields an account's people added to a resource: listed fresh on request, remembered, and made over there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from bridge import registry
from bridge.hub.models import Connection, Flow, ReferenceList, User
from bridge.jobs.account import opened
from bridge.jobs.context import context_of
from bridge.jobs.values import Offered, offered
from connectors.contract import CUSTOM, CustomFields, Resource, SettingInvalid

LONGEST = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flow meets fields of an account's own: one side of it."""

    flow: Flow
    side: Literal["left", "right"]
    connection: Connection
    resource: Resource
    fields: CustomFields

    @property
    def key(self) -> str:
        """What the list is remembered by."""
        return f"{CUSTOM}{self.resource.name}"

    @property
    def may_make(self) -> bool:
        """Whether a field can be made over there from here."""
        return self.fields.make is not None

    @property
    def listed(self) -> list[Offered]:
        """The fields as last read, those gone since left out."""
        return [item for item in offered(self.connection, self.key) if item.usable]

    @property
    def read_at(self) -> datetime | None:
        """When they were last read; None for never."""
        kept = ReferenceList.objects.filter(connection=self.connection, key=self.key).first()
        return kept.read_at if kept else None


def places(flow: Flow) -> list[Place]:
    """Return the sides of a flow whose accounts may have fields of their own; those not connected are left out."""
    recipe = registry.recipe(flow.integration.recipe)
    declared = recipe.flow(flow.entity)
    found: list[Place] = []
    sides: tuple[Literal["left", "right"], ...] = ("left", "right")
    for side in sides:
        connection, names = getattr(flow.integration, side), getattr(declared, side)
        if connection is None or not names:
            continue
        resource = registry.connector(connection.vendor).resource(names[0])
        if resource.custom is not None:
            found.append(Place(flow, side, connection, resource, resource.custom))
    return found


def refresh(place: Place) -> int:
    """Read the fields anew and remember them; return how many there are. SyncError: what was known stays."""
    with opened(place.connection, context_of(place.flow.integration)) as (api, _):
        fresh = place.fields.listed(api)
    _remember(place, fresh)
    return len(fresh)


def make(place: Place, label: str, user: User | None) -> str:
    """Make a text field over there, and return the name rules know it by. SettingInvalid (field label) where the label
    is blank, too long or taken; SyncError: as the vendor says.
    """
    label = " ".join(label.split())
    if not label or len(label) > LONGEST:
        raise SettingInvalid("CUSTOM-LABEL", params={"most": LONGEST}, field="label")
    with opened(place.connection, context_of(place.flow.integration)) as (api, _):
        known = place.fields.listed(api)
        if any(label.casefold() == other.casefold() for _, other in known) or place.fields.make is None:
            raise SettingInvalid("CUSTOM-TAKEN", params={"label": label}, field="label")
        name = place.fields.make(api, label)
    _remember(place, [*known, (name, label)])
    return CUSTOM + name


def _remember(place: Place, fresh: Sequence[tuple[str, str]]) -> None:
    rows = [{"id": name, "label": label, "active": True, "gone": False, "facts": {}} for name, label in fresh]
    ReferenceList.objects.update_or_create(
        connection=place.connection, key=place.key, defaults={"choices": rows, "read_at": timezone.now()}
    )
