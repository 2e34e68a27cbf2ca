"""The invented shop's products: furniture the cabinet maker of the other worlds keeps in the books, and some others.

Most SKUs are item SKUs of those books, three are item names there; about twenty, composites among them, are unknown.
"""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.core import Document
from connectors.sandbox.magento.loading import new_stock_item
from connectors.sandbox.magento.money import plain
from connectors.sandbox.magento.sale import Good
from connectors.sandbox.magento.shop import Shop
from connectors.sandbox.worlds import plain as letters

GOODS, SHIPPING, BOOKS, NOTHING = 2, 4, 5, 0
FURNITURE = (
    ("TABL-01", "Table d'érable", "549.00"),
    ("CHAI-02", "Chaise berçante", "389.95"),
    ("ETAG-03", "Étagère murale", "124.50"),
    ("TABO-04", "Tabouret de bar", "159.00"),
    ("PLAN-05", "Planche à découper", "64.95"),
    ("COFF-06", "Coffre en cèdre", "289.00"),
    ("BANC-07", "Banc d'entrée", "219.99"),
    ("CADR-08", "Cadre de miroir", "94.25"),
    ("PORT-09", "Porte-manteau", "79.95"),
    ("BOLT-10", "Bol tourné", "48.75"),
)
# These six are sold as one product with five finishes; the other four as products of their own.
CONFIGURABLE = 6
FINISHES = ("naturel", "noyer", "blanc", "noir", "miel")
SERVICES = (
    ("SRV-01", "Conception sur mesure", "95.00"),
    ("SRV-02", "Installation", "75.00"),
    ("SRV-03", "Livraison locale", "45.00"),
    ("SRV-04", "Restauration de meuble", "85.00"),
    ("SRV-05", "Affûtage", "18.50"),
    ("SRV-06", "Consultation à domicile", "60.00"),
    ("SVC/POSE 1", "Pose murale (visite)", "110.00"),
)
# Known in the books by name only: the SKU here is the name there.
BY_NAME = (("Emballage cadeau", "8.00"), ("Carte de souhaits", "4.10"))
STRANGERS = (
    ("HUIL-201", "Huile d'entretien 250 ml", "16.95", GOODS),
    ("CIRE-202", "Cire d'abeille &laquo; La Ruche &raquo;", "14.50", GOODS),
    ("CHIF-203", "Chiffon de lin ", "9.99", GOODS),
    ("LAMP-204", "Lampe d'atelier Lumen&trade;", "118.00", GOODS),
    ("LIVR-301", "Livre : L'art du bois", "34.95", BOOKS),
    ("LIVR-302", "Livre: Dovetails for Everyone", "29.95", BOOKS),
    ("ANCIEN-99", "Rabot ancien (discontinué)", "74.00", GOODS),
)
DOWNLOADS = (
    ("PDF-401", "Plan de table à télécharger", "12.00"),
    ("PDF-402", "Plan de chaise à télécharger", "12.00"),
    ("PDF-403", "Bench Plans (download)", "9.50"),
)
CREATED, CHANGED = "2025-06-02 14:00:00", "2026-01-15 15:30:00"


class Catalogue:
    """The products as the till sells them, by SKU; `fill` puts their documents into the shop."""

    def __init__(self) -> None:
        self.goods: dict[str, Good] = {}
        self._children: dict[str, list[Good]] = {}
        for stem, name, price in FURNITURE:
            for at, finish in enumerate(FINISHES):
                cost = Decimal(price) + at * Decimal("7.05")
                self._add(f"{stem}{at + 1}", f"{name} ({finish})", "simple", cost, weight=8)
        for sku, name, price in SERVICES:
            self._add(sku, name, "virtual", Decimal(price), weight=0)
        for sku, price in BY_NAME:
            self._add(sku, sku, "simple", Decimal(price))
        self._add("Bon-cadeau", "Bon-cadeau", "virtual", Decimal(50), NOTHING, 0)
        for sku, name, price, tax_class in STRANGERS:
            self._add(sku, name, "simple", Decimal(price), tax_class)
        for sku, name, price in DOWNLOADS:
            self._add(sku, name, "downloadable", Decimal(price), weight=0)
        for stem, name, _ in FURNITURE[:CONFIGURABLE]:
            children = [self.goods[f"{stem}{at + 1}"] for at in range(len(FINISHES))]
            self._add(stem, name, "configurable", children[0].price, parts=tuple((one, 1) for one in children))
        self._sets()

    def _sets(self) -> None:
        """Two dynamic bundles, one with a fixed price, two groups."""
        goods = self.goods
        dining = ((goods["TABL-012"], 1), (goods["CHAI-022"], 4))
        corner = ((goods["ETAG-031"], 2), (goods["TABO-043"], 2))
        self._add("ENS-SAM", "Ensemble salle à manger", "bundle", Decimal(0), parts=dining, dynamic=True)
        self._add("ENS-BAR", "Ensemble coin bar", "bundle", Decimal(0), parts=corner, dynamic=True)
        present = ((goods["PLAN-051"], 1), (goods["BOLT-102"], 2), (goods["HUIL-201"], 1))
        self._add("COFFRET-CADEAU", "Coffret cadeau du chef", "bundle", Decimal("149.00"), parts=present)
        frames = tuple((goods[f"CADR-08{at}"], 1) for at in (1, 2, 3))
        self._add("SERIE-CADRES", "Série de cadres", "grouped", Decimal(0), parts=frames)
        care = tuple((goods[sku], 1) for sku in ("HUIL-201", "CIRE-202", "CHIF-203"))
        self._add("SERIE-ENTRETIEN", "Trousse d'entretien", "grouped", Decimal(0), parts=care)

    def _add(
        self,
        sku: str,
        name: str,
        kind: str,
        price: Decimal,
        tax_class: int = GOODS,
        weight: int = 1,
        parts: tuple[tuple[Good, int], ...] = (),
        *,
        dynamic: bool = False,
    ) -> None:
        self.goods[sku] = Good(len(self.goods) + 1, sku, name, kind, price, tax_class, weight, parts, dynamic)

    def variant(self, stem: str, finish: int) -> Good:
        """A configurable product with its chosen variant."""
        good = self.goods[stem]
        return replace(good, parts=(good.parts[finish],))

    def of_type(self, kind: str) -> list[Good]:
        return [good for good in self.goods.values() if good.type == kind]

    def fill(self, shop: Shop) -> None:
        """Products, stock items and source items."""
        dice = random.Random(41)
        for good in self.goods.values():
            quantity = dice.randrange(6, 140) if good.type == "simple" else 0
            shop.put("products", product(good, quantity))
            if good.type != "simple":
                continue
            shop.put("sourceItems", source_item(good.sku, "default", quantity))
            if good.id % 4 == 1:
                shop.put("sourceItems", source_item(good.sku, "quebec", dice.randrange(1, 30)))


def source_item(sku: str, source: str, quantity: int) -> Document:
    """A quantity at one place."""
    return {"sku": sku, "source_code": source, "quantity": quantity, "status": int(quantity > 0)}


def product(good: Good, quantity: int) -> Document:
    """A product as the store tells it; what a type does not have is absent."""
    inside: Document = {"website_ids": [1, 2], "category_links": [{"position": 0, "category_id": "3"}]}
    inside |= _parts(good)
    inside["stock_item"] = new_stock_item(good.id, quantity, managed=good.type == "simple")
    if good.type in ("configurable", "bundle", "grouped"):
        inside["stock_item"]["is_in_stock"] = True
    document: Document = {
        "id": good.id,
        "sku": good.sku,
        "name": good.name,
        "attribute_set_id": 4,
        "price": plain(good.price) if good.type != "configurable" else 0,
        "status": 2 if good.sku.startswith("ANCIEN") else 1,
        "visibility": 1 if _is_variant(good) else 4,
        "type_id": good.type,
        "created_at": CREATED,
        "updated_at": CHANGED,
        "weight": good.weight,
        "extension_attributes": inside,
        "product_links": [],
        "options": [],
        "media_gallery_entries": [],
        "tier_prices": [],
        "custom_attributes": _attributes(good),
    }
    if good.type == "grouped":
        del document["price"]
        document["product_links"] = [_link(good, part, at) for at, (part, _) in enumerate(good.parts)]
    if good.type not in ("simple", "configurable"):
        del document["weight"]
    return document


def _is_variant(good: Good) -> bool:
    return good.type == "simple" and any(good.sku[:-1] == stem for stem, *_ in FURNITURE[:CONFIGURABLE])


def _link(good: Good, part: Good, at: int) -> Document:
    return {
        "sku": good.sku,
        "link_type": "associated",
        "linked_product_sku": part.sku,
        "linked_product_type": "simple",
        "position": at,
        "extension_attributes": {"qty": 1},
    }


def _parts(good: Good) -> Document:
    if good.type == "configurable":
        values = [{"value_index": part.id} for part, _ in good.parts]
        option = {"id": good.id, "product_id": good.id, "attribute_id": "93", "label": "Fini", "position": 0}
        return {
            "configurable_product_options": [{**option, "values": values}],
            "configurable_product_links": [part.id for part, _ in good.parts],
        }
    if good.type == "bundle":
        return {"bundle_product_options": [_option(good, at) for at in range(len(good.parts))]}
    return {}


def _option(good: Good, at: int) -> Document:
    part, pieces = good.parts[at]
    link = {
        "id": str(good.id * 10 + at),
        "sku": part.sku,
        "option_id": good.id * 10 + at,
        "qty": pieces,
        "position": 1,
        "is_default": True,
        "price": None,
        "price_type": None,
        "can_change_quantity": 0,
    }
    return {
        "option_id": good.id * 10 + at,
        "title": part.name,
        "required": True,
        "type": "select",
        "position": at + 1,
        "sku": good.sku,
        "product_links": [link],
    }


def _attributes(good: Good) -> list[Document]:
    values: dict[str, object] = {
        "description": f"<p>{good.name}</p>",
        "tax_class_id": str(good.tax_class),
        "url_key": letters(good.name)[:40],
        "category_ids": ["3"],
        "required_options": "0",
        "has_options": "0",
    }
    if good.type == "simple" and good.id % 3:
        values["cost"] = f"{good.price * Decimal('0.55'):.6f}"
    if good.type == "bundle":
        values |= {"price_type": "0" if good.dynamic else "1", "sku_type": "0" if good.dynamic else "1"}
    return [{"attribute_code": code, "value": value} for code, value in values.items()]
