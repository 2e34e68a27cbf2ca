"""Uploads nobody confirmed do not lie about for ever; what was carried out stays."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bridge.hub.models import MappingFile, MappingFileRow
from bridge.jobs import mapping_files, ticking
from tests.unit.files.conftest import csv_text, sent

pytestmark = pytest.mark.django_db
LONG = mapping_files.KEEP_UNCONFIRMED + timedelta(days=1)


@pytest.fixture
def three(shop_pair, ann):
    """A checked upload, one that waits for an answer, and one that was carried out, each with a row."""
    checked = sent(shop_pair, "values", csv_text(shop_pair, "values").encode(), ann, name="a.csv")
    asking, applied = (
        MappingFile.objects.create(
            integration=shop_pair, what="values", name=f"{state}.csv", state=state, content=b"x", user=ann,
            reading={"samples": [["utf-8", ["x"]]]},
        )
        for state in ("asking", "done")
    )  # fmt: skip
    for file in (checked, asking, applied):
        MappingFileRow.objects.create(file=file, line=99, outcome="invalid", title="An invented row")
    return checked, asking, applied


def age(days):
    MappingFile.objects.update(uploaded_at=timezone.now() - days)


def test_the_beat_forgets_uploads_nobody_confirmed_with_their_rows(three, client, ann):
    checked, asking, applied = three
    rows = MappingFileRow.objects.filter(file=applied).count()
    age(LONG)
    ticking.tidy()
    kept = {file.pk: file for file in MappingFile.objects.all()}
    assert [kept[one.pk].state for one in three] == ["dropped", "dropped", applied.state]
    assert kept[checked.pk].content is None and kept[asking.pk].content is None and kept[asking.pk].reading == {}
    assert not MappingFileRow.objects.filter(file__in=[checked, asking]).exists()
    assert MappingFileRow.objects.filter(file=applied).count() == rows
    client.force_login(ann)
    assert client.get(reverse("admin:mapping_file", args=[checked.pk])).status_code == 200


def test_uploads_still_in_time_stay(three):
    checked, asking, _applied = three
    age(LONG - timedelta(days=2))
    assert mapping_files.tidy(timezone.now()) == 0
    assert {MappingFile.objects.get(pk=one.pk).state for one in (checked, asking)} == {checked.state, "asking"}
