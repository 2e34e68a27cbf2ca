"""QuickBooks Online, Accounting API v3. It keeps the books in every pair."""

from connectors.contract import Connector, Limits, Text
from connectors.quickbooks import auth
from connectors.quickbooks.catalogue import CATALOGUE
from connectors.quickbooks.company import COMPANY_INFO, PREFERENCES, diagnose, identify
from connectors.quickbooks.customers import CUSTOMERS
from connectors.quickbooks.errors import ERRORS, classify
from connectors.quickbooks.feed import FEEDS
from connectors.quickbooks.items import ITEMS, STOCK_LEVELS
from connectors.quickbooks.payments import PAYMENTS
from connectors.quickbooks.references import REFERENCES, RESOURCES
from connectors.quickbooks.refunds import CREDIT_MEMOS, REFUND_RECEIPTS
from connectors.quickbooks.sales import INVOICES, SALES_RECEIPTS
from connectors.quickbooks.webhooks import WEBHOOKS

CONNECTOR = Connector(
    key="quickbooks",
    label=Text("QuickBooks Online", "QuickBooks en ligne"),
    environments=auth.ENVIRONMENTS,
    resources=(
        COMPANY_INFO,
        PREFERENCES,
        CUSTOMERS,
        ITEMS,
        STOCK_LEVELS,
        INVOICES,
        SALES_RECEIPTS,
        PAYMENTS,
        CREDIT_MEMOS,
        REFUND_RECEIPTS,
        *RESOURCES,
    ),
    feeds=FEEDS,
    sign_in=(auth.SIGN_IN,),
    headers=auth.headers,
    base_url=auth.base_url,
    classify=classify,
    identify=identify,
    # Per company: 10 requests a second for one app, 500 a minute for all apps together, 40 batches a minute.
    limits=Limits(concurrency=8, rates=((10, 1.0), (500, 60.0)), buckets={"batch": ((40, 60.0),)}, pause_seconds=60.0),
    errors=ERRORS,
    catalogue=CATALOGUE,
    diagnose=diagnose,
    references=REFERENCES,
    webhooks=WEBHOOKS,
    keeps_books=True,
    refresh_before_seconds=300.0,
    idle_refresh_days=7,
)
