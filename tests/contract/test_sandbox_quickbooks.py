"""The stand-in keeps the vendor's contract: stored documents, answers and errors have the published shapes."""

import json

import pytest

from tests.contracts import QUICKBOOKS
from tests.unit.sandbox.quickbooks_desk import US, Desk

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

pytestmark = [pytest.mark.contracts, QUICKBOOKS.needed]
SCHEMA = QUICKBOOKS.data("schema.json", {"$defs": {}})
RECORDED = sorted((QUICKBOOKS.folder / "recorded").glob("*.json")) if QUICKBOOKS.have else []
ENTITIES = [
    "Customer",
    "Item",
    "Invoice",
    "SalesReceipt",
    "Payment",
    "CreditMemo",
    "RefundReceipt",
    "Account",
    "Class",
    "Department",
    "TaxCode",
    "TaxRate",
    "TaxAgency",
    "PaymentMethod",
    "Term",
    "Vendor",
]
# Attachments and reports are no part of the stand-in; the PDF recording was made by hand.
OUT_OF_SCOPE = ("attachment-", "reports-", "get_pdf-")


@pytest.fixture(scope="module")
def demo():
    """The demo world, for tests that only read."""
    return Desk("demo")


def violations(definition, document):
    checker = jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]})
    return [f"{definition}{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(document)]


def test_every_stored_document_of_the_demo_world_has_the_published_shape(demo):
    desk = demo
    found = []
    for realm, books in desk.vendor.companies.items():
        found += violations("CompanyInfoResponse", desk.plain(books.info))
        found += violations("PreferencesResponse", desk.plain(books.preferences))
        for name in ENTITIES:
            for document in books.tables[name].documents():
                found += [f"{realm} {line}" for line in violations(f"{name}Response", desk.plain(document))]
    assert not found, found[:5]


@pytest.mark.parametrize("entity", ENTITIES)
def test_query_and_single_answers_have_the_published_shape(entity, demo):
    desk = demo
    answer = desk.query(f"select * from {entity} maxresults 3")  # noqa: S608 - not SQL
    assert answer.status == 200
    assert not violations("QueryEnvelope", desk.body(answer))
    one = desk.get(f"{entity.lower()}/{desk.body(answer)['QueryResponse'][entity][0]['Id']}")
    assert not violations("EntityEnvelope", desk.body(one))


def test_the_change_feed_has_the_published_shape():
    desk = Desk("demo")
    invoice = desk.body(desk.query("select * from SalesReceipt maxresults 1"))["QueryResponse"]["SalesReceipt"][0]
    desk.post("salesreceipt", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="delete")
    answer = desk.get("cdc", entities="Customer,Item,SalesReceipt", changedSince=desk.ago(days=2))
    body = desk.body(answer)
    assert not violations("CDCEnvelope", body)
    deleted = [row for row in body["CDCResponse"][0]["QueryResponse"][2]["SalesReceipt"] if row.get("status")]
    assert [row["Id"] for row in deleted] == [invoice["Id"]]


def test_written_documents_and_batches_have_the_published_shape():
    desk = Desk("demo")
    line = desk.line("2", "40.00")
    invoice = desk.made(
        "invoice", {"CustomerRef": {"value": "1"}, "GlobalTaxCalculation": "TaxExcluded", "Line": [line]}
    )
    found = violations("InvoiceResponse", invoice)
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    payment = desk.made(
        "payment", {"CustomerRef": {"value": "1"}, "TotalAmt": 10, "Line": [{"Amount": 10, "LinkedTxn": [link]}]}
    )
    found += violations("PaymentResponse", payment)
    found += violations(
        "PaymentResponse", desk.made("payment", {**payment, "sparse": True}, include="void", operation="update")
    )
    found += violations("CustomerResponse", desk.made("customer", {"DisplayName": "Nouvelle Cliente"}))
    batch = {
        "BatchItemRequest": [
            {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Nouvelle Cliente"}},
            {"bId": "2", "operation": "create", "Vendor": {"DisplayName": "Fournisseur Inventé"}},
            {"bId": "3", "Query": "select * from Term"},
        ]
    }
    found += violations("BatchRequest", batch)
    answer = desk.body(desk.post("batch", batch))
    found += violations("BatchEnvelope", answer)
    assert not found
    assert answer["BatchItemResponse"][0]["Fault"]["Error"][0]["code"] == "6240"


SOLD = {
    "invoice": "Invoice",
    "salesreceipt": "SalesReceipt",
    "creditmemo": "CreditMemo",
    "refundreceipt": "RefundReceipt",
}


def test_documents_of_the_us_engine_have_the_published_shape():
    desk = Desk("empty", realm=US)
    desk.vendor.load_with("Preferences", [{"TaxPrefs": {"PartnerTaxEnabled": True}}], {"realm": US})
    line = desk.line(desk.service()["Id"], "100", "TAX")
    found = violations("PreferencesResponse", desk.plain(desk.books.preferences))
    for path, entity in SOLD.items():
        for tax in ({}, {"TxnTaxDetail": {"TotalTax": 7.01}}):
            body = desk.sale(desk.customer(f"{entity} {len(tax)}"), line, DepositToAccountRef={"value": "1"}, **tax)
            found += violations(f"{entity}Create", body)
            made = desk.made(path, body)
            assert made["TotalAmt"] == (107.01 if tax else 106)
            found += violations(f"{entity}Response", made)
    assert not found, found[:5]


def test_foreign_documents_and_what_is_paid_on_them_have_the_published_shape():
    desk = Desk("empty")
    desk.vendor.load("Preferences", [{"CurrencyPrefs": {"MultiCurrencyEnabled": True}}])
    desk.vendor.load("CompanyCurrency", [{"Code": "USD", "Name": "United States Dollar", "Active": True}])
    customer = desk.customer("Friend Abroad", CurrencyRef={"value": "USD"})
    found = violations("CustomerResponse", customer)
    line = desk.line(desk.service()["Id"], "100")
    made = {}
    for path, entity in SOLD.items():
        body = desk.sale(customer, line, DepositToAccountRef={"value": "1"}, ExchangeRate=1.25)
        made[entity] = desk.made(path, body)
        found += violations(f"{entity}Response", made[entity])
    targets = [(50, made["Invoice"], "Invoice"), (20, made["CreditMemo"], "CreditMemo")]
    payment = desk.body(desk.pay(customer, 30, *targets, ExchangeRate=1.25))["Payment"]
    found += violations("PaymentResponse", payment)
    for entity in ("Invoice", "CreditMemo"):
        after = desk.again(entity, made[entity])
        assert after["Balance"] != made[entity]["Balance"]
        assert after["HomeBalance"] == pytest.approx(after["Balance"] * 1.25, abs=0.005001)
        found += violations(f"{entity}Response", after)
    assert not found, found[:5]


def test_employees_and_compound_codes_have_the_published_shape():
    desk = Desk("empty")
    found = violations("Employee", desk.made("employee", {"GivenName": "Rémi", "FamilyName": "Inventé"}))
    entries = [
        {"TaxRateRef": {"value": "1"}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0},
        {"TaxRateRef": {"value": "2"}, "TaxTypeApplicable": "TaxOnAmountPlusTax", "TaxOrder": 1},
    ]
    desk.vendor.load("TaxCode", [{"Name": "Ancienne", "Taxable": True, "SalesTaxRateList": {"TaxRateDetail": entries}}])
    code = next(row for row in desk.rows("select * from TaxCode") if row["Name"] == "Ancienne")
    found += violations("TaxCodeResponse", code)
    sold = desk.sale(desk.customer(), desk.line(desk.service()["Id"], "100", code["Id"]))
    found += violations("InvoiceResponse", desk.made("invoice", sold))
    assert not found, found[:5]


def test_every_refusal_has_one_of_the_published_frames():
    desk = Desk("demo")
    accounting = [
        desk.query("select * from Custmoer"),
        desk.get("customer/1.5"),
        desk.get("customer/1/5"),
        desk.get("customer/999999"),
        desk.post("invoice", {"BadJson": True}),
    ]
    found = [line for answer in accounting for line in violations("FaultResponse", desk.body(answer))]
    gateway = [desk.get("customer/1", realm=US), desk.get("customer/1", token="SECRET-nobody")]
    found += [line for answer in gateway for line in violations("GatewayFaultResponse", desk.body(answer))]
    assert not found
    assert [answer.status for answer in accounting + gateway] == [400] * 5 + [403, 401]


def test_token_answers_and_webhooks_have_the_published_shape():
    desk = Desk("empty")
    assert not violations("OAuthTokenResponse", desk.tokens)
    assert not violations("OAuthError", desk.body(desk.token_call(grant_type="refresh_token", refresh_token="x")))
    posts = []
    desk.vendor.sandbox.hook = lambda url, body, headers, **rest: posts.append((body, headers))
    desk.vendor.configure({"webhook_url": "http://127.0.0.1:1/hook", "verifier_token": "v"})
    desk.made("customer", {"DisplayName": "Une Cliente"})
    desk.vendor.sender.flush()
    desk.vendor.configure({"webhook_form": "legacy"})
    desk.made("customer", {"DisplayName": "Une Autre"})
    desk.vendor.sender.flush()
    assert not violations("WebhookCloudEvents", json.loads(posts[0][0]))
    assert not violations("WebhookLegacy", json.loads(posts[1][0]))


# Recorded exchanges


def interactions():
    for path in RECORDED:
        if not path.name.startswith(OUT_OF_SCOPE):
            for at, interaction in enumerate(json.loads(path.read_text())["interactions"]):
                yield pytest.param(path, at, interaction, id=f"{path.stem}-{at}")


def documents_before(path, at):
    """Every object the recording shows up to this exchange, by entity and id, as the company must hold it."""
    found = {}
    for interaction in json.loads(path.read_text())["interactions"][: at + 1]:
        body = interaction["response"]["body"]
        if not isinstance(body, dict) or interaction["request"]["method"] != "GET":
            continue
        groups = [body, body.get("QueryResponse", {})]
        for response in body.get("CDCResponse", []):
            groups += response["QueryResponse"]
        for group in groups:
            for name, value in group.items():
                for row in value if isinstance(value, list) else [value]:
                    if isinstance(row, dict) and "Id" in row and "SyncToken" in row:
                        found.setdefault(name, {})[row["Id"]] = row
    return found


def shape(value, depth=0):
    """Names of the outer levels; rows of a list count once."""
    if isinstance(value, dict) and depth < 4:
        return {name: shape(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0], depth + 1)] if value else []
    return type(value).__name__ if not isinstance(value, (int, float)) or isinstance(value, bool) else "number"


@pytest.mark.parametrize(("path", "at", "interaction"), list(interactions()))
def test_a_recorded_request_gets_an_answer_of_the_recorded_shape(path, at, interaction):
    request, response = interaction["request"], interaction["response"]
    desk = Desk("empty", realm=US)
    held = documents_before(path, at)
    if request["method"] == "POST":
        desk.furnish(held, request)
    for entity, rows in held.items():
        desk.books.tables[entity].clear()
        desk.books.names.clear()
        desk.vendor.load_with(entity, list(rows.values()), {"realm": US})
    if response["status"] == 401:
        desk.vendor.fault("expire_tokens", {})
    if path.stem == "error-validation":
        desk.vendor.load_with("Customer", [{"DisplayName": request["body"]["DisplayName"]}], {"realm": US})
    resource = request["path"].partition("{realmId}/")[2]
    query = {name: value for name, value in request["query"].items() if value}
    if request["method"] == "GET":
        answer = desk.get(resource, **query)
    else:
        answer = desk.post(resource, request["body"], **query)
    assert answer.status == response["status"], answer.body
    wanted, got = shape(response["body"]), shape(desk.body(answer))
    wanted.pop("time", None), got.pop("time", None)
    if "fault" in wanted or "Fault" in wanted:
        assert code_of(desk.body(answer)) == code_of(response["body"])
        wanted, got = json.dumps(sorted(wanted)), json.dumps(sorted(got))
    assert got == wanted


def everything_recorded():
    """Every real object of recordings and fixtures, in order: (entity, document)."""
    for path in RECORDED:
        if not path.name.startswith(OUT_OF_SCOPE):
            for at in range(len(json.loads(path.read_text())["interactions"])):
                for entity, rows in documents_before(path, at).items():
                    yield from ((entity, row) for row in rows.values())
    for path in sorted((QUICKBOOKS.folder / "fixtures").glob("*.json")):
        for wrapped in json.loads(path.read_text()).get("objects", []):
            yield from ((e, d) for e, d in wrapped.items() if e in ENTITIES and {"Id", "SyncToken"} <= d.keys())


def test_all_real_documents_can_stand_in_one_company_and_be_read_back():
    desk = Desk("empty")
    latest = {}
    for entity, document in everything_recorded():
        desk.vendor.load(entity, [document])
        latest[entity, document["Id"]] = document
    assert len(latest) > 120
    for entity in {entity for entity, _ in latest}:
        answer = desk.body(desk.query(f"select * from {entity} orderby Id maxresults 1000"))  # noqa: S608 - not SQL
        assert not violations("QueryEnvelope", answer)
    for (entity, id), document in latest.items():
        held = desk.body(desk.get(f"{entity.lower()}/{id}"))[entity]
        # A second recording of the same state counts as one more change; all the rest stays as it was.
        told = document.keys() - {"SyncToken", "MetaData"}
        assert {name: held[name] for name in told} == {name: document[name] for name in told}


def code_of(body):
    fault = body.get("Fault") or body["fault"]
    return (fault.get("Error") or fault["error"])[0]["code"]


def test_real_fixtures_can_be_loaded_and_are_answered_unchanged():
    desk = Desk("empty", realm=US)
    for path in sorted((QUICKBOOKS.folder / "fixtures").glob("*.json")):
        for wrapped in json.loads(path.read_text()).get("objects", []):
            for entity, document in wrapped.items():
                if entity not in ENTITIES or "Id" not in document or "SyncToken" not in document:
                    continue
                books = desk.vendor.companies[US]
                if document["Id"] in books.tables[entity]:
                    books.drop(entity, document["Id"])
                desk.vendor.load_with(entity, [document], {"realm": US})
                answered = desk.body(desk.get(f"{entity.lower()}/{document['Id']}"))[entity]
                assert {name: answered[name] for name in document if name != "MetaData"} == {
                    name: value for name, value in document.items() if name != "MetaData"
                }
