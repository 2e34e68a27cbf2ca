"""Find duplicates in a spreadsheet."""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bridge.engine.match import compare, keys, score
from connectors.contract import Record

COLUMNS = ("id", "source", "name", "given_name", "family_name", "company", "email", "phone", "mobile", "street",
           "city", "region", "postcode", "country")  # fmt: skip
ADDRESS = {"street": "line1", "city": "city", "region": "region", "postcode": "postcode", "country": "country"}
LINK, ASK = 0.9, 0.6
BLOCK = 200  # a key shared by more records than this says nothing


class Command(BaseCommand):
    help = "Find records that may be the same in a CSV file, with a score and its reasons."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--within", action="store_true", help="look within one source too, not only across")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        records, unknown = self._read(options["file"])
        if unknown:
            self.stderr.write(f"Ignored columns: {', '.join(unknown)}")
        pairs = list(self._pairs(records, options["within"]))
        counts: dict[str, int] = defaultdict(int)
        with options["out"].open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["id_a", "id_b", "score", "zone", "reasons"])
            for one, other in tqdm(pairs, unit="pairs", disable=None, file=sys.stderr):
                parts = compare(one, other)
                points = score(parts)
                if points < ASK:
                    continue
                zone = "link" if points >= LINK else "ask"
                counts[zone] += 1
                reasons = "; ".join(f"{part.name} {part.note}" for part in parts)
                out.writerow([one.remote_id, other.remote_id, f"{points:.3f}", zone, reasons])
        told = {"records": len(records), "compared": len(pairs), "link": counts["link"], "ask": counts["ask"]}
        if options["json"]:
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write(
                f"{told['records']} records, {told['compared']} pairs compared, {told['link']} to link, "
                f"{told['ask']} to ask about"
            )

    def _read(self, path: Path) -> tuple[list[Record], list[str]]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file)
                names = rows.fieldnames or []
                if "id" not in names:
                    raise CommandError("The file needs a column “id”. Columns known: " + ", ".join(COLUMNS))
                found = [self._record(row) for row in rows]
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        return found, [name for name in names if name not in COLUMNS]

    def _record(self, row: dict[str, str]) -> Record:
        address = {ADDRESS[key]: row[key] for key in ADDRESS if row.get(key)}
        values: dict[str, Any] = {
            key: row[key] for key in ("name", "given_name", "family_name", "company", "email", "phone", "mobile")
            if row.get(key)
        }  # fmt: skip
        if address:
            values["address"] = address
        return Record(resource=row.get("source") or "", remote_id=row["id"], values=values)

    def _pairs(self, records: list[Record], within: bool) -> Iterator[tuple[Record, Record]]:
        """Yield the pairs that share a cheap key, each once."""
        blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, record in enumerate(records):
            found = keys("contact", record.values)
            for kind, key in (("e", found.email_key), ("p", found.phone_key), ("n", found.name_key)):
                if key:
                    blocks[kind, key].append(number)
            if found.name_key:
                for word in found.name_key.split():
                    blocks["w", word].append(number)
        seen: set[tuple[int, int]] = set()
        for block in blocks.values():
            if len(block) > BLOCK:
                continue
            for one, other in combinations(block, 2):
                if (one, other) in seen or not (within or records[one].resource != records[other].resource):
                    continue
                seen.add((one, other))
                yield records[one], records[other]
