"""Find duplicates in a spreadsheet."""

import csv
import gc
import io
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from bridge.engine.matching.pairs import Found, Matcher
from bridge.engine.matching.scoring import Part, parts_of
from bridge.engine.matching.seen import Seen, seen
from bridge.engine.wording import french

COLUMNS = ("id", "source", "name", "given_name", "family_name", "company", "email", "phone", "mobile", "street",
           "city", "region", "postcode", "country")  # fmt: skip
ADDRESS = {"street": "line1", "city": "city", "region": "region", "postcode": "postcode", "country": "country"}
NAMES = COLUMNS[2:9]
OUT = ("id_a", "id_b", "score", "zone", "reasons")
MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

# What refuses a file, for whoever reads it: in English, then in French.
REFUSALS = {
    "unread": (
        "{path} cannot be read: {why}",
        "{path} ne peut pas être lu : {why}",
    ),
    "unwritten": (
        "{path} cannot be written: {why}",
        "{path} ne peut pas être écrit : {why}",
    ),
    "same": (
        "The file of pairs would overwrite {path}. Name another one after --out.",
        "Le fichier des paires écraserait {path}. Nommez-en un autre après --out.",
    ),
    "empty": (
        "{path} is empty. Its first line must name its columns.",
        "{path} est vide. Sa première ligne doit nommer ses colonnes.",
    ),
    "column": (
        "{path} has no column “{name}”. Columns that count: {known}.",
        "{path} n’a pas de colonne « {name} ». Colonnes qui comptent : {known}.",
    ),
    "no id": (
        "Line {line} of {path} has no id. Give every record one, so that its pairs can be found again.",
        "La ligne {line} de {path} n’a pas d’identifiant. Donnez-en un à chaque fiche, pour retrouver ses paires.",
    ),
    "twice": (
        "Line {line} of {path} has the id {id}, as line {first} has. Each record needs its own.",
        "La ligne {line} de {path} porte l’identifiant {id}, comme la ligne {first}. Chaque fiche a besoin du sien.",
    ),
}


def refused(kind: str, **told: Any) -> CommandError:
    """Return the refusal in both languages."""
    english, second = REFUSALS[kind]
    return CommandError(f"{english.format(**told)}\n{french(second).format(**told)}")


class Command(BaseCommand):
    help = (
        "Find records that may be the same customer in a CSV file, with a score and its reasons. "
        "Exit code 0: done, 1: the file was refused."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help=f"columns: {', '.join(COLUMNS)}; all but id may be missing")
        parser.add_argument("--out", type=Path, required=True, help=f"columns: {', '.join(OUT)}")
        parser.add_argument("--within", action="store_true", help="look within one source too, not only across")
        parser.add_argument("--never", type=Path, help="pairs that were told apart: a CSV file with id_a and id_b")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with _uncollected():
            self._match(options)

    def _match(self, options: Mapping[str, Any]) -> None:
        began = time.monotonic()
        source, target = options["file"], options["out"]
        if target.exists() and source.exists() and target.samefile(source):
            raise refused("same", path=source)
        ids, sources, values = self._read(source)
        records = [seen(one) for one in self._progress(values, "records", options)]
        places = {name: place for place, name in enumerate(ids)}
        never = self._never(options["never"], places) if options["never"] else set()
        # A file that names no source, or one, is one list: its duplicates are within it.
        within = options["within"] or len(set(sources)) < 2
        matcher = Matcher(records, sources, within, never)
        pairs = matcher.candidates()
        with tqdm(total=len(pairs), unit=" pairs", disable=self._quiet(options), file=sys.stderr) as bar:
            found = matcher.settled(matcher.scored(pairs, bar.update))
        self._write(target, self._rows(found, ids, values, records, matcher))
        self._tell(records, pairs, found, time.monotonic() - began, options["json"])

    def _quiet(self, options: Mapping[str, Any]) -> bool | None:
        return True if options["json"] else None  # None: only where somebody is watching

    def _progress(self, values: Sequence[Any], unit: str, options: Mapping[str, Any]) -> Any:
        return tqdm(values, unit=f" {unit}", disable=self._quiet(options), file=sys.stderr)

    # reading

    def _rows_of(self, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the lines of a CSV file with their numbers: the first yields the columns, in order, as its keys."""
        try:
            raw = path.read_bytes()
            encoding = next((name for mark, name in MARKS if raw.startswith(mark)), "utf-8-sig")
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                text = raw.decode("cp1252", "replace")  # what spreadsheets on Windows save
            head = text.partition("\n")[0]
            mark = max(",;\t", key=head.count)
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
            names = [name.strip().lower() for name in next(rows, [])]
            if not any(names):
                raise refused("empty", path=path)
            yield 1, dict.fromkeys(names, "")
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield rows.line_num, dict(zip(names, row, strict=False))
        except (OSError, UnicodeError, csv.Error) as error:
            raise refused("unread", path=path, why=getattr(error, "strerror", None) or error) from error

    def _read(self, path: Path) -> tuple[list[str], list[str], list[dict[str, Any]]]:
        """Return the ids, the sources and the canonical values of the records."""
        rows = self._rows_of(path)
        _, names = next(rows)
        if "id" not in names:
            raise refused("column", path=path, name="id", known=", ".join(COLUMNS))
        if unknown := [name for name in names if name not in COLUMNS]:
            self.stderr.write(f"Ignored columns / Colonnes ignorées : {', '.join(unknown)}")
        lines: dict[str, int] = {}
        sources, values = [], []
        for line, row in rows:
            name = row.get("id", "").strip()
            if not name:
                raise refused("no id", path=path, line=line)
            if name in lines:
                raise refused("twice", path=path, line=line, id=name, first=lines[name])
            lines[name] = line
            sources.append(sys.intern(row.get("source", "").strip()))
            values.append(_values(row))
        return list(lines), sources, values

    def _never(self, path: Path, places: Mapping[str, int]) -> set[tuple[int, int]]:
        """Return the pairs of places that were told apart; ids that are no longer in the file are passed over."""
        rows = self._rows_of(path)
        _, names = next(rows)
        for name in ("id_a", "id_b"):
            if name not in names:
                raise refused("column", path=path, name=name, known="id_a, id_b")
        found = set()
        for _, row in rows:
            one, other = (places.get(row.get(name, "").strip()) for name in ("id_a", "id_b"))
            if one is not None and other is not None:
                found.add((one, other))
        return found

    # writing

    def _rows(
        self,
        found: Sequence[Found],
        ids: Sequence[str],
        values: Sequence[dict[str, Any]],
        records: Sequence[Seen],
        matcher: Matcher,
    ) -> Iterator[tuple[str, ...]]:
        for pair in found:
            one, other = pair.one, pair.other
            parts = parts_of(records[one], records[other], values[one], values[other], matcher.counts)
            yield _safe(ids[one]), _safe(ids[other]), f"{pair.score:.3f}", pair.zone, "; ".join(map(_reason, parts))

    def _write(self, path: Path, rows: Iterator[tuple[str, ...]]) -> None:
        """Write line after line beside the file, and put it in its place when it is whole."""
        partial = path.with_name(f".{path.name}.part")
        try:
            with partial.open("w", encoding="utf-8-sig", newline="") as file:
                out = csv.writer(file)
                out.writerow(OUT)
                out.writerows(rows)
            os.replace(partial, path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise refused("unwritten", path=path, why=error.strerror or error) from error

    def _tell(
        self, records: Sequence[Seen], pairs: Sequence[Any], found: Sequence[Found], seconds: float, as_json: bool
    ) -> None:
        links = sum(pair.zone == "link" for pair in found)
        told = {
            "records": len(records), "compared": len(pairs), "link": links, "ask": len(found) - links,
            "seconds": round(seconds, 1), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }  # fmt: skip
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(
            f"{told['records']} records, {told['compared']} pairs compared, {told['link']} to link, "
            f"{told['ask']} to ask about, in {told['seconds']} s"
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the collector of cycles off, which saves a quarter: of the millions of small values none is in a cycle."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    """Return the canonical values of a line; what is blank is not told."""
    values: dict[str, Any] = {name: row[name] for name in NAMES if row.get(name, "").strip()}
    address = {ADDRESS[name]: row[name] for name in ADDRESS if row.get(name, "").strip()}
    return values | ({"address": address} if address else {})


def _reason(part: Part) -> str:
    name = part.name.removesuffix("_shared").replace("_", " ")
    note = f"shared by {part.left}" if part.note == "shared" and part.left else part.note
    return f"{name} {note} {part.weight:+.2f}"


def _safe(text: str) -> str:
    """Neutralise what a spreadsheet would take for a formula; a number below zero stays one."""
    formula = text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not text[1:].isdigit())
    return f"'{text}" if formula else text
