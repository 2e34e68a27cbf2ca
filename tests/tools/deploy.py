"""`check --deploy` with production settings must have nothing to say."""

import base64
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run() -> subprocess.CompletedProcess[str]:
    """Run the check as a production machine would."""
    environment = {
        **os.environ,
        "BRIDGE_PRODUCTION": "1",
        "SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
        "BRIDGE_KEYS": "check:" + base64.b64encode(os.urandom(32)).decode(),
        "DATABASE_URL": "postgres://bridge@127.0.0.1:5432/bridge",
        "BRIDGE_BASE_URL": "https://bridge.example.com",
        "EMAIL_HOST": "mail.example.com",
        "BRIDGE_STAFF_SECOND_STEP": "1",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


if __name__ == "__main__":
    done = run()
    print(done.stdout + done.stderr)
    sys.exit(done.returncode)
