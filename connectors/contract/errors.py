"""What can go wrong with a vendor, and what happens next. Closed by default: what no row names is `ContractBroken`."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.contract.text import Text


class SyncError(Exception):
    """A failure with a consequence.

    `code` is a stable key of the catalogue (such as "QBO-6240"), `params` fill its sentences, `detail` is the vendor's
    own words with secrets removed, `request_id` the vendor's trace id. `then` says what the caller does.
    """

    then = "stop"  # stop | wait | ask | reject | look

    def __init__(
        self,
        code: str,
        *,
        params: Mapping[str, object] | None = None,
        detail: str = "",
        field: str = "",
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.params = dict(params or {})
        self.detail = detail[:2000]
        self.field = field
        self.retry_after = retry_after
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.code} {self.detail}".strip()


class RateLimited(SyncError):
    """Too many calls: wait `retry_after` seconds (None: the caller's own back-off). Surely not carried out."""

    then = "wait"


class VendorUnavailable(SyncError):
    """A 5xx, a refused connection or a timeout where nothing was written: try later."""

    then = "wait"


class AuthorizationExpired(SyncError):
    """The grant is gone: a person must connect again."""

    then = "ask"


class SettingInvalid(SyncError):
    """A setting, right or scope is missing: a person must mend it."""

    then = "ask"


class RecordRejected(SyncError):
    """This record only; the others go on."""

    then = "reject"


class StaleVersion(SyncError):
    """The target moved since it was read: read it again and plan anew."""

    then = "reject"


class OutcomeUnknown(SyncError):
    """A write left and no readable answer came: neither success nor failure."""

    then = "look"


class ContractBroken(SyncError):
    """An answer of a shape we do not know: our fault, said loudly."""

    then = "stop"


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One row of a vendor's error table: what it looks like, and which error with which code it becomes."""

    raises: type[SyncError]
    code: str  # ours, a key of the catalogue
    status: int | None = None  # HTTP status, None: any
    vendor_code: str | None = None  # the vendor's code or title, None: any
    contains: str | None = None  # lower-case words of the vendor's text, only where nothing better is stable


@dataclass(frozen=True, slots=True)
class Explanation:
    """One catalogue entry: what happened, why, what to do and who does it. `{name}` marks come from `params`."""

    code: str
    what: Text
    why: Text
    cure: Text
    who: str = "staff"  # staff | client | support
    can_retry: bool = True  # whether "fix and retry" makes sense
