"""Addresses people give: https only, a name and not a number, and only machines of the public internet.

What a person types decides where we connect from inside the house, so it must never lead back into it. The text is
checked once when it is given, and the name's every address again whenever a connection is made: that address, and no
other one looked up later, is the one connected to.

Sources: https://www.iana.org/assignments/iana-ipv4-special-registry/, …/iana-ipv6-special-registry/ (read 2026-11)
"""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

import idna

from connectors.contract import SettingInvalid

MAX_LENGTH = 200
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CLOSED_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
    )
)
# Of version 6 only what is given out to the world; the rest (mapped, translated, local, multicast) lies outside it.
_OPEN_6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
# Names that stand for machines of one's own network or of the cloud underneath, whatever a resolver says of them.
_INSIDE = re.compile(
    r"(?:\A|\.)(?:localhost|localdomain|local|lan|home|corp|private|intranet|internal|internet|test|invalid|example"
    r"|onion|arpa|metadata|instance-data)\Z"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\Z")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z")
_PATH = re.compile(r"(?:/[\w.~%-]+)*/*\Z", re.ASCII)


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the public internet, by our own table."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in net for net in _CLOSED_4)
    if address.scope_id or address not in _OPEN_6:
        return False
    return address.is_global and not any(address in net for net in _CLOSED_6)


def public_url(text: str) -> str:
    """Return the address a person gave in its one form: https, the name in ASCII, no slash at the end.

    SettingInvalid (field base_url): ADDRESS-FORM, ADDRESS-HTTPS, ADDRESS-USERINFO, ADDRESS-PORT, ADDRESS-NUMBER,
    ADDRESS-INSIDE. Makes no call: where the name leads is checked with every connection.
    """
    given = text.strip()
    if not given or len(given) > MAX_LENGTH or re.search(r"[\s\\\x00-\x1f\x7f<>\"{}|^`]", given):
        raise _refused("ADDRESS-FORM")
    if "://" not in given:
        if re.match(r"[a-z][a-z0-9+.-]*:(?!\d+(?:/|\Z))", given, re.IGNORECASE):
            raise _refused("ADDRESS-HTTPS")
        given = "https://" + given.lstrip("/")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise _refused("ADDRESS-FORM") from None
    if parts.scheme != "https":
        raise _refused("ADDRESS-HTTPS")
    if "@" in parts.netloc:
        raise _refused("ADDRESS-USERINFO")
    if "[" in parts.netloc:
        raise _refused("ADDRESS-NUMBER")
    if port not in (None, 443) or parts.netloc.endswith(":"):
        raise _refused("ADDRESS-PORT")
    path = parts.path
    if (
        "?" in given
        or "#" in given
        or not _PATH.match(path)
        or re.search(r"(?:\A|/)\.{1,2}(?:/|\Z)|%(?:2e|2f|5c|00)", path, re.I)
    ):
        raise _refused("ADDRESS-FORM")
    return f"https://{public_name(parts.hostname or '')}{path.rstrip('/')}"


def public_name(host: str) -> str:
    """The name in ASCII and small letters; SettingInvalid for a number in any writing and for names of the inside."""
    try:
        plain = host if host.isascii() else idna.encode(host, uts46=True, std3_rules=True, transitional=False).decode()
    except idna.IDNAError:
        raise _refused("ADDRESS-FORM", host) from None
    plain = plain.lower().removesuffix(".")
    labels = plain.split(".")
    if _NUMBER.match(labels[-1]):
        raise _refused("ADDRESS-NUMBER", plain)
    if len(plain) > 253 or not all(_LABEL.match(label) for label in labels):
        raise _refused("ADDRESS-FORM", plain)
    if len(labels) < 2 or _INSIDE.search(plain):
        raise _refused("ADDRESS-INSIDE", plain)
    return plain


def checked(host: str, port: int) -> list[str]:
    """Return the addresses behind a name, all of them public; SettingInvalid ADDRESS-INSIDE when a single one is not.

    OSError when there are none. A name that leads both in and out is refused: which one is used would be chance.
    """
    found = list(dict.fromkeys(str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    for text in found:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise _refused("ADDRESS-INSIDE", host) from None
        if not is_public(address):
            raise _refused("ADDRESS-INSIDE", host)
    if not found:
        raise OSError(f"{host} has no address")
    return found


def _refused(code: str, host: str = "") -> SettingInvalid:
    return SettingInvalid(code, params={"host": host[:100]}, field="base_url")
