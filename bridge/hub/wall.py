"""The second wall around a client: on PostgreSQL the portal reads and writes as roles that row-level security binds.

Python filters start from the person; should one be forgotten, the database still shows the portal only rows of the one
organization it was entered for. Roles and policies are made after `migrate`, from the models, so that a new table has
its own at once; on SQLite none of this is there.

    bridge_portal  may read, under a policy on every table that leads to an organization
    bridge_acts    may besides write what the people of a client change there, and the audit in their own name
    bridge_door    lets the database user of Bridge become these two without holding their limits otherwise

The role is taken with SET LOCAL, inside the transaction of the request: a pool may give the connection to somebody else
afterwards. Everybody else passes every policy (a constant the planner drops).
Source: https://www.postgresql.org/docs/current/ddl-rowsecurity.html (read 2026-11-20)
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import ForeignKey, Model
from django.db.utils import DatabaseError

log = logging.getLogger("bridge.hub.wall")

PORTAL, ACTS, DOOR = "bridge_portal", "bridge_acts", "bridge_door"
HOW = "Run `manage.py portal_wall` once as a database user that may create roles (see its --help)."

# What the portal reads besides the tables behind the wall: kinds of rows, and what pages keep a while.
READ_TOO = ("django_content_type",)
KEEPS = ("hub_cache",)

# What a person of a client changes from the portal, behind the wall; all else there is the office's to write.
WRITES: dict[str, str] = {
    "hub_question": "UPDATE",
    "hub_comment": "INSERT",
    "hub_membership": "INSERT, UPDATE, DELETE",
    "hub_report": "INSERT",
    "hub_reportplan": "INSERT, UPDATE",
    "hub_reportplan_readers": "INSERT, DELETE",
    # what an answer decides, and the run it begins
    "hub_valuemap": "UPDATE",
    "hub_integration": "UPDATE (maps_version, next_run_at)",
    "hub_connection": "UPDATE (read_seq)",  # what is looked at again; never a grant or a state
    "hub_candidate": "UPDATE",
    "hub_link": "INSERT, UPDATE, DELETE",
    "hub_exclusion": "INSERT",
    "hub_record": "UPDATE (touched)",
    "hub_change": "UPDATE",
    "hub_dispatch": "UPDATE (run_id)",
    "hub_run": "INSERT, UPDATE",
}
# Written in the name of whoever acts, and read by them no further.
OWN_NAME = {"auditlog_logentry": "actor_id = (SELECT nullif(current_setting('bridge.person', true), ''))::bigint"}

# The nearest tables to an organization, whose numbers are put into the session once per request.
_NEAR = {"Organization": "organizations", "Integration": "integrations", "Connection": "connections"}


def _set(name: str) -> str:
    return f"ANY ((SELECT nullif(current_setting('bridge.{name}', true), ''))::bigint[])"


def path_of(model: type[Model]) -> tuple[str, ...]:
    """Return the foreign keys that lead from a model to an integration, connection or organization; () for none."""
    label = model._meta.object_name
    keys = {field.name: field for field in model._meta.fields if isinstance(field, ForeignKey)}
    if label in _NEAR:
        return ()
    for name in ("organization", "integration", "connection"):
        if name in keys and keys[name].related_model._meta.object_name in _NEAR:  # type: ignore[union-attr]
            return (name,)
    for name in ("flow", "link", "file", "run", "record", "report", "reportplan"):
        if name in keys:
            further = path_of(keys[name].related_model)  # type: ignore[arg-type]
            if further:
                return (name, *further)
    return ()


def condition(model: type[Model]) -> str:
    """Return what a row must fulfil to be seen from the portal, as SQL; "" for a table that leads to no client."""
    table, label = model._meta.db_table, model._meta.object_name
    if label == "Organization":
        return f"id = {_set('organizations')} OR id = {_set('mine')}"
    if label == "User":  # the client's people, those its pages name, and the office
        return f"id = {_set('people')} OR is_staff OR is_superuser"
    if label == "Membership":
        return f"organization_id = {_set('organizations')} OR organization_id = {_set('mine')}"
    if label in _NEAR:
        return f"organization_id = {_set('organizations')}"
    if label == "SignInLink":  # of somebody: behind the wall are those of the client's people
        return "EXISTS (SELECT 1 FROM hub_membership m WHERE m.user_id = hub_signinlink.user_id)"
    path = path_of(model)
    if not path:
        return ""
    return _reached(model, path, table)


def _reached(model: type[Model], path: tuple[str, ...], table: str) -> str:
    field: Any = model._meta.get_field(path[0])
    parent = field.related_model
    if len(path) == 1:
        return f"{table}.{field.column} = {_set(_NEAR[parent._meta.object_name])}"
    inner = _reached(parent, path[1:], parent._meta.db_table)
    above = parent._meta.db_table
    # Names of our own tables and columns: nothing a person wrote.
    return f"EXISTS (SELECT 1 FROM {above} WHERE {above}.id = {table}.{field.column} AND {inner})"  # noqa: S608


def walled() -> dict[str, str]:
    """Return the condition of every table of the hub that leads to a client."""
    models = apps.get_app_config("hub").get_models(include_auto_created=True)  # what lies between two tables too
    found = {model._meta.db_table: condition(model) for model in models}
    return {table: text for table, text in found.items() if text}


def _bound() -> dict[str, str]:
    return {**walled(), **OWN_NAME}


def _name(text: str) -> str:
    return f"portal_{blake2b(text.encode(), digest_size=6).hexdigest()}"


# Building


def statements(to: str = "CURRENT_USER") -> list[str]:
    """Return the SQL that builds the wall where none is."""
    return role_statements(to) + table_statements({})


def role_statements(to: str = "CURRENT_USER") -> list[str]:
    """Return the SQL that makes the roles, and lets a database user take them."""
    found = [
        f"DO $$ BEGIN CREATE ROLE {name} NOLOGIN {kind}; EXCEPTION WHEN duplicate_object OR unique_violation "
        "THEN NULL; END $$"
        for name, kind in ((PORTAL, "NOINHERIT"), (ACTS, "INHERIT"), (DOOR, "NOINHERIT"))
    ]
    # Who acts is held to every policy of who reads.
    return [*found, f"GRANT {PORTAL} TO {ACTS}", f"GRANT {PORTAL}, {ACTS} TO {DOOR}", f"GRANT {DOOR} TO {to}"]


def table_statements(built: dict[str, set[str]]) -> list[str]:
    """Return the SQL of the tables alone; those in `built` that have their policy already are left alone."""
    found = [f"GRANT SELECT ON {', '.join(READ_TOO)} TO {PORTAL}"]
    found += [f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(KEEPS)} TO {PORTAL}"]
    found += [f"GRANT {verbs} ON {table} TO {ACTS}" for table, verbs in WRITES.items()]
    found += [f"GRANT SELECT, INSERT ON {table} TO {ACTS}" for table in OWN_NAME]
    for table, text in _bound().items():
        wanted, reader = _name(text), ACTS if table in OWN_NAME else PORTAL
        if wanted in built.get(table, ()):
            continue
        found += [f"DROP POLICY {name} ON {table}" for name in sorted(built.get(table, ()))]
        found += [
            f"CREATE POLICY portal_others ON {table} USING (true) WITH CHECK (true)",
            f"CREATE POLICY {wanted} ON {table} AS RESTRICTIVE TO {reader} USING ({text})",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"GRANT SELECT ON {table} TO {reader}",
        ]
    return found


def policies(using: str = DEFAULT_DB_ALIAS) -> dict[str, set[str]]:
    """Return the names of our policies by table."""
    found: dict[str, set[str]] = {}
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT tablename, policyname FROM pg_policies WHERE schemaname = current_schema() "
            "AND policyname LIKE 'portal\\_%%'"
        )
        for table, name in cursor.fetchall():
            found.setdefault(table, set()).add(name)
    return found


def build(using: str = DEFAULT_DB_ALIAS, to: str = "CURRENT_USER") -> int:
    """Build what is missing of the wall; return how many tables got a policy. Safe to run again."""
    before = policies(using)
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        for line in _roles(cursor, to) + table_statements(before):
            cursor.execute(line)
    return sum(_name(text) not in before.get(table, ()) for table, text in _bound().items())


def _roles(cursor: Any, to: str) -> list[str]:
    """Return what is missing of the roles: with them in place, no right to make any is needed."""
    cursor.execute(
        "SELECT count(*) = 3 AND coalesce(bool_and(pg_has_role(current_user, oid, 'MEMBER')), false) "
        "FROM pg_roles WHERE rolname IN (%s, %s, %s)", [PORTAL, ACTS, DOOR],
    )  # fmt: skip
    return [] if cursor.fetchone()[0] and to == "CURRENT_USER" else role_statements(to)


def after_migrate(sender: Any, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Build the wall once the tables are there; say what to do where this database user may not."""
    if connections[using].vendor != "postgresql":
        return
    try:
        build(using)
    except DatabaseError as error:
        log.warning("portal wall not built: %s %s", str(error).strip(), HOW)


# Passing through

_SCOPE = """
WITH who AS (SELECT id, is_staff, is_superuser, sees_all, staff_role FROM hub_user WHERE id = %(person)s AND is_active),
mine AS (SELECT m.organization_id AS id FROM hub_membership m JOIN who ON who.id = m.user_id),
seen AS (
  SELECT o.id FROM hub_organization o, who WHERE %(seeing)s AND o.id = %(organization)s AND who.is_staff
  AND (who.is_superuser OR (who.staff_role <> '' AND (who.sees_all OR EXISTS (
    SELECT 1 FROM hub_user_organizations l WHERE l.user_id = who.id AND l.organization_id = o.id))))),
here AS (
  SELECT id FROM mine WHERE %(organization)s::bigint IS NULL OR id = %(organization)s UNION SELECT id FROM seen),
named AS (
  SELECT id FROM who
  UNION SELECT user_id FROM hub_membership WHERE organization_id IN (SELECT id FROM here)
  UNION SELECT user_id FROM hub_comment WHERE organization_id IN (SELECT id FROM here)
  UNION SELECT connected_by_id FROM hub_connection WHERE organization_id IN (SELECT id FROM here)
  UNION SELECT asked_by_id FROM hub_report WHERE organization_id IN (SELECT id FROM here)
  UNION SELECT unnest(ARRAY[q.asked_of_id, q.asked_by_id, q.answered_by_id]) FROM hub_question q
    JOIN hub_integration i ON i.id = q.integration_id WHERE i.organization_id IN (SELECT id FROM here))
SELECT set_config('bridge.person', %(person)s::text, true),
  set_config('bridge.mine', (SELECT coalesce(array_agg(id), '{}')::text FROM mine WHERE NOT %(acting)s), true),
  set_config('bridge.organizations', (SELECT coalesce(array_agg(id), '{}')::text FROM here), true),
  set_config('bridge.integrations', (SELECT coalesce(array_agg(i.id), '{}')::text FROM hub_integration i
    WHERE i.organization_id IN (SELECT id FROM here)), true),
  set_config('bridge.connections', (SELECT coalesce(array_agg(c.id), '{}')::text FROM hub_connection c
    WHERE c.organization_id IN (SELECT id FROM here)), true),
  set_config('bridge.people', (SELECT coalesce(array_agg(id), '{}')::text FROM named WHERE id IS NOT NULL), true),
  set_config('role', %(role)s, true)
"""
_LARGEST = 2**63 - 1
_NO_ROLE = ("22023", "42501", "42704")  # it does not exist, or may not be taken
_inside: ContextVar[str] = ContextVar("the role taken behind the portal's wall", default="")


@contextmanager
def behind(person: Any, organization: int | None = None, seeing: bool = False, acting: bool = False) -> Iterator[None]:
    """Read as the portal does: only rows of one organization of this person, or of all of theirs for None.

    `seeing`: somebody of the office looks at it as the client. `acting`: write as well, what a person of the client may
    change and of that organization only; all of it is one transaction, so nobody is spoken to in it.
    ImproperlyConfigured: the wall is not built, and nothing is shown without it.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or _inside.get() == ACTS or (_inside.get() and not acting):
        yield
        return
    if _inside.get():
        raise RuntimeError("Nothing is changed while a page is made: act first, then show.")
    told = {"person": person.pk, "seeing": seeing, "acting": acting,
            "organization": organization if organization is None or organization <= _LARGEST else -1}  # fmt: skip
    role, within = ACTS if acting else PORTAL, connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            try:
                cursor.execute(_SCOPE, {**told, "role": role})
            except DatabaseError as error:
                if getattr(error.__cause__, "sqlstate", "") not in _NO_ROLE:
                    raise
                raise ImproperlyConfigured(f"The portal's wall is not built. {HOW}") from error
        token = _inside.set(role)
        try:
            yield
        finally:
            _inside.reset(token)
        if within:  # else the role ends with the transaction
            _take("NONE")


@contextmanager
def outside(_why: str) -> Iterator[None]:
    """Step out for what is the house's and no client's, such as who has an address; behind the wall again afterwards.

    Whoever calls it says why, for whoever reads.
    """
    role = _inside.get()
    if not role:
        yield
        return
    _take("NONE")
    token = _inside.set("")
    try:
        yield
    finally:
        _inside.reset(token)
        _take(role)


def _take(role: str) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.needs_rollback:  # else the role ends with what is rolled back
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")


def is_built(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Tell whether every table has its policy and the role can be taken."""
    if connections[using].vendor != "postgresql":
        return True
    there = policies(using)
    if any(_name(text) not in there.get(table, ()) for table, text in _bound().items()):
        return False
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) = 2 AND coalesce(bool_and(pg_has_role(current_user, oid, 'MEMBER')), false) "
            "FROM pg_roles WHERE rolname IN (%s, %s)", [PORTAL, ACTS],
        )  # fmt: skip
        found = cursor.fetchone()
    return bool(found and found[0])
