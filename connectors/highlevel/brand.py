"""Under which name people know the platform, where they agree, and where they work in it.

It is sold under many names; API and identifiers are the same for all. An installation serves one name, chosen in the
environment: BRIDGE_HIGHLEVEL_BRAND, BRIDGE_HIGHLEVEL_CONSENT_URL, BRIDGE_HIGHLEVEL_APP_URL.
"""

from __future__ import annotations

import os


def _told(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


NAME = _told("BRIDGE_HIGHLEVEL_BRAND", "CrocoClick")
# The consent page of white labels; the platform's own brand has one at marketplace.gohighlevel.com.
CONSENT = _told("BRIDGE_HIGHLEVEL_CONSENT_URL", "https://marketplace.leadconnectorhq.com/v2/oauth/chooselocation")
APP = _told("BRIDGE_HIGHLEVEL_APP_URL", "https://app.gohighlevel.com").rstrip("/")
