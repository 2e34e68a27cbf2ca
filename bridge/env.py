"""Settings from the environment, read strictly: a value that is not understood stops the start with a sentence."""

import os
import secrets
from base64 import b64encode
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def load_file(path: Path) -> None:
    """Read NAME=value lines into the environment; what is already set there wins."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, mark, value = line.strip().partition("=")
        if mark and not name.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def env(name: str, default: str = "") -> str:
    """Return the variable, or `default` where it is unset or blank."""
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool = False) -> bool:
    """Return the variable as a flag; anything but the usual words is refused."""
    word = env(name, "1" if default else "0").lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={word!r} is neither yes nor no. Write 1 or 0.")


def env_int(name: str, default: int) -> int:
    """Return the variable as a whole number."""
    text = env(name, str(default))
    try:
        return int(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number.") from error


def env_float(name: str, default: float) -> float:
    """Return the variable as a number."""
    text = env(name, str(default))
    try:
        return float(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r} is not a number.") from error


def env_list(name: str, default: str = "") -> list[str]:
    """Return a comma separated variable as a list without blanks."""
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def local_secret(name: str, folder: Path, length: int = 32) -> str:
    """Return the variable, or a secret made once for this machine and kept readable by its owner only.

    Only for a local first look: with BRIDGE_PRODUCTION=1 the caller refuses to start without the variable.
    """
    if value := env(name):
        return value
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.lower()}.txt"
    if not path.exists():
        made = b64encode(secrets.token_bytes(length)).decode()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(made)
    return path.read_text(encoding="utf-8").strip()
