"""The competitor: splink 5 on DuckDB, given clean columns, frequencies, several blocking rules and EM training.

As a module it is one measured process: `python -m benchmarks.matching_splink RECORDS.csv PAIRS.csv OPTIONS` writes the
scored pairs. It gets the same normal forms of addresses, numbers and names that our matcher starts from, and may read
house numbers and double names apart. Source: https://moj-analytical-services.github.io/splink (read 2026-11-21).
"""

import csv
import json
import logging
import re
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from bridge.engine.match import normal_email, normal_name, normal_phone

Row = dict[str, Any]
TITLES = {"m", "mr", "mme", "mrs", "ms", "dr"}
STREETS = {"st": "street", "str": "street", "ave": "avenue", "av": "avenue", "boul": "boulevard",
           "bd": "boulevard", "blvd": "boulevard", "rd": "road", "dr": "drive", "ch": "chemin", "chem": "chemin",
           "r": "rue", "pl": "place",
           "crt": "court", "ct": "court", "cres": "crescent", "cr": "crescent", "ln": "lane", "rg": "rang"}  # fmt: skip


def _words(text: str) -> list[str]:
    """Plain words in their own order."""
    found = []
    for word in re.split(r"[\s,\-]+", text):
        found.append(normal_name(word))
    return [word for word in found if word]


def _names(row: dict[str, str]) -> tuple[str, str]:
    if row["given_name"] or row["family_name"]:
        given, family = _words(row["given_name"]), _words(row["family_name"])
        return " ".join(given), " ".join(family)
    if not row["name"] or row["company"] == row["name"]:
        return "", ""
    first, comma, last = row["name"].partition(",")
    if comma:
        return " ".join(_words(last)), " ".join(_words(first))
    parts = [word for word in _words(row["name"]) if word not in TITLES]
    return " ".join(parts[:-1]), parts[-1] if parts else ""


def cleaned(row: dict[str, str]) -> Row:
    """Return what splink compares of one row of our columns; None where there is nothing."""
    given, family = _names(row)
    email = normal_email(row["email"]) or ""
    phones = sorted(
        {found for name in ("phone", "mobile") if (found := normal_phone(row[name], row["country"] or "CA"))}
    )
    street = [
        STREETS.get(word, word) for word in _words(re.sub(r"(?i)[,#]|\b(app|apt|unit|bureau)\b", " ", row["street"]))
    ]
    company = row["company"] or ("" if given and family else row["name"])
    found: Row = {
        "unique_id": row["id"], "given": given, "family": family, "given_family": f"{given} {family}".strip(),
        "email": email, "company": normal_name(company), "street": " ".join(street),
        "number": next((word for word in street if word.isdigit()), ""),
        "city": normal_name(row["city"]).replace("saint", "st"),
        "postcode": re.sub(r"[\s-]", "", row["postcode"]).lower(),
        "phones": phones or None, "who": row.get("who", ""), "source_dataset": row["source"],
    }  # fmt: skip
    return {name: value or None for name, value in found.items()}


def customer_settings(kind: str) -> Any:
    """How customers are compared and blocked."""
    import splink.comparison_level_library as level
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    def name(column: str, other: str) -> Any:
        one, two = f"{column}_l", f"{column}_r"
        short = f"(length({one}) = 1 or length({two}) = 1) and substr({one}, 1, 1) = substr({two}, 1, 1)"
        words = f"split_part({one}, ' ', 1) = split_part({two}, ' ', 1)"
        return compare.CustomComparison(
            output_column_name=column,
            comparison_levels=[
                level.NullLevel(column),
                level.ExactMatchLevel(column, term_frequency_adjustments=True),
                level.CustomLevel(f"{one} = {other}_r or {two} = {other}_l", "swapped"),
                level.JaroWinklerLevel(column, 0.92),
                level.CustomLevel(f"{words} or ({short})", "first word or initial"),
                level.JaroWinklerLevel(column, 0.8),
                level.ElseLevel(),
            ],
        )

    # Where somebody can be reached is one comparison: a household's line, street and postcode go together, and counted
    # one by one they would outweigh any name.
    phone = level.ArrayIntersectLevel("phones", 1)
    street = level.Or(
        level.ExactMatchLevel("street"),
        level.And(level.ExactMatchLevel("number"), level.JaroWinklerLevel("street", 0.85)),
    )
    nothing = "(phones_l is null or phones_r is null) and (street_l is null or street_r is null)"
    nothing += " and (postcode_l is null or postcode_r is null)"
    place = compare.CustomComparison(
        output_column_name="place",
        comparison_levels=[
            level.CustomLevel(nothing, "nothing to compare").configure(is_null_level=True),
            level.And(phone, street),
            phone,
            level.And(street, level.ExactMatchLevel("postcode")),
            street,
            level.ExactMatchLevel("postcode"),
            level.LevenshteinLevel("postcode", 2),
            level.ElseLevel(),
        ],
    )
    return SettingsCreator(
        link_type=kind,
        comparisons=[
            name("given", "family"),
            name("family", "given"),
            compare.EmailComparison("email").configure(term_frequency_adjustments=True),
            compare.JaroWinklerAtThresholds("company", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            place,
            compare.JaroWinklerAtThresholds("city", [0.88]).configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("email"),
            block_on("phones", arrays_to_explode=["phones"]),
            block_on("given", "family"),
            block_on("company"),
            block_on("family", "postcode"),
            block_on("given", "postcode"),
            block_on("street", "city"),
            block_on("number", "postcode"),
            block_on("split_part(email, '@', 1)"),
            block_on("substr(family, 1, 4)", "substr(given, 1, 3)", "city"),
            "l.given = r.family and l.family = r.given",
        ],
        additional_columns_to_retain=["who"],
        retain_matching_columns=False,
    )  # fmt: skip


def febrl_settings(kind: str) -> Any:
    """How the people of FEBRL are compared and blocked, without birth date and number; after splink's own example."""
    import splink.comparison_library as compare
    from splink import SettingsCreator, block_on

    return SettingsCreator(
        link_type=kind,
        comparisons=[
            compare.ForenameSurnameComparison(
                "given_name", "surname", jaro_winkler_thresholds=[0.9, 0.8],
                forename_surname_concat_col_name="given_name_surname",
            ),
            compare.DamerauLevenshteinAtThresholds("street_number", [1]).configure(term_frequency_adjustments=True),
            compare.JaroWinklerAtThresholds("address_1", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            compare.JaroWinklerAtThresholds("address_2", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            compare.JaroWinklerAtThresholds("suburb", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            compare.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
            compare.ExactMatch("state").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("given_name", "postcode"), block_on("surname", "postcode"),
            block_on("given_name", "suburb"), block_on("surname", "suburb"),
            block_on("address_1"), block_on("street_number", "postcode"), block_on("postcode", "state"),
            block_on("address_2", "suburb"), block_on("suburb", "street_number"),
            block_on("substr(given_name, 1, 3)", "substr(surname, 1, 3)"),
            block_on("given_name", "street_number"), block_on("surname", "street_number"),
        ],
        retain_matching_columns=False,
    )  # fmt: skip


# What EM is trained on, and the rules that are nearly always right, for the share of pairs that match.
TRAINING: dict[str, tuple[Callable[[str], Any], list[tuple[str, ...]], list[tuple[str, ...]], float]] = {
    "customers": (customer_settings, [("given", "family"), ("postcode",), ("email",), ("company",)],
                  [("email", "given"), ("given", "family", "postcode"), ("given", "family", "city"),
                   ("company", "postcode")], 0.6),
    "febrl": (febrl_settings, [("given_name", "surname"), ("postcode",), ("address_1",)],
              [("given_name", "surname", "postcode"), ("surname", "address_1"), ("given_name", "address_1")], 0.7),
}  # fmt: skip


def scored(rows: list[Row], which: str, kind: str, labelled: bool = False) -> list[tuple[str, str, float]]:
    """Return pairs of ids with their match weight, as splink finds them. `labelled`: m is counted from `who`."""
    import pandas
    from splink import DuckDBAPI, Linker, block_on

    settings, training, certain, recall = TRAINING[which]
    frame = pandas.DataFrame(rows)
    api = DuckDBAPI()
    if kind == "link_only":
        first = frame["source_dataset"].min()
        tables = [frame[frame["source_dataset"] == first], frame[frame["source_dataset"] != first]]
        given = [api.register(table.drop(columns="source_dataset")) for table in tables]
    else:
        given = [api.register(frame.drop(columns="source_dataset"))]
    linker = Linker(given, settings(kind))
    linker.training.estimate_probability_two_random_records_match([block_on(*rule) for rule in certain], recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=3e6, seed=7)
    if labelled:
        linker.training.estimate_m_from_label_column("who")
    else:
        for rule in training:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    found = linker.inference.predict(threshold_match_weight=-12).as_pandas_dataframe()
    return list(zip(found["unique_id_l"], found["unique_id_r"], found["match_weight"], strict=True))


def main() -> None:
    """Read our columns (or FEBRL's), write the pairs, print seconds and memory as JSON."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    source, target, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    began, cpu = time.monotonic(), time.process_time()
    with open(source, encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    customers = options["which"] == "customers"
    rows = [cleaned(row) if customers else {name: value or None for name, value in row.items()} for row in read]
    found = scored(rows, options["which"], options["kind"], options.get("labelled", False))
    with open(target, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {
                "seconds": time.monotonic() - began,
                "cpu": time.process_time() - cpu,
                "peak_mb": peak,
                "pairs": len(found),
            }
        )
    )


if __name__ == "__main__":
    main()
