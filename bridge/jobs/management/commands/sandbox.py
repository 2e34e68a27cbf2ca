"""Serve local stand-ins of all vendors."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Serve local stand-ins of all vendors, for demos, training and tests without internet."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        here = urlsplit(settings.BRIDGE_SANDBOX_URL)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=here.port or 9100)
        parser.add_argument("--world", default="demo", choices=["demo", "empty"])

    def handle(self, *args: Any, **options: Any) -> None:
        from connectors.sandbox.server import serve

        self.stdout.write(f"Sandbox on http://{options['host']}:{options['port']} (Ctrl-C ends it)")
        serve(options["host"], options["port"], options["world"])
