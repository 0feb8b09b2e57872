"""What instances and database say of connections, read into one form: lists of (time, facts)."""

import datetime
import json
import os

# TypeID: Crockford's base 32, 26 digits for 128 bits.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
DURABLE = "token answer is durable"
SENT = "refresh token is sent"


def uuid_of(identifier):
    """The UUID in an identifier such as `conn_…`."""
    number = 0
    for digit in identifier.rpartition("_")[2]:
        number = number * 32 + DIGITS.index(digit)
    text = f"{number:032x}"
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def seconds_of(text):
    """Unix seconds of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class LogLine:
    __slots__ = ("at", "source", "level", "message", "facts")

    def __init__(self, at, source, level, message, facts):
        self.at = at
        self.source = source
        self.level = level
        self.message = message
        self.facts = facts

    @property
    def connection(self):
        return self.facts.get("connection")

    def __str__(self):
        shown = " ".join(f"{name}={value}" for name, value in self.facts.items() if name != "connection")
        return f"{self.level} {self.message} {shown}".rstrip()


def log_lines(directory, names, contains):
    """Lines of the instances' logs that contain one of the texts."""
    wanted = [text.encode() for text in contains]
    for name in names:
        path = os.path.join(directory, f"{name}.log")
        if not os.path.exists(path):
            continue
        with open(path, "rb") as file:
            for line in file:
                if any(text in line for text in wanted):
                    entry = _entry(line)
                    if entry is not None:
                        yield LogLine(
                            seconds_of(entry.pop("ts")), name, entry.pop("level"), entry.pop("message"),
                            {key: value for key, value in entry.items() if key != "logger"})


def _entry(line):
    try:
        entry = json.loads(line)
    except ValueError:
        return None  # Of a process that was killed while it wrote, or not a log line at all.
    return entry if isinstance(entry, dict) and "ts" in entry else None


def journal(directory):
    with open(os.path.join(directory, "harness.jsonl"), encoding="utf-8") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue


# What is kept of the database, so that a timeline needs no server. Times as Unix seconds.
DUMPS = {
    "refresh_states": "select row_to_json(r) from sallyport.refresh_states r",
    "connections": "select json_build_object('id', id, 'status', status, 'status_reason', status_reason, 'version', "
                   "version, 'updated_at', extract(epoch from updated_at)) from sallyport.connections",
    "lifecycle_events": "select json_build_object('connection', connection_id, 'type', type, 'reason', reason, 'at', "
                        "extract(epoch from at)) from sallyport.lifecycle_events order by at, id",
    "audit_events": "select json_build_object('object', object, 'action', action, 'outcome', outcome, "
                    "'reason', reason, 'actor', actor, 'at', extract(epoch from at)) from sallyport.audit_events "
                    "where object like 'conn\\_%' order by at, id",
}


def dump(pair, directory):
    """Writes the tables of DUMPS to files; says which could not be read."""
    missing = []
    for name, sql in DUMPS.items():
        rows = pair.query(sql, seconds=60)
        if rows is None:
            missing.append(name)
            continue
        with open(os.path.join(directory, f"{name}.jsonl"), "w", encoding="utf-8") as file:
            file.writelines(row[0] + "\n" for row in rows)
    return missing


def dumped(directory, name):
    path = os.path.join(directory, f"{name}.jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]
