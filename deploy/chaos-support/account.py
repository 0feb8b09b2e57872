"""Who lost which grant, and whose fault it was. Pure: lists in, findings out.

A grant is a family of refresh tokens at the peer. It is lost where the peer revoked it, because a generation came again
after its successor had been granted. Which of three it is, the first use of that generation tells:

- its answer was made durable by an instance, or both uses were under way at once: reused by us;
- its answer was written whole to a receiver that lived, and yet nobody made it durable: lost with the answer received;
- its answer never arrived: a loss that no client of a rotating endpoint can avoid, counted by cause.
"""

import collections
import dataclasses

# How long after the peer wrote an answer a receiver that runs has it on its disk at the latest. Generous: the machine
# does much else meanwhile.
TO_DISK = 1.0
# What clocks and logs of one machine may differ by.
GRAIN = 0.005


@dataclasses.dataclass
class Disturbance:
    """An instance that could not receive (`killed`, `ended`, `stopped`), or an endpoint that reset all connections."""

    kind: str
    begins: float
    ends: float
    # Whose; None for the endpoint's, and where it isn't known.
    instance: str | None = None


@dataclasses.dataclass
class Loss:
    family: str
    connection: str
    at: float
    # reused, received, or unanswered
    verdict: str
    # Of those that were unanswered, why; else what was seen.
    cause: str

    def __str__(self):
        return f"{self.connection} lost {self.family}: {self.verdict} ({self.cause})"


def disturbances(entries):
    """From the journal's entries."""
    found, open_ones = [], {}
    for entry in entries:
        name = entry.get("instance")
        match entry["what"]:
            case "instance killed":
                found.append(Disturbance("killed", entry["at"] - 0.2, entry["at"], name))
            case "instance ended by itself":
                # Found by a supervisor that looks every 200 ms.
                found.append(Disturbance("ended", entry["at"] - 1, entry["at"], name))
            case "instance stopped":
                open_ones[name] = Disturbance("stopped", entry["at"], float("inf"), name)
                found.append(open_ones[name])
            case "instance continued":
                if name in open_ones:
                    open_ones.pop(name).ends = entry["at"] + 0.5
            case "fault begins" if entry["kind"] in ("refuse", "reset"):
                open_ones["endpoint"] = Disturbance("reset", entry["at"] - GRAIN, float("inf"))
                found.append(open_ones["endpoint"])
            case "fault ends" if entry["kind"] in ("refuse", "reset"):
                open_ones.pop("endpoint").ends = entry["at"] + GRAIN
    return found


class Account:
    """Judges every family that the peer revoked."""

    def __init__(self, exchanges, durable, disturbances, families, request_timeout, sent=None):
        """durable: times by connection. families: the connection of each family. sent: by connection, when which
        instance was about to send a refresh token."""
        self.sent = {connection: sorted(lines) for connection, lines in (sent or {}).items()}
        self.by_family = collections.defaultdict(list)
        for exchange in exchanges:
            self.by_family[exchange.family].append(exchange)
        self.durable = {connection: sorted(times) for connection, times in durable.items()}
        self.disturbances = disturbances
        self.families = families
        self.request_timeout = request_timeout
        # When each connection was granted something, whatever the family: its log lines don't tell one from the other.
        self.granted = collections.defaultdict(list)
        for exchange in exchanges:
            if exchange.outcome == "granted":
                self.granted[families.get(exchange.family)].append(exchange.at)

    def losses(self):
        found = []
        for family, exchanges in self.by_family.items():
            reuse = next((exchange for exchange in exchanges if exchange.outcome == "reused"), None)
            if reuse is not None:
                found.append(self._judge(family, exchanges, reuse))
        return sorted(found, key=lambda loss: loss.at)

    def refused_without_reuse(self):
        """Families that the peer refused though they were not revoked: somebody sent what it never had."""
        return [
            family for family, exchanges in self.by_family.items()
            if any(e.outcome == "refused" for e in exchanges) and not any(e.outcome == "reused" for e in exchanges)]

    def _judge(self, family, exchanges, reuse):
        connection = self.families.get(family, "nobody")
        first = next(
            (e for e in exchanges if e.outcome == "granted" and e.generation == reuse.generation), None)
        if first is None:
            return Loss(family, connection, reuse.at, "reused", f"generation {reuse.generation} has no first use")
        verdict, cause = self._verdict(connection, exchanges, first, reuse)
        return Loss(family, connection, reuse.at, verdict, f"generation {reuse.generation}: {cause}" if
                    verdict != "unanswered" else cause)

    def _verdict(self, connection, exchanges, first, reuse):
        if any(e.outcome == "granted" and e.generation > reuse.generation and e.at < reuse.at for e in exchanges):
            return "reused", "its successor had been used already"
        kept = self._kept_at(connection, first)
        if kept is not None and kept <= reuse.at + GRAIN:
            return "reused", f"its answer was durable {reuse.at - kept:.3f} s before"
        if reuse.at < first.end - GRAIN and reuse.at - first.at < self.request_timeout - 0.2:
            return "reused", "it was still under way"
        if kept is not None:
            return "received", f"its answer became durable {kept - reuse.at:.3f} s after the second use"
        return self._why_unanswered(first, self._sender(connection, first))

    def _sender(self, connection, grant):
        """The instance whose request this was; None where no line tells. What befell another is no excuse for it."""
        return next((name for at, name in reversed(self.sent.get(connection, [])) if at <= grant.at + GRAIN), None)

    def _kept_at(self, connection, grant):
        """When an instance made the answer to a grant durable: the first time after it and before the connection's next
        grant; None where none did."""
        until = min((at for at in self.granted[connection] if at > grant.at), default=float("inf"))
        return next((at for at in self.durable.get(connection, []) if grant.at < at < until), None)

    def _why_unanswered(self, grant, sender):
        if grant.answer in ("dropped", "cut", "unreadable"):
            return "unanswered", grant.answer
        if grant.answer == "gone" and any(
                d.begins <= grant.end and d.ends >= grant.at for d in self.disturbances if d.kind == "reset"):
            return "unanswered", "reset by the endpoint"
        near = [d for d in self.disturbances
                if d.kind != "reset" and d.begins <= grant.end + TO_DISK and d.ends >= grant.at
                and (sender is None or d.instance in (None, sender))]
        killed = [d for d in near if d.kind != "stopped"]
        if killed:
            return "unanswered", f"receiver {killed[0].kind}"
        if near:
            # Bytes that the kernel holds can be read after the stop, however late.
            if grant.answer == "whole" and grant.end < near[0].ends:
                return "received", "its receiver was stopped while the answer waited for it"
            return "unanswered", "receiver stopped"
        if grant.end - grant.at >= self.request_timeout - 0.25:
            return "unanswered", "too late"
        if grant.answer == "gone":
            return "received", "an instance hung up on a request that was not late"
        return "received", "its answer was written whole, and nobody kept it"

    def count(self, outcome):
        return sum(1 for exchanges in self.by_family.values() for e in exchanges if e.outcome == outcome)


def unexplained_endings(endings, losses):
    """Connections that ask for their owner without a grant lost by an answer that never arrived.

    endings: (connection, time, reason).
    """
    found = []
    lost = collections.defaultdict(list)
    for loss in losses:
        lost[loss.connection].append(loss)
    for connection, at, reason in endings:
        # Each loss accounts for one ending.
        before = [loss for loss in lost[connection] if loss.at <= at]
        if before and before[0].verdict == "unanswered":
            lost[connection].remove(before[0])
        else:
            if before:
                lost[connection].remove(before[0])
            found.append((connection, at, reason))
    return found


def causes(losses):
    return dict(sorted(collections.Counter(loss.cause for loss in losses if loss.verdict == "unanswered").items()))
