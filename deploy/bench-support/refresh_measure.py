"""Figures of processes, of the bare database and of the bare token endpoint, for `deploy/bench refresh`."""

import hashlib
import os
import pathlib
import re
import subprocess
import time

import compare
from refresh_world import Peer, output_of

HERE = pathlib.Path(__file__).resolve().parent


def cpu_of(pid):
    """User and system seconds of a process's threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # Ended meanwhile.
    return total / 1e9


def cpu_of_cluster(pid):
    """Of a postmaster, its children, and its children that have ended."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    ended = (int(fields[13]) + int(fields[14])) / compare.TICKS
    total = cpu_of(pid) + ended
    for child in children:
        try:
            total += cpu_of(child)
        except (FileNotFoundError, ProcessLookupError):
            continue  # Ended meanwhile; the next look finds it among the ended.
    return total


def memory_mib(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} has no {field}")


class Costs:
    """CPU of all three, and what the database did, since this was made."""

    def __init__(self, installation, cluster, peer):
        self.installation, self.cluster, self.peer = installation, cluster, peer
        cluster.sql("SELECT pg_stat_statements_reset()")
        self.transactions = self.committed()
        self.began = self.now()

    def now(self):
        return {
            "service": cpu_of(self.installation.process.pid), "database": cpu_of_cluster(self.cluster.process.pid),
            "endpoint": cpu_of(self.peer.process.pid),
        }

    def committed(self):
        return self.cluster.number("SELECT xact_commit FROM pg_stat_database WHERE datname = 'sallyport'")

    def since(self):
        """Seconds of CPU by process."""
        return {name: value - self.began[name] for name, value in self.now().items()}

    def statements(self):
        """Statements of the service's role, those that only begin and end transactions included."""
        return self.cluster.number(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid "
            "WHERE r.rolname = 'sallyport_service'")

    def dearest(self):
        """What the database spent its time on: calls, milliseconds in all, and the beginning of each statement."""
        return self.cluster.sql(
            "SELECT s.calls, round(s.total_exec_time::numeric, 1), left(regexp_replace(s.query, '\\s+', ' ', 'g'), 90) "
            "FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = 'sallyport_service' "
            "ORDER BY s.total_exec_time DESC LIMIT 12")


UPDATE = """
\\set id random(1, {rows})
UPDATE bench.rows SET fence = fence + 1, refresh_due_at = now() + interval '5 minutes',
    envelope = decode(repeat('a5', 300), 'hex') WHERE id = :id RETURNING fence;
"""


def database_ceiling(cluster, directory, rows, clients, seconds):
    """Commits a second of bare `UPDATE … RETURNING` on rows of the size of a stored token set, as many as are stored."""
    cluster.sql(f"""
        CREATE SCHEMA IF NOT EXISTS bench;
        CREATE TABLE IF NOT EXISTS bench.rows (
            id bigint PRIMARY KEY, environment_id uuid NOT NULL, tenant_id uuid NOT NULL, fence bigint NOT NULL,
            refresh_due_at timestamptz, envelope bytea NOT NULL) WITH (fillfactor = 80);
        INSERT INTO bench.rows SELECT n, gen_random_uuid(), gen_random_uuid(), 0, now(), decode(repeat('5a', 300), 'hex')
            FROM generate_series(1, {rows}) AS n ON CONFLICT DO NOTHING;
        VACUUM (ANALYZE) bench.rows; CHECKPOINT;
        """)
    script = os.path.join(directory, "update.sql")
    pathlib.Path(script).write_text(UPDATE.format(rows=rows))
    text = output_of(["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds), "-f", script,
                      "-h", cluster.socket, "-U", "postgres", "sallyport"])
    return float(re.search(r"tps = ([\d.]+)", text).group(1))


def refresh_token(seed, family, generation):
    key = hashlib.blake2b(f"token peer/1 {seed}".encode(), digest_size=32).digest()
    name = f"{family}.{generation}"
    return f"rt.{name}." + hashlib.blake2b(name.encode(), key=key, digest_size=32).hexdigest()[:16]


def endpoint_ceiling(program, directory, seconds, closes):
    """Refreshes a second of the token endpoint alone, and its CPU microseconds for each."""
    tokens = os.path.join(directory, "tokens")
    if not os.path.exists(tokens):
        with open(tokens, "w") as file:
            file.writelines(refresh_token("ceiling", f"conn_{n:026d}", 0) + "\n" for n in range(80_000 * seconds))
    peer = Peer(program, os.path.join(directory, "ceiling.log"), "ceiling", 300)
    try:
        environment = dict(os.environ, BENCH_TOKENS=tokens)
        if closes:
            environment["BENCH_CLOSE"] = "1"
        before = cpu_of(peer.process.pid)
        text = output_of(["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(HERE / "refresh.lua"), peer.url],
                         env=environment)
        used = cpu_of(peer.process.pid) - before
        account = peer.account()
        if account["reused"] or "Non-2xx" in text:
            raise SystemExit(f"the token endpoint's ceiling was not measured:\n{text}")
        return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), used / account["granted"] * 1e6
    finally:
        peer.stop()


def idle_cost(installation, cluster, peer, seconds):
    """CPU seconds of service and database over a time in which nothing is due."""
    costs = Costs(installation, cluster, peer)
    time.sleep(seconds)
    used = costs.since()
    return used["service"], used["database"]


def fetches(installation, pairs, tokens, directory, seconds, connections, pause_ms):
    """Random token fetches for a while: how many, how many failed, how many gave an expired token."""
    targets = os.path.join(directory, "targets")
    with open(targets, "w") as file:
        file.writelines(f"/v1/connections/{connection}/token {tokens[tenant]}\n" for tenant, connection in pairs)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "fetch.lua"),
         f"http://127.0.0.1:{installation.data_port}"],
        env=dict(os.environ, BENCH_TARGETS=targets, BENCH_PAUSE_MS=str(pause_ms)), capture_output=True, text=True,
        check=True)
    found = re.search(r"fetched (\d+) failed (\d+) expired (\d+)", done.stdout)
    if not found:
        raise SystemExit(f"the fetches were not counted:\n{done.stdout}{done.stderr}")
    return [int(number) for number in found.groups()]
