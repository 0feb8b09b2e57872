#!/usr/bin/env python3
"""Stages a benchmark: starts `sallyport dev` with one event loop, links an account, and hands over to compare.py.

    run.py proxy --sallyport PATH [--rounds N] [--seconds N]
    run.py token --sallyport PATH [--rounds N] [--seconds N]
"""

import argparse
import contextlib
import http.server
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import compare  # noqa: E402  (a sibling, found by the line above)


class Service:
    """A private installation that ends with the benchmark."""

    def __init__(self, binary, directory):
        self.state = directory
        self.control_port, self.data_port = compare.free_port(), compare.free_port()
        self.log = open(os.path.join(directory, "sallyport.log"), "wb")
        self.process = subprocess.Popen(
            [binary, "dev", "--state-directory", directory, "--set", f"control.port={self.control_port}",
             "--set", f"data.port={self.data_port}", "--set", "data.threads=1", "--set", "log.level=warning"],
            stdout=subprocess.DEVNULL, stderr=self.log, env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
        self.control = f"http://127.0.0.1:{self.control_port}"
        self.data = f"http://127.0.0.1:{self.data_port}"
        self.await_ready()
        self.key = pathlib.Path(directory, "api-key").read_text().strip()

    def await_ready(self):
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(self.control + "/health/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit("sallyport dev did not become ready; see " + self.log.name)

    def post(self, path, body):
        request = urllib.request.Request(
            self.control + path, data=json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.key, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def caller_token(self, tenant):
        form = {"grant_type": "client_credentials", "tenant_id": tenant, "client_secret": self.key, "lifetime": "900"}
        with urllib.request.urlopen(
                self.control + "/oauth2/token", data=urllib.parse.urlencode(form).encode(), timeout=30) as answer:
            return json.load(answer)["access_token"]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def verifying_upstream(port):
    """Answers the call that verifies the account; the measured upstream takes the port afterwards."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LOCAL = {"allowed_networks": ["127.0.0.0/8"], "allows_plain_http": True}


def stage_proxy(service, tenant):
    port = compare.free_port()
    service.post("/v1/integrations", {"name": "bench", "provider": "generic-api-key", **LOCAL})
    with verifying_upstream(port):
        connection = service.post("/v1/connections", {
            "tenant_id": tenant, "integration": "bench",
            "fields": {"base_url": f"http://127.0.0.1:{port}", "header_name": "authorization"},
            "secrets": {"api_key": "Bearer " + secrets.token_hex(32)}})["id"]
    return ["--url", f"{service.data}/proxy/{connection}/answer.json", "--upstream-port", str(port)]


@contextlib.contextmanager
def token_endpoint():
    port, secret = compare.free_port(), secrets.token_hex(16)
    peer = subprocess.Popen(
        ["mock-sap", "--port", str(port), "--oauth", f"bench:{secret}", "--token-ttl", "3600", "-q"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        compare.wait_for(port)
        yield port, secret
    finally:
        peer.terminate()
        peer.wait(10)


def stage_token(service, tenant, port, secret):
    service.post("/v1/integrations", {
        "name": "bench", "provider": "sap-s4hana-oauth-client-credentials", "base_url": "http://{host}",
        "token_url": "http://{host}/sap/bc/sec/oauth2/token", "allows_token_fetch": True, **LOCAL})
    connection = service.post("/v1/connections", {
        "tenant_id": tenant, "integration": "bench",
        "fields": {"host": f"127.0.0.1:{port}", "client_id": "bench", "verification_path":
                   "/sap/opu/odata/sap/API_BUSINESS_PARTNER_SRV/A_BusinessPartner?$top=1&$format=json"},
        "secrets": {"client_secret": secret}})["id"]
    return ["--url", f"{service.data}/v1/connections/{connection}/token", "--issue-url",
            service.data + "/oauth2/token"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["proxy", "token"])
    parser.add_argument("--sallyport", required=True)
    parser.add_argument("--rounds", default="5")
    parser.add_argument("--seconds", default="5")
    arguments = parser.parse_args()
    # PostgreSQL's own user must get there where this runs as root.
    directory = tempfile.mkdtemp(prefix="sallyport-bench-state-", dir="/var/tmp")
    os.chmod(directory, 0o711)
    service = None
    try:
        service = Service(arguments.sallyport, directory)
        tenant = service.post("/v1/tenants", {"name": "Benchmark"})["id"]
        os.environ["BENCH_TOKEN"] = service.caller_token(tenant)
        common = ["--pid", str(service.process.pid), "--rounds", arguments.rounds, "--seconds", arguments.seconds]
        if arguments.what == "proxy":
            compare.main(["proxy", *stage_proxy(service, tenant), *common])
        else:
            os.environ["BENCH_FORM"] = urllib.parse.urlencode(
                {"grant_type": "client_credentials", "tenant_id": tenant, "client_secret": service.key})
            with token_endpoint() as (port, secret):
                compare.main(["token", *stage_token(service, tenant, port, secret), *common])
    finally:
        if service:
            service.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
