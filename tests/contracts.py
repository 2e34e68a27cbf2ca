"""The vendors' contract data, read where it lies and never copied, and calls held against it."""

import json
import os
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

CONTRACTS = Path(os.environ.get("BRIDGE_CONTRACTS") or Path(__file__).parents[2] / "shared" / "contracts")


class Contract:
    """One vendor's folder, and its description in OpenAPI if it has one."""

    def __init__(self, vendor: str, description: str = "", host: str = "") -> None:
        self.folder = CONTRACTS / vendor
        self.description, self.host = description, host

    @property
    def have(self) -> bool:
        """Whether the data is at hand."""
        return self.folder.is_dir()

    @property
    def needed(self) -> pytest.MarkDecorator:
        """A mark for tests that need the data: without it they are not run, and say so."""
        return pytest.mark.skipif(not self.have, reason=f"no contract data at {self.folder}; set BRIDGE_CONTRACTS")

    def data(self, name: str, default: Any = None, **how: Any) -> Any:
        """Return a file of the folder; `default` where the data is not at hand. `how`: for the reader of JSON."""
        return json.loads((self.folder / name).read_text(), **how) if self.have else default

    @cached_property
    def openapi(self) -> Any:
        """The description, ready to hold calls against; None where it is not at hand."""
        return _openapi(self.folder / self.description) if self.have else None

    def operations(self) -> set[str]:
        """Return the names of all operations described."""
        paths = self.data(self.description)["paths"].values()
        methods = [method for path in paths for method in path.values()]
        return {method["operationId"] for method in methods if isinstance(method, dict) and "operationId" in method}

    def misfits(
        self,
        method: str,
        address: str,
        body: bytes | None,
        answer: Any = None,
        *,
        kind: str = "application/json",
        fits: bool = True,
        stray: bool = False,
        host: str = "",
        **headers: str,
    ) -> list[str]:
        """Return what of a call, and of its answer if given, breaks the contract; nothing where the data is not at hand.

        `address` is a path with its query. With `fits` off the request may be wrong on purpose and only the answer
        counts; with `stray` the path may be one that nobody serves. `answer` tells its `status`, `body` and `headers`.
        """  # fmt: skip
        if self.openapi is None:
            return []
        from openapi_core.templating.paths.exceptions import PathError
        from openapi_core.testing import MockRequest, MockResponse

        parts = urlsplit(address)
        request = MockRequest(
            host or self.host,
            method.lower(),
            parts.path,
            args=parse_qs(parts.query, keep_blank_values=True),
            headers={"Authorization": "Bearer x", **headers},
            data=body,
            content_type=kind,
        )
        errors = list(self.openapi.unmarshal_request(request).errors) if fits else []
        if answer is not None:
            told = {name.lower(): value for name, value in answer.headers.items()}.get("content-type")
            response = MockResponse(
                answer.body, answer.status, content_type=str(told or "application/json").partition(";")[0]
            )
            found = self.openapi.unmarshal_response(request, response).errors
            if not (stray and any(isinstance(error, PathError) for error in found)):
                errors += found
        said = f"{method} {address} {body or b''!r}"[:400]
        return [f"{said} → {answer.status if answer else '?'}: {_words(error)}"[:1500] for error in errors]


@cache
def _openapi(path: Path) -> Any:
    from openapi_core import Config, OpenAPI

    readers = {"application/problem+json": json.loads}
    return OpenAPI.from_dict(json.loads(path.read_text()), config=Config(extra_media_type_deserializers=readers))


def _words(error: Any) -> str:
    cause = error.__cause__
    return f"{error} {getattr(error, 'schema_errors', '')} {cause} {getattr(cause, 'schema_errors', '')}"


HIGHLEVEL = Contract("highlevel", "highlevel-v2.openapi.json", "https://services.leadconnectorhq.com")
HUBSPOT = Contract("hubspot", "hubspot.openapi.json", "https://api.hubapi.com")
MAGENTO = Contract("magento", "magento-rest.openapi.json", "https://example.com")
MAILCHIMP = Contract("mailchimp", "mailchimp.openapi.json", "https://us1.api.mailchimp.com")
QUICKBOOKS = Contract("quickbooks")
SHOPMONKEY = Contract("shopmonkey", "shopmonkey-v3.openapi.json", "https://api.shopmonkey.cloud")
