#!/usr/bin/env python3
"""Measures a running data plane beside nginx, alternating, on the same machine with the same load.

    compare.py proxy --url http://127.0.0.1:PORT/proxy/CONNECTION/answer.json --pid PID --upstream-port PORT
    compare.py token --url http://127.0.0.1:PORT/v1/connections/CONNECTION/token --pid PID

The caller token is read from the environment variable BENCH_TOKEN. `proxy` expects the connection's origin to be
http://127.0.0.1:UPSTREAM-PORT, where this script starts the upstream. Servers are pinned to the first core, load and
upstream to the second. CPU time is user and system time of all threads, from /proc/PID/stat.

Prints a table, and as the last line one JSON object.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[-1]
ANSWER_BYTES = 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"process {pid} has no resident size")


def pin(pid, core):
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {core})


def wait_for(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


class Nginx:
    def __init__(self, directory, role, port, upstream_port, server, core):
        text = (HERE / "nginx.conf.in").read_text()
        values = {"DIR": directory, "ROLE": role, "PORT": port, "UPSTREAM_PORT": upstream_port, "SERVER": server}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = pathlib.Path(directory) / f"{role}.conf"
        path.write_text(text)
        self.process = subprocess.Popen(["nginx", "-c", str(path), "-p", str(directory)], stderr=subprocess.DEVNULL)
        wait_for(port)
        pin(self.process.pid, core)
        self.pid = self.process.pid
        self.port = port

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def load(url, pid, method, token, connections, seconds, form=""):
    """One run of wrk against one server; CPU is that of the server during the run."""
    environment = dict(os.environ, BENCH_METHOD=method, BENCH_TOKEN=token, BENCH_BODY=form)
    before = cpu_seconds(pid)
    done = subprocess.run(
        ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
         "-s", str(HERE / "token.lua"), url],
        env=environment, capture_output=True, text=True, check=True)
    used = cpu_seconds(pid) - before
    text = done.stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"the server answered with errors:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    return {
        "cpu_us": used / requests * 1e6,
        "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
        "p50_ms": milliseconds(re.search(r"\s50%\s+(\S+)", text).group(1)),
        "p99_ms": milliseconds(re.search(r"\s99%\s+(\S+)", text).group(1)),
    }


def body_of(url, method, token):
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


@contextlib.contextmanager
def workplace():
    """A directory for configurations and files, gone afterwards; holds the answer that all servers give."""
    directory = tempfile.mkdtemp(prefix="sallyport-bench-")
    try:
        files = pathlib.Path(directory) / "files"
        files.mkdir()
        filler = "x" * (ANSWER_BYTES - len('{"value":""}'))
        (files / "answer.json").write_text(json.dumps({"value": filler}, separators=(",", ":")))
        yield directory
    finally:
        shutil.rmtree(directory)


@contextlib.contextmanager
def upstream(directory, port):
    """What both proxies send to: `GET /answer.json` answers 1 KiB of JSON."""
    server = Nginx(directory, "upstream", port, 9, "", LOAD_CORE)
    try:
        yield server
    finally:
        server.stop()


def compare_proxy(directory, url, pid, token, origin, rounds=5, seconds=5, connections=32):
    """Figures of the proxy at `url` (which leads to `origin`'s answer.json) beside `proxy_pass` with a fixed header."""
    pass_on = (
        'location / { proxy_pass http://answering; proxy_http_version 1.1; proxy_set_header Connection "";'
        ' proxy_set_header Authorization "Bearer fixed"; }')
    peer = Nginx(directory, "peer", free_port(), origin.port, pass_on, SERVER_CORE)
    try:
        peer_url = f"http://127.0.0.1:{peer.port}/answer.json"
        if body_of(url, "GET", token) != body_of(peer_url, "GET", token):
            raise SystemExit("the two servers don't answer with the same body")
        figures = alternate((url, pid, "GET"), (peer_url, peer.pid, "GET"), token, rounds, seconds, connections)
        alone = load(url, pid, "GET", token, 1, seconds)
        direct = load(f"http://127.0.0.1:{origin.port}/answer.json", origin.pid, "GET", token, 1, seconds)
        figures["p50_one_ms"] = round(alone["p50_ms"], 3)
        figures["p50_direct_ms"] = round(direct["p50_ms"], 3)
        return figures
    finally:
        peer.stop()


def compare_token(directory, url, pid, token, rounds=5, seconds=5, connections=32):
    """Figures of the token fetch at `url` beside a static file of the same content."""
    (pathlib.Path(directory) / "files" / "token.json").write_bytes(body_of(url, "POST", token))
    peer = Nginx(directory, "peer", free_port(), 9, "", SERVER_CORE)
    try:
        peer_url = f"http://127.0.0.1:{peer.port}/token.json"
        return alternate((url, pid, "POST"), (peer_url, peer.pid, "GET"), token, rounds, seconds, connections)
    finally:
        peer.stop()


def alternate(ours, theirs, token, rounds, seconds, connections):
    pin(ours[1], SERVER_CORE)
    for url, pid, method in (ours, theirs):
        load(url, pid, method, token, connections, 1)
    runs = ([], [])
    for _ in range(rounds):
        for kept, (url, pid, method) in zip(runs, (ours, theirs)):
            kept.append(load(url, pid, method, token, connections, seconds))
    figures = summary(*runs)
    figures["rss_mib"] = round(resident_mib(ours[1]), 1)
    figures["peer_rss_mib"] = round(resident_mib(theirs[1]), 1)
    return figures


def table(figures):
    print(f"{'':14}{'sallyport':>12}{'nginx':>12}")
    for name, key in (("requests/s", "rps"), ("CPU us/req", "cpu_us"), ("p50 ms", "p50_ms"), ("p99 ms", "p99_ms"),
                      ("RSS MiB", "rss_mib")):
        print(f"{name:14}{figures[key]:>12}{figures['peer_' + key]:>12}")


def summary(ours, theirs):
    figures = {}
    for prefix, runs in (("", ours), ("peer_", theirs)):
        for key in ("cpu_us", "rps", "p50_ms", "p99_ms"):
            figures[prefix + key] = round(statistics.median(run[key] for run in runs), 2)
    figures["cpu_ratio"] = round(
        statistics.median(a["cpu_us"] / b["cpu_us"] for a, b in zip(ours, theirs)), 3)
    figures["rps_ratio"] = round(statistics.median(a["rps"] / b["rps"] for a, b in zip(ours, theirs)), 3)
    return figures


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["proxy", "token"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--upstream-port", type=int)
    parser.add_argument("--issue-url", help="also measures the issue of caller tokens there, with the form in BENCH_FORM")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args(argv)
    token = os.environ.get("BENCH_TOKEN", "")
    common = (arguments.rounds, arguments.seconds, arguments.connections)
    with workplace() as directory:
        if arguments.what == "proxy":
            with upstream(directory, arguments.upstream_port) as origin:
                figures = compare_proxy(directory, arguments.url, arguments.pid, token, origin, *common)
        else:
            figures = compare_token(directory, arguments.url, arguments.pid, token, *common)
    if arguments.issue_url:
        issue = load(arguments.issue_url, arguments.pid, "POST", "", arguments.connections, arguments.seconds,
                     form=os.environ["BENCH_FORM"])
        figures["issue_cpu_us"], figures["issue_rps"] = round(issue["cpu_us"], 1), round(issue["rps"], 1)
    table(figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
