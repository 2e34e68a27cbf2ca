"""The asynchronous twins of the stock writes: accepted at once, done by a consumer, asked after by their number.

Source: AdobeDocs/commerce-webapi asynchronous-web-endpoints.md, bulk-endpoints.md, read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from connectors.sandbox.core import Document, Response, encode
from connectors.sandbox.magento.reads import number
from connectors.sandbox.magento.wire import Refusal, answer, no_entity, wrong_type

COMPLETE, RETRIABLE, FAILED, OPEN = 1, 2, 3, 4
MAX_ASYNC_ARRAY = 5000


class Bulks:
    """Bulks by number. With a consumer running they are done when accepted, else they stay open."""

    def __init__(self) -> None:
        self._held: dict[str, Document] = {}

    def clear(self) -> None:
        self._held.clear()

    def accept(self, topic: str, messages: Any, act: Callable[[Any], object] | None, now: str) -> Response:
        """Take an array of messages; `act` does one of them, None is a store without a consumer."""
        if not isinstance(messages, list) or not messages:
            raise wrong_type(messages, "array")
        if len(messages) > MAX_ASYNC_ARRAY:
            raise Refusal(400, "Maximum items of type %1 is %2", [topic, MAX_ASYNC_ARRAY])
        number = str(uuid.uuid4())
        operations = [self._operation(number, at, topic, message, act) for at, message in enumerate(messages)]
        self._held[number] = {
            "bulk_id": number,
            "description": f"Topic {topic}",
            "start_time": now,
            "user_id": 1,
            "user_type": 1,
            "operation_count": len(operations),
            "operations_list": operations,
        }
        items = [
            {"id": at, "data_hash": hashlib.md5(encode(m), usedforsecurity=False).hexdigest(), "status": "accepted"}
            for at, m in enumerate(messages)
        ]
        return answer({"bulk_uuid": number, "request_items": items, "errors": False}, 202)

    def _operation(self, bulk: str, at: int, topic: str, message: Any, act: Callable[[Any], object] | None) -> Document:
        status, said, code = OPEN, None, None
        if act is not None:
            try:
                act(message)
                status, said = COMPLETE, "Service execution success"
            except Refusal as refused:
                status, said, code = FAILED, refused.text(), 0
        return {
            "id": at,
            "bulk_uuid": bulk,
            "topic_name": topic,
            "serialized_data": encode(message).decode(),
            "result_serialized_data": None,
            "status": status,
            "result_message": said,
            "error_code": code,
        }

    def show(self, bulk: str, what: str, status: str = "") -> Response:
        """`status`, `detailed-status`, or the number of operations in one state."""
        if what == "operation-status" and not status.isdigit():
            raise wrong_type(status, "int")
        held = self._held.get(bulk)
        if held is None:
            raise no_entity("bulkUuid", bulk)
        operations = held["operations_list"]
        if what == "operation-status":
            return answer(sum(one["status"] == number(status) for one in operations))
        if what == "detailed-status":
            return answer(held)
        short = [{name: one[name] for name in ("id", "status", "result_message", "error_code")} for one in operations]
        return answer({**held, "operations_list": short})
