"""Seal every secret anew with the first key of BRIDGE_KEYS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from bridge.hub import seals, vault
from bridge.hub.accounts import SEALED_AT
from bridge.hub.models import AuditSeal, Connection, Instance, VendorApp

SEALED = (
    (Connection, "sealed_grant", "grant"),
    (Connection, "sealed_webhook_secret", "webhook"),
    (VendorApp, "sealed_secret", "secret"),
    (VendorApp, "sealed_webhook_secrets", "webhook"),
)


class Command(BaseCommand):
    help = "Seal all secrets with the first key of BRIDGE_KEYS, while everything runs. Then old keys can be taken out."

    def handle(self, *args: Any, **options: Any) -> None:
        newest = next(iter(vault.ring()))
        moved = left = 0
        for model, column, name in SEALED:
            ids = list(model.objects.exclude(**{column: ""}).values_list("pk", flat=True))
            for pk in tqdm(ids, desc=f"{model.__name__} {name}", disable=None):
                with transaction.atomic():
                    row = model.objects.select_for_update().get(pk=pk)
                    sealed = getattr(row, column)
                    if vault.key_of(sealed) == newest:
                        continue
                    setattr(row, column, vault.reseal(sealed, f"{row.place}:{name}"))
                    row.save(update_fields=[column])
                    moved += 1
        found, behind = self._second_steps(newest)
        moved, left = moved + found, left + behind
        for row in Instance.objects.all():
            row.key_check = vault.reseal(row.key_check, "instance")
            row.save(update_fields=["key_check"])
        seals.reseal()
        left += AuditSeal.objects.exclude(key=newest).count()
        for model, column, _ in SEALED:
            left += sum(
                vault.key_of(text) != newest
                for text in model.objects.exclude(**{column: ""}).values_list(column, flat=True)
            )
        self.stdout.write(f"{moved} secrets sealed with key {newest}, {left} left under older keys")

    def _second_steps(self, newest: str) -> tuple[int, int]:
        """Seal the secrets of apps and recovery codes anew; returns how many moved, and how many are left."""
        moved = left = 0
        for pk in list(Authenticator.objects.values_list("pk", flat=True)):
            with transaction.atomic():
                row = Authenticator.objects.select_for_update().get(pk=pk)
                old = {
                    name: text
                    for name, text in row.data.items()
                    if isinstance(text, str) and text.startswith("v1:") and vault.key_of(text) != newest
                }
                row.data.update({name: vault.reseal(text, SEALED_AT) for name, text in old.items()})
                if old:
                    row.save(update_fields=["data"])
                moved += len(old)
        for data in Authenticator.objects.values_list("data", flat=True):
            sealed = [text for text in data.values() if isinstance(text, str) and text.startswith("v1:")]
            left += sum(vault.key_of(text) != newest for text in sealed)
        return moved, left
