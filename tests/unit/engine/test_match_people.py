"""The invented customers that matching is measured on: the same for a seed, labelled truly, hard in every way asked."""

import csv

import pytest

from benchmarks.people import COLUMNS, customers, true_pairs, write


@pytest.fixture(scope="module")
def found():
    return customers(6000, seed=3)


def test_a_seed_makes_the_same_customers(found):
    assert customers(6000, seed=3) == found != customers(6000, seed=4)
    assert len({customer.row["id"] for customer in found}) == 6000


def test_pairs_are_records_of_one_customer(found):
    who = {customer.row["id"]: customer.who for customer in found}
    pairs = true_pairs(found)
    assert pairs and all(one < other and who[one] == who[other] for one, other in pairs)
    groups = [list(who.values()).count(number) for number in list(who.values())[:50]]
    assert max(groups) > 1 == min(groups)


def test_everything_that_makes_it_hard_is_there_and_named(found):
    done = {label for customer in found for label in customer.done}
    assert done >= {
        *(
            "nickname",
            "initial",
            "middle initial",
            "compound name respelt",
            "swapped",
            "married name",
            "spelt otherwise",
        ),
        *("old address", "changed phone", "other e-mail", "no e-mail", "placeholder e-mail", "placeholder phone"),
        *("legal form respelt", "company shortened", "person at a company", "acronym", "capitals", "plus tag"),
        *("typo in family_name", "typo in street", "typo in e-mail", "typo in phone", "accents lost in name", "saint"),
    }
    assert {customer.row["country"] for customer in found} == {"CA", "US", "FR", ""}


def test_different_customers_share_what_families_and_companies_share(found):
    shared = {"email": 0, "phone": 0, "street": 0}
    namesakes = 0
    for name in shared:
        owners: dict[str, set[int]] = {}
        for customer in found:
            owners.setdefault(customer.row[name].lower(), set()).add(customer.who)
        shared[name] = sum(len(who) > 1 for value, who in owners.items() if value)
    by_home: dict[tuple[str, str, str], set[int]] = {}
    for customer in found:
        row = customer.row
        if row["street"] and row["given_name"]:
            by_home.setdefault((row["street"], row["given_name"], row["family_name"].split()[-1:] != []), set()).add(
                customer.who
            )
    namesakes = sum(len(who) > 1 for who in by_home.values())
    assert all(count > 20 for count in shared.values()) and namesakes


def test_nobody_in_it_can_be_written_to_or_called(found):
    emails = [customer.row["email"].lower() for customer in found if customer.row["email"]]
    assert sum(".example" in email for email in emails) > 0.98 * len(emails)  # the others are typing errors
    american = [customer.row["phone"] for customer in found if customer.row["country"] in ("CA", "US")]
    digits = ["".join(filter(str.isdigit, number))[-10:] for number in american if number and "poste" not in number]
    assert sum(number[3:4] in "01" for number in digits if len(number) == 10) > 0.95 * len(digits)


def test_one_each_gives_a_customer_at_most_one_record_per_source():
    found = customers(3000, seed=3, one_each=True)
    held = [(customer.who, customer.row["source"]) for customer in found]
    assert len(set(held)) == len(held) and {source for _, source in held} == {"shop", "books"}


def test_the_file_has_the_columns_of_the_command(found, tmp_path):
    write(found[:10], tmp_path / "people.csv")
    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [*read[0]] == list(COLUMNS) and read == [customer.row for customer in found[:10]]
