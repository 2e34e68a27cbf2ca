"""Eight processes that begin and work one integration at the same moment: `python -m tests.faults.starters ID ROUNDS`.

Prints for each round how many of them were let in. The last round is worked to its end by all of them.
"""

import multiprocessing
import sys

import django

STARTERS = 8


def start(integration_id, number, rounds, barrier, won):
    from bridge.hub.models import Integration, Run
    from bridge.jobs import runs
    from connectors.contract import SettingInvalid

    integration = Integration.objects.get(pk=integration_id)
    for turn in range(rounds):
        barrier.wait(60)
        try:
            runs.start(integration, enqueue=False)
            with won.get_lock():
                won[turn] += 1
        except SettingInvalid as error:
            assert error.code == "RUN-OPEN", error.code
        barrier.wait(60)
        if number == 0 and turn < rounds - 1:
            Run.objects.filter(integration=integration).update(state="stopped")
    while (run := Run.objects.filter(integration=integration, state__in=Run.OPEN).first()) is not None:
        if run.state == "planned" and number == 0:
            runs.approve(run, None)
        runs.work(run.pk, slice_seconds=1)


def main(integration_id: int, rounds: int) -> int:
    django.setup()
    context = multiprocessing.get_context("fork")
    barrier, won = context.Barrier(STARTERS), context.Array("i", rounds)
    them = [
        context.Process(target=start, args=(integration_id, number, rounds, barrier, won)) for number in range(STARTERS)
    ]
    for one in them:
        one.start()
    for one in them:
        one.join()
    print(*won)
    return sum(bool(one.exitcode) for one in them)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
