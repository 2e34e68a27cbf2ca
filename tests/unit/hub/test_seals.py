"""The audit's seals: what is changed or taken away past Bridge shows, and nothing else does."""

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from bridge.hub import seals
from bridge.hub.models import AuditSeal
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def history():
    """Some entries, sealed in two lots."""
    flow = factories.integration().flows.first()
    for minutes in (10, 20, 30):
        flow.cadence_minutes = minutes
        flow.save()
        seals.seal_new()
    assert AuditSeal.objects.count() == LogEntry.objects.count() > 3
    return list(LogEntry.objects.filter(content_type__model="flow", action=1).order_by("id"))


def tamper(statement: str, *values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_what_was_left_alone_is_whole_and_sealed_once(history):
    newest = seals.check().newest
    assert seals.seal_new() == 0
    found = seals.check()
    assert found.is_whole
    assert (found.sealed, found.waiting, found.newest) == (LogEntry.objects.count(), 0, newest)


def test_an_entry_changed_in_the_database_breaks_its_seal_and_no_other(history):
    tamper(
        "UPDATE auditlog_logentry SET changes = %s WHERE id = %s", '{"cadence_minutes": ["60", "99"]}', history[0].pk
    )
    found = seals.check()
    assert (found.broken, found.missing) == ((history[0].pk,), ())


def test_an_entry_taken_away_is_missed(history):
    tamper("DELETE FROM auditlog_logentry WHERE id = %s", history[1].pk)
    found = seals.check()
    assert (found.broken, found.missing) == ((), (history[1].pk,))


def test_an_entry_with_its_seal_taken_away_breaks_the_one_after_it(history):
    tamper("DELETE FROM auditlog_logentry WHERE id = %s", history[1].pk)
    after = AuditSeal.objects.filter(pk__gt=AuditSeal.objects.get(entry=history[1].pk).pk).first()
    AuditSeal.objects.filter(entry=history[1].pk).delete()
    assert seals.check().broken == (after.entry,)


def test_a_new_key_takes_the_chain_over_but_never_hides_a_break(history, settings):
    import os
    from base64 import b64encode

    old = settings.BRIDGE_KEYS
    settings.BRIDGE_KEYS = f"fresh:{b64encode(os.urandom(32)).decode()},{old}"
    tamper("UPDATE auditlog_logentry SET remote_addr = %s WHERE id = %s", "10.1.2.3", history[0].pk)
    assert seals.reseal() == 0
    assert seals.check().broken == (history[0].pk,)
    tamper("UPDATE auditlog_logentry SET remote_addr = NULL WHERE id = %s", history[0].pk)
    call_command("rotate_keys")
    assert set(AuditSeal.objects.values_list("key", flat=True)) == {"fresh"}
    settings.BRIDGE_KEYS = settings.BRIDGE_KEYS.split(",")[0]
    assert seals.check().is_whole


def test_a_key_that_is_gone_is_said_to_be_gone_not_to_be_a_forgery(history, settings):
    import os
    from base64 import b64encode

    settings.BRIDGE_KEYS = f"other:{b64encode(os.urandom(32)).decode()}"
    found = seals.check()
    assert found.unknown_keys and not (found.broken or found.missing or found.is_whole)


def test_the_page_says_what_fits_and_what_does_not(history, client):
    client.force_login(factories.staff())
    assert "alert-ok" in client.get(reverse("admin:audit_seals")).content.decode()
    tamper(
        "UPDATE auditlog_logentry SET changes = %s WHERE id = %s", '{"cadence_minutes": ["60", "99"]}', history[0].pk
    )
    page = client.get(reverse("admin:audit_seals")).content.decode()
    assert "alert-bad" in page and "<ins>99</ins>" in page
