"""The instances of the service under test, and requests to them."""

import http.client
import json
import os
import signal
import socket
import threading
import time
import urllib.parse

from processes import Child, eventually


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Answer:
    """Of a request; status 0 where none came."""

    def __init__(self, status, body=b"", headers=None):
        self.status = status
        self.body = body
        self.headers = headers or {}

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def code(self):
        found = self.json
        return found.get("code") if isinstance(found, dict) else None


class Client:
    """One kept-alive connection to one port; opened again where it broke. For one thread."""

    def __init__(self, port, seconds=5):
        self.port = port
        self.seconds = seconds
        self._connection = None

    def send(self, method, path, headers, body=None):
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.seconds)
            self._connection.request(method, path, body=body, headers=headers)
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.read(), answer.headers)
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(0)

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class Instance:
    """One `sallyport serve` that a supervisor starts again where it ends by itself."""

    def __init__(self, name, site):
        self.name = name
        self.site = site
        self.control, self.data = free_port(), free_port()
        self.log = os.path.join(site.directory, f"{name}.log")
        self.child = None
        self.is_wanted = False
        # Processes that ended by a signal that was not ours.
        self.crashes = 0
        # Processes that ended with a status; the database being away at the start is a reason.
        self.exits = 0
        self._lock = threading.Lock()

    def start(self):
        with self._lock:
            self.is_wanted = True
            if self.child is None or not self.child.is_running:
                self._spawn()

    def _spawn(self):
        arguments = [self.site.binary, "serve", "--config", self.site.config, "--set", f"control.port={self.control}",
                     "--set", f"data.port={self.data}"]
        self.child = Child(self.site.reaper, arguments, self.log, dict(os.environ, SWIFT_BACKTRACE="enable=no"))
        self.site.journal.write("instance started", instance=self.name, pid=self.child.pid)

    def kill(self):
        with self._lock:
            self.is_wanted = False
            self.child.kill()
            self.site.journal.write("instance killed", instance=self.name, pid=self.child.pid)

    def pause(self):
        self.site.journal.write("instance stopped", instance=self.name, pid=self.child.pid)
        self.child.send(signal.SIGSTOP)

    def proceed(self):
        self.child.send(signal.SIGCONT)
        self.site.journal.write("instance continued", instance=self.name, pid=self.child.pid)

    def drain(self, seconds=40):
        """Asks it to end, as an operator does. Its exit status."""
        with self._lock:
            self.is_wanted = False
            status = self.child.stop(seconds) if self.child else 0
            self.site.journal.write("instance ended", instance=self.name, status=status)
            return status

    def supervise(self):
        """Starts it again where it ended without our doing; called now and then."""
        with self._lock:
            if not self.is_wanted or self.child.is_running:
                return
            status = self.child.wait(1)
            if status is not None and status < 0:
                self.crashes += 1
            else:
                self.exits += 1
            self.site.journal.write("instance ended by itself", instance=self.name, status=status)
            self._spawn()

    @property
    def is_ready(self):
        return Client(self.control, 2).send("GET", "/health/ready", {}).status == 200

    def metrics(self):
        """Names with labels, and values; empty where it doesn't answer."""
        answer = Client(self.control, 5).send("GET", "/metrics", {})
        found = {}
        for line in answer.body.decode(errors="replace").splitlines() if answer.status == 200 else []:
            name, _, value = line.rpartition(" ")
            if name and not line.startswith("#"):
                try:
                    found[name] = float(value)
                except ValueError:
                    pass
        return found


class Supervisor:
    """Looks after all instances, as a process manager would."""

    def __init__(self, instances):
        self.instances = instances
        self._stopping = threading.Event()
        # Ended by stop().
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopping.wait(0.2):
            for instance in self.instances:
                instance.supervise()

    def stop(self):
        self._stopping.set()
        self._thread.join()


class CallerTokens:
    """A caller token for each tenant, renewed in time; any instance may issue it."""

    LIFETIME = 900

    def __init__(self, site):
        self.site = site
        self._tokens = {}
        self._lock = threading.Lock()

    def get(self, tenant, instance):
        """None where none can be had now."""
        with self._lock:
            token, until = self._tokens.get(tenant, (None, 0))
        if token and time.monotonic() < until:
            return token
        form = urllib.parse.urlencode({
            "grant_type": "client_credentials", "tenant_id": tenant, "client_secret": self.site.key,
            "lifetime": str(self.LIFETIME)})
        answer = Client(instance.control, 5).send(
            "POST", "/oauth2/token", {"Content-Type": "application/x-www-form-urlencoded"}, form)
        if answer.status != 200:
            return None
        token = answer.json["access_token"]
        with self._lock:
            self._tokens[tenant] = (token, time.monotonic() + self.LIFETIME * 0.6)
        return token


class ControlPlane:
    """Requests with the API key to the first instance that answers."""

    def __init__(self, site):
        self.site = site

    def send(self, method, path, body=None, instance=None, seconds=20):
        headers = {"Authorization": "Bearer " + self.site.key}
        if body is not None:
            headers["Content-Type"] = "application/json"
        text = None if body is None else json.dumps(body)
        answer = Answer(0)
        for target in [instance] if instance else self.site.instances:
            answer = Client(target.control, seconds).send(method, path, headers, text)
            if answer.status:
                break
        return answer

    def create(self, path, body):
        """What was made; ends the run where it was not."""
        answer = self.send("POST", path, body)
        if answer.status != 201:
            raise SystemExit(f"error: POST {path} answered {answer.status}: {answer.body[:500]!r}")
        return answer.json


def await_ready(instances, seconds, stopping):
    return eventually(lambda: all(instance.is_ready for instance in instances), seconds, stopping, 0.1)
