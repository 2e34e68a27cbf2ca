"""A local stand-in for a Magento 2.4 store: token exchange, REST API, the admin page of its integrations."""

from connectors.sandbox.magento.vendor import MagentoStandIn

__all__ = ["MagentoStandIn"]
