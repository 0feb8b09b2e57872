"""Processes that this program started: they end with it, even where it is killed."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time


class Journal:
    """What the harness did and saw, one JSON object a line, in `harness.jsonl` of the run's directory."""

    def __init__(self, path, is_verbose):
        self._file = open(path, "a", buffering=1, encoding="utf-8")
        self._lock = threading.Lock()
        self.is_verbose = is_verbose

    def write(self, what, **facts):
        import json

        line = json.dumps({"at": time.time(), "what": what, **facts}, separators=(",", ":"))
        with self._lock:
            self._file.write(line + "\n")
        if self.is_verbose:
            told = " ".join(f"{name}={value}" for name, value in facts.items())
            print(f"  {time.strftime('%H:%M:%S')} {what} {told}", file=sys.stderr, flush=True)


class Reaper:
    """A child that kills what was named to it, and removes the directory, once this process is gone."""

    PROGRAM = """
import os, shutil, signal, sys
alive, directory = {}, None
for line in sys.stdin:
    sign, _, rest = line.strip().partition(' ')
    if sign == '+':
        number, _, started = rest.partition(' ')
        alive[int(number)] = started
    elif sign == '-':
        alive.pop(int(rest), None)
    elif sign == 'directory':
        directory = rest or None
def started(number):
    try:
        with open(f'/proc/{number}/stat') as file:
            return file.read().rpartition(')')[2].split()[19]
    except OSError:
        return None
for number, at in alive.items():
    if started(number) == at:
        os.kill(number, signal.SIGKILL)
if directory:
    shutil.rmtree(directory, ignore_errors=True)
"""

    def __init__(self):
        # A session of its own: Ctrl-C is not for it.
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM], stdin=subprocess.PIPE, text=True, start_new_session=True)
        self._lock = threading.Lock()

    def _say(self, line):
        with self._lock:
            try:
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()
            except (BrokenPipeError, ValueError):
                pass  # It was ended from outside; this process still ends what it started itself.

    def watch(self, number):
        self._say(f"+ {number} {start_time(number)}")

    def forget(self, number):
        self._say(f"- {number}")

    def removes(self, directory):
        """Empty: nothing is removed."""
        self._say(f"directory {directory}")

    def end(self):
        with self._lock:
            self._process.stdin.close()
        self._process.wait()


def start_time(number):
    """When a process began, in the kernel's ticks: tells it from a later one of the same number."""
    try:
        stat = pathlib.Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return "0"
    return stat.rpartition(")")[2].split()[19]


def children(number):
    """Process numbers of the children of a process."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = pathlib.Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[1] == str(number):
            found.append(int(entry))
    return found


class Child:
    """One process; its output goes to a file that grows over restarts."""

    def __init__(self, reaper, arguments, log_path, environment=None):
        self.reaper = reaper
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                start_new_session=True, cwd="/")
        self.pid = self.process.pid
        reaper.watch(self.pid)

    @property
    def is_running(self):
        return self.process.poll() is None

    def send(self, number):
        if self.is_running:
            self.process.send_signal(number)

    def wait(self, seconds):
        """Its exit status; None where it still runs."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self.reaper.forget(self.pid)
        return status

    def kill(self):
        self.send(signal.SIGKILL)
        self.wait(30)

    def stop(self, seconds=20, number=signal.SIGTERM):
        """Asks it to end; kills it where it doesn't. Its exit status."""
        # A stopped process notices nothing else before it is continued.
        self.send(signal.SIGCONT)
        self.send(number)
        status = self.wait(seconds)
        if status is None:
            self.kill()
            status = self.process.returncode
        return status


def as_server_user():
    """What goes before a command of PostgreSQL, which refuses root, and the user's numbers (None: our own)."""
    if os.geteuid() != 0:
        return [], None
    import pwd

    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise SystemExit("error: run as root, this needs the user postgres")
    prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", "--"]
    return prefix, (user.pw_uid, user.pw_gid)


def eventually(condition, seconds, stopping=None, pause=0.05):
    """Waits until it is true; false where the time ran out or everything stops."""
    deadline = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() >= deadline or (stopping is not None and stopping.is_set()):
            return False
        time.sleep(pause)
