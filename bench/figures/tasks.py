"""Running tasks: an array of short ones, the way from submit to the first instruction, dispatch before many that wait."""

import subprocess
import time

from figures.cluster import BOUNDLESS, BUILD, Cluster, bench, core, median
from figures.results import number, spread
from figures.row import at_least, p50_at_most


def array(runs):
    """10,000 children of /bin/true, from submit to all finished, beside a bare loop of posix_spawn and xargs."""
    tasks = 10_000
    ours, bare, xargs = [], [], []
    for _ in range(runs):
        bare.append(bench("bench-spawn-loop", tasks, 2, "/bin/true")[0]["per_second"])
        with Cluster() as cluster:
            ours.append(tasks / cluster.timed("submit", "--array", f"1-{tasks}", "--wait", "--", "/bin/true"))
        start = time.monotonic()
        subprocess.run(["xargs", "-P64", "-n1", "/bin/true"], input="\n".join(map(str, range(tasks))), text=True, check=True)
        xargs.append(tasks / (time.monotonic() - start))
    yield at_least("array of 10,000 × /bin/true, share of a bare two-thread spawn loop", [a / b for a, b in zip(ours, bare)], "×", 0.6,
                   f"{number(median(ours))} tasks/s ({spread(ours)}); bare loop {number(median(bare))}/s; "
                   f"xargs -P64 {number(median(xargs))}/s")


def idle_latency(runs):
    """From the call of submit to the first instruction of the job, on an idle cluster."""
    ms, bare = [], []
    with Cluster() as cluster:
        stamps = cluster.root / "stamps"
        for _ in range(20 * runs):
            called = time.time_ns()
            cluster.bsub("submit", "--wait", "--", BUILD / "bench" / "bench-stamp", stamps)
            ms.append((int(stamps.read_text()) - called) / 1e6)
            stamps.unlink()
        for _ in range(runs):
            bare.append(1000 / bench("bench-spawn-loop", 200, 1, BUILD / "bench" / "bench-stamp", stamps)[0]["per_second"])
    yield p50_at_most("idle cluster: submit called to the job's first instruction, p50", ms, "ms", 10,
                      f"spawn and wait alone {number(median(bare))} ms")


def dispatch_core(runs):
    """The core alone: tasks placed, started and ended per second while as many wait as before."""
    few, many = [], []
    for _ in range(runs):
        few.append(core("waiting", waiting=1_000)["dispatches_per_second"])
        many.append(core("waiting", waiting=1_000_000)["dispatches_per_second"])
    yield at_least("dispatch rate of the core with 1,000,000 waiting, share of that with 1,000", [m / f for m, f in zip(many, few)], "×",
                   0.9, f"{number(median(few))}/s → {number(median(many))}/s")


class Backlog:
    """A drained cluster with jobs of /bin/true, which runs a portion of them when it is let."""

    def __init__(self, cluster, jobs):
        self.cluster = cluster
        cluster.bsub("drain", "n1")
        self.submit(jobs)

    def submit(self, jobs):
        self.cluster.wire("submit-stream", count=jobs)

    def over(self):
        status = self.cluster.status()
        return status["jobs"] - status["waitingTasks"] - status["runningTasks"]

    def run(self, portion):
        """Tasks per second, with as many waiting behind them as there were at first."""
        self.submit(portion)
        last = self.over() + portion  # they start in the order of their ids, and nothing was run out of it
        start = time.monotonic()
        self.cluster.bsub("resume", "n1")
        self.cluster.bsub("wait", last)
        seconds = time.monotonic() - start
        self.cluster.bsub("drain", "n1")
        while self.cluster.status()["runningTasks"]:
            time.sleep(0.02)
        return portion / seconds


def dispatch(runs):
    """Whole clusters, one with 1,000 distinct jobs waiting and one with 1,000,000, take turns at a portion of /bin/true."""
    portion = 5_000
    few, many = [], []
    with Cluster(settings=BOUNDLESS) as small, Cluster(settings=BOUNDLESS) as large:
        backlogs = Backlog(small, 1_000), Backlog(large, 1_000_000)
        for _ in range(runs):
            few.append(backlogs[0].run(portion))
            many.append(backlogs[1].run(portion))
    yield at_least("tasks run per second by a cluster with 1,000,000 waiting, share of that with 1,000", [m / f for m, f in zip(many, few)],
                   "×", 0.9, f"{number(median(few))}/s → {number(median(many))}/s")
