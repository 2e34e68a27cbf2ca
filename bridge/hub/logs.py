"""Logs that can be shown: known secrets and anything that looks like one are blanked out."""

import logging
import re

_SECRET = re.compile(
    r"(?i)((?:bearer|basic|oauth)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|((?:access_token|refresh_token|client_secret|password|api_key|secret|signature)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"
    r"|(\b(?:code|state)[\"']?\s*[=:]\s*[\"']?)[A-Za-z0-9._~+/-]{24,}"
    r"|(/(?:health|hooks/[\w-]+)/)[^/\s]+"  # addresses that are secrets themselves
    r"|\b[0-9a-f]{32}-us\d{1,3}\b"
    r"|\bSECRET-[A-Za-z0-9._~+/=-]+"
)


def redact(text: str) -> str:
    """Return `text` with tokens, keys and passwords blanked out, on one line."""
    text = _SECRET.sub(lambda found: f"{next(filter(None, found.groups()), '')}[hidden]", text)
    return text.replace("\r", "\\r").replace("\n", "\\n")


class Redact(logging.Filter):
    """Render the message early, blank out secrets, and do the same to the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every line, cleaned."""
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            formatted = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = "\n".join(redact(line) for line in formatted.splitlines()), None
        return True
