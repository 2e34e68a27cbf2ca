"""A local stand-in for HubSpot: sign-in pages, the dated CRM API, webhooks, screens to edit by hand."""

from connectors.sandbox.hubspot.vendor import HubSpotStandIn

__all__ = ["HubSpotStandIn"]
