"""Two people confirm at once: one file is carried out, the other comes back with what moved. Nothing is half done."""

import threading

import pytest
from django.db import connections

from bridge.hub.models import MappingFile, ValueMap
from bridge.jobs import mapping_files
from tests.unit.files.conftest import sent

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run these side by side, each on a connection of its own; what they raised is raised here."""
    gate, wrong = threading.Barrier(len(calls)), []

    def run(call):
        try:
            gate.wait(20)
            call()
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


@pytest.mark.fault("I11")
def test_of_two_files_confirmed_at_once_one_is_carried_out_and_the_other_sees_what_moved(
    shop_pair, ann, line_fr, settings
):
    settings.Q_CLUSTER["sync"] = False
    heads = "kind,source_id,target_id\n"
    files = [
        sent(shop_pair, "values", f"{heads}tax,none,{target}\ntax,TPS,{target}\n", person)
        for target, person in (("9", ann), ("1", line_fr))
    ]
    for file, person in zip(files, (ann, line_fr), strict=True):
        mapping_files.confirm(file, person)
    at_once(*(lambda pk=file.pk: mapping_files.work(pk) for file in files))
    for _ in range(2):
        for pk in mapping_files.due():
            mapping_files.work(pk)
    states = {file.state: file for file in MappingFile.objects.filter(pk__in=[file.pk for file in files])}
    assert set(states) == {"done", "checked"}
    wanted = {files[0].pk: "9", files[1].pk: "1"}[states["done"].pk]
    rows = ValueMap.objects.filter(integration=shop_pair, source_key__in=("none", "TPS"))
    assert {row.target_id for row in rows} == {wanted}
    assert states["checked"].rows.get(key=["tax", "none"]).before["target_id"] == wanted


def test_one_file_worked_on_by_two_workers_is_carried_out_once(shop_pair, ann, settings):
    settings.Q_CLUSTER["sync"] = False
    file = sent(shop_pair, "values", "kind,source_id,target_id\ntax,none,9\n", ann)
    mapping_files.confirm(file, ann)
    told = []
    at_once(*(lambda: told.append(mapping_files.work(file.pk)) for _ in range(2)))
    assert sorted(told) == ["busy", "done"]
    shop_pair.refresh_from_db()
    assert shop_pair.maps_version == 2
