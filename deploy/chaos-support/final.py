"""The end of a run: everything comes to rest, each grant is proved once more, and the account is drawn up."""

import collections
import json
import os
import sys
import time

import account
import records
from instances import await_ready
from load import expiry_of
from peer import exchanges
from processes import eventually

# What must be 0, and what it means.
MUST_BE_ZERO = {
    "families_revoked_by_our_reuse": "a refresh token sent again though its successor was kept, or twice at once",
    "grants_lost_with_answer_received": "grants lost though the answer arrived",
    "tokens_served_after_expiry": "access tokens handed out after their expiry",
    "stuck_rows": "rows that are overdue, back off or are leased to nobody after everything came to rest",
    "reauth_without_cause": "connections that ask for their owner though no answer was lost",
    "unknown_tokens_sent": "families that were refused a token the endpoint never gave",
    "stored_grants_dead": "connections whose stored grant is not the endpoint's newest",
    "unmended_connections": "connections that could not be made active again",
    "spool_records": "answers left in the spool",
    "instance_crashes": "instances that ended by a signal of their own",
    "unclean_exits": "instances that did not end with 0 when asked to",
}


class Verdict:
    def __init__(self, result, findings, losses):
        self.result = result
        # Each with a connection and a time, the worst first.
        self.findings = findings
        self.losses = losses

    @property
    def is_good(self):
        return self.result["ok"]

    def print_table(self):
        def tell(text):
            print(text, file=sys.stderr)

        tell("")
        for name, meaning in MUST_BE_ZERO.items():
            count = self.result[name]
            tell(f"  {'ok  ' if count == 0 else 'FAIL'} {count:>6}  {meaning}")
        lost = self.result["grants_lost_without_answer"]
        causes = self.result["lost_without_answer_by_cause"]
        tell(f"       {lost:>6}  grants lost because the answer never arrived: {causes}")
        tell(f"       {self.result['refreshes']:>6}  refreshes, {self.result['fetches']} fetches, "
             f"{self.result['forced']} forced, {self.result['proxied']} through the proxy")
        for finding in self.findings[:20]:
            tell(f"  ! {finding['text']}")
        tell("")


class Ending:
    REST_SECONDS = 150

    def __init__(self, site, load):
        self.site = site
        self.load = load
        self.findings = []

    def settle_and_account(self, result):
        self.site.journal.write("settling")
        began = time.monotonic()
        self._come_to_rest()
        stuck = self._stuck_rows()
        result["stuck_rows"] = len(stuck)
        result["stored_grants_dead"] = self._prove()
        result["unmended_connections"] = self._unmended()
        result["spool_records"] = self._spool_records()
        missing = records.dump(self.site.pair, self.site.directory)
        if missing:
            raise SystemExit(f"error: the database does not give {', '.join(missing)}")
        self.site.supervisor.stop()
        result["unclean_exits"] = sum(1 for instance in self.site.instances if instance.drain() != 0)
        result["instance_exits"] = sum(instance.exits for instance in self.site.instances)
        result["instance_crashes"] = sum(instance.crashes for instance in self.site.instances)
        self._count_load(result)
        losses = self._account(result)
        for row in stuck:
            self.findings.append({"connection": row[0], "at": time.time(), "text": f"{row[0]} is stuck: {row[1]}"})
        result["settled_in_seconds"] = round(time.monotonic() - began, 1)
        result["ok"] = all(result[name] == 0 for name in MUST_BE_ZERO)
        with open(os.path.join(self.site.directory, "findings.json"), "w", encoding="utf-8") as file:
            json.dump(self.findings, file, indent=1)
        return Verdict(result, self.findings, losses)

    # Rest

    def _come_to_rest(self):
        """Faults off, all up, all linked."""
        self.site.peer.calm()
        self.site.pair.await_redundancy()
        await_ready(self.site.instances, 60, self.site.stopping)
        eventually(lambda: self.site.mend(is_patient=False) == 0, self.REST_SECONDS, self.site.stopping, 1)
        eventually(lambda: not self._stuck_rows(), self.REST_SECONDS, self.site.stopping, 1)

    def _unmended(self):
        """How many connections are not active at last."""
        left = self.site.statuses() or {}
        for connection, item in left.items():
            if item["status"] != "active":
                self.findings.append({
                    "connection": connection, "at": time.time(),
                    "text": f"{connection} stays {item['status']} ({item['status_reason']})"})
        return sum(1 for item in left.values() if item["status"] != "active") if left else len(self.site.connections)

    def _stuck_rows(self):
        """Rows that are overdue, that a lease holds for longer than an attempt takes, or that back off: (connection,
        why)."""
        rows = self.site.pair.query(f"""
            select r.connection_id, case
                when r.lease_owner is not null then 'a lease holds it that nobody uses'
                when r.not_before > clock_timestamp() then 'it backs off'
                else 'it is overdue' end
            from sallyport.refresh_states r
            where r.lease_owner is not null
                    and r.last_attempt_at < clock_timestamp() - interval '{self.site.request_timeout + 1} seconds'
               or r.not_before > clock_timestamp()
               or r.refresh_due_at < clock_timestamp() - interval '2 seconds'""")
        if rows is None:
            return [("nobody", "the database does not answer")]
        known = {records.uuid_of(connection.id): connection.id for connection in self.site.connections}
        return [(known.get(row[0], row[0]), row[1]) for row in rows]

    # Proof

    def _prove(self):
        """Refreshes each connection once more: only a grant that is alive can be. How many are dead.

        A grant that is lost and not yet known to be is found out here; it is linked again and judged by the account.
        """
        for attempt in range(1, 4):
            failed = [connection for connection in self.site.connections if not self._is_refreshed(connection, attempt)]
            if eventually(lambda: self.site.mend(is_patient=False) == 0, 30, self.site.stopping, 1) and not failed:
                break
        dead = [connection for connection in self.site.connections if not self._is_newest(connection)]
        for connection in dead:
            self.findings.append({
                "connection": connection.id, "at": time.time(),
                "text": f"{connection.id} does not hold the newest token of {connection.families[-1]}"})
        return len(dead)

    def _is_refreshed(self, connection, attempt):
        instance = self.site.instances[(connection.number + attempt) % len(self.site.instances)]
        answer = self.site.force(connection, instance)
        if answer.status != 200:
            self.site.journal.write(
                "proof failed", connection=connection.id, instance=instance.name, status=answer.status,
                code=answer.code, attempt=attempt)
        return answer.status == 200

    def _is_newest(self, connection):
        """Whether what is handed out is what the endpoint gave last; caches may lag for a moment."""
        instance = self.site.instances[connection.number % len(self.site.instances)]

        def agrees():
            token = self._fetch(connection, instance)
            known = expiry_of(token) if token else None
            if known is None:
                return False
            family = self.site.peer.family(known[0])
            return known[0] in connection.families and known[1] == family.get("generation")

        return eventually(agrees, 20, self.site.stopping, 0.3)

    def _fetch(self, connection, instance):
        from instances import Client

        token = self.site.callers.get(connection.tenant, instance)
        if token is None:
            return None
        answer = Client(instance.data).send(
            "POST", f"/v1/connections/{connection.id}/token", {"Authorization": "Bearer " + token})
        return answer.json.get("access_token") if answer.status == 200 else None

    def _spool_records(self):
        eventually(lambda: self.site.spool_records() == 0, 20, self.site.stopping, 0.5)
        count = self.site.spool_records()
        if count is None:
            raise SystemExit("error: an instance does not tell of its spool")
        return count

    # Account

    def _count_load(self, result):
        answers = collections.Counter()
        for name, count in self.load.answers.items():
            answers[name.split()[0]] += count
        result["fetches"], result["forced"], result["proxied"] = answers["fetch"], answers["force"], answers["proxy"]
        result["answers"] = dict(sorted(self.load.answers.items()))
        result["tokens_served_after_expiry"] = self.load.served_after_expiry
        result["tokens_expired_on_arrival"] = self.load.expired_on_arrival
        result["upstream_refusals"] = self.load.rejected_upstream

    def _account(self, result):
        directory = self.site.directory
        names = [instance.name for instance in self.site.instances]
        durable, sent = collections.defaultdict(list), collections.defaultdict(list)
        for line in records.log_lines(directory, names, [records.DURABLE, records.SENT]):
            if line.message == records.SENT:
                sent[line.connection].append((line.at, line.source))
            else:
                durable[line.connection].append(line.at)
        entries = list(records.journal(directory))
        families = {family: c.id for c in self.site.connections for family in c.families}
        counted = self.site.peer.account()
        book = account.Account(
            exchanges(self.site.peer.log), durable, account.disturbances(entries), families, self.site.request_timeout,
            sent)
        if (counted["granted"], counted["reused"]) != (book.count("granted"), book.count("reused")):
            raise SystemExit("error: the token endpoint's log is not what it counted; see " + directory)
        # An account of nothing would be all zeros.
        if not durable or not sent or not self.load.answers["fetch 200"]:
            raise SystemExit("error: nothing was fetched, or the instances' logs tell of no refresh; see " + directory)
        losses = book.losses()
        self._tell_losses(losses)
        endings = [(entry["connection"], entry["at"], entry["reason"]) for entry in entries
                   if entry["what"] == "grant ended"]
        unexplained = account.unexplained_endings(endings, losses)
        for connection, at, reason in unexplained:
            self.findings.append({
                "connection": connection, "at": at,
                "text": f"{connection} asks for its owner ({reason}) without a cause"})
        for entry in entries:
            if entry["what"] == "served after expiry":
                self.findings.append({
                    "connection": entry["connection"], "at": entry["at"],
                    "text": f"{entry['connection']}: {entry['instance']} handed out a token that had ended"})
        by_verdict = collections.Counter(loss.verdict for loss in losses)
        unknown = book.refused_without_reuse()
        result.update({
            "refreshes": book.count("granted"), "requests_refused": book.count("refused"),
            "answers_durable": sum(map(len, durable.values())),
            "families_revoked_by_our_reuse": by_verdict["reused"],
            "grants_lost_with_answer_received": by_verdict["received"],
            "grants_lost_without_answer": by_verdict["unanswered"],
            "lost_without_answer_by_cause": account.causes(losses),
            "reauth_without_cause": len(unexplained), "unknown_tokens_sent": len(unknown),
        })
        for family in unknown:
            self.findings.append({
                "connection": families.get(family, "nobody"), "at": time.time(), "text": f"{family} was refused"})
        return losses

    def _tell_losses(self, losses):
        for loss in losses:
            if loss.verdict != "unanswered":
                self.findings.append({"connection": loss.connection, "at": loss.at, "text": str(loss)})
        self.findings.sort(key=lambda finding: finding["at"])
