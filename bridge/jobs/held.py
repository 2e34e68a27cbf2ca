"""Looking after what is held: one cause of one integration is somebody's, or put off to a day.

Nothing here touches a record or speaks to a vendor: a cause put off is only not asked about before its day.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from bridge.hub.models import HeldCause, Integration, Organization, User
from connectors.contract import SettingInvalid

Place = tuple[Integration, str]  # an integration and the code of a cause

LATEST = timedelta(days=366)


def colleagues(user: User) -> list[User]:
    """Return whom of the office this person can give something to, by name.

    Who sees every client: everybody. Who looks after some: themselves, who else looks after one of these, their owners.
    """
    office = User.objects.filter(is_staff=True, is_active=True).exclude(staff_role="", is_superuser=False)
    if not (user.is_superuser or user.sees_all):
        clients = Organization.objects.for_user(user)
        beside = User.organizations.through.objects.filter(organization__in=clients).values("user")
        office = office.filter(Q(pk=user.pk) | Q(pk__in=beside) | Q(pk__in=clients.values("owner")))
    return sorted(office, key=lambda person: str(person).casefold())


def assign(places: Collection[Place], person: User | None) -> int:
    """Give causes to a person of the office, or to nobody; return how many.

    SettingInvalid: the person does not work here or does not see one of the clients, and nothing was assigned.
    """
    if person is not None:
        seen = set(Organization.objects.for_user(person).values_list("pk", flat=True)) if person.may_work() else set()
        blind = next((pair for pair, _cause in places if pair.organization_id not in seen), None)
        if blind is not None:
            raise SettingInvalid("HELD-CARE-PERSON", params={"who": str(person), "client": str(blind.organization)})
    with transaction.atomic():
        for care in _rows(places):
            care.assigned_to = person
            care.save(update_fields=["assigned_to"])
    return len(places)


def put_off(places: Collection[Place], until: date | None) -> int:
    """Put causes off until a day: from that day on, where the client is, they are asked about again; return how many.

    SettingInvalid: the day is not after today at one of the clients, or more than a year ahead; nothing was put off.
    """
    for pair, _cause in places:
        today = pair.organization.today
        if until is None or not today < until <= today + LATEST:
            raise SettingInvalid("HELD-CARE-DAY")
    return _until(places, until)


def take_back(places: Collection[Place]) -> int:
    """Ask about causes again from now on; return how many."""
    return _until(places, None)


def _until(places: Collection[Place], until: date | None) -> int:
    with transaction.atomic():
        for care in _rows(places):
            care.until = until
            care.save(update_fields=["until"])
    return len(places)


def _rows(places: Iterable[Place]) -> list[HeldCause]:
    """Return a row for each place, saved one by one so that the history has it."""
    return [HeldCause.objects.get_or_create(integration=pair, cause=cause)[0] for pair, cause in places]
