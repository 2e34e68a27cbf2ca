"""The pair of a shop with the books: what its recipe reads out of documents."""

from decimal import Decimal

from connectors.recipes.quickbooks_magento import seen_taxes


def test_taxes_of_a_line_are_one_value_however_they_are_told():
    tax = {"code": "B", "title": "TVQ", "percent": Decimal("9.975"), "amount": Decimal(1)}
    other = {"code": "A", "title": "TPS", "percent": Decimal(5), "amount": Decimal(1)}
    line = {"kind": "item", "amount": Decimal(10)}
    (both,) = seen_taxes({"lines": [{**line, "taxes": [tax, other, tax]}]})
    assert tuple(both) == ("A+B", "TPS + TVQ", (Decimal(5), Decimal("9.975")))
    (bare,) = seen_taxes({"lines": [{**line, "taxes": [{"code": "A"}, tax]}]})
    assert tuple(bare) == ("A+B", "A + TVQ", ()), "a share that is not told is not made up"
