"""Seal every secret anew with the first key of BRIDGE_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from bridge.hub import vault
from bridge.hub.models import Connection, Instance, VendorApp

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
        for row in Instance.objects.all():
            row.key_check = vault.reseal(row.key_check, "instance")
            row.save(update_fields=["key_check"])
        for model, column, _ in SEALED:
            left += sum(
                vault.key_of(text) != newest
                for text in model.objects.exclude(**{column: ""}).values_list(column, flat=True)
            )
        self.stdout.write(f"{moved} secrets sealed with key {newest}, {left} left under older keys")
