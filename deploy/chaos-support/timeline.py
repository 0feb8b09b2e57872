"""All that is known of one connection, joined by time: the token endpoint, the instances, the database's events, the
callers and the faults around them.

    timeline.py DIRECTORY [CONNECTION]      without one: the first that an account found fault with
"""

import datetime
import json
import os
import sys

import peer
import records

# What the journal says of no connection and still matters to each: faults, and what instances went through.
SILENT = {"plan", "round ends", "settling"}
# Callers do these all the while.
USES = {(action, "success") for action in ("proxy.used", "upstream_token.fetched", "credential.opened")}


def collect(directory, connection):
    """(time, source, text), unsorted."""
    names = sorted(name.removesuffix(".log") for name in os.listdir(directory)
                   if name.startswith("instance-") and name.endswith(".log"))
    families = set()
    for entry in records.journal(directory):
        facts = {key: value for key, value in entry.items() if key not in ("at", "what")}
        about = facts.pop("connection", None)
        if about == connection:
            families.add(facts.get("family"))
        if about == connection or (about is None and entry["what"] not in SILENT):
            yield entry["at"], "harness", entry["what"] + "".join(f" {key}={value}" for key, value in facts.items())
    for exchange in peer.exchanges(os.path.join(directory, "peer.log")):
        if exchange.family in families:
            yield exchange.at, "endpoint", f"{exchange.family} {exchange}"
    for line in records.log_lines(directory, names, [connection]):
        yield line.at, line.source, str(line)
    number = records.uuid_of(connection)
    for event in records.dumped(directory, "lifecycle_events"):
        if event["connection"] == number:
            yield event["at"], "event", event["type"] + (f" ({event['reason']})" if event["reason"] else "")
    for event in records.dumped(directory, "audit_events"):
        if event["object"] == connection and (event["action"], event["outcome"]) not in USES:
            reason = f" ({event['reason']})" if event["reason"] else ""
            yield event["at"], "audit", f"{event['action']} {event['outcome']}{reason} by {event['actor']}"


def around(entries, moments, seconds):
    """Those near one of the moments; all where there is none."""
    if not moments:
        return entries
    return [entry for entry in entries if any(abs(entry[0] - moment) <= seconds for moment in moments)]


def without_repetition(entries):
    """The first of each row of lines that say the same of the same source, and how many followed."""
    shown, rest = None, 0
    for at, source, text in entries:
        # What a request is called tells nothing here.
        words = " ".join(word for word in text.split() if not word.startswith("request_id="))
        if shown == (source, words):
            rest += 1
            continue
        if rest:
            yield None, "", f"… {rest} more of these"
        shown, rest = (source, words), 0
        yield at, source, words
    if rest:
        yield None, "", f"… {rest} more of these"


def show(directory, connection, moments=(), seconds=25, out=sys.stderr):
    entries = sorted(around(list(collect(directory, connection)), moments, seconds), key=lambda entry: entry[0])
    print(f"timeline of {connection} ({records.uuid_of(connection)})", file=out)
    last = None
    for at, source, text in without_repetition(entries):
        clock = since = ""
        if at is not None:
            clock = datetime.datetime.fromtimestamp(at).strftime("%H:%M:%S.%f")[:-3]
            since = "" if last is None else f"+{at - last:.3f}"
            last = at
        print(f"  {clock:<12} {since:>9}  {source:<11} {text}", file=out)
    state = [row for row in records.dumped(directory, "refresh_states")
             if row["connection_id"] == records.uuid_of(connection)]
    if state:
        print("  now: " + json.dumps(state[0]), file=out)


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    directory = sys.argv[1]
    if len(sys.argv) == 3:
        show(directory, sys.argv[2], out=sys.stdout)
        return
    with open(os.path.join(directory, "findings.json"), encoding="utf-8") as file:
        findings = json.load(file)
    first = next((finding for finding in findings if finding["connection"].startswith("conn_")), None)
    if first is None:
        raise SystemExit("nobody found fault with a connection; name one")
    show(directory, first["connection"], [first["at"]], out=sys.stdout)


if __name__ == "__main__":
    main()
