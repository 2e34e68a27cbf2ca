"""One pass of an integration in the foreground."""

import json
import re
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from bridge import registry
from bridge.hub.models import Change, Integration, Run
from bridge.jobs import runs
from connectors.contract import SyncError

EXIT = {Run.State.DONE: 0, Run.State.HELD: 3, Run.State.PLANNED: 3, Run.State.INCOMPLETE: 3}


class Command(BaseCommand):
    help = "Work one pass in the foreground. Exit code 0: done, 3: something is held or waits for approval, 1: failed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("integration", type=int, help="its number, as in the address of its page")
        parser.add_argument("--flow", action="append", default=[], help="only this entity (may be given again)")
        parser.add_argument("--plan", action="store_true", help="stop at the plan")
        parser.add_argument("--approve", action="store_true", help="approve the plan, whatever it waits for")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            integration = Integration.objects.select_related("left", "right", "organization").get(
                pk=options["integration"]
            )
        except Integration.DoesNotExist as error:
            raise CommandError(f"There is no integration {options['integration']}.") from error
        try:
            run = self._open(integration) or runs.start(
                integration, plan_only=options["plan"], only=options["flow"], enqueue=False
            )
            run = self._work(run, options)
        except SyncError as error:
            told = registry.catalogue().get(error.code)
            sentence = told.what.say("en", **error.params) if told else error.code
            cure = told.cure.say("en", **error.params) if told else ""
            if options["json"]:
                self.stdout.write(json.dumps({"state": "failed", "code": error.code, "what": sentence, "cure": cure}))
            else:
                self.stderr.write(f"{sentence}\n{cure}")
            sys.exit(1)
        self._tell(run, options["json"])
        sys.exit(EXIT.get(run.state, 1))  # type: ignore[call-overload]

    def _open(self, integration: Integration) -> Run | None:
        """A run that is already open is gone on with."""
        return integration.runs.filter(state__in=Run.OPEN).first()

    def _work(self, run: Run, options: Any) -> Run:
        quiet = options["json"] or not sys.stderr.isatty()
        with tqdm(total=None, unit="records", disable=quiet, file=sys.stderr, dynamic_ncols=True) as bar:
            while True:
                run.refresh_from_db()
                self._progress(bar, run)
                if run.state == Run.State.PLANNED:
                    if not options["approve"]:
                        return run
                    runs.approve(run, None)
                    run.refresh_from_db()
                if run.state not in Run.WORKING:
                    return run
                now = timezone.now()
                if run.wake_at and run.wake_at > now:
                    time.sleep(min(1.0, (run.wake_at - now).total_seconds()))
                    continue
                if runs.work(run.pk, slice_seconds=5, progress=lambda moved: self._progress(bar, moved)) == "busy":
                    time.sleep(0.5)

    def _progress(self, bar: tqdm, run: Run) -> None:
        if bar.disable:
            return
        if run.state == Run.State.APPLYING:
            states = runs.counts(run)["states"]
            bar.total = sum(states.get(state, 0) for state in (*Change.IN_FLIGHT, Change.State.DONE))
            bar.n = states.get(Change.State.DONE, 0)
        else:
            bar.n = sum(sum(line["seen"].values()) for line in run.statement)
        bar.set_description(str(run.get_state_display()))
        bar.refresh()

    def _tell(self, run: Run, as_json: bool) -> None:
        told = runs.summary(run)
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "run": run.pk,
                        "state": run.state,
                        "reason": run.reason_code,
                        "brakes": run.brakes,
                        "states": dict(told.states),
                        "waiting": told.waiting,
                        "held": dict(told.held_by_code),
                        "calls": told.calls,
                        "seconds": round(told.seconds, 3),
                        "totals": told.totals,
                    },
                    default=str,
                )
            )
            return
        self.stdout.write(f"Run {run.pk}: {run.get_state_display()}")
        for line in told.lines:
            amount = f"  {line['amount']}" if line["amount"] else ""
            self.stdout.write(f"  {line['entity']:10} {line['action']:8} {line['state']:10} {line['n']:7}{amount}")
        catalogue = registry.catalogue()
        for code, number in told.held_by_code:
            cure = re.sub(r"\{\w+\}", "…", catalogue[code].cure.say("en")) if code in catalogue else ""
            self.stdout.write(f"  held {number:6}  {code}  {cure}")
        for item in run.brakes if run.state == Run.State.PLANNED else []:
            entry = catalogue.get(item["code"])
            what = entry.what.say("en", **item.get("params", {})) if entry else item["code"]
            self.stdout.write(" ".join(["  waits:", *filter(None, [item.get("entity")]), what]))
        self.stdout.write(f"  {told.calls} calls, {told.seconds:.1f} s")
