"""Many rows in one statement, on SQLite and PostgreSQL.

The ORM's own bulk calls spend most of their time escaping JSON and building CASE expressions (measured: 150 ms per 500
rows
where one UPDATE … FROM takes 1 to 8 ms). Rows are tuples in the order of `columns`, values as the model fields take
them.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from msgspec import Raw

from bridge.hub.documents import DocumentField, encode

CHUNK = 500


class among(models.Func):  # noqa: N801 - reads as a question in filters
    """True where a column, by name, holds one of `values`: one parameter, however many they are.

    Django looks at each value of an `__in` several times and writes a mark for each: a tenth of a first sync's CPU.
    """

    output_field = models.BooleanField()

    def __init__(self, name: str, values: Iterable[Any]) -> None:
        super().__init__(models.F(name))
        self.values = list(values)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Return the comparison for SQLite."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, encode(self.values)]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:
        """Return the comparison for PostgreSQL."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY(%s)", [*params, self.values]


def insert(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows; a row that breaks a constraint raises IntegrityError."""
    _write(model, columns, rows, "")


def insert_ignoring(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, leaving out those that are there already by any unique rule."""
    _write(model, columns, rows, " ON CONFLICT DO NOTHING")


def insert_new(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], back: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Insert a few rows with one statement, leaving out those that are there already; returns `back` of the new ones.

    For rows that come in small numbers and often, where a passing table would cost more than the rows.
    """
    names, told = _names(model, columns), _names(model, back)
    one = "(" + ", ".join(["%s"] * len(names)) + ")"
    found: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for start in range(0, len(rows), CHUNK):
            part = _prepared(model, columns, rows[start : start + CHUNK])
            cursor.execute(
                f'INSERT INTO "{model._meta.db_table}" ({", ".join(_quote(names))}) '  # noqa: S608
                f"VALUES {', '.join([one] * len(part))} ON CONFLICT DO NOTHING RETURNING {', '.join(_quote(told))}",
                [value for row in part for value in row],
            )
            found += cursor.fetchall()
    return found


def add(model: type[models.Model], key: dict[str, Any], amounts: dict[str, int]) -> None:
    """Add amounts to the columns of the one row with this unique key, which is made where it is not there yet.

    For counts: outside a transaction the commit does not wait for the disk, so that nobody waits for the row.
    """
    names, keys = _names(model, [*key, *amounts]), _names(model, key)
    table = model._meta.db_table
    sets = ", ".join(f'"{name}" = "{table}"."{name}" + excluded."{name}"' for name in names[len(keys) :])
    (row,) = _prepared(model, [*key, *amounts], [[*key.values(), *amounts.values()]])
    loose = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(
            f"{'SET LOCAL synchronous_commit = off; ' if loose else ''}"
            f'INSERT INTO "{table}" ({", ".join(_quote(names))}) VALUES ({", ".join(["%s"] * len(names))})'  # noqa: S608
            f" ON CONFLICT ({', '.join(_quote(keys))}) DO UPDATE SET {sets}",
            row,
        )


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    unique: Sequence[str],
    changed: str,
) -> None:
    """Insert rows, or update those with the same `unique` columns where column `changed` differs.

    Rows must not repeat a key. `changed` is one of `columns`: an equal value leaves the stored row as it is.
    """
    names = _names(model, columns)
    keys = [model._meta.get_field(name).column for name in unique]
    table, mark = model._meta.db_table, model._meta.get_field(changed).column
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    conflict = (
        f" ON CONFLICT ({', '.join(_quote(keys))}) DO UPDATE SET {sets}"
        f' WHERE "{table}"."{mark}" IS DISTINCT FROM excluded."{mark}"'
    )
    if connection.vendor == "sqlite":
        conflict = conflict.replace("IS DISTINCT FROM", "IS NOT")
    _write(model, columns, rows, conflict)


def update(
    model: type[models.Model],
    key: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    where: str = "",
    params: Sequence[Any] = (),
) -> set[Any]:
    """Set `columns` of the rows named by `key`, the first value of each tuple; returns the keys that were met.

    `where` narrows further in SQL, with the stored row as `t`.
    """
    met: set[Any] = set()
    if not rows:
        return met
    names = _names(model, [key, *columns])
    source_of = _recordset if connection.vendor == "postgresql" else _values
    # SQLite knows nothing but the updated table in RETURNING, and no name for it.
    own = "t." if connection.vendor == "postgresql" else ""
    table, sets = model._meta.db_table, ", ".join(f'"{name}" = v."{name}"' for name in names[1:])
    with connection.cursor() as cursor:
        for start in range(0, len(rows), CHUNK):
            source, values = source_of(model, [key, *columns], names, rows[start : start + CHUNK])
            sql = f'UPDATE "{table}" AS t SET {sets} FROM {source} WHERE t."{names[0]}" = v."{names[0]}"'  # noqa: S608
            if where:
                sql += f" AND ({where})"
            cursor.execute(f'{sql} RETURNING {own}"{names[0]}"', [*values, *params])
            met.update(key for (key,) in cursor.fetchall())
    return met


def _values(
    model: type[models.Model], columns: Sequence[str], names: list[str], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[Any]]:
    """Return rows as a list of values, and the parameters in it."""
    part = _prepared(model, columns, rows)
    one = "(" + ", ".join(["%s"] * len(names)) + ")"
    heads = ", ".join(f'column{i + 1} AS "{name}"' for i, name in enumerate(names))
    listed = ", ".join([one] * len(part))
    return f"(SELECT {heads} FROM (VALUES {listed})) AS v", [value for row in part for value in row]  # noqa: S608


def _recordset(
    model: type[models.Model], columns: Sequence[str], names: list[str], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[Any]]:
    """Return rows as one JSON text that the server takes apart: thousands of parameters cost five times the CPU."""
    fields = [model._meta.get_field(name) for name in columns]
    documents = [isinstance(field, DocumentField) for field in fields]
    told = [
        {
            name: Raw(encode(value).encode()) if document and value is not None else value
            for name, value, document in zip(names, row, documents, strict=True)
        }
        for row in rows
    ]
    kinds = ", ".join(f'"{name}" {_kind(field)}' for name, field in zip(names, fields, strict=True))
    return f"json_to_recordset(%s::json) AS v ({kinds})", [encode(told)]


def may_be_lost() -> None:
    """Let this transaction's commit not wait for the disk: for what a crashed server may forget because it would be
    read, planned or looked for again. Never for a claim, which must be on disk before its call.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")


def _write(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], conflict: str) -> None:
    if not rows:
        return
    names = _names(model, columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, model, columns, rows, names, conflict)
            return
        marks = ", ".join(["%s"] * len(names))
        sql = f'INSERT INTO "{table}" ({", ".join(_quote(names))}) VALUES ({marks}){conflict}'  # noqa: S608
        cursor.executemany(sql, _prepared(model, columns, rows))


def _copy(
    cursor: CursorWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    names: list[str],
    conflict: str,
) -> None:
    """Stream the rows in; by way of a passing table where they may conflict, since COPY itself knows no ON CONFLICT."""
    table, listed = model._meta.db_table, ", ".join(_quote(names))
    documents = [isinstance(model._meta.get_field(column), DocumentField) for column in columns]
    prepared = (
        [
            encode(value) if document and value is not None else value
            for value, document in zip(row, documents, strict=True)
        ]
        for row in rows
    )
    if not conflict:
        _stream(cursor, f'COPY "{table}" ({listed}) FROM STDIN', prepared)
        return
    cursor.execute(
        f'CREATE TEMPORARY TABLE "incoming" ON COMMIT DROP AS SELECT {listed} FROM "{table}" WITH NO DATA'  # noqa: S608
    )
    try:
        _stream(cursor, f'COPY "incoming" ({listed}) FROM STDIN', prepared)
        cursor.execute(f'INSERT INTO "{table}" ({listed}) SELECT {listed} FROM "incoming"{conflict}')  # noqa: S608
    finally:
        if cursor.connection.info.transaction_status != 3:  # not in a failed transaction
            cursor.execute('DROP TABLE IF EXISTS "incoming"')


def _stream(cursor: CursorWrapper, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    with cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _names(model: type[models.Model], columns: Iterable[str]) -> list[str]:
    return [model._meta.get_field(name).column for name in columns]


def _quote(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _kind(field: models.Field) -> str:
    """Return the type of a column, as a plain value of it has."""
    kind = field.target_field.db_type(connection) if field.is_relation else field.db_type(connection)
    return {"bigserial": "bigint", "serial": "integer"}.get(str(kind), str(kind))


def _prepared(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    fields = [model._meta.get_field(name) for name in columns]
    turns = [_turn(field) for field in fields]
    return [[turn(value) for turn, value in zip(turns, row, strict=True)] for row in rows]


def _turn(field: models.Field) -> Callable[[Any], Any]:
    """Return how a value of this field is handed to the driver: as the field does it, or quicker to the same end."""
    target = field.target_field if field.is_relation else field
    if isinstance(target, models.DateTimeField):
        return _instant if connection.vendor == "sqlite" else _same
    if isinstance(target, models.DecimalField):
        return _decimal if connection.vendor == "sqlite" else _same
    if isinstance(target, models.DateField | DocumentField | models.UUIDField):
        return lambda value: None if value is None else target.get_db_prep_save(value, connection)
    return _same


def _same(value: Any) -> Any:
    return value


@lru_cache(maxsize=4096)
def _instant(value: datetime | None) -> str | None:
    """Return an aware instant as Django keeps it in SQLite: UTC, without an offset."""
    return None if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
