"""A local cluster for a benchmark, and what its processes cost."""

import atexit
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BSUB_BUILD_DIR", ROOT / "build" / "release"))
PROGRAM = str(BUILD / "bin" / "bsub-lite")
TICKS = os.sysconf("SC_CLK_TCK")


def bench(program, *words, **options):
    """Runs a program of build/<preset>/bench and returns the JSON lines that it prints."""
    done = subprocess.run([str(BUILD / "bench" / program), *map(str, words)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{program} {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def quantile(values, q):
    values = sorted(values)
    return values[int(q * (len(values) - 1))]


def median(values):
    return statistics.median(values)


class Cluster:
    """Up while the with-block lasts, in a directory of its own on the disk of `scratch` (BSUB_BENCH_DIR, or /var/tmp)."""

    def __init__(self, nodes=1, slots=64, settings=""):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bsub-bench-", dir=os.environ.get("BSUB_BENCH_DIR", "/var/tmp")))
        self.home = self.root / "home"
        self.nodes, self.slots, self.settings = nodes, slots, settings
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("BSUB_")}
        self.env["BSUB_LITE_HOME"] = str(self.home)

    def __enter__(self):
        (self.root / "settings.yaml").write_text(self.settings)
        self.up()
        return self

    def __exit__(self, *_):
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

    @property
    def socket(self):
        return str(self.home / "run" / "scheduler.sock")

    @property
    def scheduler(self):
        return json.loads(self.bsub("status", "--json"))["schedulerPid"]

    def scheduler_bytes(self):
        """Its resident memory that no file backs."""
        status = pathlib.Path(f"/proc/{self.scheduler}/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) * 1024

    def scheduler_cpu(self):
        fields = pathlib.Path(f"/proc/{self.scheduler}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
