"""Posting: a shop's sales, payments and refunds as documents of the books, to the smallest unit or not at all."""

from bridge.engine.posting.documents import (
    SKIPS,
    Posted,
    compare,
    name_apart,
    post_contact,
    post_payment,
    post_refund,
    post_sale,
)
from bridge.engine.posting.numbers import Clash, clashes, prefix_taken
from bridge.engine.posting.policy import DEFAULTS, OPTIONS, Books, Option, Policy, TaxCode, policy

__all__ = [
    "DEFAULTS",
    "OPTIONS",
    "SKIPS",
    "Books",
    "Clash",
    "Option",
    "Policy",
    "Posted",
    "TaxCode",
    "clashes",
    "compare",
    "name_apart",
    "policy",
    "post_contact",
    "post_payment",
    "post_refund",
    "post_sale",
    "prefix_taken",
]
