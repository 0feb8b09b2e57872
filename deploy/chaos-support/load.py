"""What callers do all the while: fetch tokens, call through the proxy and force refreshes, at random connections of
random instances. Each token that is handed out is held against its own expiry."""

import collections
import random
import threading
import time

from instances import Client


def expiry_of(token):
    """When an access token of the peer ends (`at.<family>.<generation>.<expiry>`), and its family and generation."""
    parts = token.split(".")
    if len(parts) != 4 or parts[0] != "at":
        return None
    try:
        # Milliseconds.
        return parts[1], int(parts[2]), int(parts[3]) / 1000
    except ValueError:
        return None


class Load:
    """Threads of callers; the same seed makes the same choices, though not the same times."""

    # How often a caller does which of these.
    ACTIONS = ["fetch"] * 12 + ["proxy"] * 4 + ["force"] * 1

    def __init__(self, site, callers, seed, pause=0.03):
        self.site = site
        self.pause = pause
        self.answers = collections.Counter()
        self.served_after_expiry = 0
        self.expired_on_arrival = 0
        self.rejected_upstream = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        # Ended by stop().
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed}:caller:{number}"),), daemon=True)
            for number in range(callers)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, chance):
        data = {instance.name: Client(instance.data) for instance in self.site.instances}
        control = {instance.name: Client(instance.control) for instance in self.site.instances}
        actions = {"fetch": self._fetch, "proxy": self._call, "force": self._force}
        while not self._stopping.wait(chance.random() * 2 * self.pause):
            instance = chance.choice(self.site.instances)
            connection = chance.choice(self.site.connections)
            action = chance.choice(self.ACTIONS)
            client = (control if action == "force" else data)[instance.name]
            answer = actions[action](client, instance, connection)
            if answer is not None:
                with self._lock:
                    self.answers[f"{action} {answer.status or 'none'}"] += 1

    def _bearer(self, instance, connection):
        token = self.site.callers.get(connection.tenant, instance)
        return {"Authorization": "Bearer " + token} if token else None

    def _fetch(self, client, instance, connection):
        headers = self._bearer(instance, connection)
        if headers is None:
            return None
        asked = time.time()
        answer = client.send("POST", f"/v1/connections/{connection.id}/token", headers)
        if answer.status == 200:
            self._judge(answer.json.get("access_token", ""), asked, time.time(), instance, connection)
        return answer

    def _judge(self, token, asked, answered, instance, connection):
        known = expiry_of(token)
        if known is None:
            self.site.journal.write("token of unknown form", connection=connection.id, instance=instance.name)
            return
        family, generation, expiry = known
        # It was handed out somewhen between the two: only what had ended before it was asked for is surely too late.
        if asked >= expiry:
            with self._lock:
                self.served_after_expiry += 1
            self.site.journal.write(
                "served after expiry", connection=connection.id, instance=instance.name, family=family,
                generation=generation, expiry=expiry, asked=asked, answered=answered)
        elif answered >= expiry:
            with self._lock:
                self.expired_on_arrival += 1

    def _call(self, client, instance, connection):
        """Through the proxy; the peer answers 401 to a token that has ended."""
        headers = self._bearer(instance, connection)
        if headers is None:
            return None
        answer = client.send("GET", f"/proxy/{connection.id}/check", headers)
        if answer.status == 401 and answer.code is None:
            with self._lock:
                self.rejected_upstream += 1
            self.site.journal.write("upstream refused", connection=connection.id, instance=instance.name)
        return answer

    def _force(self, client, instance, connection):
        headers = {"Authorization": "Bearer " + self.site.key}
        return client.send("POST", f"/v1/connections/{connection.id}/refresh", headers)
