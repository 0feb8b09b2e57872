"""What goes wrong, and when: a plan for each round that follows from the seed alone, and its execution."""

import concurrent.futures
import dataclasses
import random
import threading

from peer import QUIET

# Kind: how often, beside the others of its class.
INSTANCE = {"kill": 5, "kill-all": 1, "stop": 3}
DATABASE = {"restart-fast": 2, "restart-immediate": 2, "restart-kill": 2, "failover-immediate": 2, "failover-kill": 2,
            "cut": 4, "replica-away": 2, "outage": 1}
ENDPOINT = {"late": 2, "5xx": 2, "429": 2, "malformed": 2, "malformed-after": 1, "drop": 2, "cut-answer": 2, "drip": 1,
            "refuse": 1, "reset": 1, "noise": 1}
CLASSES = {"instance": INSTANCE, "database": DATABASE, "endpoint": ENDPOINT}
KINDS = [kind for kinds in CLASSES.values() for kind in kinds]

# Pairs are what finds faults: an answer on its way while the database is gone and its receiver dies.
COMBINATIONS = [
    (["instance"], 3), (["database"], 3), (["endpoint"], 2), (["database", "instance"], 6),
    (["endpoint", "instance"], 4), (["endpoint", "database"], 3), (["instance", "instance"], 2),
]


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    # Seconds after the round's beginning, and how long it lasts.
    at: float
    seconds: float
    # Number of an instance; -1 where it is none's.
    target: int = -1
    # Share of what it concerns: requests of the endpoint, sessions of the database.
    share: float = 1.0
    # Chooses among variants.
    variant: int = 0

    def __str__(self):
        target = f" of instance {self.target}" if self.target >= 0 else ""
        return f"{self.kind}{target} at {self.at:.2f} s for {self.seconds:.2f} s (share {self.share:.2f})"


@dataclasses.dataclass(frozen=True)
class Plan:
    number: int
    faults: tuple
    # Connections whose refresh is forced, all at once, just before the first fault.
    burst: int

    def __str__(self):
        return f"{', '.join(map(str, self.faults))}; burst of {self.burst}"

    @property
    def needs_redundancy(self):
        return any(fault.kind in DATABASE for fault in self.faults)


def plan(seed, number, instances, lease, unresolved_wait, only=None):
    """The plan of a round: a function of its arguments and nothing else.

    only: kinds that may come; None for all.
    """
    chance = random.Random(f"{seed}:round:{number}")
    classes = {
        name: {kind: weight for kind, weight in kinds.items() if only is None or kind in only}
        for name, kinds in CLASSES.items()}
    possible = [(names, weight) for names, weight in COMBINATIONS if all(classes[name] for name in names)]
    combination = chance.choices([names for names, _ in possible], [weight for _, weight in possible])[0]
    targets = chance.sample(range(instances), min(2, instances))
    faults = []
    for position, name in enumerate(combination):
        kind = chance.choices(list(classes[name]), list(classes[name].values()))[0]
        seconds = chance.uniform(0.2, 2.0)
        if kind == "stop":
            # Past its lease, and back before anybody may take over what it had begun.
            seconds = lease + chance.uniform(0.3, 3.0)
        elif kind == "outage":
            # So long that every claim of before could be taken over, were the time without a database counted.
            seconds = lease + unresolved_wait + chance.uniform(1.0, 3.0)
        elif kind in ("kill", "kill-all"):
            seconds = chance.uniform(0.05, 1.2)
        # Of answers that never come a few are enough: each costs a grant.
        least, most = (0.1, 0.6) if kind in ("drop", "cut-answer", "malformed-after") else (0.3, 1.0)
        share = chance.uniform(least, most)
        faults.append(Fault(
            kind, chance.uniform(0.1, 1.2), seconds, targets[position % len(targets)] if name == "instance" else -1,
            share, chance.randrange(1 << 16)))
    burst = chance.choice([0, 0, 8, 20, 40])
    return Plan(number, tuple(faults), burst)


def endpoint_fault(fault, request_timeout):
    """What the peer is told for a fault of the endpoint."""
    quiet = QUIET
    chance = random.Random(fault.variant)
    match fault.kind:
        case "late":
            late = int(request_timeout * 1000) + chance.choice([-300, 300, 1500])
            return {**quiet, "latency_ms": late, "jitter_ms": 400, "latency_probability": fault.share}
        case "5xx":
            return {**quiet, "server_error": fault.share}
        case "429":
            form = chance.choice(["seconds", "date"])
            return {**quiet, "rate_limited": fault.share, "retry_after_form": form,
                    "retry_after": chance.choice([1, 2])}
        case "malformed":
            return {**quiet, "malformed": fault.share}
        case "malformed-after":
            return {**quiet, "malformed_after_processing": fault.share}
        case "drop":
            return {**quiet, "drop_after_processing": fault.share}
        case "cut-answer":
            return {**quiet, "cut": fault.share}
        case "drip":
            return {**quiet, "drip": fault.share, "drip_ms": chance.choice([300, 1200])}
        case "refuse":
            return {"mode": "down"}
        case "reset":
            return {"mode": "reset"}
        case "noise":
            # Not among them: a 400 without a reason, which ends a grant when it comes twice, and rightly so.
            return {**quiet, **{name: fault.share / 2 for name in ("redirect", "html_500")}}


class Executor:
    """Carries plans out against a site."""

    def __init__(self, site):
        self.site = site
        self.stopping = site.stopping

    def pause(self, seconds):
        """Cut short where everything stops; what was begun is undone all the same."""
        self.stopping.wait(seconds)

    def run(self, plan):
        """To the end of the last fault; a plan without one is a quiet while."""
        if not plan.faults:
            self.pause(3)
            return
        if plan.needs_redundancy and not self.site.pair.await_redundancy():
            raise RuntimeError("the replica did not come back; see harness.jsonl")
        with concurrent.futures.ThreadPoolExecutor(len(plan.faults) + 1) as pool:
            running = [pool.submit(self._inflict, fault) for fault in plan.faults]
            if plan.burst:
                running.append(pool.submit(self._burst, plan))
            for future in running:
                # In pieces, so that Ctrl-C is heard.
                while not concurrent.futures.wait([future], 0.2).done:
                    pass
                future.result()

    def _burst(self, plan):
        self.pause(max(0.0, min(fault.at for fault in plan.faults) - 0.03))
        chance = random.Random(f"{plan.number}:burst")
        threads = [
            threading.Thread(target=self.site.force, args=(connection, chance.choice(self.site.instances)), daemon=True)
            for connection in chance.sample(self.site.connections, min(plan.burst, len(self.site.connections)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    def _inflict(self, fault):
        self.pause(fault.at)
        self.site.journal.write("fault begins", kind=fault.kind, target=fault.target, seconds=round(fault.seconds, 2))
        try:
            if fault.kind in INSTANCE:
                self._on_instance(fault)
            elif fault.kind in DATABASE:
                self._on_database(fault)
            else:
                self._on_endpoint(fault)
        finally:
            self.site.journal.write("fault ends", kind=fault.kind, target=fault.target)

    def _on_instance(self, fault):
        if fault.kind == "stop":
            instance = self.site.instances[fault.target]
            instance.pause()
            self.pause(fault.seconds)
            instance.proceed()
            return
        hit = self.site.instances if fault.kind == "kill-all" else [self.site.instances[fault.target]]
        for instance in hit:
            instance.kill()
        self.pause(fault.seconds)
        for instance in hit:
            instance.start()

    def _on_database(self, fault):
        pair = self.site.pair
        if fault.kind == "cut":
            chance = random.Random(fault.variant)
            for _ in range(1 + fault.variant % 3):
                count = pair.cut_connections(fault.share, chance)
                self.site.journal.write("sessions cut", count=count)
                self.pause(fault.seconds / 4)
        elif fault.kind == "replica-away":
            pair.take_replica_away(fault.seconds, self.pause, are_sessions_cut=fault.variant % 2 == 1)
        elif fault.kind.startswith("failover-"):
            pair.fail_over(fault.kind.removeprefix("failover-"), fault.seconds, self.pause)
        else:
            mode = "immediate" if fault.kind == "outage" else fault.kind.removeprefix("restart-")
            pair.restart(mode, fault.seconds, self.pause)

    def _on_endpoint(self, fault):
        self.site.peer.inflict(endpoint_fault(fault, self.site.request_timeout))
        self.pause(fault.seconds)
        self.site.peer.calm()
