"""Build the portal's wall in PostgreSQL, or show how."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from bridge.hub import wall


class Command(BaseCommand):
    help = (
        "Build the roles and row-level security the client portal reads under. `migrate` does it by itself where its "
        "database user may create roles; else run this once with a DATABASE_URL of one that may, naming with --for the "
        "user Bridge itself connects as; or give the lines of --sql to whoever looks after the database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--for", dest="user", default="", help="the database user Bridge connects as")
        parser.add_argument("--sql", action="store_true", help="print the statements, change nothing")
        parser.add_argument("--check", action="store_true", help="only say whether the wall stands")

    def handle(self, *args: Any, **options: Any) -> None:
        user = connection.ops.quote_name(options["user"]) if options["user"] else "CURRENT_USER"
        if options["sql"]:
            self.stdout.write("\n".join(f"{line};" for line in wall.statements(user)))
            return
        if connection.vendor != "postgresql":
            self.stdout.write("This database is not PostgreSQL: there is no wall to build.")
            return
        if options["check"]:
            if not wall.is_built():
                raise CommandError(f"The wall does not stand. {wall.HOW}")
            self.stdout.write("The wall stands.")
            return
        try:
            count = wall.build(to=user)
        except DatabaseError as error:
            raise CommandError(f"{error}\n{wall.HOW}") from error
        self.stdout.write(f"The wall stands; {count} tables got a new policy.")
