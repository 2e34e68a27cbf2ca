"""Taxes as charged, in the books' codes and rates, to the cent and under the right name."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.engine.catalogue import ENGINE_CATALOGUE
from bridge.engine.model import CannotMap
from bridge.engine.posting import TaxCode, post_sale
from bridge.engine.posting.amounts import split
from tests.unit.engine.orders import CODES, TPS, TVQ, american, books, line, rules, sale, seen, tax, taxed

D = Decimal
SENTENCES = {item.code: item for item in ENGINE_CATALOGUE}
TVH = {"code": "TVH", "title": "TVH", "percent": D("13")}


def posted(order, wishes=None, facts=None):
    facts = facts or books()
    found = post_sale(order, wishes or rules(), facts)
    assert seen(found.values, facts) == (order["total"], found.values["tax_total"])
    return found


def held(order, wishes=None, facts=None):
    with pytest.raises(CannotMap) as caught:
        post_sale(order, wishes or rules(), facts or books())
    error = caught.value
    for text in (SENTENCES[error.code].what, SENTENCES[error.code].why):
        assert "{" not in text.say("fr", **error.params)
    return error.code, error.params


def rates(found):
    return {row["rate_id"]: (row["net"], row["amount"]) for row in found.values["taxes"]}


def tax_codes(found):
    return [item.get("tax_code") for item in found.values["lines"]]


def single(amount, tax_amount, told, **more):
    return line(amount, tax_amount, taxes=[tax(told, tax_amount)], **more)


# Mapped or held


@pytest.mark.row("O-24")
def test_an_order_with_an_unmapped_tax_is_held_and_named_and_the_others_go():
    wishes = rules(maps={"tax": {"none": "10", "TPS+TVQ": "20"}})
    code, params = held(sale(single("10.00", "1.30", TVH)), wishes)
    assert (code, params) == ("TAX-UNMAPPED", {"map": "tax", "key": "TVH"})
    assert posted(sale(), wishes).values["tax_total"] == D("1.50")


def test_untaxed_lines_need_a_code_of_their_own():
    assert held(sale(line("5.00")), rules(maps={"tax": {"TPS+TVQ": "20"}}))[1]["key"] == "none"
    assert tax_codes(posted(sale(line("5.00")))) == ["10"]


def test_zero_rated_and_exempt_are_two_codes():
    zero = {"code": "ZERO", "title": "Zero", "percent": D("0")}
    found = posted(sale(single("5.00", "0", zero), line("7.00")))
    assert tax_codes(found) == ["40", "10"]
    assert rates(found) == {"r0": (D("5.00"), D("0"))}


def test_several_taxes_are_mapped_together_whatever_their_order():
    backwards = line("10.00", "1.50", taxes=[tax(TVQ, "1.02"), tax(TPS, "0.48")])
    found = posted(sale(backwards))
    assert rates(found) == {"r5": (D("10.00"), D("0.48")), "r9": (D("10.00"), D("1.02"))}


def test_taxes_mapped_one_by_one_find_the_code_with_exactly_their_rates():
    singly = rules(maps={"tax": {"TPS": "50", "TVQ": "60"}})
    assert tax_codes(posted(sale(), singly)) == ["20"]
    without = {key: code for key, code in CODES.items() if key != "20"}
    assert held(sale(), singly, books(tax_codes=without))[1]["key"] == "TPS+TVQ"


def test_two_codes_with_the_same_rates_are_not_guessed_between():
    twice = {**CODES, "21": CODES["20"]}
    assert held(sale(), rules(maps={"tax": {"TPS": "50", "TVQ": "60"}}), books(tax_codes=twice))[0] == "TAX-UNMAPPED"
    assert tax_codes(posted(sale(), rules(), books(tax_codes=twice))) == ["20"]


@pytest.mark.parametrize("target", ["70", "gone"])
def test_a_code_that_is_inactive_or_gone_holds_what_needs_it(target):
    code, params = held(sale(), rules(maps={"tax": {"TPS+TVQ": target}}))
    assert (code, params["target"], params["key"]) == ("TAX-CODE-GONE", target, "TPS+TVQ")


@pytest.mark.parametrize(
    ("key", "target"),
    [("TPS+TVQ", "30"), ("TPS+TVQ", "50"), ("TPS+TVQ", "10")],
)
def test_a_tax_under_a_code_of_another_rate_is_held(key, target):
    code, params = held(sale(), rules(maps={"tax": {key: target}}))
    assert code == "TAX-RATE-DIFFERS"
    assert params["source"] == "5 % + 9.975 %"
    code, params = held(sale(single("10.00", "1.30", TVH)), rules(maps={"tax": {"TVH": "20"}}))
    assert (code, params["target"]) == ("TAX-RATE-DIFFERS", "5 % + 9.975 %")


def test_untaxed_under_a_code_that_charges_is_held():
    code, params = held(sale(line("5.00")), rules(maps={"tax": {"none": "30"}}))
    assert (code, params["source"], params["target"]) == ("TAX-RATE-DIFFERS", "0 %", "13 %")


def test_one_tax_of_the_shop_may_be_two_rates_of_the_books():
    both = {"code": "QC", "title": "QC", "percent": D("14.975")}
    found = posted(sale(single("10.00", "1.50", both)), rules(maps={"tax": {"QC": "20"}}))
    assert rates(found) == {"r5": (D("10.00"), D("0.50")), "r9": (D("10.00"), D("1.00"))}


def test_one_tax_of_the_shop_may_be_two_rates_one_upon_the_other():
    both = {"code": "QC", "title": "QC", "percent": D("14.975")}
    facts = books(tax_codes={**CODES, "80": TaxCode((("r5", D("5")), ("r95", D("9.5"))))})
    found = posted(sale(single("100.00", "14.98", both)), rules(maps={"tax": {"QC": "80"}}), facts)
    assert rates(found) == {"r5": (D("100.00"), D("5.00")), "r95": (D("100.00"), D("9.98"))}
    assert found.warnings == ()


@pytest.mark.parametrize("percent", ["14.9", "15.1", "14", "0.5"])
@pytest.mark.parametrize("target", ["20", "80"])
def test_one_tax_that_comes_to_another_percent_is_held(percent, target):
    told = {"code": "QC", "title": "QC", "percent": D(percent)}
    facts = books(tax_codes={**CODES, "80": TaxCode((("r5", D("5")), ("r95", D("9.5"))))})
    code, params = held(sale(single("100.00", percent + "0", told)), rules(maps={"tax": {"QC": target}}), facts)
    assert (code, params["source"]) == ("TAX-RATE-DIFFERS", f"{percent} %")


def test_one_amount_goes_to_rates_by_weight_and_what_is_left_to_the_heaviest():
    assert split(D("0.10"), [D(1), D(1), D(2)], D("0.01")) == [D("0.03"), D("0.03"), D("0.04")]
    assert split(D("0.10"), [D(0), D(0)], D("0.01")) == [D("0.10"), D(0)]


def test_a_discount_counts_where_only_the_document_names_the_tax():
    told = [tax(TPS, "4.50"), tax(TVQ, "8.98")]
    before = sale(line("100.00", "13.48", discount=D("10.00")), taxes=told)
    assert tax_codes(posted(before)) == ["20", "20"]


def test_a_tax_without_a_name_is_the_documents_if_that_comes_to_it():
    order = sale(line("10.00", "1.50"), taxes=[tax(TPS, "0.50"), tax(TVQ, "1.00")])
    assert rates(posted(order)) == {"r5": (D("10.00"), D("0.50")), "r9": (D("10.00"), D("1.00"))}
    assert held(sale(line("10.00", "1.50")))[0] == "TAX-NOT-NAMED"
    assert held(sale(line("10.00", "3.00"), taxes=[tax(TPS, "0.50")]))[0] == "TAX-NOT-NAMED"


def test_a_tax_without_a_percent_must_come_to_what_the_books_charge():
    bare = {"code": "TVH", "title": "TVH", "percent": None}
    assert tax_codes(posted(sale(single("10.00", "1.30", bare)))) == ["30"]
    assert tax_codes(posted(sale(single("100.00", "11.70", bare, discount=D("10.00"))))) == ["30", "30"]
    assert held(sale(single("10.00", "1.30", bare), single("10.00", "0.50", bare)))[0] == "TAX-RATE-DIFFERS"


def test_parts_that_do_not_come_to_the_lines_tax_are_held():
    for charged in ("2.00", "1.00"):
        odd = line("10.00", charged, taxes=[tax(TPS, "0.50"), tax(TVQ, "1.00")])
        assert held(sale(odd))[0] == "TAX-NOT-NAMED"


# Kinds of rates


def test_a_tax_upon_a_tax_is_posted_as_charged():
    old = {"code": "OLD", "title": "OLD", "percent": D("9.5")}
    facts = books(tax_codes={**CODES, "80": TaxCode((("r5", D("5")), ("r95", D("9.5"))))})
    order = sale(line("100.00", "14.98", taxes=[tax(TPS, "5.00"), tax(old, "9.98")]))
    found = posted(order, rules(maps={"tax": {"OLD+TPS": "80"}}), facts)
    assert rates(found) == {"r5": (D("100.00"), D("5.00")), "r95": (D("100.00"), D("9.98"))}
    assert found.warnings == ()


def test_each_place_keeps_its_own_amount():
    told = [("STATE", "4"), ("COUNTY", "1.25"), ("CITY", "0.875")]
    taxes = [{"code": code, "percent": D(percent), "amount": D(amount)}
             for (code, percent), amount in zip(told, ("4.00", "1.25", "0.88"), strict=True)]  # fmt: skip
    facts = books(tax_codes={"10": CODES["10"], "90": TaxCode(tuple((code, D(percent)) for code, percent in told))})
    order = sale(line("100.00", "6.13", taxes=taxes))
    found = posted(order, rules(maps={"tax": {"CITY+COUNTY+STATE": "90"}}), facts)
    assert {rate: amount for rate, (_, amount) in rates(found).items()} == {
        "STATE": D("4.00"), "COUNTY": D("1.25"), "CITY": D("0.88"),
    }  # fmt: skip


def test_tax_on_shipping_is_shippings_own():
    order = sale(taxed(), line("20.00", "3.00", kind="shipping", taxes=[tax(TPS, "1.00"), tax(TVQ, "2.00")]))
    assert rates(posted(order)) == {"r5": (D("30.00"), D("1.50")), "r9": (D("30.00"), D("3.00"))}


# Rounding


def test_the_documents_tax_is_the_truth_where_the_lines_round_apart():
    """Three lines of 0.11 at 5 % round to 0.01 each; the shop charged 0.02 in all."""
    three = [line("0.11", "0.02", taxes=[tax(TPS, "0.01"), tax(TVQ, "0.01")]) for _ in range(3)]
    order = sale(*three, tax_total=D("0.05"), total=D("0.38"), taxes=[tax(TPS, "0.02"), tax(TVQ, "0.03")])
    found = posted(order)
    assert found.values["tax_total"] == D("0.05")
    assert rates(found) == {"r5": (D("0.33"), D("0.02")), "r9": (D("0.33"), D("0.03"))}


def test_cents_nobody_places_go_to_the_greatest_tax_and_to_the_line_with_most_of_it():
    lines = (taxed("10.00", "0.50", "1.00"), taxed("100.00", "5.00", "9.98"))
    order = sale(*lines, tax_total=D("16.50"), total=D("126.50"))
    found = posted(order, rules(prices="gross"))
    assert rates(found) == {"r5": (D("110.00"), D("5.50")), "r9": (D("110.00"), D("11.00"))}
    assert found.warnings == ()
    assert [item["tax_amount"] for item in found.values["lines"]] == [D("1.50"), D("15.00")]


def test_cents_move_between_rates_where_the_document_says_so():
    three = [line("0.33", "0.05", taxes=[tax(TPS, "0.02"), tax(TVQ, "0.03")]) for _ in range(3)]
    order = sale(*three, taxes=[tax(TPS, "0.05"), tax(TVQ, "0.10")])
    found = posted(order)
    assert rates(found) == {"r5": (D("0.99"), D("0.05")), "r9": (D("0.99"), D("0.10"))}


def test_lines_that_come_to_the_total_are_believed_before_a_tax_that_does_not():
    found = posted(sale(tax_total=D("1.51")))
    assert found.values["tax_total"] == D("1.50")
    assert found.warnings == (("TAX-HEADER-DIFFERS", {"told": "1.51", "lines": "1.50"}),)


def test_a_tax_the_lines_do_not_tell_at_all_is_not_made_up():
    code, params = held(sale(tax_total=D("3.50"), total=D("13.50")))
    assert (code, params["tax_total"], params["tax_total_found"]) == ("TOTAL-DIFFERS", "3.50", "1.50")


def test_the_tax_that_lost_a_cent_is_the_one_the_document_names():
    three = [line("0.33", "0.05", taxes=[tax(TPS, "0.02"), tax(TVQ, "0.03")]) for _ in range(3)]
    order = sale(*three, tax_total=D("0.14"), total=D("1.13"), taxes=[tax(TPS, "0.05"), tax(TVQ, "0.09")])
    assert rates(posted(order)) == {"r5": (D("0.99"), D("0.05")), "r9": (D("0.99"), D("0.09"))}


def test_a_documents_tax_that_no_rounding_explains_moves_nothing():
    order = sale(taxed("100.00", "5.00", "9.98"), taxes=[tax(TPS, "9.00"), tax(TVQ, "5.98")])
    assert rates(posted(order)) == {"r5": (D("100.00"), D("5.00")), "r9": (D("100.00"), D("9.98"))}


def test_a_moved_cent_of_one_tax_goes_to_the_greater_of_its_rates():
    both = {"code": "QC", "title": "QC", "percent": D("14.975")}
    order = sale(single("100.00", "14.98", both), tax_total=D("14.99"), total=D("114.99"), taxes=[tax(both, "14.99")])
    assert rates(posted(order, rules(maps={"tax": {"QC": "20"}}))) == {
        "r5": (D("100.00"), D("5.00")),
        "r9": (D("100.00"), D("9.99")),
    }


def test_a_few_cents_of_tax_are_no_news():
    assert posted(sale(single("100.00", "13.03", TVH))).warnings == ()


def test_another_tax_than_the_rates_give_is_posted_as_charged_and_said():
    order = sale(single("100.00", "12.00", TVH))
    found = posted(order)
    assert rates(found) == {"r13": (D("100.00"), D("12.00"))}
    assert [(code, params["computed"]) for code, params in found.warnings] == [("TAX-FORCED", "13.00")]


# Discounts and tax


def test_a_discount_before_tax_lowers_what_is_taxed():
    found = posted(sale(single("100.00", "11.70", TVH, discount=D("10.00"))))
    assert tax_codes(found) == ["30", "30"]
    assert rates(found) == {"r13": (D("90.00"), D("11.70"))}
    assert found.warnings == ()


def test_a_small_discount_before_taxes_upon_taxes_is_seen_as_one():
    old = {"code": "OLD", "title": "OLD", "percent": D("9.5")}
    facts = books(tax_codes={**CODES, "80": TaxCode((("r5", D("5")), ("r95", D("9.5"))))})
    item = line("100.00", "14.83", discount=D("1.00"), taxes=[tax(TPS, "4.95"), tax(old, "9.88")])
    found = posted(sale(item), rules(maps={"tax": {"OLD+TPS": "80"}}), facts)
    assert tax_codes(found) == ["80", "80"]


@pytest.mark.parametrize("cents", [-5, 5])
def test_the_most_that_rounding_can_move_a_tax(cents):
    by = D(cents) / 100
    order = sale(taxed("100.00", "5.00", "9.98"), tax_total=D("14.98") + by, total=D("114.98") + by)
    assert posted(order).values["tax_total"] == D("14.98") + by
    more = D(cents + (1 if cents > 0 else -1)) / 100
    assert held(sale(taxed("100.00", "5.00", "9.98"), tax_total=D("14.98") + more, total=D("114.98") + more))[0] == (
        "TOTAL-DIFFERS"
    )


def test_a_discount_after_tax_leaves_what_is_taxed():
    found = posted(sale(single("100.00", "13.00", TVH, discount=D("10.00"))))
    assert tax_codes(found) == ["30", "10"]
    assert rates(found) == {"r13": (D("100.00"), D("13.00"))}
    assert found.warnings == ()


def test_a_discount_after_tax_stays_with_its_code_where_none_is_mapped_for_untaxed():
    wishes = rules(maps={"tax": {"TVH": "30"}})
    found = posted(sale(single("100.00", "13.00", TVH, discount=D("10.00"))), wishes)
    assert tax_codes(found) == ["30", "30"]
    assert rates(found)["r13"] == (D("90.00"), D("13.00"))
    assert [code for code, _ in found.warnings] == ["TAX-FORCED"]


# Prices with tax inside


@pytest.mark.parametrize(("prices", "inside", "told"), [("source", True, True), ("source", False, False),
                                                         ("gross", False, True), ("net", True, False)])  # fmt: skip
def test_prices_are_written_with_tax_inside_where_the_policy_says_so(prices, inside, told):
    found = posted(sale(single("10.00", "1.30", TVH), prices_include_tax=inside), rules(prices=prices))
    assert found.values["prices_include_tax"] is told
    assert [item.get("tax_amount") for item in found.values["lines"]] == [D("1.30") if told else None]


def test_prices_with_tax_inside_come_to_the_total_with_discount_and_rounding():
    """Net 10.61 and 13 % inside, a fifth off: the tax is 1.11, where 13 % of the rest would be 1.10."""
    order = sale(single("10.61", "1.11", TVH, discount=D("2.12")), prices_include_tax=True)
    found = posted(order, rules(prices="source"))
    assert found.values["total"] == D("9.60")
    item, off = found.values["lines"]
    assert (item["amount"] + item["tax_amount"], off["amount"] + off["tax_amount"]) == (D("12.00"), D("-2.40"))


def test_each_line_has_its_own_tax_inside():
    order = sale(single("100.00", "11.70", TVH, discount=D("10.00")), single("200.00", "26.00", TVH))
    found = posted(order, rules(prices="gross"))
    assert [item["tax_amount"] for item in found.values["lines"]] == [D("13.00"), D("26.00"), D("-1.30")]


def test_tax_inside_follows_the_documents_own():
    three = [line("0.11", "0.02", taxes=[tax(TPS, "0.01"), tax(TVQ, "0.01")]) for _ in range(3)]
    order = sale(*three, tax_total=D("0.05"), total=D("0.38"))
    found = posted(order, rules(prices="gross"))
    assert sum(item["tax_amount"] for item in found.values["lines"]) == D("0.05")


# Books that compute tax, and books that keep none


def test_american_lines_only_say_whether_they_are_taxable():
    order = sale(single("100.00", "8.88", {"code": "NYC", "title": "NYC", "percent": D("8.875")}), line("5.00"),
                 currency="USD", home_currency="USD")  # fmt: skip
    found = posted(order, rules(), american())
    assert tax_codes(found) == ["TAX", "NON"]
    assert (found.values["tax_total"], found.values["taxes"]) == (D("8.88"), [])
    assert posted(order, rules(prices="gross"), american()).values["prices_include_tax"] is False
    assert [code for code, _ in found.warnings] == ["TAX-BY-BOOKS"]


def test_american_taxes_by_code_must_all_be_mapped():
    told = {"code": "NYC", "title": "NYC", "percent": D("8.875")}
    order = sale(single("100.00", "8.88", told), currency="USD")
    assert held(order, rules(tax="code"), american())[1]["key"] == "NYC"
    assert posted(order, rules(tax="code", maps={"tax": {"NYC": "TAX"}}), american())


def test_american_discounts_after_tax_are_not_taxable():
    told = {"code": "NYC", "title": "NYC", "percent": D("10")}
    before = posted(sale(single("100.00", "9.00", told, discount=D("10.00")), currency="USD"), facts=american())
    after = posted(sale(single("100.00", "10.00", told, discount=D("10.00")), currency="USD"), facts=american())
    assert (tax_codes(before), tax_codes(after)) == (["TAX", "TAX"], ["TAX", "NON"])
    unnamed = posted(sale(line("100.00", "9.00", discount=D("10.00")), currency="USD"), facts=american())
    assert tax_codes(unnamed) == ["TAX", "TAX"]


def test_american_books_without_an_engine_take_the_same_lines_and_the_charged_total():
    told = {"code": "NYC", "title": "NYC", "percent": D("8.875")}
    order = sale(single("100.00", "8.88", told), line("5.00"), currency="USD", home_currency="USD")
    classic = replace(american(), automated_tax=False)
    assert posted(order, rules(), classic).values == posted(order, rules(), american()).values


@pytest.mark.parametrize("facts", [{}, {"country": "US", "home_currency": "USD"}], ids=["by code", "american"])
def test_books_whose_sales_tax_is_off_would_drop_a_tax_so_it_is_held(facts):
    off = replace(books(), keeps_tax=False, **facts)
    currency = facts.get("home_currency", "CAD")
    code, params = held(sale(line("10.00", "1.50"), currency=currency), rules(), off)
    assert (code, params["amount"]) == ("TAX-NOT-KEPT", "1.50")
    free = post_sale(sale(line("10.00"), currency=currency), rules(prices="gross"), off).values
    assert (free["total"], free["tax_total"], free["taxes"]) == (D("10.00"), 0, [])
    assert free["lines"][0].get("tax_code") is None


def test_without_sales_tax_nothing_is_coded_and_a_charged_tax_is_held():
    wishes = rules(tax="none")
    found = post_sale(sale(line("10.00")), wishes, books(tax_codes={}))
    assert tax_codes(found) == [None] and found.values["taxes"] == []
    code, params = held(sale(), wishes)
    assert (code, params["amount"]) == ("TAX-OFF", "1.50")
