"""The people of a client: let in and sent away by the client's own managers."""

import logging

from django.db import transaction
from django.utils import timezone

from bridge.hub import wall
from bridge.hub.models import Connection, Membership, Organization, User
from bridge.jobs import connections, links, runs
from connectors.contract import SettingInvalid

log = logging.getLogger("bridge.jobs.members")


def invite(organization: Organization, email: str, role: str, by: User, language: str = "", name: str = "") -> User:
    """Let a person see an organization's pages; a new person has no password until they choose one.

    SettingInvalid: the person sees them already, belongs to the office, or was switched off by it.
    """
    email = email.strip().lower()
    given, _space, family = name.strip().partition(" ")
    with transaction.atomic():
        with wall.outside("an address may be a person's of another client, or of the office"):
            person = User.objects.filter(email__iexact=email).first()
            if person is None:
                person = User.objects.create_user(
                    email, language=language or organization.language, time_zone=organization.time_zone,
                    first_name=given[:150], last_name=family[:150],
                )  # fmt: skip
            taken_back = links.taken_back(person)
        if person.is_staff:
            raise SettingInvalid("PEOPLE-STAFF", params={"who": email}, field="email")
        if not person.is_active and not taken_back:
            raise SettingInvalid("PEOPLE-OFF", params={"who": email}, field="email")
        _row, made = Membership.objects.get_or_create(organization=organization, user=person, defaults={"role": role})
        if not made:
            raise SettingInvalid("PEOPLE-HERE", params={"who": email}, field="email")
    log.info("member invited organization=%s user=%s role=%s by=%s", organization.pk, person.pk, role, by.pk)
    return person


def send(organization: Organization, person: User, by: User) -> bool:
    """Mail the invitation; who has come in before is told of the new pages. False where the mail did not leave."""
    if person.last_login is None:
        return links.invite(person, by)
    return links.tell_of_access(person, organization, by)


def again(member: Membership, by: User) -> bool:
    """Send the invitation of somebody who has not come yet once more; the earlier link ends. See `links.invite`."""
    return links.invite(member.user, by)


def remove(member: Membership, by: User) -> None:
    """Send a person away; their name stays with what they decided. SettingInvalid for the only manager.

    An invitation nobody has used yet is taken back with it.
    """
    with transaction.atomic():
        managers = Membership.objects.select_for_update(of=("self",)).filter(
            organization=member.organization_id, role=Membership.Role.MANAGER, user__is_active=True
        )
        others = [row.pk for row in managers if row.pk != member.pk]
        if member.role == Membership.Role.MANAGER and not others:
            raise SettingInvalid("PEOPLE-LAST-MANAGER", params={"who": str(member.user)})
        person = member.user
        member.delete()
        with wall.outside("sessions and invitations are the person's, who may be of other clients too"):
            person.end_sessions()
            if person.last_login is None and person.is_active and not person.memberships.exists():
                links.withdraw(person, by)
    log.info("member removed organization=%s user=%s by=%s", member.organization_id, member.user_id, by.pk)


def revoke(connection: Connection, user: User) -> bool:
    """Withdraw the access to an account: wiped here at once, ended at the vendor where it can be; True when it said so.

    What was under way stops; what waits is done after the account is connected again.
    """
    for integration in connections.in_use(connection):
        for run in integration.runs.filter(state__in=runs.Run.OPEN):
            runs.stop(run, user)
    confirmed = connections.forget(connection, user)
    if connections.in_use(connection).exists():
        # Its pairs are still wanted: the office sees that the client must connect again.
        connection.state = Connection.State.ATTENTION
        connection.reason_code, connection.reason_params = "CONNECTION-REVOKED", {"who": str(user)}
        connection.checked_at = timezone.now()
        connection.save(update_fields=["state", "reason_code", "reason_params", "checked_at"])
    log.info("access withdrawn connection=%s user=%s confirmed=%s", connection.pk, user.pk, confirmed)
    return confirmed
