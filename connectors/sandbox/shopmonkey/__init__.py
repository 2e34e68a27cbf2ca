"""A local stand-in for Shopmonkey: API keys, the v3 API with its silences and its lossy lists, signed webhooks."""

from connectors.sandbox.shopmonkey.vendor import ShopmonkeyStandIn

__all__ = ["ShopmonkeyStandIn"]
