"""Batch operations: accepted at once, run in the background in no promised order, answered as a tar.gz behind a link.

Source: https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/, read 2026-11-21.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import random
import tarfile
from collections.abc import Awaitable, Callable
from typing import Any

from connectors.sandbox.core import Document, Request, Response, encode
from connectors.sandbox.mailchimp import schemas
from connectors.sandbox.mailchimp.account import Account, Batch, World
from connectors.sandbox.mailchimp.checks import validate
from connectors.sandbox.mailchimp.wire import Call, Refusal, iso, not_found

OPEN_BATCHES = 500
CHUNK = 25  # operations between two chances for other calls
ROWS_PER_FILE = 500
# Share of the batch's time spent in each stage before the next one.
STAGES = (("pending", 0.2), ("preprocessing", 0.2), ("started", 0.4), ("finalizing", 0.2))
LINK_KEY = b"sandbox batch results"

Run = Callable[[Account, Document, str], Awaitable[Response]]


def show_batch(call: Call, batch: Batch) -> Document:
    """A batch as an answer shows it, with a fresh link to the results while they are kept."""
    return {
        "id": batch.id,
        "status": batch.status,
        "total_operations": batch.total,
        "finished_operations": batch.finished,
        "errored_operations": batch.errored,
        "submitted_at": iso(batch.submitted),
        "completed_at": iso(batch.completed),
        "response_body_url": _link(call, batch) if batch.archive else "",
    }


def _link(call: Call, batch: Batch) -> str:
    world = call.account.world
    expires = int(world.clock.now().timestamp() + world.settings.result_link_seconds)
    query = f"Expires={expires}&Signature={_sign(batch.id, expires)}"
    return f"{call.base_url}/batch-results/{batch.id}-response.tar.gz?{query}"


def _sign(batch_id: str, expires: int) -> str:
    return hmac.new(LINK_KEY, f"{batch_id}:{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def batch_of(call: Call) -> Batch:
    """The batch named in the path, or 404; records are kept for some days."""
    batch = call.account.batches.get(call.args[0])
    world = call.account.world
    kept_seconds = world.settings.result_days * 86400
    if batch is None or (batch.completed is not None and world.now() - batch.completed > kept_seconds):
        raise not_found()
    return batch


def batches_list(call: Call) -> Document:
    """Batches of the account, newest first."""
    found = list(reversed(call.account.batches.values()))
    return call.page("batches", found, len(found), lambda batch, _: show_batch(call, batch))


def batches_get(call: Call) -> Document:
    """One batch."""
    return show_batch(call, batch_of(call))


def batches_delete(call: Call) -> None:
    """Stop a batch: what has run stays done, the rest is not run."""
    batch = batch_of(call)
    batch.stopped = True
    del call.account.batches[batch.id]


class Runner:
    """Runs batches as tasks of the event loop; `run` does one operation."""

    def __init__(self, world: World, run: Run) -> None:
        self._world = world
        self._run = run
        self._tasks: set[asyncio.Task[None]] = set()
        self._made = 0

    def cancel(self) -> None:
        """Stop everything that runs (a reset world has no batches)."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._made = 0

    def create(self, call: Call) -> Document:
        """Accept a batch and start it."""
        body = validate(schemas.BATCH_CREATE, call.data())
        account = call.account
        if sum(batch.status != "finished" for batch in account.batches.values()) >= OPEN_BATCHES:
            raise Refusal(429, "Too Many Requests", f"You have exceeded the limit of {OPEN_BATCHES} pending batches.")
        self._made += 1
        name = hashlib.md5(f"{account.id}:{self._made}".encode(), usedforsecurity=False).hexdigest()[:10]
        operations: list[Document] = body["operations"]
        batch = Batch(name, len(operations), self._world.now())
        account.batches[batch.id] = batch
        task = asyncio.get_running_loop().create_task(self._work(account, batch, operations, call.base_url))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return show_batch(call, batch)

    async def _work(self, account: Account, batch: Batch, operations: list[Document], base_url: str) -> None:
        rows: list[Document] = []
        for status, share in STAGES:
            batch.status = status
            await asyncio.sleep(self._world.settings.batch_seconds * share)
            if status == "started":
                rows = await self._operate(account, batch, operations, base_url)
        batch.archive = _archive(batch.id, rows)
        batch.completed = self._world.now()
        batch.status = "finished"

    async def _operate(
        self, account: Account, batch: Batch, operations: list[Document], base_url: str
    ) -> list[Document]:
        """Run the operations in an order of the vendor's own, the same for the same batch; their result rows."""
        rows: list[Document] = []
        order = list(operations)
        random.Random(batch.id).shuffle(order)  # noqa: S311 - an order, not a secret
        for place, operation in enumerate(order):
            if batch.stopped:
                break
            answer = await self._run(account, operation, base_url)
            batch.finished += 1
            batch.errored += answer.status >= 400
            rows.append(
                {
                    "status_code": answer.status,
                    "operation_id": operation.get("operation_id", ""),
                    "response": answer.body.decode(),
                }
            )
            if place % CHUNK == CHUNK - 1:
                await asyncio.sleep(0)
        return rows


def _archive(batch_id: str, rows: list[Document]) -> bytes:
    """A tar.gz with the results spread over JSON files, each a list."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
        folder = tarfile.TarInfo(f"{batch_id}/")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for start in range(0, len(rows), ROWS_PER_FILE):
            data = encode(rows[start : start + ROWS_PER_FILE])
            info = tarfile.TarInfo(f"{batch_id}/{start // ROWS_PER_FILE:04d}-response.json")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def download(world: World, accounts: list[Account], request: Request) -> Response:
    """The archive behind a link: no credentials, and refused when the Authorization header comes along."""
    batch_id = request.path.rsplit("/", 1)[-1].removesuffix("-response.tar.gz")
    if "authorization" in request.headers:
        return _storage_error(400, "InvalidArgument", "Only one auth mechanism allowed")
    expires = request.arg("Expires") or ""
    expected = _sign(batch_id, int(expires)) if expires.isdigit() else ""
    if not hmac.compare_digest(expected, request.arg("Signature") or "-"):
        return _storage_error(403, "AccessDenied", "Access Denied")
    if world.clock.now().timestamp() > int(expires):
        return _storage_error(403, "AccessDenied", "Request has expired")
    archive: Any = next((account.batches[batch_id].archive for account in accounts if batch_id in account.batches), b"")
    if not archive:
        return _storage_error(404, "NoSuchKey", "The specified key does not exist.")
    return Response(200, archive, {"Content-Type": "application/x-gzip"})


def _storage_error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body.encode(), {"Content-Type": "application/xml"})
