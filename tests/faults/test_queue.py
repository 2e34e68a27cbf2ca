"""The queue only rings the bell: whatever becomes of it, the work is done once."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.checker import check
from tests.faults.stage import Workers, end

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

REDIS = "redis://127.0.0.1:6379/9"


def children(pid):
    """Return the pids a process has started."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def descendants(pid):
    found = children(pid)
    return found + [below for child in found for below in descendants(child)]


class Cluster:
    """`manage.py watch` and what it runs."""

    def __init__(self, stage, **env):
        self.stage, self.env = stage, env
        self.begin()

    def begin(self):
        self.process = self.stage.hub.start(
            "manage.py", "watch", "--deaf-seconds", "12", "--beat-seconds", "1", log="watch", BRIDGE_WORKERS="2",
            BRIDGE_SLICE_SECONDS="2", **self.env,
        )  # fmt: skip

    def workers(self):
        """Return the pids below the cluster's main process: guard, workers, pusher, monitor."""
        cluster = children(self.process.pid)
        return descendants(cluster[0]) if cluster else []

    def close(self, number=signal.SIGTERM):
        """End it as an operator would, and whatever should have ended with it."""
        below = descendants(self.process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        end_at = time.monotonic() + 10
        while (left := [pid for pid in below if Path(f"/proc/{pid}").exists()]) and time.monotonic() < end_at:
            time.sleep(0.1)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        end(self.process)
        return left

    def ready(self):
        """Wait until a worker has answered."""
        from bridge.hub.models import Heartbeat

        began = time.time()
        self.stage.wait_for(
            lambda: (beat := Heartbeat.objects.filter(name="worker").first()) and beat.beat_at.timestamp() > began, 60
        )


@pytest.fixture
def cluster(stage):
    """A pair with work to do, and a real cluster for it."""
    stage.load(150, 300)
    stage.server.control("POST", "configure/mailchimp", {"batch_seconds": 1})
    stage.pair()
    running = Cluster(stage)
    yield running
    running.close()


def hurry_tick():
    """Let the minute be over."""
    from django.utils import timezone
    from django_q.models import Schedule

    Schedule.objects.filter(name="tick").update(next_run=timezone.now())


def prove(stage):
    found = check(stage)
    assert found.none(), str(found)
    assert stage.orders_there() == len(stage.documents)


@pytest.mark.fault("B03")
@pytest.mark.fault("B04")
@pytest.mark.fault("B13")
def test_lost_doubled_late_and_unknown_tasks_harm_nothing(cluster):
    from django_q.models import OrmQ
    from django_q.tasks import async_task

    stage = cluster.stage
    cluster.ready()
    run = stage.start()
    began = time.monotonic()
    turn = 0

    def meddle():
        nonlocal turn
        turn += 1
        if turn % 10 == 1:
            for _ in range(3):
                async_task("bridge.jobs.tasks.work", run.pk)
            async_task("bridge.jobs.tasks.work", 999_999)
            async_task("bridge.jobs.tasks.intake", 999_999)
            async_task("bridge.jobs.tasks.of_an_older_version", 1)
            async_task("bridge.jobs.tasks.work", "not a number")
        if turn % 10 == 6:
            OrmQ.objects.all().delete()
            hurry_tick()
        time.sleep(0.2)

    run = stage.drive(run, 150, meddle)
    assert run.state in ("done", "held"), run.reason_code
    assert turn >= 10, "it was over before anything was lost"
    async_task("bridge.jobs.tasks.work", run.pk)  # late: the run is over
    calls = len(stage.server.calls("mailchimp"))
    stage.wait_for(
        lambda: (
            not OrmQ.objects.filter(lock__isnull=False).exclude(payload="").count() or time.monotonic() - began > 200
        ),
        30,
    )
    assert len(stage.server.calls("mailchimp")) == calls
    prove(stage)


@pytest.mark.fault("B01")
def test_a_worker_killed_while_idle_is_noticed_and_work_resumes_within_a_minute(cluster):
    stage = cluster.stage
    cluster.ready()
    time.sleep(2)
    for pid in cluster.workers()[1:]:  # all below the guard: workers, pusher, monitor
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    run = stage.start()
    stage.wait_for(lambda: stage.fresh(run).statement or run.state == "planned", 60)
    assert time.monotonic() - killed < 60
    stage.drive(run, 100)
    prove(stage)


@pytest.mark.fault("B05")
def test_bad_rows_in_both_schedule_tables_stop_no_good_one(cluster):
    from django.utils import timezone
    from django_q.models import Schedule

    from bridge.hub.models import Integration, Organization, Run

    stage = cluster.stage
    cluster.ready()
    good = stage.house.integration
    connections = {"left": good.left, "right": good.right}
    other = Organization.objects.create(name="Un autre client (fictif)")
    due = {"automatic": True, "state": "active", "next_run_at": timezone.now()}
    Integration.objects.create(organization=other, recipe="there is no such recipe", **connections, **due)
    Integration.objects.filter(pk=good.pk).update(**due)
    for bad in (
        {"schedule_type": "C", "cron": "not a cron"},
        {"schedule_type": "?"},
        {"schedule_type": "I", "args": "(("},
    ):
        Schedule(name="bad", func="no.such", next_run=timezone.now(), **bad).save_base(raw=True)
    stage.wait_for(lambda: not Schedule.objects.exclude(name="tick").exists(), 30)
    hurry_tick()
    stage.wait_for(lambda: Run.objects.filter(integration=good, trigger="schedule").exists(), 60)


@pytest.mark.fault("B10")
def test_a_cluster_told_to_end_in_the_middle_leaves_nothing_half_done(cluster):
    stage = cluster.stage
    cluster.ready()
    run = stage.start()
    for pause in (1.5, 3.0):
        time.sleep(pause)
        began = time.monotonic()
        assert cluster.close() == [], "processes were left behind"
        assert time.monotonic() - began < 20
        cluster.begin()
        hurry_tick()
        if stage.fresh(run).state == "planned":
            from bridge.jobs import runs

            runs.approve(run, stage.house.ann)
    stage.drive(run, 150, hurried(run))
    prove(stage)


def hurried(run):
    """Ring again where a bell was lost with its cluster; the tick does it each minute."""
    last = time.monotonic()

    def meanwhile():
        nonlocal last
        time.sleep(0.1)
        if time.monotonic() - last > 4:
            last = time.monotonic()
            hurry_tick()

    return meanwhile


@pytest.mark.fault("A05")
def test_a_worker_frozen_longer_than_its_lease_changes_nothing_when_it_wakes(stage):
    stage.load(200, 400)
    stage.server.control("POST", "configure/mailchimp", {"batch_seconds": 0.6})
    stage.pair()
    stage.server.faults({"kind": "delay", "seconds": 0.05})
    workers = Workers(stage.hub, 2, BRIDGE_TEST_LOT="20")
    frozen = []
    last = time.monotonic()

    def freeze():
        nonlocal last
        time.sleep(0.05)
        if len(frozen) < 6 and time.monotonic() - last > 0.7:
            busy = [pid for pid, works in list(workers.alive.items()) if works]
            if busy:
                os.kill(busy[0], signal.SIGSTOP)
                time.sleep(3.0)  # one and a half leases
                os.kill(busy[0], signal.SIGCONT)
                frozen.append(busy[0])
                last = time.monotonic()

    try:
        workers.wait_ready()
        run = stage.drive(stage.start(), 150, freeze)
    finally:
        workers.close()
    assert len(frozen) >= 4
    assert run.fence > len(frozen)
    assert "Traceback" not in stage.hub.logs(), stage.hub.logs()[-2000:]
    prove(stage)


@pytest.mark.fault("A06")
@pytest.mark.fault("A08")
def test_of_eight_processes_that_begin_a_run_at_once_one_is_let_in_and_all_may_work_it(stage):
    stage.load(60, 120)
    stage.pair()
    starters = stage.hub.start("-m", "tests.faults.starters", str(stage.house.integration.pk), "40", log="starters")
    assert starters.wait(150) == 0, stage.hub.logs()[-2000:]
    assert starters.stdout.read().split() == ["1"] * 40
    last = stage.house.integration.runs.first()
    assert last.state == "done", (last.state, last.reason_code, last.starts)
    prove(stage)


@pytest.mark.redis
@pytest.mark.fault("B04")
@pytest.mark.fault("H13")
def test_with_redis_a_lost_queue_is_found_again_from_our_tables(stage):
    import redis

    client = redis.Redis.from_url(REDIS, socket_timeout=2)
    try:
        client.ping()
    except redis.RedisError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"Redis is not reachable at {REDIS}: {error}")
    client.flushdb()
    stage.load(60, 120)
    stage.pair()
    cluster = Cluster(stage, REDIS_URL=REDIS)
    lost = 0

    def lose():
        nonlocal lost
        time.sleep(1)
        if lost < 3:
            client.flushdb()
            lost += 1
        hurry_tick()

    try:
        cluster.ready()
        run = stage.drive(stage.start(), 150, lose)
    finally:
        cluster.close()
        client.flushdb()
    assert run.state in ("done", "held"), run.reason_code
    assert lost >= 2
    prove(stage)


@pytest.mark.fault("B11")
def test_a_watcher_killed_outright_leaves_no_cluster_behind(cluster):
    cluster.ready()
    assert len(cluster.workers()) >= 3
    assert cluster.close(signal.SIGKILL) == []
