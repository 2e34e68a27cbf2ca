"""Magento Open Source and Adobe Commerce, REST V1: a shop's orders, payments, refunds, products and stock."""

from connectors.contract import Connector, Limits, Text
from connectors.magento import auth
from connectors.magento.buyers import BUYERS
from connectors.magento.catalogue import CATALOGUE
from connectors.magento.errors import ROWS, classify
from connectors.magento.feeds import FEEDS
from connectors.magento.payments import CAPTURES
from connectors.magento.products import PRODUCTS
from connectors.magento.references import REFERENCES
from connectors.magento.refunds import CREDIT_MEMOS
from connectors.magento.sales import ORDERS
from connectors.magento.shop import diagnose, identify
from connectors.magento.stock import STOCK

CONNECTOR = Connector(
    key="magento",
    label=Text("Magento", "Magento"),
    environments=auth.ENVIRONMENTS,
    resources=(ORDERS, BUYERS, CAPTURES, CREDIT_MEMOS, PRODUCTS, STOCK),
    feeds=FEEDS,
    sign_in=(auth.SIGN_IN,),
    headers=auth.headers,
    base_url=auth.base_url,
    classify=classify,
    identify=identify,
    # A shop's workers are few and serve its customers: one call at a time.
    limits=Limits(concurrency=1, pause_seconds=60.0),
    errors=ROWS,
    catalogue=CATALOGUE,
    diagnose=diagnose,
    references=REFERENCES,
    address=auth.ADDRESS,
    sign=auth.sign,
)
