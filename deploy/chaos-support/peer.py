"""The token endpoint on the other side: `TokenPeer`, its faults, its account and its log."""

import hashlib
import http.client
import json
import os
import select
import subprocess
import urllib.parse

from instances import Client

# Even without a fault an answer takes a while, so that a kill can meet a request on its way.
QUIET = {"mode": "mix", "latency_ms": 20, "jitter_ms": 60, "latency_probability": 1}


class Peer:
    """One `TokenPeer` that lives as long as the run: its state is the truth that all else is held against."""

    def __init__(self, binary, directory, seed, lifetime, reaper):
        self.seed = seed
        self.log = os.path.join(directory, "peer.log")
        self.reaper = reaper
        self._key = hashlib.blake2b(f"token peer/1 {seed}".encode(), digest_size=32).digest()
        with open(os.path.join(directory, "peer.err"), "ab") as errors:
            self.process = subprocess.Popen(
                [binary, "--port", "0", "--admin-port", "0", "--seed", str(seed), "--lifetime", str(lifetime),
                 "--log", self.log],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True, cwd="/")
        reaper.watch(self.process.pid)
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            self.stop()
            raise SystemExit("error: the token endpoint did not start; see " + directory)
        ports = json.loads(line)
        self.port, self.admin = ports["port"], ports["admin_port"]

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def refresh_token(self, family, generation=0):
        """A token that the peer takes: of a family that it hasn't seen, the first."""
        message = f"{family}.{generation}"
        mac = hashlib.blake2b(message.encode(), key=self._key, digest_size=32).hexdigest()[:16]
        return f"rt.{message}.{mac}"

    def _ask(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        answer = Client(self.admin, 30).send(method, path, {"Content-Type": "application/json"}, text)
        if answer.status not in (200, 204):
            raise http.client.HTTPException(f"{method} {path} of the peer answered {answer.status}")
        return answer.json

    def inflict(self, fault):
        self._ask("PUT", "/faults", fault)

    def calm(self):
        self.inflict(QUIET)

    def account(self):
        """What it counted; its log is whole afterwards."""
        return self._ask("GET", "/account")

    def spend(self, token):
        """Presents a refresh token as a client would; the status of the answer."""
        form = urllib.parse.urlencode({"grant_type": "refresh_token", "refresh_token": token})
        return Client(self.port).send(
            "POST", "/token", {"Content-Type": "application/x-www-form-urlencoded"}, form).status

    def family(self, name):
        """What it knows of a family; empty before its first use."""
        answer = Client(self.admin, 30).send("GET", f"/family/{name}", {})
        return answer.json if answer.status == 200 else {}

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.reaper.forget(self.process.pid)


class Exchange:
    """One request for a token, as the peer saw it. Times are Unix seconds."""

    __slots__ = ("at", "end", "family", "generation", "outcome", "fault", "answer")

    def __init__(self, at, end, family, generation, outcome, fault, answer):
        self.at = at
        self.end = end
        self.family = family
        self.generation = generation
        # granted, reused, refused or faulted
        self.outcome = outcome
        self.fault = fault
        # whole, dropped, cut, gone or unreadable
        self.answer = answer

    def __str__(self):
        took = round((self.end - self.at) * 1000)
        fault = f", fault {self.fault}" if self.fault else ""
        return f"generation {self.generation}: {self.outcome}, answer {self.answer} after {took} ms{fault}"


def exchanges(path):
    """All of a log file, in order of arrival."""
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # The last line of a peer that was killed.
            if not entry.get("family"):
                continue
            found.append(Exchange(
                entry["at"] / 1e6, entry["end"] / 1e6, entry["family"], entry["generation"], entry["outcome"],
                entry.get("fault"), entry["answer"]))
    found.sort(key=lambda exchange: exchange.at)
    return found
