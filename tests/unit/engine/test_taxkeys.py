"""Taxes of both sides under one word, by the value map that turns the one into the other."""

from decimal import Decimal

import pytest

from bridge.engine.taxkeys import Mapped, TaxKeys

TPS, TVQ, TVH = ("1", Decimal(5)), ("2", Decimal("9.975")), ("4", Decimal(13))
NAMES = {"1": "TPS", "2": "TVQ", "4": "TVH ON"}


def quebec(*more):
    both = Mapped((("QC-TPS", Decimal(5)), ("QC-TVQ", Decimal("9.9750"))), (TPS, TVQ))
    return TaxKeys((both, *more), NAMES)


def test_rates_of_one_percentage_share_a_word():
    keys = quebec()
    assert [keys.source("QC-TPS"), keys.source("QC-TVQ")] == ["TPS", "TVQ"]
    assert [keys.target("1"), keys.target("2")] == ["TPS", "TVQ"]


def test_what_several_maps_say_is_put_together():
    keys = quebec(Mapped((("ON-TVH", Decimal(13)),), (TVH,)), Mapped((("EXPORT-TPS", Decimal(5)),), (TPS,)))
    assert keys.source("EXPORT-TPS") == keys.source("QC-TPS") == keys.target("1") == "TPS"
    assert keys.source("ON-TVH") == keys.target("4") == "TVH ON"


@pytest.mark.parametrize(
    "parts",
    [(("WHOLE", Decimal("14.975")),), (("A", None), ("B", None)), (("A", Decimal(5)), ("B", Decimal(3)))],
    ids=["one for two", "percents not told", "one does not fit"],
)
def test_rates_that_do_not_pair_off_are_one_tax_together(parts):
    keys = TaxKeys((Mapped(parts, (TPS, TVQ)),), NAMES)
    assert {keys.source(code) for code, _ in parts} == {keys.target("1"), keys.target("2")} == {"TPS + TVQ"}


def test_what_no_map_names_keeps_its_own_name():
    keys = quebec()
    assert (keys.source("NB-TVH"), keys.target("4"), keys.target("9")) == ("NB-TVH", "TVH ON", "9")
    assert TaxKeys((), NAMES, {"NB-TVH": "TVH Nouveau-Brunswick"}).source("NB-TVH") == "TVH Nouveau-Brunswick"


def test_without_any_rate_there_are_no_keys():
    assert not TaxKeys((), NAMES)
    assert not TaxKeys((Mapped((("none", Decimal(0)),), ()),), NAMES)
    assert quebec()
