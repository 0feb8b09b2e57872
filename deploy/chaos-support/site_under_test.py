"""One installation under test: database, token endpoint, instances, and the connections that are kept alive on it."""

import os
import subprocess
import threading

from cluster import Pair
from instances import CallerTokens, ControlPlane, Instance, Supervisor, await_ready
from peer import Peer

TENANTS = 5
# Of tokens of the peer, in seconds: short, so that refreshes happen all the time.
TOKEN_LIFETIME = 12


class Connection:
    """One linked account. Each grant of it is a family of refresh tokens of the peer."""

    def __init__(self, number, tenant):
        self.number = number
        self.tenant = tenant
        self.id = None
        self.families = []
        # Its grant is known to have ended, and no other was taken yet.
        self.has_ended = False

    def next_family(self):
        name = f"c{self.number}-{len(self.families)}"
        self.families.append(name)
        return name


class Site:
    def __init__(self, arguments, directory, reaper, journal, stopping):
        self.directory = directory
        self.binary = arguments.sallyport
        self.reaper = reaper
        self.journal = journal
        self.stopping = stopping
        self.seed = arguments.seed
        self.lease = arguments.lease
        self.unresolved_wait = arguments.unresolved_wait
        self.request_timeout = 2.0
        self.config = os.path.join(directory, "sallyport.yaml")
        self.spool = os.path.join(directory, "spool")
        self.pair = Pair(directory, reaper, journal, stopping)
        self.peer = None
        self.instances = [Instance(f"instance-{number}", self) for number in range(arguments.instances)]
        self.connections = [
            Connection(number, f"tenant {number % TENANTS}") for number in range(arguments.connections)]
        self.control = ControlPlane(self)
        self.callers = CallerTokens(self)
        self.key = None
        self.supervisor = None
        self._peer_binary = arguments.peer

    # Setting up

    def start(self):
        self.pair.start()
        self.peer = Peer(self._peer_binary, self.directory, self.seed, TOKEN_LIFETIME, self.reaper)
        self.peer.calm()
        self._install()
        for instance in self.instances:
            instance.start()
        self.supervisor = Supervisor(self.instances)
        if not await_ready(self.instances, 60, self.stopping):
            raise SystemExit("error: the instances did not become ready; see " + self.directory)
        self._link_all()

    def _settings(self):
        return f"""
database:
  url: "{self.pair.url('sallyport_service')}"
  migrator_url: "{self.pair.url('sallyport_owner')}"
root_key:
  file: {self.directory}/root.key
tokens:
  issuer: http://sallyport.chaos
log:
  format: json
  level: debug
refresh:
  spool_directory: {self.spool}
  lease: {round(self.lease * 1000)}ms
  unresolved_wait: {round(self.unresolved_wait * 1000)}ms
  request_timeout: {round(self.request_timeout * 1000)}ms
  max_attempts_per_hour: 10000
"""

    def _install(self):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(self._settings())
        key_file = os.path.join(self.directory, "api-key")
        self._command("root-key", "create", os.path.join(self.directory, "root.key"), has_config=False)
        self._command("migrate")
        self._command("environments", "create", "production")
        self._command("api-keys", "create", "chaos", "--key-file", key_file)
        with open(key_file, encoding="utf-8") as file:
            self.key = file.read().strip()

    def _command(self, *arguments, has_config=True):
        configured = ["--config", self.config] if has_config else []
        done = subprocess.run(
            [self.binary, *arguments, *configured], capture_output=True, text=True, timeout=60, cwd="/")
        if done.returncode != 0:
            raise SystemExit(f"error: sallyport {' '.join(arguments)}: {done.stderr.strip()}")

    def _link_all(self):
        self.control.create("/v1/integrations", {
            "name": "chaos", "provider": "generic-oauth2-refresh-token", "allowed_networks": ["127.0.0.0/8"],
            "allows_plain_http": True, "allows_token_fetch": True})
        names = sorted({connection.tenant for connection in self.connections})
        tenants = {name: self.control.create("/v1/tenants", {"name": name})["id"] for name in names}
        for connection in self.connections:
            connection.tenant = tenants[connection.tenant]
            family = connection.next_family()
            connection.id = self.control.create("/v1/connections", {
                "tenant_id": connection.tenant, "integration": "chaos",
                "fields": {"base_url": self.peer.base, "token_url": self.peer.base + "/token", "client_id": "chaos",
                           "verification_path": "/check"},
                "secrets": {"client_secret": "chaos", "refresh_token": self.peer.refresh_token(family)}})["id"]
            self.journal.write("linked", connection=connection.id, family=family)

    # What is used while it runs

    def force(self, connection, instance):
        """Asks one instance to refresh it now."""
        return self.control.send("POST", f"/v1/connections/{connection.id}/refresh", instance=instance)

    def statuses(self):
        """Connections by id, with status and reason; None where the control plane doesn't answer."""
        found, cursor = {}, ""
        while True:
            answer = self.control.send("GET", "/v1/connections?limit=100" + cursor)
            if answer.status != 200:
                return None
            page = answer.json
            found.update({item["id"]: item for item in page["result"]})
            if not page["next_cursor"]:
                return found
            cursor = "&cursor=" + page["next_cursor"]

    def mend(self, is_patient=True):
        """Links again what has lost its grant, verifies what was left unproved. How many are still not active.

        is_patient: leaves alone what backs off; else it is asked for, as an operator may.
        """
        known = self.statuses()
        if known is None:
            return len(self.connections)
        broken = [connection for connection in self.connections if known[connection.id]["status"] != "active"]
        for connection in self.connections:
            # A new grant moves it, proved or not.
            connection.has_ended = connection.has_ended and known[connection.id]["status"] != "active"
        for connection in broken:
            if known[connection.id]["status"] == "reauth_required":
                self._link_again(connection, known[connection.id])
            elif known[connection.id]["status"] == "pending":
                self._prove(connection, known[connection.id])
            elif is_patient:
                continue
            else:
                self.force(connection, self.instances[0])
        return len(broken)

    def _prove(self, connection, seen):
        """Once more; a grant that was lost while it was proved needs another."""
        answer = self.control.send("POST", f"/v1/connections/{connection.id}/verify")
        self.journal.write("verified", connection=connection.id, status=answer.status, code=answer.code)
        if answer.status == 422 and self.peer.family(connection.families[-1]).get("revoked"):
            self._link_again(connection, seen)

    def _link_again(self, connection, seen):
        if not connection.has_ended:
            self.journal.write(
                "grant ended", connection=connection.id, reason=seen["status_reason"] or seen["status"],
                family=connection.families[-1])
        connection.has_ended = True
        family = connection.next_family()
        # Before the request: a grant that is linked without our hearing of it is in the journal all the same.
        self.journal.write("linked again", connection=connection.id, family=family)
        answer = self.control.send(
            "PATCH", f"/v1/connections/{connection.id}",
            {"secrets": {"client_secret": "chaos", "refresh_token": self.peer.refresh_token(family)}})
        # Taken; where its proof failed for good too, that is an ending of its own.
        connection.has_ended = connection.has_ended and answer.status not in (200, 422)
        self.journal.write("linking answered", connection=connection.id, status=answer.status, code=answer.code)

    def plant_reuse(self):
        """A sin of our own making, so that it can be seen that the account finds it."""
        connection = self.connections[0]
        family = connection.families[-1]
        generation = self.peer.family(family)["generation"]
        status = self.peer.spend(self.peer.refresh_token(family, generation - 1))
        self.journal.write("planted", connection=connection.id, family=family, generation=generation - 1, status=status)

    def spool_records(self):
        """Answers that wait in spools of running instances; None where an instance doesn't tell."""
        total = 0
        for instance in self.instances:
            count = instance.metrics().get("sallyport_spool_records")
            if count is None:
                return None
            total += count
        return int(total)

    # The end

    def stop(self):
        """Ends all that runs, however far it came."""
        if self.supervisor:
            self.supervisor.stop()
        threads = [threading.Thread(target=self._end, args=(instance,)) for instance in self.instances]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.peer:
            self.peer.stop()
        self.pair.stop()

    @staticmethod
    def _end(instance):
        instance.is_wanted = False
        if instance.child:
            instance.child.kill()
