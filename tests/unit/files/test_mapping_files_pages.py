"""The pages of mapping files: exports, uploads, previews, rights."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from bridge.hub.models import MappingFile, ValueMap
from bridge.jobs import mapping_files
from tests import factories
from tests.unit.files.conftest import csv_text, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, ann) -> Client:
    """Ann, signed in."""
    client.force_login(ann)
    return client


def in_role(role):
    """Somebody of the office in this role."""
    person = factories.office(role)
    found = Client()
    found.force_login(person)
    return found


def posted(client, pair, what, name, content):
    """The page after an upload; the worker has done its part."""
    answer = client.post(
        reverse("admin:mapping_files", args=[pair.pk]), {"what": what, "file": SimpleUploadedFile(name, content)}
    )
    made = MappingFile.objects.latest("pk")
    if made.state == "checking":
        mapping_files.work(made.pk)
    made.refresh_from_db()
    return answer, made


@pytest.mark.parametrize("what", ["values", "rules", "links", "items", "customers"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_set_is_exported_in_both_kinds(desk, shop_pair, what, kind):
    answer = desk.get(reverse("admin:mapping_file_export", args=[shop_pair.pk]), {"what": what, "format": kind})
    assert answer.status_code == 200
    assert f".{kind}" in answer["Content-Disposition"]
    raw = answer.getvalue()
    if kind == "xlsx":
        rows = list(load_workbook(io.BytesIO(raw)).active.iter_rows(values_only=True))
        assert rows[0][-1] == "Integration"
    else:
        assert raw.decode("utf-8-sig").splitlines()[0].endswith("Action,Version,Integration")


def test_a_file_is_uploaded_looked_at_and_confirmed(desk, shop_pair):
    text = csv_text(shop_pair, "values").replace(",none,Hors taxe – à l’export,,,", ",none,Hors taxe – à l’export,9,,")
    answer, made = posted(desk, shop_pair, "values", "taxes.csv", text.encode())
    assert answer.status_code == 302
    shown = desk.get(reverse("admin:mapping_file", args=[made.pk])).content.decode()
    assert "Carry out 1 row" in shown
    assert "Hors champ" in shown
    desk.post(reverse("admin:mapping_file_confirm", args=[made.pk]), {"rows": "all"})
    mapping_files.work(made.pk)
    assert ValueMap.objects.get(integration=shop_pair, source_key="none").target_id == "9"
    assert "Bring the former set back" in desk.get(reverse("admin:mapping_file", args=[made.pk])).content.decode()
    desk.post(reverse("admin:mapping_file_return", args=[made.pk]))
    mapping_files.work(made.pk)
    assert ValueMap.objects.get(integration=shop_pair, source_key="none").target_id == ""
    for name in ("mapping_files_all", "mapping_files"):
        args = [shop_pair.pk] if name == "mapping_files" else []
        assert "taxes.csv" in desk.get(reverse(f"admin:{name}", args=args)).content.decode()


def test_rejected_rows_come_back_with_their_reason(desk, shop_pair):
    text = csv_text(shop_pair, "values").replace(",none,Hors taxe – à l’export,,,", ",none,Hors taxe – à l’export,77,,")
    _, made = posted(desk, shop_pair, "values", "taxes.csv", text.encode())
    assert made.counts["invalid"] == 1
    answer = desk.get(reverse("admin:mapping_file_rejected", args=[made.pk]))
    heads, row = answer.content.decode("utf-8-sig").splitlines()
    assert heads.endswith("Integration,Reason")
    assert ",77," in row
    assert "Invalid" in desk.get(reverse("admin:mapping_file", args=[made.pk])).content.decode()
    desk.post(reverse("admin:mapping_file_confirm", args=[made.pk]), {"rows": "all"})
    made.refresh_from_db()
    assert made.state == "checked"  # all or nothing


def test_rights_to_import_and_to_export_are_rights_of_their_own(shop_pair, ann):
    made = sent(shop_pair, "values", csv_text(shop_pair, "values"), ann)
    page, export = (
        reverse("admin:mapping_files", args=[shop_pair.pk]),
        reverse("admin:mapping_file_export", args=[shop_pair.pk]),
    )
    confirm = reverse("admin:mapping_file_confirm", args=[made.pk])
    nobody, viewer = in_role(""), in_role("viewer")
    assert [nobody.get(page).status_code, nobody.get(export).status_code] == [403, 403]
    assert [viewer.get(page).status_code, viewer.get(export, {"what": "values"}).status_code] == [200, 403]
    assert [viewer.post(page).status_code, viewer.post(confirm).status_code] == [403, 403]
    support = in_role("support")
    assert support.get(export, {"what": "values"}).status_code == 200
    assert support.post(confirm).status_code == 302
    client_person = Client()
    client_person.force_login(factories.client_person(shop_pair.organization))
    assert client_person.get(page).status_code in (302, 403, 404)


def test_an_unknown_encoding_is_asked_about_with_samples(desk, shop_pair):
    text = csv_text(shop_pair, "values", "fr").replace("Hors taxe – à l’export;;;non", "Hors taxe – à l’export;9;;non")
    raw = text.removeprefix("\ufeff").encode("cp1252")
    _, made = posted(desk, shop_pair, "values", "taxes.csv", raw)
    assert made.state == "asking"
    shown = desk.get(reverse("admin:mapping_file", args=[made.pk])).content.decode()
    assert "Windows (Western Europe)" in shown
    assert "Hors taxe – à l’export" in shown
    desk.post(reverse("admin:mapping_file_encoding", args=[made.pk]), {"encoding": "cp1252"})
    mapping_files.work(made.pk)
    made.refresh_from_db()
    assert (made.state, made.counts) == ("checked", {"changed": 1, "same": 2, "waiting": 0})


def test_a_whole_set_up_is_exported_without_secrets(desk, shop_pair):
    answer = desk.get(reverse("admin:mapping_file_export", args=[shop_pair.pk]), {"what": "setup"})
    told = json.loads(answer.content)
    assert (told["format"], told["recipe"]) == ("bridge-setup", "corner_shop_books")
    assert told["values"] == [
        {"kind": "tax", "source_id": "TPS+TVQ", "source_name": "TPS et TVQ", "target_name": "TPS/TVQ QC"}
    ]
