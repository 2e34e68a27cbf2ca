"""Eight processes that notice an expired token at the same moment: `python -m tests.faults.racers CONNECTION ROUNDS`.

Each makes one call per round with the token it had; the first of them lets all tokens end between the rounds.
"""

import multiprocessing
import sys

import django

RACERS = 8


def race(number, connection_id, rounds, barrier, failures):
    import requests
    from django.conf import settings

    from bridge import registry
    from bridge.hub.models import Connection
    from bridge.jobs.account import loaded, renew
    from bridge.jobs.connections import _Bare
    from connectors.transport import Api

    class Door(_Bare):
        """No limits, no log: just the one door."""

        def renew(self, used):
            self._grant = renew(connection_id, used)
            return self._grant

    connection = Connection.objects.get(pk=connection_id)
    connector = registry.connector(connection.vendor)
    hosts = registry.hosts(connection.vendor, connection.environment)
    door = Door(loaded(connection))
    with Api(connector, hosts, door, {"account_id": connection.account_id}, deadline_seconds=30) as api:
        for _ in range(rounds):
            if number == 0:
                fault = [{"kind": "expire_tokens", "vendor": connection.vendor}]
                requests.post(
                    f"{settings.BRIDGE_SANDBOX_URL}/_sandbox/faults", json=fault, timeout=10
                ).raise_for_status()
            barrier.wait(60)
            try:
                connector.identify(api)
            except Exception as error:
                print(f"racer {number}: {type(error).__name__} {error}", file=sys.stderr)
                with failures.get_lock():
                    failures.value += 1
            barrier.wait(60)


def main(connection_id: int, rounds: int) -> int:
    django.setup()
    context = multiprocessing.get_context("fork")
    barrier, failures = context.Barrier(RACERS), context.Value("i", 0)
    racers = [
        context.Process(target=race, args=(number, connection_id, rounds, barrier, failures))
        for number in range(RACERS)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return failures.value + sum(bool(racer.exitcode) for racer in racers)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
