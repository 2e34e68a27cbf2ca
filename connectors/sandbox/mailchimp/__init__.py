"""A local stand-in for Mailchimp: sign-in pages, the Marketing API 3.0, audience webhooks."""

from connectors.sandbox.mailchimp.vendor import MailchimpStandIn

__all__ = ["MailchimpStandIn"]
