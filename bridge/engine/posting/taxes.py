"""Taxes of a document: what the shop charged by its own codes, told in the books' tax codes and rates.

What was charged is the truth. Where the books take amounts by rate, they get the shop's to the smallest unit; where
they compute tax themselves, lines only say whether they are taxable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from bridge.engine.model import CannotMap
from bridge.engine.posting.amounts import HUNDRED, ZERO, amount_of, rounded, shown, split
from bridge.engine.posting.policy import Books, Policy, TaxCode

UNTAXED = "none"
_ALIKE = Decimal("0.001")  # percents told with fewer decimals on one side


@dataclass(frozen=True, slots=True)
class Part:
    """One tax of a line as the shop tells it."""

    code: str
    percent: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Coding:
    """A set of taxes in the books' words. `places`: for each part, in order, the rate that carries it; None where one
    amount is spread over all rates by their `weights`.
    """

    code: str
    rates: tuple[tuple[str, Decimal], ...]
    places: tuple[int, ...] | None
    weights: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class LineTax:
    """Tax of one line. `discount_code` and `discount_tax` are for the line's discount: its own code, and the tax it
    took off.
    """

    code: str
    amount: Decimal
    rates: tuple[tuple[str, Decimal], ...]
    discount_code: str
    discount_tax: Decimal


class Taxes(Protocol):
    """One way of telling taxes to the books, for one document."""

    def line(self, line: Mapping[str, Any], net: Decimal, discount: Decimal) -> LineTax:
        """Return the tax of a line; `net` is before its discount."""

    def untaxed(self) -> str:
        """Return the code of a line of ours without tax."""


def taxes_for(values: Mapping[str, Any], policy: Policy, books: Books, unit: Decimal) -> Taxes:
    """Return how this document's taxes are told."""
    if policy.tax in ("none", "fold") or not books.keeps_tax:
        return NoTaxes(unit, "TAX-OFF" if policy.tax == "none" else "TAX-NOT-KEPT")
    if books.computes_tax:
        return FlatTaxes(values, policy, books, unit)
    return CodedTaxes(values, policy, books, unit)


class NoTaxes:
    """Books that keep no sales tax: a document that charges some is held."""

    def __init__(self, unit: Decimal, code: str) -> None:
        self.unit, self.code = unit, code

    def line(self, line: Mapping[str, Any], net: Decimal, discount: Decimal) -> LineTax:
        """Return a line without tax. CannotMap says why there is no place for one."""
        amount = amount_of(line, "tax_amount", self.unit)
        if amount:
            raise CannotMap(self.code, amount=shown(amount))
        return LineTax("", ZERO, (), "", ZERO)

    def untaxed(self) -> str:
        """Return no code."""
        return ""


class _Told:
    """Taxes of lines as the shop names them."""

    def __init__(self, values: Mapping[str, Any], policy: Policy, books: Books, unit: Decimal) -> None:
        self.values, self.policy, self.books, self.unit = values, policy, books, unit
        self.slack = unit * max(policy.rounding_tolerance, 1)

    def parts(self, line: Mapping[str, Any], amount: Decimal, base: Decimal) -> list[Part]:
        """Return a line's taxes. Where only the document names them, they are the line's if they come to its tax."""
        told = line.get("taxes")
        if told:
            return _parts(told, self.unit)
        if not amount:
            return []
        shared = _parts(self.values.get("taxes") or (), self.unit)
        percent = _percent(shared)
        if percent is None or abs(rounded(base * percent / HUNDRED, self.unit) - amount) > self.slack:
            raise CannotMap("TAX-NOT-NAMED", amount=shown(amount), line=line_name(line))
        return [Part(part.code, part.percent, None) for part in shared]

    def after_discount(self, parts: Sequence[Part], amount: Decimal, net: Decimal, discount: Decimal) -> bool:
        """Whether a line's tax was charged on what its discount left, rather than on the full price.

        The tax that fits one of the two best decides: of taxes upon taxes only the first fits either.
        """
        told = [(part.percent, part.amount) for part in parts if part.percent and part.amount is not None]
        whole = _percent(parts)
        if not told and whole:
            told = [(whole, amount)]
        best, after = None, True
        for percent, charged in told:
            on_rest = abs(charged - (net - discount) * percent / HUNDRED)
            on_all = abs(charged - net * percent / HUNDRED)
            if best is None or min(on_rest, on_all) < best:
                best, after = min(on_rest, on_all), on_rest <= on_all
        return after


class FlatTaxes(_Told):
    """Books that find the rates themselves: a line is taxable or it is not; only the sum is told."""

    def line(self, line: Mapping[str, Any], net: Decimal, discount: Decimal) -> LineTax:
        """Return taxable where tax was charged; by-code policies also want every tax mapped."""
        taxable, exempt = self.books.flat_codes
        amount = amount_of(line, "tax_amount", self.unit)
        if self.policy.tax == "code":
            parts = self.parts(line, amount, net - discount)
            self._want_mapped(parts)
        else:
            parts = _parts(line.get("taxes") or (), self.unit) if discount else []
        code = taxable if amount else exempt
        after = not discount or not amount or self.after_discount(parts, amount, net, discount)
        return LineTax(code, amount, (), code if after else exempt, ZERO)

    def untaxed(self) -> str:
        """Return the code of what is not taxable."""
        return self.books.flat_codes[1]

    def _want_mapped(self, parts: Sequence[Part]) -> None:
        key = _key(parts)
        if not self.policy.mapped("tax", key):
            for code in key.split("+"):
                if not self.policy.mapped("tax", code):
                    raise CannotMap("TAX-UNMAPPED", map="tax", key=key)


class CodedTaxes(_Told):
    """Books whose every line names a tax code, with the amounts by rate told beside them."""

    def __init__(self, values: Mapping[str, Any], policy: Policy, books: Books, unit: Decimal) -> None:
        super().__init__(values, policy, books, unit)
        self.seen: dict[tuple[tuple[str, Decimal | None], ...], Coding] = {}
        self.rate_of: dict[str, str] = {}  # source code -> the rate that carries most of it

    def line(self, line: Mapping[str, Any], net: Decimal, discount: Decimal) -> LineTax:
        """Return a line's code and its tax by rate, to the smallest unit."""
        amount = amount_of(line, "tax_amount", self.unit)
        parts = self.parts(line, amount, net - discount)
        coding = self.coding(parts, amount, net - discount)
        if not discount:
            return LineTax(coding.code, amount, self._by_rate(coding, parts, amount), coding.code, ZERO)
        if amount and not self.after_discount(parts, amount, net, discount) and (free := self._free_code()):
            return LineTax(coding.code, amount, self._by_rate(coding, parts, amount), free, ZERO)
        percent = sum((rate for _, rate in coding.rates), ZERO)
        taken = rounded(discount * percent / HUNDRED, self.unit) if amount else ZERO
        return LineTax(coding.code, amount, self._by_rate(coding, parts, amount), coding.code, taken)

    def untaxed(self) -> str:
        """Return the code mapped for what is not taxed."""
        return self.coding([], ZERO, ZERO).code

    def coding(self, parts: Sequence[Part], amount: Decimal, base: Decimal) -> Coding:
        """Return the tax code for a set of taxes. CannotMap names what is not mapped or does not agree."""
        known = tuple([(part.code, part.percent) for part in parts])
        found = self.seen.get(known)
        if found is None:
            key = _key(parts)
            code = self._code(key)
            found = self._place(key, code, parts, amount, base)
            if all(part.percent is not None for part in parts):
                self.seen[known] = found  # without percents only the amounts of each line tell whether it fits
            self._note(found, parts)
        if amount and not found.rates:
            raise CannotMap("TAX-RATE-DIFFERS", map="tax", key=_key(parts), source=_said(parts, amount), target="0 %")
        return found

    def _note(self, found: Coding, parts: Sequence[Part]) -> None:
        if not found.rates:
            return
        heaviest = max(found.rates, key=lambda rate: rate[1])[0]
        for at, part in enumerate(parts):
            self.rate_of[part.code] = found.rates[found.places[at]][0] if found.places else heaviest

    def _free_code(self) -> str:
        """Return the untaxed code if one is mapped that charges nothing, "" otherwise."""
        code = self.policy.mapped("tax", UNTAXED)
        found = self.books.tax_codes.get(code)
        return code if found and found.active and not any(percent for _, percent in found.rates) else ""

    def _code(self, key: str) -> str:
        """Return the id mapped for a set of taxes, or of the one code whose rates are exactly those mapped singly."""
        code = self.policy.mapped("tax", key)
        if not code and "+" in key:
            singles = [self.policy.mapped("tax", single) for single in key.split("+")]
            if all(singles):
                rates = frozenset(rate for single in singles for rate, _ in self._known(key, single).rates)
                fitting = self.books.codes_with(rates)
                code = fitting[0] if len(fitting) == 1 else ""
        if not code:
            raise CannotMap("TAX-UNMAPPED", map="tax", key=key)
        self._known(key, code)
        return code

    def _known(self, key: str, code: str) -> TaxCode:
        found = self.books.tax_codes.get(code)
        if found is None or not found.active:
            raise CannotMap("TAX-CODE-GONE", map="tax", key=key, target=code)
        return found

    def _place(self, key: str, code: str, parts: Sequence[Part], amount: Decimal, base: Decimal) -> Coding:
        rates = self.books.tax_codes[code].rates
        places = _pair(parts, rates)
        weights = self._weights(parts, rates, amount, base) if places is None and parts else tuple(p for _, p in rates)
        if weights is None:
            target = " + ".join(f"{shown(percent)} %" for _, percent in rates) or "0 %"
            raise CannotMap("TAX-RATE-DIFFERS", map="tax", key=key, source=_said(parts, amount), target=target)
        if not parts and any(percent for _, percent in rates):
            target = " + ".join(f"{shown(percent)} %" for _, percent in rates)
            raise CannotMap("TAX-RATE-DIFFERS", map="tax", key=key, source="0 %", target=target)
        return Coding(code, rates, places, weights)

    def _weights(
        self, parts: Sequence[Part], rates: Sequence[tuple[str, Decimal]], amount: Decimal, base: Decimal
    ) -> tuple[Decimal, ...] | None:
        """Return what share each rate has in one amount, if the rates of both sides come to the same: added, or each
        upon those before it. None where they do not.
        """
        beside = tuple(percent for _, percent in rates)
        upon, factor = [], Decimal(1)
        for percent in beside:
            upon.append(percent * factor)
            factor *= 1 + percent / HUNDRED
        whole = _percent(parts)
        if whole is None:
            whole_of = rounded(base * sum(beside, ZERO) / HUNDRED, self.unit)
            return beside if abs(whole_of - amount) <= self.slack else None
        if abs(whole - sum(beside, ZERO)) <= _ALIKE:
            return beside
        return tuple(upon) if abs(whole - sum(upon, ZERO)) <= _ALIKE else None

    def _by_rate(self, coding: Coding, parts: Sequence[Part], amount: Decimal) -> tuple[tuple[str, Decimal], ...]:
        """Return a line's tax by rate of the books; the parts add up to the line's tax."""
        rates = coding.rates
        if not rates:
            return ()
        if len(rates) == 1:
            return ((rates[0][0], amount),)
        places = coding.places
        if places is None or any(part.amount is None for part in parts):
            sums = split(amount, coding.weights, self.unit)
        else:
            sums = [ZERO] * len(rates)
            for place, part in zip(places, parts, strict=True):
                sums[place] += part.amount or ZERO
            rest = amount - sum(sums, ZERO)
            if abs(rest) > self.slack:
                raise CannotMap("TAX-NOT-NAMED", amount=shown(rest), line=_key(parts))
            if rest:
                sums[max(range(len(sums)), key=lambda at: sums[at])] += rest
        return tuple([(rate[0], part) for rate, part in zip(rates, sums, strict=True)])


def line_name(line: Mapping[str, Any]) -> str:
    """Return what people call a line."""
    return str(line.get("sku") or line.get("name") or line.get("kind") or "")


def _parts(told: Sequence[Mapping[str, Any]], unit: Decimal) -> list[Part]:
    found = []
    for item in told:
        percent, amount = item.get("percent"), item.get("amount")
        found.append(Part(str(item["code"]), percent, None if amount is None else amount_of(item, "amount", unit)))
    return found


def _key(parts: Sequence[Part]) -> str:
    """Return the value map's key for a set of taxes."""
    if len(parts) == 1:
        return parts[0].code
    return "+".join(sorted({part.code for part in parts})) or UNTAXED


def _percent(parts: Sequence[Part]) -> Decimal | None:
    """Return the percents of some taxes added; None where one is not told, or there are none."""
    whole = ZERO
    for part in parts:
        if part.percent is None:
            return None
        whole += part.percent
    return whole if parts else None


def _said(parts: Sequence[Part], amount: Decimal) -> str:
    if parts and all(part.percent is not None for part in parts):
        return " + ".join(f"{shown(part.percent or ZERO)} %" for part in parts)
    return shown(amount)


def _pair(parts: Sequence[Part], rates: Sequence[tuple[str, Decimal]]) -> tuple[int, ...] | None:
    """Return for each part the place of the rate with its percent; None where they do not pair off."""
    if len(parts) != len(rates):
        return None
    free = list(range(len(rates)))
    found = []
    for part in parts:
        percent = part.percent
        if percent is None:
            return None
        place = next((at for at in free if abs(rates[at][1] - percent) <= _ALIKE), None)
        if place is None:
            return None
        free.remove(place)
        found.append(place)
    return tuple(found)
