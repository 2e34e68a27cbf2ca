"""The query language and the change feed answer as the vendor's do."""

# ruff: noqa: S608 - the vendor's own query language; no database is near

import pytest

from connectors.sandbox.quickbooks.errors import Refusal
from connectors.sandbox.quickbooks.query import Condition, parse
from tests.unit.sandbox.quickbooks_desk import Desk


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        (r"select * from Customer where DisplayName = 'Amy\'s'", Condition("DisplayName", "=", ("Amy's",))),
        (r"select * from Customer where DisplayName = 'a\\b'", Condition("DisplayName", "=", ("a\\b",))),
        ("SELECT * FROM Customer WHERE Active IN ( true, false )", Condition("Active", "IN", (True, False))),
        ("select * from Customer where Balance >= '10.5'", Condition("Balance", ">=", ("10.5",))),
        (
            "select * from Customer where CompanyName like '%Érable & Fils%'",
            Condition("CompanyName", "LIKE", ("%Érable & Fils%",)),
        ),
        (
            "select * from Customer where DisplayName='ORDERBY, (x) 👍'",
            Condition("DisplayName", "=", ("ORDERBY, (x) 👍",)),
        ),
    ],
)
def test_a_condition_is_read_with_its_escapes(text, condition):
    assert parse(text).where == (condition,)


def test_paging_words_are_taken_in_either_order():
    one = parse("select * from Item orderby Name desc startposition 3 maxresults 2")
    two = parse("Select * From Item ORDER BY Name DESC MAXRESULTS 2 STARTPOSITION 3")
    assert one == two
    assert (one.start, one.limit, one.order_by) == (3, 2, (("Name", True),))


def test_a_page_is_a_hundred_unasked_and_a_thousand_at_most():
    assert parse("select * from Item").limit == 100
    assert parse("select * from Item maxresults 5000").limit == 1000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select * from", "4000"),
        ("select * from Customer where", "4000"),
        ("select * from Customer where Id = 5", "4000"),
        ("select * from Customer where DisplayName = 'x' or Id = '1'", "4000"),
        ("select * from Customer where DisplayName != 'x'", "4000"),
        ('select * from Customer where DisplayName = "x"', "4000"),
        ("select * from Customer where DisplayName = 'O'Brien'", "4000"),
        ("select * from Customer maxresults 0", "4001"),
        ("select * from Customer startposition 0", "4001"),
    ],
)
def test_bad_grammar_is_refused(text, code):
    with pytest.raises(Refusal) as caught:
        parse(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "select * from Custmoer",
        "select * from Customer where Notes = 'x'",
        "select * from Customer where Id > '5'",
        "select * from Invoice orderby PrivateNote",
        "select * from Customer where Balance = 'much'",
        "select * from Customer where MetaData.LastUpdatedTime > 'yesterday'",
    ],
)
def test_a_query_that_cannot_be_answered_is_invalid(text):
    desk = Desk()
    desk.customer()
    assert desk.code(desk.query(text)) == "4001"


@pytest.fixture(scope="module")
def demo():
    """The demo world, for tests that only read."""
    return Desk("demo")


def everything(desk, entity):
    return list(desk.books.tables[entity].documents())


def test_lists_answer_only_active_ones_unasked(demo):
    customers = everything(demo, "Customer")
    inactive = [c["Id"] for c in customers if not c["Active"]]
    assert inactive
    count = demo.body(demo.query("select count(*) from Customer"))["QueryResponse"]
    both = demo.body(demo.query("select count(*) from Customer where Active in (true, false)"))["QueryResponse"]
    only = demo.rows("select * from Customer where Active = false maxresults 1000")
    assert count == {"totalCount": len(customers) - len(inactive)}
    assert both == {"totalCount": len(customers)}
    assert {row["Id"] for row in only} == set(inactive)
    assert all(row["DisplayName"].endswith(" (deleted)") for row in only)


def test_pages_by_id_give_every_row_once_in_number_order(demo):
    seen = []
    while True:
        text = f"select * from Invoice orderby Id startposition {len(seen) + 1} maxresults 100"
        rows = demo.rows(text)
        seen += [int(row["Id"]) for row in rows]
        if len(rows) < 100:
            break
    assert seen == sorted(int(row["Id"]) for row in everything(demo, "Invoice"))


def test_a_page_past_the_end_is_an_empty_object(demo):
    answer = demo.body(demo.query("select * from Invoice startposition 100000"))
    assert answer["QueryResponse"] == {}


@pytest.mark.parametrize("word", ["asc", "desc"])
@pytest.mark.parametrize(
    ("entity", "field", "value"),
    [
        ("Invoice", "TxnDate", lambda d: d["TxnDate"]),
        ("Invoice", "Balance", lambda d: d["Balance"]),
        ("Invoice", "DueDate", lambda d: d["DueDate"]),
        ("Item", "UnitPrice", lambda d: d.get("UnitPrice", -1)),
        ("Customer", "MetaData.LastUpdatedTime", lambda d: d["MetaData"]["LastUpdatedTime"][:19]),
        ("Customer", "FamilyName", lambda d: d.get("FamilyName", "").casefold()),
    ],
)
def test_rows_come_in_the_order_asked_for(demo, entity, field, value, word):
    rows = demo.rows(f"select * from {entity} orderby {field} {word} maxresults 1000")
    keys = [value(row) for row in rows]
    if field.startswith("MetaData"):  # clocks change in autumn: compare what was meant
        keys = [row["MetaData"]["LastUpdatedTime"][:10] for row in rows]
    assert keys == sorted(keys, reverse=word == "desc")
    assert len(keys) > 40


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("Balance > '0'", lambda d: d["Balance"] > 0),
        ("TotalAmt <= '100.00'", lambda d: d["TotalAmt"] <= 100),
        ("CustomerRef = '3'", lambda d: d["CustomerRef"]["value"] == "3"),
        ("TxnDate >= '2026-06-01' and Balance = '0'", lambda d: d["TxnDate"] >= "2026-06-01" and d["Balance"] == 0),
        ("DocNumber in ('1001', '1002')", lambda d: d["DocNumber"] in ("1001", "1002")),
        ("Id in ('1', '2', '99999')", lambda d: d["Id"] in ("1", "2")),
    ],
)
def test_conditions_choose_exactly_what_they_say(demo, condition, holds):
    rows = demo.rows(f"select * from Invoice where {condition} orderby Id maxresults 1000")
    expected = [row["Id"] for row in everything(demo, "Invoice") if holds(row)]
    assert [row["Id"] for row in rows] == sorted(expected, key=int)
    assert rows or "1001" not in condition


def test_values_compare_without_regard_to_case():
    desk = Desk()
    desk.customer("Émilie D'Amours & Fils")
    assert desk.rows(r"select * from customer where displayname = 'ÉMILIE d\'amours & fils'")
    assert desk.rows("select * from Customer where DisplayName like '%AMOURS%'")
    assert not desk.rows("select * from Customer where DisplayName like 'AMOURS%'")


def test_empty_fields_are_found_by_a_space_in_quotes():
    desk = Desk()
    desk.customer("Sans courriel")
    desk.customer("Avec courriel", PrimaryEmailAddr={"Address": "a@b.example"})
    assert [r["DisplayName"] for r in desk.rows("select * from Customer where PrimaryEmailAddr = ' '")] == [
        "Sans courriel"
    ]
    assert [r["DisplayName"] for r in desk.rows("select * from Customer where PrimaryEmailAddr = 'A@b.example'")] == [
        "Avec courriel"
    ]


def test_a_field_list_gives_sparse_objects():
    desk = Desk()
    made = desk.customer("Une Cliente")
    rows = desk.rows("select Id, DisplayName from Customer")
    assert rows == [{"DisplayName": "Une Cliente", "Id": made["Id"], "domain": "QBO", "sparse": True}]


def test_a_long_statement_may_be_posted():
    desk = Desk()
    desk.customer("Une Cliente")
    answer = desk.post("query", b"select * from Customer")
    assert len(desk.body(answer)["QueryResponse"]["Customer"]) == 1


def test_a_window_of_change_times_holds_what_changed_in_it():
    desk = Desk()
    desk.customer("Avant")
    desk.vendor.sandbox.clock.advance(60)
    between = desk.vendor.sandbox.clock.now().isoformat()
    desk.vendor.sandbox.clock.advance(60)
    desk.customer("Après")
    later = desk.rows(
        f"select * from Customer where MetaData.LastUpdatedTime > '{between}' orderby MetaData.LastUpdatedTime"
    )
    sooner = desk.rows(f"select * from Customer where MetaData.LastUpdatedTime <= '{between}'")
    assert [r["DisplayName"] for r in later] == ["Après"]
    assert [r["DisplayName"] for r in sooner] == ["Avant"]


def test_the_feed_stops_at_a_thousand_objects_over_all_types():
    desk = Desk()
    desk.vendor.load("Customer", [{"DisplayName": f"Cliente {n}"} for n in range(700)])
    desk.vendor.load("Vendor", [{"DisplayName": f"Fournisseur {n}"} for n in range(700)])
    answer = desk.body(desk.get("cdc", entities="Customer,Vendor,Class", changedSince=desk.ago(hours=1)))
    blocks = answer["CDCResponse"][0]["QueryResponse"]
    assert len(blocks[0]["Customer"]) == 700
    assert len(blocks[1]["Vendor"]) == 300
    assert blocks[2] == {}


def test_the_feed_refuses_what_it_does_not_cover():
    desk = Desk()
    assert desk.code(desk.get("cdc", entities="TaxCode", changedSince=desk.ago(days=1))) == "2000"
    assert desk.code(desk.get("cdc", entities="Customer", changedSince="last week")) == "2060"


def test_a_lossy_listing_leaves_rows_out_until_it_is_cleared():
    desk = Desk()
    desk.vendor.load("Customer", [{"DisplayName": f"Cliente {n}"} for n in range(100)])
    assert desk.vendor.fault("lossy", {"rate": 0.3, "seed": 4})
    assert 40 < len(desk.rows("select * from Customer maxresults 1000")) < 95
    desk.vendor.fault("clear", {})
    assert len(desk.rows("select * from Customer maxresults 1000")) == 100
