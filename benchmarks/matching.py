"""Measure `manage.py match` beside splink and an e-mail-then-name matcher, on the same data in the same run.

Pairwise. Ours is judged at its fixed threshold (everything it would link or ask about), splink at the threshold that is
best for it on that very data: it is given the truth for that, ours is not.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.matching_data import FEBRL_FIELDS, Data, febrl, generated
from benchmarks.people import COLUMNS
from bridge.engine.match import normal_email, normal_name

ROOT = Path(__file__).resolve().parents[1]
Pair = tuple[str, str]
Scored = Sequence[tuple[float, Pair]]


@dataclass(frozen=True)
class Measured:
    """What one matcher found in one set. `cpu` in seconds, `peak` in MB."""

    who: str
    pairs: Scored
    seconds: float
    cpu: float
    peak: int = 0
    links: frozenset[Pair] = frozenset()


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


def process(arguments: Sequence[str]) -> tuple[dict[str, Any], float, float]:
    """Run a process; return the JSON it prints last, and its seconds of wall clock and of CPU."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        arguments, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout.strip().splitlines()[-1]), time.monotonic() - began, cpu


def _write(rows: Iterable[Mapping[str, str]], columns: Sequence[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


def ours(data: Data, within: bool, folder: Path) -> Measured:
    """What the command finds, from file to file."""
    source, target = folder / "records.csv", folder / "pairs.csv"
    _write(data.rows, COLUMNS, source)
    command = [sys.executable, "manage.py", "match", str(source), "--out", str(target), "--json"]
    told, seconds, cpu = process([*command, *(["--within"] if within else [])])
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = [(float(row["score"]), _pair(row["id_a"], row["id_b"])) for row in rows]
    links = frozenset(_pair(row["id_a"], row["id_b"]) for row in rows if row["zone"] == "link")
    return Measured("bridge", pairs, seconds, cpu, told["peak_mb"], links)


def splink(data: Data, which: str, within: bool, folder: Path, labelled: bool = False) -> Measured:
    """What splink finds in the same records; `labelled`: its weights are counted from the truth of this very set."""
    source, target = folder / "raw.csv", folder / "splink.csv"
    if which == "febrl":
        rows = [{**row, "given_name_surname": f"{row['given_name']} {row['surname']}".strip()} for row in data.raw]
        columns: tuple[str, ...] = ("unique_id", "source_dataset", *FEBRL_FIELDS, "given_name_surname")
        _write(rows, columns, source)
    else:
        _write(data.raw, (*COLUMNS, "who"), source)
    options = {"which": which, "kind": "dedupe_only" if within else "link_only", "labelled": labelled}
    command = [sys.executable, "-m", "benchmarks.matching_splink", str(source), str(target), json.dumps(options)]
    told, seconds, cpu = process(command)
    with target.open(encoding="utf-8", newline="") as file:
        pairs = [(float(weight), _pair(one, other)) for one, other, weight in csv.reader(file)]
    return Measured("splink, told the truth" if labelled else "splink", pairs, seconds, cpu, told["peak_mb"])


def plain(data: Data, within: bool) -> Measured:
    """What equal e-mail addresses find and, of records without one, equal names."""
    began, cpu = time.monotonic(), time.process_time()
    groups: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(data.rows):
        email = normal_email(row.get("email"))
        full = f"{row.get('given_name', '')} {row.get('family_name', '')}".strip()
        name = normal_name(row.get("name") or full or row.get("company"))
        if email or name:
            groups[email or name].append(place)
    pairs = []
    for group in groups.values():
        for one, other in combinations(group, 2):
            first, second = data.rows[one], data.rows[other]
            if within or first["source"] != second["source"]:
                pairs.append((1.0, _pair(first["id"], second["id"])))
    return Measured("e-mail, then name", pairs, time.monotonic() - began, time.process_time() - cpu)


def rates(pairs: Iterable[Pair], truth: set[Pair]) -> tuple[float, float, float]:
    """Return F1, precision and recall of a set of pairs."""
    found = set(pairs)
    right = len(found & truth)
    precision, recall = right / max(1, len(found)), right / max(1, len(truth))
    return 2 * precision * recall / max(1e-9, precision + recall), precision, recall


def curve(pairs: Scored, truth: set[Pair]) -> tuple[tuple[float, float, float], float]:
    """Return F1, precision and recall at the best threshold, and the best recall at a precision of 0.99."""
    ordered = sorted(pairs, reverse=True)
    best, surest, right = (0.0, 0.0, 0.0), 0.0, 0
    for number, (points, pair) in enumerate(ordered, 1):
        right += pair in truth
        if number < len(ordered) and ordered[number][0] == points:
            continue
        precision, recall = right / number, right / len(truth)
        best = max(best, (2 * precision * recall / max(1e-9, precision + recall), precision, recall))
        if precision >= 0.99:
            surest = max(surest, recall)
    return best, surest


def told(name: str, found: Measured, truth: set[Pair]) -> dict[str, Any]:
    """Print one line and return it as figures."""
    best, surest = curve(found.pairs, truth)
    fixed = rates((pair for _, pair in found.pairs), truth) if found.who == "bridge" else best
    line = (
        f"{name:22} {found.who:24} F1 {fixed[0]:.4f} (precision {fixed[1]:.4f}, recall {fixed[2]:.4f})  "
        f"recall at precision 0.99: {surest:.3f}  {found.seconds:6.1f} s, {found.cpu:6.1f} s of CPU, {found.peak} MB"
    )
    figures = {"set": name, "who": found.who, "f1": fixed[0], "precision": fixed[1], "recall": fixed[2],
               "best_f1": best[0], "recall_at_99": surest, "seconds": found.seconds, "cpu": found.cpu,
               "peak_mb": found.peak}  # fmt: skip
    if found.links:
        _, precision, recall = rates(found.links, truth)
        line += f"\n{'':47} links by itself: precision {precision:.5f} of {len(found.links)}, recall {recall:.3f}"
        figures |= {"link_precision": precision, "link_recall": recall}
    print(line, flush=True)
    return figures


def main() -> None:
    """Print a line per set and matcher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=14, help="below 100: no weights were learnt from these")
    parser.add_argument("--only", choices=["febrl", "customers"])
    parser.add_argument("--without-splink", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sets: list[tuple[str, str, bool, Data]] = []
    if options.only != "customers":
        sets += [("FEBRL 3", "febrl", True, febrl(3)), ("FEBRL 4", "febrl", False, febrl(4))]
    if options.only != "febrl":
        name = f"{options.customers:,} customers"
        sets.append((name, "customers", True, generated(options.customers, options.seed)))
    figures = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, which, within, data in sets:
            figures.append(told(name, ours(data, within, folder), data.truth))
            if not options.without_splink:
                figures.append(told(name, splink(data, which, within, folder), data.truth))
                if which == "customers":
                    figures.append(told(name, splink(data, which, within, folder, labelled=True), data.truth))
            figures.append(told(name, plain(data, within), data.truth))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
