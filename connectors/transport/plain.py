"""Calls for signing in: no account yet, no retries, a total deadline, no redirects."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.contract import ContractBroken, VendorUnavailable
from connectors.transport.answers import encode
from connectors.transport.api import USER_AGENT, moved, plain_answer, prepare
from connectors.transport.wire import Sessions, WireError, exchange


class PlainHttp:
    """`contract.Http`. Nothing it sends or gets is ever logged. `public_only`: see `Sessions`."""

    def __init__(
        self, *, deadline_seconds: float = 30.0, max_bytes: int = 2_000_000, public_only: bool = False
    ) -> None:
        self._public_only = public_only
        self._deadline = deadline_seconds
        self._max_bytes = max_bytes

    def call(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Return (status, JSON object, pairs of a form, or {}).

        VendorUnavailable: no answer came; whether it was acted on is open.
        """
        sent = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}
        data: bytes | None = None
        if form is not None:
            data = urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            data = encode(body)
            sent["Content-Type"] = "application/json"
        if basic:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        sent.update(headers or {})
        sessions = Sessions(url, self._public_only)
        try:
            answer = exchange(sessions, prepare(method, url, sent, data), self._deadline, self._max_bytes)
        except WireError as failure:
            code = "CALL-REFUSED" if failure.failure == "refused" else "CALL-LOST"
            raise VendorUnavailable(code, detail=failure.why) from None
        finally:
            sessions.close()
        if 300 <= answer.status < 400:
            if self._public_only:
                raise moved(answer)
            raise ContractBroken("CALL-REDIRECTED", detail=f"status {answer.status}")
        return plain_answer(answer)
