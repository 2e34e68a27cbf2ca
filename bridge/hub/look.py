"""The look of Bridge for what is no page: the colours of the one style sheet, for mails and printed papers."""

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

_BLOCK = re.compile(r"html:root\s*\{(.*?)\}", re.DOTALL)
_TOKEN = re.compile(r"--([\w-]+):\s*([^;]+);")


def static_file(name: str) -> Path:
    """Return where a static file of ours lies. FileNotFoundError for one there is not."""
    found = finders.find(name)
    if not found:
        raise FileNotFoundError(name)
    return Path(found)


@cache
def tokens() -> dict[str, str]:
    """Return the light colours of `bridge/staff.css` by name, "_" for "-": {"accent": "#0b5d66", …}."""
    block = _BLOCK.search(static_file("bridge/staff.css").read_text(encoding="utf-8"))
    found = _TOKEN.findall(block.group(1) if block else "")
    return {name.replace("-", "_"): value.strip() for name, value in found}


def variables() -> str:
    """Return them as a style sheet."""
    told = " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in tokens().items())
    return f":root {{ {told} }}"
