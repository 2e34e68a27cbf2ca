"""How vendors are called: one session type for all of them, built on requests."""

from connectors.transport.account import Account, Call
from connectors.transport.addresses import public_url
from connectors.transport.answers import BadAnswer, decode, encode
from connectors.transport.api import Api, fill, fill_hosts, request_id, retry_after
from connectors.transport.catalogue import CATALOGUE
from connectors.transport.plain import PlainHttp
from connectors.transport.redaction import REMOVED, redact
from connectors.transport.signing import Signer

__all__ = [
    "CATALOGUE",
    "REMOVED",
    "Account",
    "Api",
    "BadAnswer",
    "Call",
    "PlainHttp",
    "Signer",
    "decode",
    "encode",
    "fill",
    "fill_hosts",
    "public_url",
    "redact",
    "request_id",
    "retry_after",
]
