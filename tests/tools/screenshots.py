"""The pictures of the README, taken from a running demo: `python -m tests.tools.screenshots`.

Starts the demo in a folder of its own on free ports, walks through it as the English and the French person of the demo,
and writes small PNG files into docs/screenshots/.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from io import BytesIO

import requests
from PIL import Image

from tests.house import ROOT, free_port

PEOPLE = {"en": "ann@bridge.example", "fr": "anne@bridge.example"}
CLIENTS = {"fr": "carla@boreal.example", "en": "dan@northwind.example"}
PASSWORD = "demo-bridge-2026"
FOLDER = ROOT / "docs" / "screenshots"
MOST_BYTES = 150_000
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextlib.contextmanager
def demo():
    """Run the demo and yield its address."""
    with tempfile.TemporaryDirectory() as folder:
        port, vendors = free_port(), free_port()
        address = f"http://localhost:{port}"
        environment = {
            name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
        } | {
            "BRIDGE_DATA_DIR": folder,
            "BRIDGE_BASE_URL": address,
            "BRIDGE_SANDBOX_URL": f"http://127.0.0.1:{vendors}",
            "BRIDGE_LOG": "WARNING",
            "BRIDGE_PRODUCTION": "0",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            end = time.monotonic() + 180
            while time.monotonic() < end:
                with contextlib.suppress(requests.RequestException):
                    if requests.get(f"{address}/accounts/login/", timeout=10).ok:
                        break
                if process.poll() is not None:
                    raise RuntimeError("the demo did not start")
                time.sleep(0.3)
            yield address
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            if process.poll() is None:
                process.kill()


class Camera:
    """A browser page of one person."""

    def __init__(self, browser, address: str, language: str, email: str = "") -> None:
        locale = {"en": "en-CA", "fr": "fr-CA"}[language]
        self.context = browser.new_context(viewport=WIDE, locale=locale, timezone_id="America/Toronto")
        self.page, self.address, self.language = self.context.new_page(), address, language
        self.go("/accounts/login/")
        self.page.fill("input[name=login]", email or PEOPLE[language])
        self.page.fill("input[name=password]", PASSWORD)
        self.press("main form .button-main")

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.address + path)

    def press(self, what: str) -> None:
        """Press something that leads on."""
        with self.page.expect_navigation():
            self.page.locator(what).first.click()

    def take(self, name: str, size: dict[str, int] | None = None) -> None:
        """Write a picture of what is seen, and see that it is small."""
        self.page.set_viewport_size(size or WIDE)
        self.page.evaluate("document.fonts.ready")
        path = FOLDER / f"{name}-{self.language}.png"
        with Image.open(BytesIO(self.page.screenshot(animations="disabled"))) as picture:
            # A page has few colours: a palette of them takes a third of the room.
            picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        self.page.set_viewport_size(WIDE)
        assert path.stat().st_size < MOST_BYTES, f"{path.name} has {path.stat().st_size} bytes"
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} kB")


def portal(camera: Camera) -> None:
    """Take the pages of a client: home wide and on a phone, questions, what moved."""
    home = camera.page.url.removeprefix(camera.address)
    if home.count("/") < 3 or not home.rstrip("/").rpartition("/")[2].isdigit():  # of several organizations, the first
        camera.press("main a[href^='/portal/']")
        home = camera.page.url.removeprefix(camera.address)
    camera.take("portal-home")
    camera.take("portal-home-phone", PHONE)
    for page in ("questions", "moved"):
        camera.go(f"{home}{page}/")
        camera.take(f"portal-{page}")


def run_of(camera: Camera) -> int:
    """The number of the demo's first run."""
    camera.go("/admin/runs/")
    return int(camera.page.locator('tbody a[href*="/admin/runs/"]').last.get_attribute("href").split("/")[3])


def work_off(camera: Camera, run: int) -> None:
    """Approve the first plan and wait for its end."""
    camera.go(f"/admin/runs/{run}/plan/")
    camera.press("button[name=do][value=approve].button-main")
    camera.press("main form .button-main")
    end = time.monotonic() + 300
    while camera.page.locator("[data-open=yes]").count():
        if time.monotonic() > end:
            raise RuntimeError("the run does not end")
        time.sleep(1)
        camera.go(f"/admin/runs/{run}/")


def main() -> None:
    """Take all pictures."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        cameras = [Camera(browser, address, language) for language in PEOPLE]
        run = run_of(cameras[0])
        for camera in cameras:
            camera.go("/admin/integrations/1/setup/settings/")
            camera.take("setup")
            camera.go(f"/admin/runs/{run}/plan/")
            camera.take("plan")
        work_off(cameras[0], run)
        for camera in cameras:
            camera.go("/admin/")
            camera.take("today")
            camera.go(f"/admin/runs/{run}/")
            camera.take("run")
            camera.go("/admin/find/?q=1022")
            camera.press('tbody tr:has-text("Atelier Boréal inc.") a[href^="/admin/records/"]')
            camera.take("why")
            camera.take("why-phone", PHONE)
        for language, email in CLIENTS.items():
            portal(Camera(browser, address, language, email))
        browser.close()


if __name__ == "__main__":
    main()
