"""The measured process of `benchmarks.pages`: fill, then ask for every page."""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests

APART = 10_000_000  # how far the ids of one copy lie from those of the next
_AROUND = ("BEGIN", "COMMIT", "SET LOCAL", "SAVEPOINT", "RELEASE")  # what only brackets questions
MOST_QUERIES, MOST_SECONDS = 30, 0.5


def main() -> None:
    """Print a line per page, and how many were too slow or asked too much."""
    options = json.loads(sys.argv[1])
    import django

    django.setup()
    import logging

    logging.disable(logging.WARNING)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    began = time.monotonic()
    _first_client(options)
    _copies(options["organizations"])
    from bridge.hub.models import Change, Link, Organization, Record

    counted = {model.__name__: model.objects.count() for model in (Organization, Record, Link, Change)}
    print(f"{options['database']}: {counted}, filled in {time.monotonic() - began:.0f} s", flush=True)
    rows = list(_measured(options["times"]))
    slow = [row for row in rows if row["p95"] > MOST_SECONDS or row["queries"] > MOST_QUERIES or row["status"] >= 400]
    for row in sorted(rows, key=lambda item: -item["p95"]):
        mark = "  <-- " if row in slow else ""
        print(
            f"{row['name']:34} p50 {row['p50'] * 1000:6.0f} ms  p95 {row['p95'] * 1000:6.0f} ms  "
            f"{row['queries']:3} queries  {row['status']}{mark}"
        )
    print(f"{len(rows)} pages, {len(slow)} over {MOST_SECONDS * 1000:.0f} ms or {MOST_QUERIES} queries")


def _first_client(options: dict[str, Any]) -> None:
    """Sync one client to its end, and leave it with something held and something to plan."""
    from bridge.hub.models import Connection, Integration
    from tests.house import House, Server

    server = Server.__new__(Server)
    server.url, server.session = os.environ["BRIDGE_SANDBOX_URL"], requests.Session()
    house = House(server)
    house.pair()
    house.run()
    house.run()
    Integration.objects.update(automatic=True)
    number = options["customers"]
    server.load(
        "quickbooks",
        Customer=[
            {"Id": str(n), "PrimaryPhone": {"FreeFormNumber": f"(450) 555-{n:04d}"}} for n in range(number - 49, number)
        ],
    )
    house.run(approve=False)
    assert Connection.objects.count() == 2


def _copies(wanted: int) -> None:
    """Copy every row that belongs to the first client, with ids that lie apart; the database then counts its tables."""
    from django.db import connection

    from bridge.hub import models as hub

    kept = {"User", "VendorApp", "Instance", "Heartbeat", "Budget", "Slot", "Intake", "SignInState"}
    models = [model for model in vars(hub).values() if isinstance(model, type) and hasattr(model, "_meta")]
    models = [model for model in _parents_first(models) if model.__name__ not in kept and not model._meta.abstract]
    with connection.cursor() as cursor:
        for model in models:
            if not model._base_manager.exists():
                continue
            names, values = [], []
            for field in model._meta.concrete_fields:
                names.append(f'"{field.column}"')
                values.append(_copied(field, model, kept))
            table = model._meta.db_table
            lots = range(1, wanted)
            for at in lots:
                cursor.execute(
                    f'INSERT INTO "{table}" ({", ".join(names)}) SELECT {", ".join(values)} FROM "{table}" '  # noqa: S608
                    f"WHERE id < {APART}",
                    [at] * sum(value.count("%s") for value in values),
                )
        cursor.execute("ANALYZE")


def _parents_first(models: list[Any]) -> list[Any]:
    done: list[Any] = []

    def add(model: Any) -> None:
        if model in done:
            return
        for field in model._meta.concrete_fields:
            if field.remote_field and field.related_model in models and field.related_model is not model:
                add(field.related_model)
        done.append(model)

    for model in models:
        add(model)
    return done


def _copied(field: Any, model: Any, kept: set[str]) -> str:
    """Return the SQL of one column of a copy; %s is the copy's number."""
    column = f'"{field.column}"'
    if field.primary_key:
        return f"{column} + %s * {APART}"
    of = field.related_model if field.remote_field else None
    if of is not None and of.__module__.startswith("bridge") and of.__name__ not in kept:
        return f"{column} + %s * {APART}"
    if field.get_internal_type() == "UUIDField":
        from django.db import connection

        return "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    if (model.__name__, field.name) in {("Change", "settled_at"), ("VendorCall", "started_at")}:
        from django.db import connection

        # Two months of work: not all of it was done today.
        day = f"{column} - (%s %% 60) * interval '1 day'"
        return day if connection.vendor == "postgresql" else f"datetime({column}, '-' || (%s %% 60) || ' days')"
    if (model.__name__, field.name) in {("Organization", "name"), ("Connection", "account_id")}:
        return f"{column} || '-' || CAST(%s AS TEXT)"
    return column


# Pages


def _measured(times: int) -> Iterator[dict[str, Any]]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from bridge.hub.models import Membership, Organization, User

    staff = User.objects.get(email="ann@bridge.test")
    client_person = User.objects.create_user("carla@client.test", "correct horse battery", language="fr")
    for organization in Organization.objects.all():
        Membership.objects.create(organization=organization, user=client_person, role="manager")
    dice = random.Random(7)
    for person, pages in ((staff, _staff_pages()), (client_person, _portal_pages())):
        web = Client()
        web.force_login(person)
        for name, make in pages.items():
            took, queries, status = [], 0, 0
            web.get(make(dice))  # templates are compiled once a process, not once a page
            for _ in range(times):
                address = make(dice)
                with CaptureQueriesContext(connection) as asked:
                    began = time.perf_counter()
                    answer = web.get(address)
                    took.append(time.perf_counter() - began)
                told = [item for item in asked.captured_queries if not item["sql"].startswith(_AROUND)]
                queries, status = max(queries, len(told)), max(status, answer.status_code)
            took.sort()
            yield {
                "name": name, "p50": statistics.median(took), "p95": took[int(len(took) * 0.95) - 1],
                "queries": queries, "status": status,
            }  # fmt: skip


def _ids(model: Any, **where: Any) -> Callable[[random.Random], int]:
    found = list(model.objects.filter(**where).order_by("?").values_list("pk", flat=True)[:300])
    return lambda dice: dice.choice(found) if found else 0


def _staff_pages() -> dict[str, Callable[[random.Random], str]]:
    from django.urls import reverse

    from bridge.hub.models import Change, Connection, Integration, Organization, Record, Run

    pages: dict[str, Callable[[random.Random], str]] = {}

    def plain(name: str, query: str = "") -> None:
        pages[f"{name}{query}"] = lambda dice: reverse(f"admin:{name}") + query

    def of(name: str, pick: Callable[[random.Random], int], query: str = "") -> None:
        pages[f"{name}{query}"] = lambda dice: reverse(f"admin:{name}", args=[pick(dice)]) + query

    for name in ("index", "held", "duplicates", "conflicts", "runs", "changes", "health", "audit", "events"):
        plain(name)
    for model in ("organization", "connection", "integration", "record"):
        for name in (f"hub_{model}_changelist",):
            try:
                reverse(f"admin:{name}")
            except Exception:  # noqa: BLE001, S112 - not every model has a list of its own
                continue
            plain(name)
    plain("changes", "?state=done&page=40")
    plain("audit", "?book=writes")
    of("run_page", _ids(Run))
    of("run_plan", _ids(Run))
    of("record", _ids(Record, resource="customers"))
    for name, model in (("connection", Connection), ("integration", Integration), ("organization", Organization)):
        try:
            reverse(f"admin:{name}", args=[1])
        except Exception:  # noqa: BLE001, S112
            continue
        of(name, _ids(model))
    some = list(Record.objects.exclude(number="").order_by("?").values_list("number", "amount", "remote_id")[:200])
    people = list(Record.objects.exclude(email_key="").order_by("?").values_list("email_key", flat=True)[:200])
    find = reverse("admin:find")
    pages["find by number"] = lambda dice: f"{find}?q={dice.choice(some)[0]}"
    pages["find by amount"] = lambda dice: f"{find}?q={dice.choice(some)[1]}"
    pages["find by id"] = lambda dice: f"{find}?q={dice.choice(some)[2]}"
    pages["find by address"] = lambda dice: f"{find}?q={dice.choice(people)}"
    pages["find by a word"] = lambda dice: f"{find}?q={dice.choice(people).split('@')[0][:6]}"
    assert Change.objects.exists()
    return pages


def _portal_pages() -> dict[str, Callable[[random.Random], str]]:
    from django.urls import reverse

    from bridge.hub.models import Organization
    from bridge.portal.urls import of_organization

    pick, pages = _ids(Organization), {}
    for route in of_organization:
        text = str(route.pattern)
        if "<" not in text and not text.endswith(".csv"):
            pages[f"portal {route.name}"] = lambda dice, name=route.name: reverse(f"portal:{name}", args=[pick(dice)])
    pages["portal moved?q=word"] = lambda dice: reverse("portal:moved", args=[pick(dice)]) + "?q=invent"
    return pages


if __name__ == "__main__":
    main()
