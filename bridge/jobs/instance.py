"""Is this database ours, and do our keys open it? A copy started elsewhere must never write (faults C14, C16)."""

import time

from django.conf import settings

from bridge.hub import vault
from bridge.hub.models import Instance
from connectors.contract import SettingInvalid

_WORD = "bridge"
_checked_at = -1e9
_EVERY = 60.0  # seconds; asked before every slice, looked up once a minute


def check() -> None:
    """Pass silently where all is well. SettingInvalid: another installation's database. VaultClosed: other keys."""
    global _checked_at
    if time.monotonic() - _checked_at < _EVERY:
        return
    row = Instance.objects.order_by("pk").first()
    if row is None:
        row = Instance.objects.create(name=settings.BRIDGE_INSTANCE, key_check=vault.seal(_WORD, "instance"))
    if row.name != settings.BRIDGE_INSTANCE:
        raise SettingInvalid("INSTANCE-OTHER", params={"name": row.name})
    if vault.unseal(row.key_check, "instance") != _WORD:
        raise vault.VaultClosed("The key ring opens another word than the one that was sealed.")
    _checked_at = time.monotonic()
