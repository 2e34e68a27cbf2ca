"""Signed calls, OAuth 1.0a with HMAC-SHA256: every call, and every repeat of one, has a nonce of its own.

Verb, address without query and all query and oauth parameters are signed; a JSON body is not.

Source: RFC 5849, sections 3.4 and 3.5
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client  # type: ignore[import-untyped]

# At DEBUG the library writes what it signs, token and signature included; no setting may turn that on.
for _name in ("oauthlib.oauth1.rfc5849", "oauthlib.oauth1.rfc5849.signature", "oauthlib.common"):
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.WARNING)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the application's pair, and the token's once there is one. Never printed."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    token: str = field(default="", repr=False)
    token_secret: str = field(default="", repr=False)

    def header(self, method: str, url: str, *, verifier: str = "", nonce: str = "", timestamp: str = "") -> str:
        """Return the Authorization header for one call; `url` as it is sent, query included and percent-encoded."""
        client = Client(
            self.consumer_key,
            client_secret=self.consumer_secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            signature_method=SIGNATURE_HMAC_SHA256,
            verifier=verifier or None,
            nonce=nonce or None,
            timestamp=timestamp or None,
        )
        _, headers, _ = client.sign(url, http_method=method)
        return str(headers["Authorization"])
