"""Compare both sides of an integration over a month."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bridge.hub.models import Integration
from bridge.jobs import totals


class Command(BaseCommand):
    help = "Compare both sides' documents over a month, to the cent. Exit code 0: equal, 3: differences, 1: failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("integration", type=int)
        parser.add_argument("--month", required=True, help="such as 2026-10")
        parser.add_argument("--csv", type=Path, help="write the differences to this file")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        integration = Integration.objects.filter(pk=options["integration"]).first()
        if integration is None:
            raise CommandError(f"There is no integration {options['integration']}.")
        try:
            year, month = (int(part) for part in options["month"].split("-"))
            found = totals.month(integration, year, month)
        except ValueError as error:
            raise CommandError("Write the month as 2026-10.") from error
        told = totals.as_json(found)
        if options["csv"]:
            self._write(options["csv"], found)
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            for row in told["totals"]:
                self.stdout.write(
                    f"{row['kind']:16} {row['currency']}  {row['left_count']:6} {row['left_total']:>14}"
                    f"  {row['right_count']:6} {row['right_total']:>14}  difference {row['difference']}"
                )
            self.stdout.write(f"{told['difference_count']} documents differ")
        sys.exit(0 if found.even else 3)

    def _write(self, path: Path, found: Any) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow(["kind", "code", "amount", "currency", "date", "left", "left_number", "right", "right_number"])
            for item in found.differences:
                one, other = item.left, item.right
                out.writerow(
                    [item.kind, item.code, totals.cents(item.amount), item.currency,
                     (one or other).date.isoformat(), one.remote_id if one else "", _safe(one.number if one else ""),
                     other.remote_id if other else "", _safe(other.number if other else "")]
                )  # fmt: skip


def _safe(text: str) -> str:
    """Neutralise what a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
