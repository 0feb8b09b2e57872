"""Two PostgreSQL servers: a primary and a streaming replica that every commit waits for, and their fail-over.

The replica is synchronous while there is one. With an asynchronous one a fail-over takes back commits that were
acknowledged, and with one of them the only copy of a refresh token.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

from processes import Child, as_server_user, children, eventually


class ServerFailed(Exception):
    pass


def find_programs():
    """The directory of the server's programs: the newest of Debian's, else what the path has."""
    named = os.environ.get("SALLYPORT_PG_BINDIR")
    if named:
        return named
    found = sorted(
        pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return str(found[-1].parent)
    program = shutil.which("postgres")
    if not program:
        raise SystemExit("error: no PostgreSQL server programs; install postgresql")
    return os.path.dirname(os.path.realpath(program))


class Server:
    """One server with a data directory and a socket of its own; whether it is primary or replica, its data say."""

    def __init__(self, name, directory, programs, reaper):
        self.name = name
        self.directory = os.path.join(directory, name)
        self.data = os.path.join(self.directory, "data")
        self.socket = os.path.join(self.directory, "s")
        self.log = os.path.join(self.directory, "server.log")
        self.programs = programs
        self.reaper = reaper
        self.prefix, self.user = as_server_user()
        self.child = None
        os.mkdir(self.directory, 0o711)
        self._make_private(self.socket)

    def _make_private(self, path):
        os.mkdir(path, 0o700)
        if self.user:
            os.chown(path, *self.user)

    def _run(self, *arguments, seconds=60):
        with open(self.log, "ab") as log:
            done = subprocess.run(
                [*self.prefix, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=seconds, cwd="/")
        if done.returncode != 0:
            raise ServerFailed(f"{os.path.basename(arguments[0])} failed for {self.name}; see {self.log}")

    def initialize(self):
        self._make_private(self.data)
        self._run(
            f"{self.programs}/initdb", f"--pgdata={self.data}", "--username=postgres", "--auth-local=trust",
            "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--no-instructions")

    def copy_from(self, other):
        """Becomes a replica of the other, which runs; what was here is gone."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._make_private(self.data)
        self._run(
            f"{self.programs}/pg_basebackup", f"--pgdata={self.data}", "--wal-method=stream", "--checkpoint=fast",
            "--write-recovery-conf", "--dbname",
            f"host={other.socket} port=5432 user=postgres application_name={self.name}")

    SETTINGS = {
        "listen_addresses": "", "port": "5432", "max_connections": "120", "shared_buffers": "32MB",
        "wal_level": "replica", "max_wal_senders": "8", "wal_keep_size": "512MB", "hot_standby": "on",
        # Recovery after a kill doesn't wait for each file by itself.
        "recovery_init_sync_method": "syncfs",
        # A replica is back within a blink, so that commits don't wait for it long.
        "wal_retrieve_retry_interval": "100ms", "wal_receiver_timeout": "2s", "wal_sender_timeout": "4s",
        "log_line_prefix": "%m [%p] %a ", "log_min_messages": "warning",
    }

    def start(self, seconds=40):
        """Starts it and waits until it takes connections; recovery after a crash included."""
        deadline = time.monotonic() + seconds
        arguments = [*self.prefix, f"{self.programs}/postgres", "-D", self.data, "-c",
                     f"unix_socket_directories={self.socket}"]
        for name, value in self.SETTINGS.items():
            arguments += ["-c", f"{name}={value}"]
        while time.monotonic() < deadline:
            self.child = Child(self.reaper, arguments, self.log)
            # What a killed server leaves behind can refuse a new one for a moment: it is tried again.
            if eventually(lambda: not self.child.is_running or self.answers(), deadline - time.monotonic(), pause=0.1):
                if self.child.is_running:
                    return
            self.child.kill()
            time.sleep(0.1)
        raise ServerFailed(f"{self.name} did not start; see {self.log}")

    def stop(self, mode):
        """`fast` writes a checkpoint, `immediate` is a crash of the server, `kill` of each of its processes."""
        if not self.child:
            return
        if mode == "kill":
            backends = children(self.child.pid)
            self.child.send(signal.SIGKILL)
            for number in backends:
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.child.wait(20)
        else:
            self.child.stop(30, signal.SIGINT if mode == "fast" else signal.SIGQUIT)

    @property
    def is_running(self):
        return self.child is not None and self.child.is_running

    def answers(self):
        return self.query("select 1", seconds=2) == [["1"]]

    def query(self, sql, database="postgres", user="postgres", seconds=10):
        """Rows as lists of text; None where the server can't answer now."""
        environment = dict(os.environ, PGCONNECT_TIMEOUT="3", PGOPTIONS=f"-c statement_timeout={int(seconds * 1000)}")
        try:
            done = subprocess.run(
                [f"{self.programs}/psql", "-XAtq", "-F", "\x1f", "-R", "\x1e", "-v", "ON_ERROR_STOP=1", "-h",
                 self.socket, "-p", "5432", "-U", user, "-d", database, "-c", sql],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 5, env=environment)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode != 0:
            return None
        text = done.stdout.rstrip("\n")
        return [row.split("\x1f") for row in text.split("\x1e")] if text else []


class Pair:
    """Primary and replica; which is which changes with each fail-over."""

    DATABASE = "sallyport"

    def __init__(self, directory, reaper, journal, stopping):
        programs = find_programs()
        self.primary = Server("a", directory, programs, reaper)
        self.replica = Server("b", directory, programs, reaper)
        self.journal = journal
        self.stopping = stopping
        self._rebuilding = None

    def start(self):
        self.primary.initialize()
        self.primary.start()
        for sql in ("create role sallyport_owner login", "create role sallyport_service login",
                    f"create database {self.DATABASE} owner sallyport_owner"):
            if self.primary.query(sql) is None:
                raise ServerFailed(f"'{sql}' failed; see {self.primary.log}")
        self._build_replica()

    def url(self, user):
        """Names both servers; a client looks for the one that takes writes."""
        hosts = sorted([self.primary.socket, self.replica.socket])
        return (f"host={','.join(hosts)} port=5432,5432 dbname={self.DATABASE} user={user} "
                "target_session_attrs=read-write connect_timeout=3")

    def query(self, sql, seconds=10):
        """On the primary, as superuser."""
        return self.primary.query(sql, self.DATABASE, seconds=seconds)

    # Redundancy

    def _build_replica(self):
        """Makes the replica anew from the primary, then makes every commit wait for it."""
        self.replica.copy_from(self.primary)
        self.replica.start()
        if not eventually(lambda: self._replica_state()[:1] == ["streaming"], 30, self.stopping):
            raise ServerFailed(f"{self.replica.name} does not stream; see {self.replica.log}")
        self._set_synchronous("*")
        if not eventually(lambda: self.is_redundant, 30, self.stopping):
            raise ServerFailed("the replica did not become synchronous")
        self.journal.write("replica is synchronous", server=self.replica.name)

    def _replica_state(self):
        rows = self.primary.query("select state, sync_state from pg_stat_replication where state = 'streaming'")
        return rows[0] if rows else []

    @property
    def is_redundant(self):
        return self._replica_state() == ["streaming", "sync"]

    def _set_synchronous(self, names):
        # The change itself must not wait for a replica.
        self.primary.query(f"alter system set synchronous_standby_names = '{names}'")
        self.primary.query("select pg_reload_conf()")

    def await_redundancy(self, seconds=60):
        """Until a fail-over would lose nothing."""
        if self._rebuilding:
            self._rebuilding.join(seconds)
        return eventually(lambda: self.is_redundant, seconds, self.stopping)

    # Faults

    def restart(self, mode, seconds_down, pause):
        self.primary.stop(mode)
        pause(seconds_down)
        self.primary.start()

    def take_replica_away(self, seconds_away, pause, are_sessions_cut):
        """No commit is acknowledged meanwhile. A session that is cut while its commit waits has committed and can't say
        so."""
        self.replica.stop("fast")
        pause(seconds_away / 2)
        if are_sessions_cut:
            self._cut("usename = 'sallyport_service'")
        pause(seconds_away / 2)
        self.replica.start()

    def fail_over(self, mode, seconds_down, pause):
        """The primary stops, the replica becomes primary after a while; the old one is made anew as its replica, in the
        background.

        - Precondition: the pair was redundant at the start of the round.
        """
        old, new = self.primary, self.replica
        old.stop(mode)
        pause(seconds_down)
        if new.query("select pg_promote(true, 30)", seconds=35) != [["t"]]:
            raise ServerFailed(f"{new.name} was not promoted; see {new.log}")
        self.primary, self.replica = new, old
        # There is no replica to wait for now.
        self._set_synchronous("")
        self.journal.write("promoted", server=new.name)
        # Ended by await_redundancy, which each round with a fault of the database and the end of the run call.
        self._rebuilding = threading.Thread(target=self._rebuild, name="rebuild", daemon=True)
        self._rebuilding.start()

    def _rebuild(self):
        for _ in range(5):
            if self.stopping.is_set():
                return
            try:
                self._set_synchronous("")
                self.replica.stop("immediate")
                self._build_replica()
                return
            except (ServerFailed, subprocess.TimeoutExpired, OSError) as failure:
                self.journal.write("rebuild failed", reason=str(failure))
                time.sleep(0.5)

    def cut_connections(self, share, random):
        """Ends a share of the service's sessions. How many."""
        rows = self.query("select pid from pg_stat_activity where usename = 'sallyport_service' order by pid") or []
        chosen = [row[0] for row in rows if random.random() < share]
        if chosen:
            self._cut(f"pid in ({','.join(chosen)})")
        return len(chosen)

    def _cut(self, condition):
        self.query(f"select pg_terminate_backend(pid) from pg_stat_activity where {condition}")

    def stop(self):
        for server in (self.primary, self.replica):
            try:
                server.stop("immediate")
            except OSError:
                pass
