"""A plan that is closed halfway is not closed: what it would have written is never forgotten."""

import pytest

from tests.faults.shop_stage import ShopStage
from tests.house import House

pytestmark = pytest.mark.postgres


@pytest.mark.fault("A03")
def test_a_worker_that_dies_while_it_closes_a_plan_forgets_no_record(hub, quiet_sandbox, monkeypatch):
    from bridge.jobs import runs

    stage = ShopStage(hub, House(quiet_sandbox), quiet_sandbox)
    stage.load(4, 8)
    stage.pair()
    run = stage.house.run(approve=False)
    planned = run.changes.filter(state="planned").count()
    assert planned > 8

    def dies(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(runs, "touch", dies)
        runs.close_plan(run)
    assert run.changes.filter(state="planned").count() == planned
    runs.stop(run, stage.house.ann)
    assert run.changes.filter(state="superseded").count() == planned
    again = stage.house.run(approve=False)
    assert again.changes.filter(state="planned").count() == planned
