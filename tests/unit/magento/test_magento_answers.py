"""What a shop answers when it does not do what was asked, and lists that are not what they should be."""

import json
import re
from typing import Any

import pytest

from connectors.contract import (
    AuthorizationExpired,
    ContractBroken,
    RateLimited,
    RecordRejected,
    SettingInvalid,
    VendorUnavailable,
)
from connectors.magento import CONNECTOR, feeds
from connectors.magento.errors import ROWS, classify, said
from connectors.magento.wire import everything, numbered

HTML = b"<!doctype html><html><title>Just a moment</title></html>"


def body(message: str, **more: Any) -> bytes:
    return json.dumps({"message": message, **more}).encode()


CASES = [
    (401, body("The consumer isn't authorized to access %resources.", parameters={"resources": "Magento_Sales::sales_invoice"}),
     SettingInvalid, "MAG-ACL"),
    (401, body("The consumer isn't authorized to access %1.", parameters=["Magento_Tax::manage_tax"]), SettingInvalid, "MAG-ACL"),
    (401, body("The signature is invalid. Verify and try again."), AuthorizationExpired, "MAG-SIGNATURE"),
    (401, body("The nonce is already being used by the consumer with ID %1.", parameters=[7]), AuthorizationExpired, "MAG-NONCE"),
    (401, body("The timestamp value in the oauth_timestamp parameter is invalid."), AuthorizationExpired, "MAG-CLOCK"),
    (401, body("The token has been revoked."), AuthorizationExpired, "MAG-TOKEN"),
    (401, body("Specified token does not exist"), AuthorizationExpired, "MAG-TOKEN"),
    (401, HTML, SettingInvalid, "MAG-WALL"),
    (400, b"oauth_problem=The+signature+method+%22HMAC-SHA1%22+is+not+supported.", AuthorizationExpired, "MAG-SIGNATURE"),
    (401, b"oauth_problem=A+consumer+with+that+key+doesn%27t+exist.", AuthorizationExpired, "MAG-TOKEN"),
    (400, body('"%fieldName" is required. Enter and try again.', parameters={"fieldName": "searchCriteria"}), ContractBroken, "MAG-OUR-FAULT"),
    (400, body("Cannot perform GET operation with store code 'all'"), ContractBroken, "MAG-OUR-FAULT"),
    (400, body("Maximum SearchCriteria pageSize is %max", parameters={"max": 50}), RecordRejected, "MAG-SIZE"),
    (400, body('Maximum items of type "%type" is %max', parameters={"type": "x", "max": 20}), RecordRejected, "MAG-SIZE"),
    (400, body("Validation Failed", errors=[{"message": 'Source with code "%code" does not exist.', "parameters": {"code": "nowhere"}}]),
     RecordRejected, "MAG-REFUSED"),
    (403, HTML, SettingInvalid, "MAG-FORBIDDEN"),
    (403, body("Forbidden"), SettingInvalid, "MAG-FORBIDDEN"),
    (404, body("No such entity with %fieldName = %fieldValue", parameters={"fieldName": "id", "fieldValue": 9}), RecordRejected, "MAG-NOT-FOUND"),
    (404, body("Request does not match any route."), SettingInvalid, "MAG-ROUTE"),
    (404, HTML, SettingInvalid, "MAG-ROUTE"),
    (405, body("Method not allowed"), ContractBroken, "MAG-OUR-FAULT"),
    (406, body("Server cannot match any of the given Accept HTTP header media type(s)"), ContractBroken, "MAG-OUR-FAULT"),
    (429, body("Too Many Requests", trace=None), RateLimited, "MAG-BUSY"),
    (429, HTML, RateLimited, "MAG-BUSY"),
    (500, body("Internal Error. Details are available in Magento log file. Report ID: webapi-65a1b2c3d4e5f"), VendorUnavailable, "MAG-INTERNAL"),
    (500, json.dumps({"messages": {"error": [{"code": 500, "message": "Server internal error. See details in report api/123"}]}}).encode(),
     VendorUnavailable, "MAG-INTERNAL"),
    (502, HTML, VendorUnavailable, "MAG-DOWN"),
    (503, HTML, VendorUnavailable, "MAG-MAINTENANCE"),
    (504, b"", VendorUnavailable, "MAG-DOWN"),
    (200, HTML, SettingInvalid, "MAG-PAGE"),
    (418, HTML, ContractBroken, "MAG-UNEXPECTED"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "answer", "kind", "code"), CASES, ids=lambda one: str(one)[:40])
def test_each_answer_has_one_code_and_one_consequence(status, answer, kind, code):
    error = classify(status, {}, answer)
    assert type(error) is kind and error.code == code
    assert "%" not in error.detail


def test_every_row_of_the_table_is_met_by_a_case():
    met = {code for _, _, _, code in CASES}
    assert {row.code for row in ROWS} == met


def test_a_missing_right_says_what_to_tick():
    error = classify(401, {}, CASES[0][1])
    assert error.params["resource"] == "Magento_Sales::sales_invoice"
    assert error.params["title"] == "Sales > Operations > Invoices"
    unknown = classify(
        401,
        {},
        body("The consumer isn't authorized to access %resources.", parameters={"resources": "Acme_Extra::all"}),
    )
    assert unknown.params["title"] == "Acme_Extra::all"


def test_a_failure_inside_is_quoted_by_its_report():
    error = classify(500, {}, body("Internal Error. Report ID: webapi-65a1b2c3d4e5f"))
    assert error.request_id == error.params["report"] == "webapi-65a1b2c3d4e5f"


def test_sentences_are_filled_in_either_way():
    assert said({"message": "%1 and %2", "parameters": ["a", "b"]}) == "a and b"
    assert said({"message": "%name", "parameters": {"name": "x"}}) == "x"
    assert said({"message": "100% sure", "parameters": None}) == "100% sure"


def test_no_secret_of_an_answer_is_kept():
    error = classify(400, {}, body("consumer_secret=CANARYsecret0123456789abcdefXYZ is wrong"))
    assert "CANARY" not in str(error) and "CANARY" not in str(error.params)


def test_every_code_is_explained_in_both_languages_without_loose_ends():
    explained = {entry.code: entry for entry in CONNECTOR.catalogue}
    assert {row.code for row in ROWS} <= set(explained)
    for entry in explained.values():
        for words in (entry.what, entry.why, entry.cure):
            assert words.en and words.fr and words.en != words.fr
            assert set(re.findall(r"{(\w+)}", words.en)) == set(re.findall(r"{(\w+)}", words.fr))


# lists


class Lists:
    """A shop that answers searches by a function of the query."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.queries = answer, []

    @property
    def context(self) -> dict[str, str]:
        return {}

    def get(self, path: str, params: Any = None, **more: Any) -> Any:
        self.queries.append(dict(params or {}))
        if len(self.queries) > 60:
            raise AssertionError("this goes on for ever")
        return self.answer(self.queries)


def row(number: int, at: str = "2026-03-01 12:00:00") -> dict[str, Any]:
    return {"entity_id": number, "updated_at": at}


def read(api: Any, size: int = 100, state: Any = None) -> tuple[list[int], str, dict[str, Any]]:
    kept: dict[str, Any] = {} if state is None else state
    seen, note = [], ""
    for part in feeds.Reader(api, "/V1/orders", kept, size=size).parts():
        seen += [item["entity_id"] for item in part.rows]
        note = part.note
    return seen, note, kept


def test_a_store_that_sends_the_same_page_for_ever_is_left():
    rows = [row(number) for number in range(1, 101)]
    seen, note, _ = read(Lists(lambda queries: {"items": rows, "total_count": 500}))
    assert seen == list(range(1, 101)) and "repeats its last page" in note


def test_a_store_that_goes_back_and_forth_is_left():
    pages = [[row(n) for n in range(1, 101)], [row(n) for n in range(51, 151)]]
    seen, note, _ = read(Lists(lambda queries: {"items": pages[len(queries) % 2], "total_count": 500}))
    assert note and len(seen) <= 300


def test_a_store_that_keeps_no_order_is_said_to():
    rows = [row(2), row(1)]
    seen, note, _ = read(Lists(lambda queries: {"items": rows, "total_count": 2}))
    assert seen == [2, 1] and "order" in note


def test_a_full_last_page_is_asked_after_once_more():
    def answer(queries: Any) -> Any:
        return {
            "items": [row(1), row(2)] if len(queries) == 1 else [row(3)] if len(queries) == 2 else [],
            "total_count": 2 if len(queries) == 1 else 1,
        }

    api = Lists(answer)
    seen, note, _ = read(api, size=2)
    assert seen == [1, 2, 3] and note == "", "the count was low: the page after it proves it"
    assert len(api.queries) == 2


def test_a_page_that_is_too_large_for_the_store_is_halved():
    class Small(Lists):
        def get(self, path: str, params: Any = None, **more: Any) -> Any:
            self.queries.append(dict(params))
            size = int(params["searchCriteria[pageSize]"])
            if size > 30:
                raise RecordRejected("MAG-SIZE")
            first = int(params.get("searchCriteria[filter_groups][0][filters][1][value]", 0)) + 1
            rows = [row(number) for number in range(first, min(first + size, 61))]
            return {"items": rows, "total_count": 61 - first}

    seen, note, _ = read(Small(None))
    assert seen == list(range(1, 61)) and note == ""


def test_a_page_without_items_or_count_is_no_answer():
    for broken in ({"items": "x", "total_count": 1}, {"items": []}, {"total_count": None, "items": []}):
        with pytest.raises(ContractBroken):
            read(Lists(lambda queries, broken=broken: broken))


def test_nothing_at_all_is_whole_and_asked_for_from_the_beginning_again():
    seen, note, state = read(Lists(lambda queries: {"items": None, "total_count": 0}))
    assert seen == [] and note == "" and state["done"] and not state.get("at")


def test_the_next_reading_begins_a_quarter_of_an_hour_earlier():
    _, _, state = read(Lists(lambda queries: {"items": [row(9, "2026-03-01 12:00:00")], "total_count": 1}))
    api = Lists(lambda queries: {"items": [], "total_count": 0})
    read(api, state=state)
    assert api.queries[0]["searchCriteria[filter_groups][0][filters][0][value]"] == "2026-03-01 11:45:00"
    assert state["at"] == "2026-03-01 12:00:00", "where nothing new came we stay"


def test_short_lists_end_whatever_the_store_counts():
    rows = [{"id": number} for number in range(1, 4)]
    api = Lists(lambda queries: {"items": rows, "total_count": 99})
    assert [item["id"] for item in numbered(api, "/V1/taxRates/search", (), "id")] == [1, 2, 3]
    api = Lists(lambda queries: {"items": rows, "total_count": 99})
    assert [item["id"] for page in everything(api, "/V1/products", "id") for item in page] == [1, 2, 3]
