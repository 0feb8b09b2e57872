"""What `deploy/bench refresh` runs: a private PostgreSQL, one `sallyport serve`, the token endpoint, and how they are filled.

Every process ends with this one, whatever ends it.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import pwd
import signal
import subprocess
import time
import urllib.error
import urllib.request

import compare


def end_with_parent():
    """In the child, before its program: the kernel ends it when the parent is gone."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def output_of(arguments, **options):
    """Runs a program to its end; its standard output. What it complains of is shown where it fails."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{arguments[0]} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Cluster:
    """A durable PostgreSQL on a private socket: settings trade memory for speed, never a commit."""

    SETTINGS = {
        "listen_addresses": "", "port": "5432", "max_connections": "60", "shared_buffers": "1GB",
        "max_wal_size": "8GB", "checkpoint_timeout": "15min", "checkpoint_completion_target": "0.9",
        "wal_compression": "lz4", "shared_preload_libraries": "pg_stat_statements", "log_min_messages": "warning",
        "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
    }

    def __init__(self, directory):
        self.directory = directory
        self.socket = os.path.join(directory, "socket")
        self.data = os.path.join(directory, "data")
        # The newest that is installed.
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))[-1]
        self.prefix = []
        os.mkdir(directory, 0o711)
        os.mkdir(self.socket, 0o700)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self.prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups",
                           "--pdeathsig=INT", "--"]
            os.mkdir(self.data, 0o700)
            for path in (self.socket, self.data):
                os.chown(path, user.pw_uid, user.pw_gid)
        output_of(self.prefix + [str(self.programs / "initdb"), f"--pgdata={self.data}", "--username=postgres",
                                 "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"])
        settings = dict(self.SETTINGS, unix_socket_directories=self.socket)
        self.log = open(os.path.join(directory, "postgres.log"), "wb")
        self.process = subprocess.Popen(
            self.prefix + [str(self.programs / "postgres"), "-D", self.data]
            + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
            stdout=self.log, stderr=self.log, preexec_fn=end_with_parent)
        self.await_ready()

    def await_ready(self):
        deadline = time.monotonic() + 60
        while subprocess.run(["pg_isready", "-q", "-h", self.socket], check=False).returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("PostgreSQL did not start; see " + self.log.name)
            time.sleep(0.1)

    def url(self, user, database="sallyport"):
        return f"host={self.socket} port=5432 dbname={database} user={user}"

    def sql(self, text, database="sallyport"):
        """Runs statements as superuser; rows of the last as lists of texts."""
        out = output_of(["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url("postgres", database)],
                        input=text)
        return [line.split("\t") for line in out.splitlines()]

    def number(self, text):
        return float(self.sql(text)[0][0])

    def settle(self):
        """Statistics and visibility are as after a day of running, dirty pages are on disk, no vacuum runs."""
        self.sql("VACUUM (ANALYZE); CHECKPOINT;")
        deadline = time.monotonic() + 300
        while self.number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"):
            if time.monotonic() > deadline:
                raise SystemExit("autovacuum did not come to an end")
            time.sleep(1)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


class Peer:
    """The token endpoint; see Tests/Peers/TokenPeer."""

    def __init__(self, program, log, seed, lifetime):
        self.seed, self.log = seed, log
        self.process = subprocess.Popen(
            [program, "--seed", seed, "--lifetime", str(lifetime), "--log", log], stdout=subprocess.PIPE, text=True,
            preexec_fn=end_with_parent)
        ready = json.loads(self.process.stdout.readline())
        self.port, self.admin_port = ready["port"], ready["admin_port"]
        self.url = f"http://127.0.0.1:{self.port}/token"

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.admin_port}{path}", method=method,
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def account(self):
        return self.ask("GET", "/account")

    def logged(self, since):
        """Exchanges that began at `since` (Unix seconds) or later."""
        self.account()
        with open(self.log) as lines:
            entries = (json.loads(line) for line in lines)
            return [entry for entry in entries if entry["at"] >= since * 1e6]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Installation:
    """A migrated database with one environment, one integration and one API key; and the service on it."""

    def __init__(self, program, directory, cluster, settings):
        self.program, self.directory, self.cluster = program, directory, cluster
        self.root_key = os.path.join(directory, "root.key")
        self.key_file = os.path.join(directory, "api-key")
        self.process = None
        self.settings = {
            "database.url": cluster.url("sallyport_service"), "database.migrator_url": cluster.url("sallyport_owner"),
            "root_key.file": self.root_key, "log.level": "warning", "log.format": "json",
            "refresh.spool_directory": os.path.join(directory, "spool"), **settings,
        }
        cluster.sql("CREATE ROLE sallyport_owner LOGIN; CREATE ROLE sallyport_service LOGIN;", "postgres")
        cluster.sql("CREATE DATABASE sallyport OWNER sallyport_owner", "postgres")
        cluster.sql("CREATE EXTENSION pg_stat_statements")
        self.run("migrate")
        output_of([program, "root-key", "create", self.root_key])
        self.environment = json.loads(self.run("environments", "create", "bench", "--json"))["id"]
        self.run("api-keys", "create", "bench", "--key-file", self.key_file, "--json")

    def run(self, *arguments):
        return output_of([self.program, *arguments, *self.set_options()])

    def set_options(self):
        return [part for name, value in self.settings.items() for part in ("--set", f"{name}={value}")]

    def integrate(self, token_url):
        """The integration that every connection is of."""
        created = self.run(
            "integrations", "create", "bench", "--provider", "generic-oauth2-refresh-token", "--token-url", token_url,
            "--allow-network", "127.0.0.0/8", "--allow-plain-http", "--allow-token-fetch", "--json")
        return json.loads(created)["id"]

    def start(self):
        self.control_port, self.data_port = compare.free_port(), compare.free_port()
        self.log = open(os.path.join(self.directory, "sallyport.log"), "ab")
        self.process = subprocess.Popen(
            [self.program, "serve", *self.set_options(), "--set", f"control.port={self.control_port}",
             "--set", f"data.port={self.data_port}"],
            stdout=subprocess.DEVNULL, stderr=self.log, env=dict(os.environ, SWIFT_BACKTRACE="enable=no"),
            preexec_fn=end_with_parent)
        deadline = time.monotonic() + 60
        while not self.is_ready():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("sallyport serve did not become ready; see " + self.log.name)
            time.sleep(0.1)

    def is_ready(self):
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}/health/ready", timeout=2) as answer:
                return answer.status == 200
        return False

    def metric(self, name):
        """Sum over all series of that name; None where there is none."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        values = [float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name]
        return sum(values) if values else None

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise SystemExit("sallyport serve did not end within a minute; see " + self.log.name) from None
        self.process = None
        self.log.close()


def seed(program, installation, integration, peer, connections, tenants, listing, lifetime=0, due_in=0):
    """Fills the database with connections; the list of them as pairs of tenant and connection."""
    writer = subprocess.Popen(
        [program, "--root-key", installation.root_key, "--environment", installation.environment,
         "--integration", integration, "--token-url", peer.url, "--peer-seed", peer.seed,
         "--connections", str(connections), "--tenants", str(tenants), "--list", listing,
         "--lifetime", str(lifetime), "--due-in", str(due_in)],
        stdout=subprocess.PIPE, preexec_fn=end_with_parent)
    reader = subprocess.run(
        ["psql", "-Xq", "-d", installation.cluster.url("postgres")], stdin=writer.stdout, check=False)
    writer.stdout.close()
    if writer.wait() != 0 or reader.returncode != 0:
        raise SystemExit("filling the database failed")
    with open(listing) as lines:
        return [tuple(line.split()) for line in lines]
