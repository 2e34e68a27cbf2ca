"""The lines of a document as they are made up: each kind on its own item, tax by rate, and a sum that must be right.

The books add up a document as: lines, all net of tax and signed, plus tax. That sum is the shop's total or the document
is held.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bridge.engine.model import CannotMap
from bridge.engine.posting.amounts import ZERO, amount_of, exact, quantum, rounded, shown
from bridge.engine.posting.policy import Books, Policy
from bridge.engine.posting.taxes import LineTax, line_name, taxes_for
from bridge.engine.wording import french
from connectors.contract import Ref

Warnings = list[tuple[str, dict[str, object]]]
_PRICE = Decimal("0.0000001")  # unit prices keep seven decimals
_NAME_LENGTH = 4000
# Kinds of line that are an item of their own: the setting that names it, and the code when it names none.
OWN_ITEMS = {
    "shipping": ("shipping_item", "SHIPPING-ITEM-MISSING"),
    "discount": ("discount_item", "DISCOUNT-ITEM-MISSING"),
    "gift_card": ("gift_card_item", "GIFT-CARD-ITEM-MISSING"),
    "store_credit": ("store_credit_item", "STORE-CREDIT-ITEM-MISSING"),
    "fee": ("fee_item", "FEE-ITEM-MISSING"),
    "rounding": ("rounding_item", "ROUNDING-ITEM-MISSING"),
}
# Kinds of line of a work order, and what people call them; each may have an item of its own.
LINE_KINDS = {
    "labor": ("Labor", "Main-d’œuvre"),
    "part": ("Part", "Pièce"),
    "tire": ("Tire", "Pneu"),
    "subcontract": ("Subcontract", "Sous-traitance"),
    "fee": ("Fees", "Frais"),
    "shop_supplies": ("Shop supplies", "Fournitures d’atelier"),
    "epa": ("EPA", "Frais environnementaux"),
}
_WORDS = {
    "shipping": ("Shipping", "Livraison"),
    "discount": ("Discount", "Remise"),
    "gift_card": ("Gift card", "Carte-cadeau"),
    "store_credit": ("Store credit", "Crédit en magasin"),
    "fee": ("Fee", "Frais"),
    "rounding": ("Rounding", "Arrondi"),
    "unexplained": ("Other fees", "Autres frais"),
}


def unmapped_code(kind: str) -> str:
    """Return the code that says that a kind of line has no item."""
    return f"LINE-{kind.upper().replace('_', '-')}-UNMAPPED"


class Sheet:
    """One document's lines and taxes so far. `refund`: goods follow the restock choice."""

    def __init__(self, values: Mapping[str, Any], policy: Policy, books: Books, *, refund: bool = False) -> None:
        self.values, self.policy, self.books, self.refund = values, policy, books, refund
        self.unit = quantum(str(values["currency"]), books.rounded_to)
        self.cent = Decimal(1).scaleb(-books.rounded_to)
        self.total = exact(values, "total", self.unit)
        self.taxes = taxes_for(values, policy, books, self.unit)
        self.lines: list[dict[str, Any]] = []
        self.warnings: Warnings = []
        self.net = ZERO
        self.tax = ZERO
        self.by_rate: dict[str, Decimal] = {}
        self.by_code: dict[str, Decimal] = {}
        self.by_kind: dict[str, Decimal] = {}
        self.discounts: dict[str, list[Decimal]] = {}  # tax code -> amount, tax it took off
        self.class_id = ""

    # What the shop told

    def read(self) -> None:
        """Take all the source's lines, then put their discounts under them. CannotMap when there is none."""
        told = self.values.get("lines") or ()
        if not any(line.get("kind") != "note" for line in told):
            raise CannotMap("SALE-NO-LINES", total=shown(self.total), currency=self.values["currency"])
        for line in told:
            self._take(line)
        for at, (code, (amount, tax)) in enumerate(self.discounts.items(), 1):
            if amount:
                named = {"id": f"discount-{at}"}
                self._own("discount", -amount, LineTax(code, ZERO, (), code, ZERO), -tax, named)
        if len(self.lines) > self.books.most_lines:
            raise CannotMap("TOO-MANY-LINES", count=len(self.lines), most=self.books.most_lines)

    def _take(self, line: Mapping[str, Any]) -> None:
        kind = str(line.get("kind") or "item")
        if kind == "note":
            name = str(line.get("name") or "")[:_NAME_LENGTH]
            if name:
                self.lines.append({"id": line.get("id"), "kind": "note", "name": name, "amount": None})
            return
        amount = amount_of(line, "amount", self.unit)
        if kind == "discount":  # told as a line of its own: it takes off, whatever its sign
            amount = -abs(amount)
        discount = amount_of(line, "discount", self.unit)
        if kind in OWN_ITEMS and not (amount or discount or line.get("tax_amount")):
            return  # free shipping and the like: nothing to show, and no item or tax code to ask for
        if self.refund and not amount and not discount and not self._restocked(line):
            return  # given away, and it does not come back
        tax = self.taxes.line(line, amount, discount)
        self.by_kind[kind] = self.by_kind.get(kind, ZERO) + amount
        for part in line.get("taxes") or ():
            if part.get("amount") is not None:
                code = str(part["code"])
                self.by_code[code] = self.by_code.get(code, ZERO) + amount_of(part, "amount", self.unit)
        if discount:
            row = self.discounts.setdefault(tax.discount_code, [ZERO, ZERO])
            row[0] += discount
            row[1] += tax.discount_tax
        inside = tax.amount + tax.discount_tax  # what the discount line will take off again is in this one
        if self.policy.items_by == "kind" and kind in LINE_KINDS:
            self._add(line.get("id"), kind, self._item_of_kind(kind, line), line, amount, tax, inside)
            return
        if kind in OWN_ITEMS:
            self._own(kind, amount, tax, inside, line)
            return
        self._add(line.get("id"), kind, self._item(line, amount), line, amount, tax, inside)

    def _item_of_kind(self, kind: str, line: Mapping[str, Any]) -> dict[str, Any]:
        """Return the item mapped for a kind of line; where goods are linked, the very item they are in the books.
        CannotMap names the kind that has none.
        """
        product, sku = line.get("product"), str(line.get("sku") or "")
        if self.policy.linked_items:
            if isinstance(product, Ref) and self.books.knows(product.resource, product.remote_id):
                return {"product": product}
            found = self.books.item_skus.get(sku, ()) if sku and kind in ("part", "tire") else ()
            if len(found) == 1:
                return {"item_id": found[0]}
        if mapped := self.policy.mapped("line_kind", kind):
            return {"item_id": mapped}
        raise CannotMap(unmapped_code(kind), map="line_kind", key=kind, name=line_name(line))

    def _item(self, line: Mapping[str, Any], amount: Decimal) -> dict[str, Any]:
        """Return what a line of goods is in the books: a product known there, a mapped item, or the default one."""
        policy, books = self.policy, self.books
        sku = line.get("sku")
        if self.refund and not self._restocked(line):
            if policy.refund_item:
                return {"item_id": policy.refund_item}
            raise CannotMap("REFUND-ITEM-MISSING", amount=shown(amount), currency=self.values["currency"])
        if sku and sku in books.shared_skus:
            raise CannotMap("SKU-SHARED", sku=sku, ids=", ".join(books.shared_skus[sku]))
        if mapped := policy.mapped("item", sku):
            return {"item_id": mapped}
        product = line.get("product")
        if isinstance(product, Ref) and books.knows(product.resource, product.remote_id):
            return {"product": product}
        held = books.item_names if policy.items_by in ("name", "title") else books.item_skus
        found = held.get(str(sku), ()) if sku else ()
        if len(found) > 1:
            raise CannotMap("ITEM-SEVERAL", map="item", key=sku, ids=", ".join(found))
        if found:
            return {"item_id": found[0]}
        if policy.default_item:
            self.warnings.append(("ITEM-DEFAULT", {"line": line_name(line)}))
            return {"item_id": policy.default_item}
        raise CannotMap("ITEM-UNMAPPED", map="item", key=str(sku or ""), name=line_name(line))

    def _restocked(self, line: Mapping[str, Any]) -> bool:
        told = line.get("restock")
        return self.policy.restock if told is None else bool(told)

    # Lines

    def _own(
        self, kind: str, amount: Decimal, tax: LineTax, inside: Decimal, line: Mapping[str, Any] | None = None
    ) -> None:
        """Add a line on the item set for its kind. CannotMap names the kind when none is set."""
        setting, code = OWN_ITEMS["fee" if kind == "unexplained" else kind]
        item = getattr(self.policy, setting)
        if setting == "fee_item" and self.policy.items_by == "kind":
            item = item or self.policy.mapped("line_kind", "fee")
        if not item:
            raise CannotMap(code, amount=shown(amount), currency=self.values["currency"], setting=setting)
        told = line or {}
        self._add(
            told.get("id") or kind,
            "fee" if kind == "unexplained" else kind,
            {"item_id": item},
            {"name": told.get("name") or self._word(kind)},
            amount,
            tax,
            inside,
        )

    def _word(self, kind: str) -> str:
        pair = _WORDS[kind]
        return french(pair[1]) if self.policy.language == "fr" else pair[0]

    def _add(
        self,
        line_id: object,
        kind: str,
        item: dict[str, Any],
        told: Mapping[str, Any],
        amount: Decimal,
        tax: LineTax,
        inside: Decimal,
    ) -> None:
        line: dict[str, Any] = {"id": line_id, "kind": kind, **item, "name": str(told.get("name") or "")[:_NAME_LENGTH]}
        quantity = told.get("quantity")
        if quantity:
            self._price(line, quantity, told.get("unit_price"), amount)
        line["amount"] = amount
        if tax.code:
            line["tax_code"] = tax.code
        if self.class_id:
            line["class_id"] = self.class_id
        if self.inclusive:
            line["tax_amount"] = inside
        self.lines.append(line)
        self.net += amount
        self.tax += tax.amount
        for rate, part in tax.rates:
            self.by_rate[rate] = self.by_rate.get(rate, ZERO) + part

    def _price(self, line: dict[str, Any], quantity: Decimal, price: Decimal | None, amount: Decimal) -> None:
        """Set quantity and unit price so that their product is the amount; otherwise only the amount is told."""
        if price is None or rounded(quantity * price, self.cent) != amount:
            price = (amount / quantity).quantize(_PRICE)
            if rounded(quantity * price, self.cent) != amount:
                self.warnings.append(("QUANTITY-LEFT-OUT", {"line": line_name(line), "quantity": shown(quantity)}))
                return
        line["quantity"], line["unit_price"] = quantity, price

    @property
    def inclusive(self) -> bool:
        """Whether lines also tell the tax that is inside their prices."""
        prices, told = self.policy.prices, self.policy.tax not in ("none", "fold") and self.books.keeps_tax
        if prices == "net" or self.books.computes_tax or not told:
            return False
        return prices == "gross" or self.values.get("prices_include_tax") is True

    # The sum

    def close(self) -> None:
        """Make the document come to its total, visibly, or hold it with what makes up the difference."""
        self._settle_tax()
        rest = self.total - self.net - self.tax
        if rest:
            self._explain(rest)
        if self.net + self.tax != self.total:
            raise self._differs(self.total - self.net - self.tax)
        if self.total < 0:
            raise CannotMap("TOTAL-NEGATIVE", total=shown(self.total), currency=self.values["currency"])
        if self.inclusive:
            self._settle_inside()

    def _explain(self, rest: Decimal) -> None:
        """Put what is left over on the rounding item when it is small, on the fee item where the policy says so."""
        small = abs(rest) <= self.unit * self.policy.rounding_tolerance
        fee = rest > 0 and self.policy.unexplained == "fee"
        if not small and not fee:
            raise self._differs(rest)
        code = self.taxes.untaxed()
        kind = "rounding" if small else "unexplained"
        self._own(kind, rest, LineTax(code, ZERO, (), code, ZERO), ZERO)
        warning = "ROUNDING-POSTED" if small else "FEE-UNEXPLAINED"
        self.warnings.append((warning, {"amount": shown(rest), "currency": self.values["currency"]}))

    def _settle_tax(self) -> None:
        """Take the document's own taxes as the truth where they differ from the lines' by what rounding can do.

        Lines that come to the total as they are stay as they are.
        """
        if self.values.get("tax_total") is None:
            return
        shift = amount_of(self.values, "tax_total", self.unit) - self.tax
        rest = self.total - self.net - self.tax
        slack = self.unit * max(self.policy.rounding_tolerance, 1)
        coded = bool(self.by_rate) or self.books.computes_tax
        if shift and (not rest or abs(shift) > slack or not coded):
            if not rest:
                told = shown(self.tax + shift)
                self.warnings.append(("TAX-HEADER-DIFFERS", {"told": told, "lines": shown(self.tax)}))
            return
        self.tax += shift
        if self.by_rate:
            self._settle_rates(shift, slack)

    def _settle_rates(self, shift: Decimal, slack: Decimal) -> None:
        """Move cents to the rates whose sums the document tells otherwise, then `shift` in all."""
        moved = ZERO
        rate_of: Mapping[str, str] = getattr(self.taxes, "rate_of", {})
        moves: dict[str, Decimal] = {}
        for told in self.values.get("taxes") or ():
            code = str(told.get("code"))
            if told.get("amount") is None or code not in self.by_code or code not in rate_of:
                continue
            by = amount_of(told, "amount", self.unit) - self.by_code[code]
            if by and abs(by) <= slack:
                moves[rate_of[code]] = moves.get(rate_of[code], ZERO) + by
                moved += by
        if moved != shift:
            moves = {max(self.by_rate, key=lambda rate: self.by_rate[rate]): shift} if shift else {}
        for rate, by in moves.items():
            self.by_rate[rate] += by

    def _settle_inside(self) -> None:
        """Let the tax inside the lines come to the document's: what rounding moved goes to the line with most of it."""
        counted = [line for line in self.lines if line["amount"] is not None]
        rest = self.tax - sum((line["tax_amount"] for line in counted), ZERO)
        if rest:
            max(counted, key=lambda line: line["tax_amount"])["tax_amount"] += rest

    def rate_rows(self) -> list[dict[str, Any]]:
        """Return tax by rate: id, percent, the net amount it was charged on, and its amount."""
        if not self.by_rate:
            return []
        nets = dict.fromkeys(self.by_rate, ZERO)
        percents: dict[str, Decimal] = {}
        codes = self.books.tax_codes
        for line in self.lines:
            code = line.get("tax_code")
            if code is None:
                continue
            for rate, percent in codes[code].rates:
                nets[rate] = nets.get(rate, ZERO) + line["amount"]
                percents[rate] = percent
        for rate in nets:
            self.by_rate.setdefault(rate, ZERO)
        return [
            {"rate_id": rate, "percent": percents[rate], "net": nets[rate], "amount": amount}
            for rate, amount in self.by_rate.items()
        ]

    def _differs(self, rest: Decimal) -> CannotMap:
        """Return why the document is held: both totals, the difference, and the parts as told and as found."""
        kinds, told = self.by_kind, self.values
        discount = sum((amount for amount, _ in self.discounts.values()), ZERO) - kinds.get("discount", ZERO)
        other = sum((kinds.get(kind, ZERO) for kind in ("gift_card", "store_credit", "fee")), ZERO)
        goods = sum((amount for kind, amount in kinds.items() if kind not in OWN_ITEMS), ZERO)
        found = {
            "subtotal": goods,
            "shipping_total": kinds.get("shipping", ZERO),
            "discount_total": discount,
            "tax_total": self.tax,
        }
        params: dict[str, object] = {
            "total": shown(self.total),
            "posted": shown(self.total - rest),
            "difference": shown(rest),
            "currency": told["currency"],
            "other": shown(rounded(other, self.unit)),
        }
        for name, amount in found.items():
            said = told.get(name)
            params[name] = shown(rounded(said, self.unit)) if isinstance(said, Decimal) else "?"
            params[f"{name}_found"] = shown(rounded(amount, self.unit))
        return CannotMap("TOTAL-DIFFERS", **params)
