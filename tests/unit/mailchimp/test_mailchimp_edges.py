"""Refusals, archives, webhooks and keys of Mailchimp, as plain functions."""

import hashlib
import hmac
import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    Grant,
    Hosts,
    OAuth2,
    OutcomeUnknown,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    VendorUnavailable,
)
from connectors.mailchimp import CONNECTOR, auth, batches, webhooks
from connectors.mailchimp.batches import Answer, error_of
from connectors.mailchimp.errors import ROWS, classify
from tests.contracts import MAILCHIMP


def problem(status: int, title: str, detail: str = "", *errors: tuple[str, str]) -> bytes:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "i-1",
    }
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors]
    return json.dumps(body).encode()


CASES = [
    (401, problem(401, "API Key Invalid"), AuthorizationExpired, "MC-TOKEN"),
    (403, problem(403, "Forbidden", "Your plan lacks this."), SettingInvalid, "MC-FORBIDDEN"),
    (403, b"", RateLimited, "MC-BUSY"),
    (403, b"<html>busy</html>", RateLimited, "MC-BUSY"),
    (429, problem(429, "Too Many Requests"), RateLimited, "MC-BUSY"),
    (404, problem(404, "Resource Not Found"), RecordRejected, "MC-NOT-FOUND"),
    (400, problem(400, "Member Exists"), RecordRejected, "MC-MEMBER-EXISTS"),
    (400, problem(400, "Member In Compliance State"), RecordRejected, "MC-COMPLIANCE"),
    (400, problem(400, "Forgotten Email Not Subscribed"), RecordRejected, "MC-FORGOTTEN"),
    (400, problem(400, "Invalid Resource", "a@b looks fake or invalid, please…"), RecordRejected, "MC-EMAIL-FAKE"),
    (
        400,
        problem(400, "Bad Request", "a@b has signed up to a lot of lists very recently"),
        RecordRejected,
        "MC-TOO-MANY-LISTS",
    ),
    (
        400,
        problem(
            400, "Invalid Resource", "Your merge fields were invalid.", ("ADDRESS", "Please enter a complete address")
        ),
        RecordRejected,
        "MC-ADDRESS-INCOMPLETE",
    ),
    (
        400,
        problem(400, "Invalid Resource", "Your merge fields were invalid.", ("PHONE", "Please enter a valid phone")),
        RecordRejected,
        "MC-MERGE-FIELDS",
    ),
    (
        400,
        problem(400, "Invalid Resource", "Not valid.", ("email address", "is already in this list")),
        RecordRejected,
        "MC-EMAIL-TAKEN",
    ),
    (
        400,
        problem(400, "Bad Request", "A product with the provided ID does not exist in the account"),
        RecordRejected,
        "MC-PRODUCT-UNKNOWN",
    ),
    (
        400,
        problem(400, "Bad Request", "An order with the provided ID already exists in the account"),
        RecordRejected,
        "MC-EXISTS",
    ),
    (400, problem(400, "JSON Parse Error"), ContractBroken, "MC-NOT-JSON"),
    (400, problem(400, "Invalid Resource", "Not valid.", ("lines", "wrong")), RecordRejected, "MC-INVALID"),
    (400, problem(400, "Bad Request", "Something new"), RecordRejected, "MC-BAD-REQUEST"),
    (405, problem(405, "Method Not Allowed"), ContractBroken, "MC-OUR-FAULT"),
    (414, problem(414, "Resource Nesting Too Deep"), ContractBroken, "MC-OUR-FAULT"),
    (422, problem(422, "Invalid Method Override"), ContractBroken, "MC-OUR-FAULT"),
    (426, problem(426, "Upgrade Required"), ContractBroken, "MC-OUR-FAULT"),
    (500, problem(500, "Internal Server Error"), VendorUnavailable, "MC-DOWN"),
    (502, b"<html>", VendorUnavailable, "MC-DOWN"),
    (503, b"", VendorUnavailable, "MC-DOWN"),
    (504, b"", VendorUnavailable, "MC-DOWN"),
    (418, b"", ContractBroken, "MC-UNEXPECTED"),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), CASES)
def test_a_refusal_says_what_happens_next(status: int, body: bytes, kind: type[Exception], code: str) -> None:
    error = classify(status, {}, body)
    assert type(error) is kind and error.code == code


def test_every_row_of_the_table_has_a_case_and_every_code_its_words() -> None:
    tried = {code for _, _, _, code in CASES} | {"MC-HOOK-EXISTS"}
    assert {row.code for row in ROWS} <= tried
    explained = {entry.code: entry for entry in CONNECTOR.catalogue}
    assert len(explained) == len(CONNECTOR.catalogue)
    assert {row.code for row in ROWS} <= explained.keys()
    for entry in explained.values():
        for words in (entry.what, entry.why, entry.cure):
            assert words.en and words.fr and words.en != words.fr


def test_every_code_named_in_the_code_is_explained() -> None:
    import re

    folder = Path(auth.__file__).parent
    named = {code for path in folder.glob("*.py") for code in re.findall(r'"(MC-[A-Z-]+)"', path.read_text())}
    assert named and named == {entry.code for entry in CONNECTOR.catalogue}


@pytest.mark.contracts
@MAILCHIMP.needed
def test_the_vendors_list_of_failures_is_covered() -> None:
    for row in MAILCHIMP.data("errors.json")["errors"]:
        body = problem(row["status"], row["title"].split(" / ")[0], row["when"]) if row["title"] else b""
        error = classify(row["status"], {}, body)
        expected = {"retry": "wait", "reconnect": "ask", "person": "ask"}.get(row["action"])
        assert expected is None or error.then == expected, row
        assert error.code != "MC-UNEXPECTED", row


def test_a_refusal_keeps_the_vendors_words_and_trace_but_no_secret() -> None:
    secret = "0123456789abcdef0123456789abcdef-us19"
    error = classify(400, {}, problem(400, "Bad Request", f"api_key={secret} is odd"))
    assert error.request_id == "i-1" and secret not in str(error) and secret not in str(error.params)


# Archives


def archive(*files: tuple[str, bytes], links: bool = False) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        if links:
            entry = tarfile.TarInfo("x.json")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(entry)
    return data.getvalue()


def rows(*ids: str) -> bytes:
    return json.dumps([{"status_code": 200, "operation_id": name, "response": "{}"} for name in ids]).encode()


def test_answers_are_read_from_every_file_and_links_and_strangers_are_not_followed() -> None:
    data = archive(("a/1.json", rows("1", "2")), ("../../evil.json", rows("3")), ("readme.txt", b"?"), links=True)
    assert set(batches.read_archive(data)) == {"1", "2", "3"}
    assert not Path("../../evil.json").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        archive(("1.json", b"{not json")),
        archive(("1.json", b"{}")),
        archive(("1.json", rows("1")))[:-40],
    ],
    ids=["nothing", "bytes", "half", "object", "cut"],
)
def test_an_archive_that_is_none_is_said_so(data: bytes) -> None:
    with pytest.raises(ContractBroken, match="MC-ARCHIVE"):
        batches.read_archive(data)


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_UNPACKED", 1000)
    with pytest.raises(ContractBroken, match="MC-ARCHIVE"):
        batches.read_archive(archive(("1.json", b" " * 2000)))


@pytest.mark.parametrize("answer", [None, Answer(500, b""), Answer(200, b"{cut"), Answer(504, b"")])
def test_an_operation_without_a_sound_answer_is_unknown(answer: Answer | None) -> None:
    assert isinstance(error_of(answer), OutcomeUnknown)


def test_a_ticket_keeps_failures_and_decimals_through_json() -> None:
    from decimal import Decimal

    from connectors.contract import Outcome

    error = RecordRejected("MC-INVALID", params={"field": "x"}, detail="d", field="x", request_id="r")
    plain = batches._plain(Outcome("1", None, {"total": Decimal("1.10")}, error, ("a",)))
    back = batches._outcome(batches._unpack(batches._pack(plain)))
    assert (
        isinstance(back.error, RecordRejected) and back.error.params == {"field": "x"} and back.error.request_id == "r"
    )
    assert back.raw == {"total": Decimal("1.10")} and back.differs == ("a",)


# Webhooks

NOW = datetime(2026, 11, 5, 10, 0, tzinfo=UTC)
BODY = (
    b"type=unsubscribe&fired_at=2026-11-05+10%3A00%3A00&data%5Baction%5D=unsub&data%5Bemail%5D=Ann%40courriel.example"
)


def signed(body: bytes, secret: str, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-mailchimp-signature": f"t={stamp},v1={'0' * 64},v1={digest}"}


def test_only_what_was_signed_with_a_known_secret_and_lately_is_genuine() -> None:
    headers = signed(BODY, "secret-a")
    assert webhooks.verify(BODY, headers, ["secret-b", "secret-a"], NOW)
    assert not webhooks.verify(BODY + b"&x=1", headers, ["secret-a"], NOW)
    assert not webhooks.verify(BODY, headers, ["secret-b"], NOW)
    assert not webhooks.verify(BODY, headers, ["secret-a"], NOW.replace(minute=6))
    assert not webhooks.verify(BODY, {}, ["secret-a"], NOW)
    assert webhooks.verify(BODY, {}, [], NOW)  # an unsigned hook: its address is the proof


@pytest.mark.parametrize(
    "header", ["", "t=", "t=x,v1=y", "t=1,t=2,v1=a", "v1=abc", "t=99999999999999999999,v1=a", "é=é"]
)
def test_a_malformed_signature_is_refused_and_breaks_nothing(header: str) -> None:
    assert not webhooks.verify(BODY, {"x-mailchimp-signature": header}, ["secret"], NOW)


@pytest.mark.contracts
@MAILCHIMP.needed
def test_the_vendors_signature_vectors_hold() -> None:
    data = MAILCHIMP.data("webhooks.json")
    good = next(row for row in data["signature_vectors"] if "valid_when_now_s_is" in row)
    for row in data["signature_vectors"]:
        at = datetime.fromtimestamp(good["valid_when_now_s_is"], UTC)
        genuine = webhooks.verify(row["raw_body"].encode(), {webhooks.HEADER: row["header"]}, [good["secret"]], at)
        assert genuine is not row.get("must_be_rejected", False)
    late = datetime.fromtimestamp(good["stale_when_now_s_is"], UTC)
    assert not webhooks.verify(good["raw_body"].encode(), {webhooks.HEADER: good["header"]}, [good["secret"]], late)
    for event in data["events"]:
        (found,) = webhooks.parse(event["raw_body"].encode(), {})
        assert (found.resource == "members") is (event["name"] != "campaign")


def test_a_delivery_names_the_member_by_its_newest_address() -> None:
    (event,) = webhooks.parse(BODY, {})
    assert event.resource == "members" and event.kind == "updated" and event.at == NOW
    assert event.remote_id == hashlib.md5(b"ann@courriel.example").hexdigest()  # noqa: S324
    (again,) = webhooks.parse(BODY, {})
    assert again.unique_id == event.unique_id
    (gone,) = webhooks.parse(BODY.replace(b"unsub&", b"delete&"), {})
    assert gone.kind == "deleted" and gone.unique_id != event.unique_id
    moved = b"type=upemail&data%5Bnew_email%5D=b%40c.example&data%5Bold_email%5D=a%40c.example"
    assert webhooks.parse(moved, {})[0].remote_id == hashlib.md5(b"b@c.example").hexdigest()  # noqa: S324


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"type=unheard_of", b"{}"])
def test_an_unknown_delivery_is_kept_and_asks_for_nothing(body: bytes) -> None:
    (event,) = webhooks.parse(body, {})
    assert event.resource is None and event.unique_id


# Keys and addresses


def test_a_key_tells_its_data_centre_and_another_shape_is_refused() -> None:
    hosts = CONNECTOR.environments["live"]
    grant = auth.grant_from_key(" 0123456789abcdef0123456789abcdef-us19 ", hosts)
    assert CONNECTOR.base_url(hosts, grant, "") == "https://us19.api.mailchimp.com/3.0"
    assert "0123456789abcdef" not in repr(grant)
    for bad in ("", "abc", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef-us19.evil.example/"):
        with pytest.raises(SettingInvalid, match="MC-KEY-SHAPE"):
            auth.grant_from_key(bad, hosts)


@pytest.mark.parametrize("centre", ["", "evil.example/", "us19@evil.example", "us19.evil"])
def test_a_token_never_travels_to_a_host_the_vendor_does_not_own(centre: str) -> None:
    grant = Grant(access_token="t", extra={"dc": centre, "api_endpoint": "https://evil.example"})
    with pytest.raises(AuthorizationExpired):
        CONNECTOR.base_url(CONNECTOR.environments["live"], grant, "")


class Answers:
    """Plain calls answered from a list; what was asked stays readable."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    def call(
        self, method: str, url: str, *, form: Any = None, body: Any = None, headers: Any = None, basic: Any = None
    ) -> tuple[int, dict[str, Any]]:
        self.asked.append((method, url, headers or form))
        return self.answers.pop(0)


HOSTS = Hosts(api="https://{dc}.api.mailchimp.com/3.0", token="https://login/t", extra={"metadata": "https://login/m"})


def test_the_metadata_are_asked_with_their_own_word() -> None:
    http = Answers((200, {"dc": "us7", "api_endpoint": "https://us7.api.mailchimp.com"}))
    grant = auth.locate(http, HOSTS, Grant(access_token="abc", extra={"kind": "oauth"}))
    assert http.asked == [("GET", "https://login/m", {"Authorization": "OAuth abc"})]
    assert grant.extra["dc"] == "us7" and grant.expires_in is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {}), AuthorizationExpired),
        ((200, {"error": "invalid_token"}), AuthorizationExpired),
        ((500, {}), VendorUnavailable),
        ((429, {}), RateLimited),
        ((200, {"dc": "evil.example"}), ContractBroken),
    ],
)
def test_a_dead_token_asks_for_a_person_and_an_outage_does_not(answer: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        auth.locate(Answers(answer), HOSTS, Grant(access_token="abc"))


def test_a_refused_consent_is_said_plainly() -> None:
    from connectors.contract import App

    with pytest.raises(SettingInvalid, match="MC-CONSENT-REFUSED"):
        auth.exchange(Answers(), HOSTS, App("i", "s"), "https://back", {"error": "access_denied", "state": "x"})


@pytest.mark.row("M-02")
def test_the_sign_in_says_that_an_account_is_needed_and_its_page_is_in_english() -> None:
    sign_in = CONNECTOR.sign_in[0]
    assert (
        isinstance(sign_in, OAuth2)
        and sign_in.before
        and sign_in.sign_up_url.startswith("https://login.mailchimp.com/")
    )
    assert "English" in sign_in.before.en and "anglais" in sign_in.before.fr
    assert sign_in.after_revoke and len(sign_in.rights) >= 3
