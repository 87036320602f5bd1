"""A local cluster for a benchmark, and what its processes cost."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BSUB_BUILD_DIR", ROOT / "build" / "release"))
PROGRAM = str(BUILD / "bin" / "bsub-lite")
PROGRAMS = ["bsub-lite", *(f"bsub-lite-{p}" for p in ("scheduler", "spawner", "agent", "supervisor", "snapshot"))]
TICKS = os.sysconf("SC_CLK_TCK")
BOUNDLESS = "core:\n  max_waiting_per_user: 0\n"  # settings of a cluster that takes any number of jobs


def build():
    """The programs and the benchmarks, in release."""
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "benchmarks", *PROGRAMS], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def bench(program, *words, **options):
    """Runs a program of build/<preset>/bench and returns the JSON lines that it prints."""
    done = subprocess.run([str(BUILD / "bench" / program), *map(str, words)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def core(figure, **sizes):
    """A figure of the core alone: bench-core."""
    return bench("bench-core", figure, *(f"{key}={value}" for key, value in sizes.items()))[0]


def quantile(values, q):
    values = sorted(values)
    return values[int(q * (len(values) - 1))]


def median(values):
    return statistics.median(values)


class Cluster:
    """Up while the with-block lasts, in a directory of its own below BSUB_BENCH_DIR, or /var/tmp."""

    def __init__(self, nodes=1, slots=64, settings=""):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bsub-bench-", dir=os.environ.get("BSUB_BENCH_DIR", "/var/tmp")))
        self.home = self.root / "home"
        self.nodes, self.slots, self.settings = nodes, slots, settings
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("BSUB_")}
        self.env["BSUB_LITE_HOME"] = str(self.home)
        self.own_scheduler = None

    def __enter__(self):
        (self.root / "settings.yaml").write_text(self.settings)
        try:
            self.up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.own_scheduler:
            self.own_scheduler.kill()
            self.own_scheduler.wait()
        subprocess.run([PROGRAM, "down", "--now"], env=self.env, capture_output=True)
        # Not now: for a minute ext4 looks through the inodes that were deleted before it gives out a new one, so the next
        # run would pay for this one's end.
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)

    def up(self):
        config = ["--config", self.root / "settings.yaml"] if self.settings else []
        self.bsub("up", "--nodes", self.nodes, "--slots", self.slots, *config)

    def bsub(self, *words):
        done = subprocess.run([PROGRAM, *map(str, words)], env=self.env, capture_output=True, text=True, cwd=self.root)
        if done.returncode != 0:
            raise RuntimeError(f"bsub-lite {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def timed(self, *words):
        """Seconds that the whole command takes."""
        start = time.monotonic()
        self.bsub(*words)
        return time.monotonic() - start

    def wire(self, figure, **load):
        words = [f"{key}={value}" for key, value in load.items()]
        return bench("bench-wire", figure, self.socket, *words)[0]

    def wire_beside(self, figure, **load):
        """The same beside what goes on here: a process that ends with its standard input."""
        words = [str(BUILD / "bench" / "bench-wire"), figure, self.socket, *(f"{key}={value}" for key, value in load.items())]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def occupy(self):
        """Its slots are busy from now on: what is submitted waits. For clusters of one slot."""
        return self.job_id(self.bsub("submit", "--name", "occupant", "--", "sleep", "infinity"))

    @staticmethod
    def job_id(text):
        return int(text.split("<")[1].split(">")[0])

    @property
    def socket(self):
        return str(self.home / "run" / "scheduler.sock")

    def status(self):
        return json.loads(self.bsub("status", "--json"))

    @property
    def scheduler(self):
        return self.status()["schedulerPid"]

    def scheduler_bytes(self):
        """Its resident memory that no file backs."""
        status = pathlib.Path(f"/proc/{self.scheduler}/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    def daemons(self):
        """Process ids of the scheduler, the agents and the spawners."""
        files = [*self.home.glob("run/agent-*.pid"), *self.home.glob("run/spawner-*.pid"), self.home / "run" / "scheduler.pid"]
        return [json.loads(file.read_text())["pid"] for file in files]

    @staticmethod
    def cpu(pids):
        """Seconds of CPU that these have used."""
        total = 0
        for pid in pids:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def kill_scheduler(self):
        """kill -9; the supervisor starts the next, and this returns when that answers."""
        os.kill(self.scheduler, signal.SIGKILL)
        self.status()

    def restart_scheduler(self, how=signal.SIGTERM):
        """Ends the whole cluster, then starts the scheduler alone. Seconds to its first answer about a job; it stays up. `how` is the
        signal that a scheduler gets which is alone already."""
        if self.own_scheduler is None:
            self.bsub("down")
        else:
            self.own_scheduler.send_signal(how)
            self.own_scheduler.wait()
        return self.start_scheduler()

    def start_scheduler(self, patience=120):
        start = time.monotonic()
        with open(self.root / "scheduler.err", "wb") as errors:
            self.own_scheduler = subprocess.Popen([str(BUILD / "bin" / "bsub-lite-scheduler"), "--home", str(self.home), "--config",
                                                   str(self.root / "settings.yaml")], stderr=errors)
        while not self.is_listening():
            if self.own_scheduler.poll() is not None or time.monotonic() - start > patience:
                raise RuntimeError(f"the scheduler did not come up again: {(self.root / 'scheduler.err').read_text()[-300:]}")
            time.sleep(0.001)
        self.bsub("job", 1)
        return time.monotonic() - start

    def replayed(self):
        """How many journal entries the last restart_scheduler found behind its snapshot."""
        return int((self.root / "scheduler.err").read_text().split("replayed=")[1].split()[0])

    def is_listening(self):
        """A look that costs the scheduler nothing while it starts."""
        with socket.socket(socket.AF_UNIX) as door:
            return door.connect_ex(self.socket) == 0

    def snapshots(self):
        """How many have begun, and how many are through: lines of the scheduler's log."""
        log = (self.home / "log" / "scheduler.log").read_text(errors="replace")
        return log.count("snapshot=begun"), log.count("snapshot=made") + log.count("snapshot=failed")
