"""A cluster of one machine for tests: its home, its command line, its processes."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ["BSUB_BUILD_DIR"])
PROGRAM = BUILD / "bin" / "bsub-lite"
PATIENCE = 60  # seconds; a safety net, not an expectation


def wait_for(what, holds, patience=PATIENCE):
    """Polls until holds() is true and returns what it gave."""
    end = time.monotonic() + patience
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain for {what}")
        time.sleep(0.02)


def start_ticks(pid):
    """What tells a process from its later namesakes; None if it does not live."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Cluster:
    """Made down; everything it started is gone after close()."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bsub-cluster-"))
        self.home = self.root / "home"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("BSUB_")}
        self.env["BSUB_LITE_HOME"] = str(self.home)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.show_logs()
        self.close()

    # The command line.

    def start(self, *words, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([str(PROGRAM), *map(str, words)], env=self.env, cwd=self.root, text=True,
                                stdin=subprocess.DEVNULL, **options)

    def bsub(self, *words, code=0):
        """Runs bsub-lite and returns what it wrote to standard output; `err` and `code` are kept."""
        process = self.start(*words)
        out, self.err = process.communicate(timeout=2 * PATIENCE)
        self.code = process.returncode
        if code is not None and self.code != code:
            raise AssertionError(f"bsub-lite {' '.join(map(str, words))}: exit {self.code}, expected {code}\n{out}{self.err}")
        return out

    def submit(self, *words):
        return int(self.bsub("submit", "--quiet", *words))

    def job(self, target):
        return json.loads(self.bsub("job", str(target), "--json"))

    def jobs(self):
        return json.loads(self.bsub("jobs", "--all", "--json"))

    def nodes(self):
        return json.loads(self.bsub("nodes", "--json"))

    def status(self):
        return json.loads(self.bsub("status", "--json"))

    # Its processes.

    def record(self, daemon):
        """(pid, start) of a daemon, or None; "scheduler", "agent-n1", …"""
        try:
            record = json.loads((self.home / "run" / f"{daemon}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return (record["pid"], record["startTicks"]) if start_ticks(record["pid"]) == record["startTicks"] else None

    def daemons(self):
        names = [path.stem for path in (self.home / "run").glob("*.pid")]
        return {name: record for name in names if (record := self.record(name))}

    def kill(self, daemon, number=signal.SIGKILL):
        """True if it lived."""
        record = self.record(daemon)
        if record is None:
            return False
        try:
            os.kill(record[0], number)
        except ProcessLookupError:
            return False
        return True

    def wait_until_gone(self, record):
        wait_for(f"the end of process {record[0]}", lambda: start_ticks(record[0]) != record[1])

    def show_logs(self):
        for path in sorted((self.home / "log").glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-15:]
            print(f"--- {path.name}", *lines, sep="\n")

    def close(self):
        if (self.home / "cluster.json").exists():
            self.bsub("down", "--now", code=None)
        for name in list(self.daemons()):
            self.kill(name)
        shutil.rmtree(self.root, ignore_errors=True)
