"""Forty secrets and more, one in every place that keeps one: after a run full of faults none stands anywhere else."""

import contextlib
import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache

from tests.faults import canaries
from tests.faults.stage import Workers

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def world(stage):
    """A client with a row of every kind an address can name, and what it keeps secret."""
    from bridge.hub.models import VendorApp
    from tests.unit.rights import samples

    made = samples.world("Atelier Inventé", "Ptarmigan")
    made.rows["vendorapp"] = VendorApp.objects.filter(vendor="quickbooks").first()
    return made


def letters(stage, world):
    """Let the mails leave that carry links, and those that tell what went wrong; return what they were."""
    from django.test import Client

    from bridge.hub.models import Connection, Letter, SignInLink
    from bridge.jobs import letters as post
    from bridge.jobs import links, notices

    links.invite(world.place.member.user, stage.house.ann)
    Client().post("/accounts/link/", {"email": world.place.member.user.email})
    for link in SignInLink.objects.filter(mailed_at__isnull=True):
        links.send(link.pk)
    Connection.objects.filter(pk=world.place.connection.pk).update(
        state="attention", reason_code="CONNECTION-ATTENTION"
    )
    world.place.question.asked_of = world.place.member.user
    world.place.question.save()
    notices.question_asked(world.place.question.pk)
    notices.tick()
    for letter in Letter.objects.filter(state="waiting"):
        post.send(letter.pk)
    return list(mail.outbox)


@pytest.mark.fault("S20")
@pytest.mark.fault("B15")
def test_no_secret_stands_in_a_log_page_export_mail_task_or_dump(stage, world, caplog):
    caplog.set_level(logging.DEBUG)
    stage.load(20, 30)
    stage.pair()
    planted = canaries.plant(stage.house, world)
    assert len(planted) >= 36
    stage.server.faults(
        {"kind": "expire_tokens", "vendor": "quickbooks"},
        {"kind": "status", "status": 400, "rate": 0.1, "seed": 1, "path": "/(3.0|v3)/"},
        {"kind": "truncate", "rate": 0.1, "seed": 3, "path": "/(3.0|v3)/"},
    )
    workers = Workers(stage.hub, 2, BRIDGE_LOG="DEBUG")
    try:
        workers.wait_ready()
        with contextlib.suppress(AssertionError):  # it need not come to an end under so much fire
            stage.drive(stage.start(), 10)
    finally:
        workers.close()
    stage.server.faults()
    mails = letters(stage, world)
    links = canaries.in_links(mails)
    assert links, "no link left by mail"
    secrets = {**planted, **canaries.kept_by(stage.house), **links}
    assert len(secrets) >= 40
    scan = canaries.Scan(secrets)
    canaries.walk(scan, world)
    scan.database(stage.hub.url)
    scan.text("log", "workers", stage.hub.logs())
    scan.text("log", "here", caplog.text)
    scan.mails(mails, frozenset(links))
    assert {"database", "tasks", "cache", "log", "page", "csv", "xlsx", "json", "pdf", "mail"} <= scan.looked.keys()
    assert scan.looked["page"] > 80
    assert not scan.found, dict(scan.found)


@pytest.mark.fault("S20")
def test_twin_a_secret_written_down_is_found_in_each_place(stage, world, caplog):
    from django_q.models import OrmQ

    from bridge.hub.models import Organization
    from bridge.jobs import reports, ticking

    leak = "CANARY-99-leak-0d1e2a3d"
    scan = canaries.Scan({"leak": leak})
    ticking.beat("leak", leak)
    cache.set("leak", "kept")
    OrmQ.objects.create(key="leak", payload=leak, lock=None)
    logging.getLogger("bridge.leak").warning("token %s", leak)
    Organization.objects.filter(pk=world.place.organization.pk).update(name=leak)
    world.rows["shop"].value_maps.update(source_key=leak)
    type(world.rows["shop"]).objects.filter(pk=world.rows["shop"].pk).update(settings={"number_prefix": leak})
    world.place.organization.refresh_from_db()
    other = world.place.report
    world.rows["report"] = reports.ask(other.organization, other.first - timedelta(days=1), other.last, stage.house.ann)
    reports.make(world.rows["report"].pk)
    letters(stage, world)
    canaries.walk(scan, world)
    scan.database(stage.hub.url)
    scan.text("log", "here", caplog.text)
    scan.mails(mail.outbox, frozenset())
    wanted = {"database", "tasks", "log", "page", "csv", "xlsx", "json", "pdf", "mail"}
    assert wanted <= scan.found.keys(), wanted - scan.found.keys()
