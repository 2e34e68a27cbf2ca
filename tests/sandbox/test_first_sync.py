"""The main job, end to end."""

from bridge.hub.models import Change, Link, Record


def test_a_first_sync_writes_what_was_approved_and_a_second_one_writes_nothing(house, server):
    server.reset("demo")
    house.pair()
    run = house.run(approve=False)
    assert run.state == "planned", (run.state, run.reason_code, run.reason_params, run.statement)
    before = [call for call in server.calls("mailchimp") if call["method"] != "GET" and "oauth" not in call["path"]]
    assert before == []
    run = house.finish(run)
    assert run.state in ("done", "held"), (run.reason_code, run.counts)
    done = run.changes.filter(state=Change.State.DONE).count()
    assert done > 700
    assert Link.objects.count() >= 700
    again = house.run()
    assert again.changes.filter(state=Change.State.DONE).count() == 0, again.counts
    assert Record.objects.filter(resource="orders").count() > 400
