"""The second wall around a client: on PostgreSQL the portal reads as a role that row-level security binds.

Python filters start from the person; should one be forgotten, the database still shows the portal only rows of the one
organization it was entered for. Roles and policies are made after `migrate`, from the models, so that a new table has
its own at once; on SQLite none of this is there.

    bridge_portal  may read, under a policy on every table that leads to an organization
    bridge_door    lets the database user of Bridge become bridge_portal without holding its limits otherwise

The role is taken with SET LOCAL, inside the transaction of the request: a pool may give the connection to somebody else
afterwards. Everybody but bridge_portal passes every policy (a constant the planner drops).
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

PORTAL, DOOR = "bridge_portal", "bridge_door"
HOW = "Run `manage.py portal_wall` once as a database user that may create roles (see its --help)."

# What the portal reads besides the tables behind the wall: people's names, kinds of rows, and what pages keep a while.
READ_TOO = ("hub_user", "django_content_type")
KEEPS = ("hub_cache",)

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


def _name(text: str) -> str:
    return f"portal_{blake2b(text.encode(), digest_size=6).hexdigest()}"


# Building


def statements(built: dict[str, set[str]] | None = None, to: str = "CURRENT_USER") -> list[str]:
    """Return the SQL that builds the wall; tables in `built` that have their policy already are left alone."""
    found = [
        f"DO $$ BEGIN CREATE ROLE {name} NOLOGIN {kind}; EXCEPTION WHEN duplicate_object OR unique_violation "
        "THEN NULL; END $$"
        for name, kind in ((PORTAL, "NOINHERIT"), (DOOR, "NOINHERIT"))
    ]
    found += [f"GRANT {PORTAL} TO {DOOR}", f"GRANT {DOOR} TO {to}"]
    return found + table_statements(built or {})


def table_statements(built: dict[str, set[str]]) -> list[str]:
    """Return the SQL of the tables alone."""
    found = [f"GRANT SELECT ON {', '.join(READ_TOO)} TO {PORTAL}"]
    found += [f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(KEEPS)} TO {PORTAL}"]
    for table, text in walled().items():
        wanted = _name(text)
        if wanted in built.get(table, ()):
            continue
        found += [f"DROP POLICY {name} ON {table}" for name in sorted(built.get(table, ()))]
        found += [
            f"CREATE POLICY portal_others ON {table} USING (true) WITH CHECK (true)",
            f"CREATE POLICY {wanted} ON {table} AS RESTRICTIVE TO {PORTAL} USING ({text})",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"GRANT SELECT ON {table} TO {PORTAL}",
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
    return sum(_name(text) not in before.get(table, ()) for table, text in walled().items())


def _roles(cursor: Any, to: str) -> list[str]:
    """Return what is missing of the roles: with them in place, no right to make any is needed."""
    cursor.execute(
        "SELECT count(*) = 2 AND coalesce(bool_or(pg_has_role(current_user, oid, 'MEMBER')), false) "
        "FROM pg_roles WHERE rolname IN (%s, %s)", [PORTAL, DOOR],
    )  # fmt: skip
    return [] if cursor.fetchone()[0] and to == "CURRENT_USER" else statements({}, to)[:4]


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
  SELECT id FROM mine WHERE %(organization)s::bigint IS NULL OR id = %(organization)s UNION SELECT id FROM seen)
SELECT set_config('bridge.mine', (SELECT coalesce(array_agg(id), '{}')::text FROM mine), true),
  set_config('bridge.organizations', (SELECT coalesce(array_agg(id), '{}')::text FROM here), true),
  set_config('bridge.integrations', (SELECT coalesce(array_agg(i.id), '{}')::text FROM hub_integration i
    WHERE i.organization_id IN (SELECT id FROM here)), true),
  set_config('bridge.connections', (SELECT coalesce(array_agg(c.id), '{}')::text FROM hub_connection c
    WHERE c.organization_id IN (SELECT id FROM here)), true)
"""
_LARGEST = 2**63 - 1
_inside: ContextVar[bool] = ContextVar("inside the portal's wall", default=False)


@contextmanager
def behind(person: Any, organization: int | None = None, seeing: bool = False) -> Iterator[None]:
    """Read as the portal does: only rows of one organization of this person, or of all of theirs for None.

    `seeing`: somebody of the office looks at it as the client. Reads only; whoever writes does so outside.
    ImproperlyConfigured: the wall is not built, and nothing is shown without it.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or _inside.get():
        yield
        return
    told = {"person": person.pk, "seeing": seeing,
            "organization": organization if organization is None or organization <= _LARGEST else -1}  # fmt: skip
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SCOPE, told)
            try:
                cursor.execute(f"SET LOCAL ROLE {PORTAL}")
            except DatabaseError as error:
                raise ImproperlyConfigured(f"The portal's wall is not built. {HOW}") from error
        token = _inside.set(True)
        try:
            yield
        finally:
            _inside.reset(token)
        if not connection.needs_rollback:  # inside a larger transaction the role would stay
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE NONE")


def is_built(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Tell whether every table has its policy and the role can be taken."""
    if connections[using].vendor != "postgresql":
        return True
    there = policies(using)
    if any(_name(text) not in there.get(table, ()) for table, text in walled().items()):
        return False
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", [PORTAL])
        found = cursor.fetchone()
    return bool(found and found[0])
