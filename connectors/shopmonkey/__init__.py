"""Shopmonkey, REST v3: a garage's orders, payments and refunds, its customers and its stock."""

from connectors.contract import Connector, Limits, Text
from connectors.shopmonkey import auth
from connectors.shopmonkey.catalogue import CATALOGUE
from connectors.shopmonkey.customers import CUSTOMERS
from connectors.shopmonkey.errors import ROWS, classify, pace
from connectors.shopmonkey.feeds import FEEDS
from connectors.shopmonkey.inventory import PARTS, STOCK, TIRES
from connectors.shopmonkey.payments import PAYMENTS, REFUNDS
from connectors.shopmonkey.references import REFERENCES
from connectors.shopmonkey.sales import ORDERS
from connectors.shopmonkey.shop import diagnose, identify
from connectors.shopmonkey.webhooks import WEBHOOKS

CONNECTOR = Connector(
    key="shopmonkey",
    label=Text("Shopmonkey", "Shopmonkey"),
    environments=auth.ENVIRONMENTS,
    resources=(ORDERS, CUSTOMERS, PAYMENTS, REFUNDS, PARTS, TIRES, STOCK),
    feeds=FEEDS,
    sign_in=(auth.SIGN_IN,),
    headers=auth.headers,
    base_url=auth.base_url,
    classify=classify,
    identify=identify,
    # The number of calls a minute is not published: it is read from the headers (`pace`). Of calls at once nothing is
    # said: six hide the time an answer takes, and the pace holds them back where it is told.
    limits=Limits(concurrency=6, pause_seconds=60.0),
    errors=ROWS,
    catalogue=CATALOGUE,
    diagnose=diagnose,
    references=REFERENCES,
    webhooks=WEBHOOKS,
    pace=pace,
)
