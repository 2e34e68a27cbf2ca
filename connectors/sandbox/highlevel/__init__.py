"""A local stand-in for HighLevel: consent pages, single-use tokens, the 2021-07-28 API, signed webhooks."""

from connectors.sandbox.highlevel.vendor import HighLevelStandIn

__all__ = ["HighLevelStandIn"]
