"""The stand-in for QuickBooks Online."""

from connectors.sandbox.quickbooks.standin import QuickBooksStandIn

__all__ = ["QuickBooksStandIn"]
