#!/usr/bin/env python3
"""Measures the refresh engine: what it does a second, what it costs, how late it is, and what it costs when idle.

    refresh.py --sallyport PATH --token-peer PATH --refresh-seed PATH [--connections 1000000] [--tenants 10000]
               [--wave 50000] [--steady SECONDS] [--phases …] [--set NAME=VALUE] [--quick] [--keep]

One private PostgreSQL (fsync on), one `sallyport serve`, one token endpoint that rotates refresh tokens and counts. Ends
with 1 where a token was spent twice, a refresh is missing or one too many was made, whatever the figures. Prints a
table, and as the last line one JSON object.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import refresh_measure as measure  # noqa: E402  (siblings, found by the line above)
from refresh_world import Cluster, Installation, Peer, seed  # noqa: E402

# The service's own bounds are not what is measured: the endpoint may be asked as fast as it can be.
SERVICE = {"refresh.endpoint_rate": "100000", "refresh.endpoint_concurrency": "256", "refresh.max_in_flight": "512",
           "data.threads": "1"}
POOL = 4
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LONG_LIFETIME = 2_000_000


def say(text):
    print(time.strftime("%H:%M:%S ") + text, file=sys.stderr, flush=True)


def uuid_of(identifier):
    number = 0
    for character in identifier.rsplit("_", 1)[1]:
        number = number << 5 | ALPHABET.index(character)
    return uuid.UUID(int=number)


class Wrong(Exception):
    """Something that must hold did not: the figures are void."""


class Bench:
    def __init__(self, arguments, directory):
        self.arguments, self.directory = arguments, directory
        self.figures = {}
        say("starting PostgreSQL and the token endpoint")
        self.cluster = Cluster(os.path.join(directory, "cluster"))
        self.peer = Peer(arguments.token_peer, os.path.join(directory, "peer.log"), uuid.uuid4().hex, LONG_LIFETIME)
        self.installation = Installation(
            arguments.sallyport, directory, self.cluster,
            dict(SERVICE, **{"database.pool_size": str(POOL)}, **dict(one.split("=", 1) for one in arguments.set)))
        self.integration = self.installation.integrate(self.peer.url)
        self.pairs = []
        self.unused = []

    def stop(self):
        for part in (self.installation, self.peer, self.cluster):
            part.stop()

    def fill(self, connections, tenants, **when):
        began = time.monotonic()
        pairs = seed(self.arguments.refresh_seed, self.installation, self.integration, self.peer, connections, tenants,
                     os.path.join(self.directory, "list"), **when)
        say(f"stored {connections} connections of {tenants} tenants in {time.monotonic() - began:.0f} s")
        return pairs

    def add(self, connections, tenants):
        self.pairs += self.fill(connections, tenants)
        self.cluster.settle()

    # What the parts do alone.

    def ceilings(self):
        seconds = 4 if self.arguments.quick else 12
        rows = self.arguments.connections
        say("the database alone: bare UPDATE … RETURNING")
        for name, clients in (("database_ceiling_per_second", POOL), ("database_ceiling_32_clients_per_second", 32)):
            self.figures[name] = round(
                measure.database_ceiling(self.cluster, self.directory, rows, clients, seconds), 1)
        say("the token endpoint alone")
        for prefix, closes in (("endpoint_ceiling", False), ("endpoint_ceiling_new_connections", True)):
            rate, cpu = measure.endpoint_ceiling(self.arguments.token_peer, self.directory, 5, closes)
            self.figures[f"{prefix}_per_second"] = round(rate, 1)
            self.figures[f"{prefix}_cpu_us"] = round(cpu, 1)
        database, endpoint = self.figures["database_ceiling_per_second"], self.figures["endpoint_ceiling_per_second"]
        # Each refresh is one of each, one after the other.
        self.figures["combined_ceiling_per_second"] = round(1 / (1 / database + 1 / endpoint), 1)

    # Nothing is due.

    def idle(self, label):
        self.installation.start()
        time.sleep(5 if self.arguments.quick else 20)
        seconds = 15 if self.arguments.quick else 60
        say(f"idle for {seconds} s with {len(self.pairs)} stored")
        service, database = measure.idle_cost(self.installation, self.cluster, self.peer, seconds)
        scale = 60 / seconds
        self.figures[f"idle_{label}_stored"] = len(self.pairs)
        self.figures[f"idle_{label}_service_cpu_s"] = round(service * scale, 3)
        self.figures[f"idle_{label}_database_cpu_s"] = round(database * scale, 3)
        self.figures[f"idle_{label}_rss_mib"] = round(measure.memory_mib(self.installation.process.pid, "VmRSS"), 1)
        self.installation.stop()
        return service + database

    # Many are due.

    def make_due(self, count, spread):
        """Sets due times of rows that no phase has touched, spread over so many seconds; the first due time."""
        picked, self.unused = self.unused[:count], self.unused[count:]
        if len(picked) < count:
            raise SystemExit("there are not enough connections for both waves")
        first = time.time() + self.arguments.lead
        rows = "".join(f"{uuid_of(tenant)}\t{uuid_of(connection)}\t{first + spread * place / count:.6f}\n"
                       for place, (tenant, connection) in enumerate(picked))
        self.cluster.sql(
            "CREATE SCHEMA IF NOT EXISTS bench; DROP TABLE IF EXISTS bench.due; "
            "CREATE TABLE bench.due (tenant_id uuid, connection_id uuid PRIMARY KEY, at double precision);\n"
            "COPY bench.due FROM stdin;\n" + rows + "\\.\n"
            "ANALYZE bench.due;\n"
            "UPDATE sallyport.refresh_states r SET refresh_due_at = to_timestamp(d.at) FROM bench.due d "
            "WHERE r.tenant_id = d.tenant_id AND r.connection_id = d.connection_id;\n"
            "VACUUM sallyport.refresh_states; CHECKPOINT;")
        return first, {connection for _, connection in picked}

    def run_due(self, count, spread):
        """Runs until all that was due is refreshed; costs and lateness, checked against the endpoint's account."""
        first, families = self.make_due(count, spread)
        self.installation.start()
        before = self.peer.account()
        if time.time() > first - 3:
            raise SystemExit("making rows due took too long: give a longer --lead")
        time.sleep(first - 1 - time.time())
        costs = measure.Costs(self.installation, self.cluster, self.peer)
        deadline = first + spread + 60 + count / 50
        while self.peer.account()["granted"] - before["granted"] < count and time.time() < deadline:
            time.sleep(0.5)
        while self.refreshed() < count and time.time() < deadline:
            time.sleep(0.5)
        cpu, statements, commits = costs.since(), costs.statements(), costs.committed() - costs.transactions
        result = {"cpu": cpu, "statements": statements, "commits": commits, "seconds": self.took(first),
                  "dearest": costs.dearest(), "peak_mib": measure.memory_mib(self.installation.process.pid, "VmHWM")}
        result["late"], result["asked_late"] = self.lateness(first, families)
        self.check(first, families, before)
        self.installation.stop()
        return result

    JOIN = ("FROM bench.due d JOIN sallyport.refresh_states r "
            "ON r.tenant_id = d.tenant_id AND r.connection_id = d.connection_id ")

    def refreshed(self):
        return self.cluster.number("SELECT count(*) " + self.JOIN + "WHERE r.token_set_version > 1")

    def took(self, first):
        return self.cluster.number(f"SELECT extract(epoch FROM max(r.last_success_at)) - {first} " + self.JOIN)

    def lateness(self, first, families):
        """Milliseconds after the due time: until the new token was written, and until the endpoint was asked."""
        row = self.cluster.sql(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late), percentile_cont(0.99) WITHIN GROUP (ORDER BY late), "
            "max(late) FROM (SELECT (extract(epoch FROM r.last_success_at) - d.at) * 1000 AS late " + self.JOIN + ") AS l")[0]
        due = {connection: float(at) for connection, at in self.cluster.sql("SELECT connection_id, at FROM bench.due")}
        asked = sorted(
            entry["at"] / 1000 - due[str(uuid_of(entry["family"]))] * 1000
            for entry in self.peer.logged(first - 1) if entry["family"] in families)
        return [float(value) for value in row], [percentile(asked, share) for share in (0.5, 0.99, 1)]

    def check(self, first, families, before):
        """Every connection was refreshed exactly once, nobody else was, and the database says the same."""
        granted = collections.Counter()
        others = collections.Counter()
        for entry in self.peer.logged(first - self.arguments.lead):
            if entry["outcome"] == "granted" and entry["answer"] == "whole":
                granted[entry["family"]] += 1
            else:
                others[entry["outcome"] + "/" + entry["answer"]] += 1
        after = self.peer.account()
        wrong = []
        if after["reused"] or after["revoked"]:
            wrong.append(f"{after['reused']} refresh tokens came twice")
        if others:
            wrong.append(f"exchanges that were not granted whole: {dict(others)}")
        twice = sum(1 for count in granted.values() if count > 1)
        if twice or set(granted) != families:
            wrong.append(f"of {len(families)} due, {len(families - set(granted))} were not refreshed; {twice} were "
                         f"refreshed more than once; {len(set(granted) - families)} that were not due were refreshed")
        stored = self.cluster.sql(
            "SELECT count(*) FILTER (WHERE r.token_set_version = 2 AND c.record_version = 2 AND r.lease_owner IS NULL "
            "AND NOT r.is_sending AND r.refresh_due_at > now()), count(*) " + self.JOIN +
            "JOIN sallyport.credentials c ON c.environment_id = r.environment_id AND c.tenant_id = r.tenant_id "
            "AND c.connection_id = r.connection_id AND c.kind = 'token_set'")[0]
        if stored[0] != stored[1] or int(stored[1]) != len(families):
            wrong.append(f"of {stored[1]} rows {stored[0]} hold the second token set, with no lease")
        told = self.cluster.number(
            "SELECT count(*) FROM sallyport.lifecycle_events e JOIN bench.due d "
            "ON d.tenant_id = e.tenant_id AND d.connection_id = e.connection_id WHERE e.type = 'connection.refreshed'")
        if told != len(families):
            wrong.append(f"{told:.0f} events tell of {len(families)} refreshes")
        if wrong:
            raise Wrong("; ".join(wrong))

    def sustained(self):
        count = self.arguments.wave
        say(f"{count} due at once, of {len(self.pairs)} stored")
        done = self.run_due(count, 0)
        self.figures["refreshes_per_second"] = round(count / done["seconds"], 1)
        self.figures["statements_per_refresh"] = round(done["statements"] / count, 3)
        self.figures["commits_per_refresh"] = round(done["commits"] / count, 4)
        self.figures["cpu_us_per_refresh"] = {
            name: round(seconds / count * 1e6, 1) for name, seconds in done["cpu"].items()}
        for calls, milliseconds, text in done["dearest"]:
            say(f"{float(milliseconds) * 1000 / count:8.1f} us, {float(calls) / count:6.3f} calls a refresh: {text}")
        self.figures["rss_sustained_mib"] = round(done["peak_mib"], 1)

    def wave(self):
        count, spread = self.arguments.wave, 15 if self.arguments.quick else 60
        say(f"{count} due over {spread} s")
        done = self.run_due(count, spread)
        for name, late, asked in zip(("p50", "p99", "max"), done["late"], done["asked_late"]):
            self.figures[f"late_{name}_ms"] = round(late, 1)
            self.figures[f"asked_late_{name}_ms"] = round(asked, 1)
        self.figures["wave_cpu_share"] = {
            name: round(seconds / done["seconds"], 3) for name, seconds in done["cpu"].items()}
        self.figures["rss_mib"] = round(done["peak_mib"], 1)

    # Tokens of five minutes, fetched at random.

    def steady(self):
        seconds = self.arguments.steady
        count, tenants = (2_000, 10) if self.arguments.quick else (20_000, 20)
        self.peer.ask("PUT", "/lifetime", {"seconds": 300})
        pairs = self.fill(count, tenants, lifetime=300, due_in=self.arguments.lead)
        self.cluster.sql("VACUUM (ANALYZE)")
        self.installation.start()
        warm, rounds = 30, max(1, seconds // 300)
        say(f"{count} connections with tokens of 300 s; fetching for {warm} s to warm up, then {seconds} s")
        self.fetch(pairs, warm)
        before, account = self.waits(), self.peer.account()
        total = [0, 0, 0]
        for _ in range(rounds):
            total = [sum(both) for both in zip(total, self.fetch(pairs, seconds // rounds))]
        waited, after = self.waits() - before, self.peer.account()
        self.figures["steady_fetches"], self.figures["steady_failed"], self.figures["steady_expired"] = total
        self.figures["steady_refreshes"] = after["granted"] - account["granted"]
        self.figures["waited_share"] = round(waited / total[0], 9)
        self.installation.stop()
        if after["reused"] or after["revoked"] or total[1] or total[2]:
            raise Wrong(f"{after['reused']} tokens came twice, {total[1]} fetches failed, {total[2]} gave an expired token")

    def waits(self):
        value = self.installation.metric("sallyport_refresh_waits_total")
        if value is None:
            raise SystemExit("the service has no metric sallyport_refresh_waits_total")
        return value

    def fetch(self, pairs, seconds):
        tokens = {tenant: self.caller_token(tenant) for tenant in {tenant for tenant, _ in pairs}}
        return measure.fetches(self.installation, pairs, tokens, self.directory, seconds, connections=32, pause_ms=30)

    def caller_token(self, tenant):
        form = {"grant_type": "client_credentials", "tenant_id": tenant, "lifetime": "900",
                "client_secret": pathlib.Path(self.installation.key_file).read_text().strip()}
        with urllib.request.urlopen(f"http://127.0.0.1:{self.installation.data_port}/oauth2/token",
                                    data=urllib.parse.urlencode(form).encode(), timeout=30) as answer:
            return json.load(answer)["access_token"]

    def run(self):
        arguments = self.arguments
        few = max(1_000, arguments.connections // 100)
        few_tenants = max(1, arguments.tenants // 100)
        self.add(few, few_tenants)
        if "idle" in arguments.phases:
            small = self.idle("few")
        self.add(arguments.connections - few, arguments.tenants - few_tenants)
        if "idle" in arguments.phases:
            self.figures["idle_cost_ratio"] = round(self.idle("all") / small, 3)
        self.unused = random.Random(3).sample(self.pairs, min(len(self.pairs), 2 * arguments.wave))
        for name in ("ceilings", "sustained", "wave"):
            if name in arguments.phases:
                getattr(self, name)()
        if arguments.steady:
            self.steady()


def percentile(sorted_values, share):
    if not sorted_values:
        return float("nan")
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def table(figures):
    width = max((len(name) for name in figures), default=0)
    for name, value in figures.items():
        if isinstance(value, dict):
            value = "  ".join(f"{part} {number}" for part, number in value.items())
        print(f"{name:<{width}}  {value}")


PHASES = ("idle", "ceilings", "sustained", "wave")


def parsed():
    parser = argparse.ArgumentParser()
    for program in ("sallyport", "token-peer", "refresh-seed"):
        parser.add_argument("--" + program, required=True)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--tenants", type=int)
    parser.add_argument("--wave", type=int)
    parser.add_argument("--steady", type=int, help="seconds of token fetches; 0 leaves them out")
    parser.add_argument("--lead", type=int, help="seconds from making rows due to the first due time")
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the service")
    parser.add_argument("--quick", action="store_true", help="a twentieth of everything, to see that it runs")
    parser.add_argument("--keep", action="store_true", help="keep the directory with data and logs")
    arguments = parser.parse_args()
    defaults = {"connections": 50_000, "tenants": 500, "wave": 5_000, "steady": 30, "lead": 15} if arguments.quick else {
        "connections": 1_000_000, "tenants": 10_000, "wave": 50_000, "steady": 300, "lead": 60}
    for name, value in defaults.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    return arguments


def main():
    arguments = parsed()
    # A signal ends it like a failure: everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # PostgreSQL's own user must get there where this runs as root.
    directory = tempfile.mkdtemp(prefix="sallyport-bench-refresh-", dir="/var/tmp")
    os.chmod(directory, 0o711)
    bench = None
    status = 0
    try:
        bench = Bench(arguments, directory)
        bench.run()
    except Wrong as wrong:
        print(f"WRONG: {wrong}", file=sys.stderr)
        status = 1
    finally:
        if bench:
            bench.stop()
        if arguments.keep or status:
            print("kept: " + directory, file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    table(bench.figures)
    print(json.dumps(dict(bench.figures, correct=status == 0)))
    sys.exit(status)


if __name__ == "__main__":
    main()
