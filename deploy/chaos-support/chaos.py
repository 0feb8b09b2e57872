#!/usr/bin/env python3
"""Runs rounds of faults against an installation of its own, and accounts for every grant at the end.

What must hold: no family of refresh tokens is revoked because of us, no grant is lost whose answer arrived, no token is
handed out after its expiry, and nothing stays stuck. See docs/testing.md.
"""

import argparse
import collections
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time

import faults
import timeline
from final import Ending
from load import Load
from processes import Journal, Reaper
from site_under_test import Site


def parse():
    parser = argparse.ArgumentParser(prog="deploy/chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12, help="how many rounds of faults (default 12)")
    parser.add_argument("--seed", type=int, default=None, help="decides all that is random (default: by chance)")
    parser.add_argument("--instances", type=int, default=3, choices=[1, 2, 3, 4, 5])
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--callers", type=int, default=8, help="threads of callers (default 8)")
    parser.add_argument("--lease", type=float, default=4, help="seconds (default 4)")
    parser.add_argument("--unresolved-wait", type=float, default=10, help="seconds (default 10)")
    parser.add_argument("--only", action="append", choices=faults.KINDS, metavar="KIND",
                        help="no faults but these; may come several times: " + ", ".join(faults.KINDS))
    parser.add_argument("--quiet", action="store_true", help="no faults at all")
    parser.add_argument("--plant-reuse", action="store_true",
                        help="spend a token twice behind the instances' back: the account must find it and fail")
    parser.add_argument("--plan", action="store_true", help="print the plans of the rounds and do nothing")
    parser.add_argument("--verbose", action="store_true", help="print what happens as it happens")
    parser.add_argument("--keep", action="store_true", help="keep the directory even where all is well")
    parser.add_argument("--sallyport", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peer", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.connections < 1:
        parser.error("there must be a round and a connection")
    if arguments.seed is None:
        arguments.seed = int.from_bytes(os.urandom(4), "big")
    return arguments


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    """From an empty directory to the verdict."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.stopping = threading.Event()
        # PostgreSQL's own user must get there where this runs as root.
        self.directory = tempfile.mkdtemp(prefix="sallyport-chaos-", dir="/var/tmp")
        os.chmod(self.directory, 0o711)
        self.reaper = Reaper()
        self.reaper.removes(self.directory)
        self.journal = Journal(os.path.join(self.directory, "harness.jsonl"), arguments.verbose)
        self.site = None
        self.counts = collections.Counter()
        self.began = time.monotonic()

    def plan(self, number):
        return plan_of(self.arguments, number)

    def execute(self):
        self.site = Site(self.arguments, self.directory, self.reaper, self.journal, self.stopping)
        self.site.start()
        say(f"{len(self.site.connections)} connections on {len(self.site.instances)} instances; "
            f"set up in {time.monotonic() - self.began:.0f} s")
        load = Load(self.site, self.arguments.callers, self.arguments.seed)
        load.start()
        try:
            self._rounds()
        finally:
            load.stop()
        if self.arguments.plant_reuse:
            self.site.plant_reuse()
        ending = Ending(self.site, load)
        return ending.settle_and_account(self.result())

    def _rounds(self):
        executor = faults.Executor(self.site)
        for number in range(1, self.arguments.rounds + 1):
            began = time.monotonic()
            plan = self.plan(number)
            self.journal.write("plan", round=number, plan=str(plan))
            executor.run(plan)
            self.counts.update(fault.kind for fault in plan.faults)
            # A short while in which what failed comes back, and what was lost is linked again.
            self.stopping.wait(0.5)
            broken = self.site.mend()
            self.journal.write("round ends", round=number, seconds=round(time.monotonic() - began, 2), broken=broken)
            if self.arguments.verbose or number % 10 == 0 or number == self.arguments.rounds:
                say(f"round {number}: {time.monotonic() - began:.1f} s, {broken} connections to mend; "
                    f"{time.monotonic() - self.began:.0f} s in all")

    def result(self):
        kinds = {kind: self.counts[kind] for kind in faults.KINDS if self.counts[kind]}
        return {"seed": self.arguments.seed, "rounds": self.arguments.rounds, "faults": kinds}

    def close(self, is_kept):
        self.stopping.set()
        if self.site:
            self.site.stop()
        if is_kept:
            self.reaper.removes("")
        self.reaper.end()
        if not is_kept:
            shutil.rmtree(self.directory, ignore_errors=True)


def plan_of(arguments, number):
    if arguments.quiet:
        return faults.Plan(number, (), 0)
    return faults.plan(arguments.seed, number, arguments.instances, arguments.lease, arguments.unresolved_wait,
                       arguments.only)


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    arguments = parse()
    say(f"seed {arguments.seed}")
    if arguments.plan:
        for number in range(1, arguments.rounds + 1):
            print(f"{number}: {plan_of(arguments, number)}")
        return 0
    signal.signal(signal.SIGTERM, interrupt)
    run = Run(arguments)
    # Kept where it failed or broke off, so that somebody can look.
    is_kept = True
    try:
        verdict = run.execute()
        is_kept = arguments.keep or not verdict.is_good
    except KeyboardInterrupt:
        say("interrupted")
        is_kept = arguments.keep
        return 130
    finally:
        run.close(is_kept)
        if is_kept:
            say(f"kept: {run.directory}")
    verdict.print_table()
    first = next((finding for finding in verdict.findings if finding["connection"].startswith("conn_")), None)
    if first:
        timeline.show(run.directory, first["connection"], [first["at"]])
        say(f"more: {os.path.dirname(os.path.abspath(__file__))}/timeline.py {run.directory} CONNECTION")
    print(json.dumps(verdict.result, separators=(",", ":")))
    return 0 if verdict.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
