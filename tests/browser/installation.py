"""A whole installation of Bridge on loopback: stand-ins, web server and worker as processes of their own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.house import CLIENT, ROOT, SECRET, Server, free_port

PASSWORD = "journey-of-one-day"
PEOPLE = {"en": "ann@bridge.example", "fr": "anne@bridge.example"}
ORGANIZATION = "Atelier Boréal (fictif)"

# People, one client, and our registration with the vendors' stand-ins; the accounts are for the journeys to connect.
_FURNISH = f"""
import django
django.setup()
from django.core.management import call_command
from bridge import registry
from bridge.hub.models import Environment, Organization, User, VendorApp
call_command("migrate", verbosity=0, interactive=False)
call_command("createcachetable", verbosity=0)
for language, email in {PEOPLE!r}.items():
    User.objects.create_superuser(email, {PASSWORD!r}, language=language, first_name=email[:4].title().rstrip("@"))
Organization.objects.create(name={ORGANIZATION!r}, language="fr", country="CA", currency="CAD")
for vendor in registry.connectors():
    app = VendorApp(vendor=vendor, environment=Environment.LOCAL_SANDBOX, client_id={CLIENT!r})
    app.secret = {SECRET!r}
    app.save()
"""


def _environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of these processes: their own folder, SQLite and no Redis, whatever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "bridge.settings",
        "PYTHONPATH": str(ROOT),
        "BRIDGE_DATA_DIR": str(folder),
        "BRIDGE_PRODUCTION": "0",
        "BRIDGE_LOG": "WARNING",
        "BRIDGE_WORKERS": "1",
        **more,
    }


def furnish(folder: Path) -> None:
    """Make the tables and the people once; installations start from a copy."""
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", _FURNISH], cwd=ROOT, env=_environment(folder), check=True, timeout=300)


class Installation:
    """Web server, worker and stand-ins in the world `demo`, ended by `close`. Kinds of it say `more` and `begin`."""

    def __init__(self, template: Path, folder: Path) -> None:
        shutil.copytree(template, folder)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.vendors = Server("demo")
        self.vendors.control("POST", "configure/mailchimp", {"batch_seconds": 0.1})
        self._log = (folder / "processes.log").open("wb")
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            urls = {"BRIDGE_SANDBOX_URL": self.vendors.url, "BRIDGE_BASE_URL": self.url}
            self._environment = _environment(folder, **urls, **self.more())
            self._start("watch", "--beat-seconds", "5")
            self._start("runserver", "--noreload", f"127.0.0.1:{self.port}")
            self._wait()
            self.begin()
        except BaseException:
            self.close()
            raise

    def more(self) -> dict[str, str]:
        """Return what else its processes find in their environment."""
        return {}

    def begin(self) -> None:
        """Make what the journeys find here, once everything runs."""

    def tell(self, script: str) -> str:
        """Run a script beside the web server, and return the last line it prints."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django\ndjango.setup()\n{script}"], cwd=ROOT, env=self._environment,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return (done.stdout.strip().splitlines() or [""])[-1]

    def _start(self, *words: str) -> None:
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "manage.py", *words],
                cwd=ROOT,
                env=self._environment,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        )

    def _wait(self) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=10).ok:
                    return
            if any(process.poll() is not None for process in self._processes):
                break
            time.sleep(0.2)
        self._log.flush()
        told = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"the installation did not start:\n{told[-4000:]}")

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        self._log.close()
        self.vendors.close()
