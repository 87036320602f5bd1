"""What is measured. Each figure is a function that takes the number of runs and yields Rows."""

import dataclasses
import os
import signal
import subprocess
import time

from figures.cluster import BUILD, PROGRAM, Cluster, bench, median, quantile


@dataclasses.dataclass
class Row:
    what: str
    value: float
    unit: str
    reach: str  # the target, as text
    good: bool
    spread: str = ""  # smallest and largest of the runs
    beside: str = ""  # the limit or peer measured in the same run


def spread(values, digits=0):
    return f"{min(values):,.{digits}f}–{max(values):,.{digits}f}"


def array(runs):
    """10,000 children of /bin/true, from submit to all finished, beside a bare loop of posix_spawn."""
    tasks = 10_000
    ours, bare = [], []
    for _ in range(runs):
        bare.append(bench("bench-spawn-loop", tasks, 2, "/bin/true")[0]["per_second"])
        with Cluster() as cluster:
            ours.append(tasks / cluster.timed("submit", "--array", f"1-{tasks}", "--wait", "--", "/bin/true"))
    ratio = median([a / b for a, b in zip(ours, bare)])
    yield Row("array of 10,000, share of a bare two-thread spawn loop", ratio, "×", "≥ 0.6", ratio >= 0.6,
              f"{spread(ours)} tasks/s", f"bare loop {median(bare):,.0f}/s")


def submits(runs):
    """Durable submits over 8 connections with 64 outstanding each, every job acknowledged singly."""
    stream, unary, sync = [], [], []
    for _ in range(runs):
        with Cluster() as cluster:
            sync.append(bench("bench-append-sync", cluster.root, 2000)[0]["per_second"])
            cluster.wire("submit-stream", count=8_000, held=1)  # the first time pays for what is lazily made
            stream.append(cluster.wire("submit-stream", count=80_000, held=1)["per_second"])
            unary.append(cluster.wire("submit-unary", count=16_000, held=1)["per_second"])
    beside = f"{median(sync):,.0f} synced 4 KiB appends/s"
    yield Row("durable submits by stream", median(stream), "/s", "≥ 15,000", median(stream) >= 15_000, spread(stream), beside)
    yield Row("durable submits, one call each", median(unary), "/s", "printed", True, spread(unary), beside)


def large_array(runs):
    """One array of 1,000,000 children."""
    ms, grown = [], []
    for _ in range(runs):
        with Cluster() as cluster:
            cluster.bsub("submit", "--hold", "--", "true")
            before = cluster.scheduler_bytes()
            ms.append(1000 * cluster.timed("submit", "--hold", "--array", "1-1000000", "--", "true"))
            grown.append((cluster.scheduler_bytes() - before) / 2**20)
    yield Row("submit of an array of 1,000,000, whole command", median(ms), "ms", "≤ 20", median(ms) <= 20, spread(ms, 1))
    yield Row("memory it takes", median(grown), "MiB", "≤ 1", median(grown) <= 1, spread(grown, 2))


def n_to_n(runs):
    found = [bench("bench-core", "n-to-n")[0] for _ in range(runs)]
    peak = [f["peak_bytes"] / 2**20 for f in found]
    yield Row("10⁶ × 10⁶ N_TO_N in random order, peak in the core", median(peak), "MiB", "≤ 8", median(peak) <= 8, spread(peak, 2))


def waiting(runs):
    """1,000,000 distinct jobs wait: memory of the whole scheduler, and what they cost those that start."""
    flat = [[f for f in bench("bench-core", "waiting") if f["waiting"] in (1000, 1_000_000)] for _ in range(runs)]
    ratio = [f[1]["dispatches_per_second"] / f[0]["dispatches_per_second"] for f in flat]
    yield Row("dispatch rate of the core with 1,000,000 waiting, share of that with 1,000", median(ratio), "×", "≥ 0.9",
              median(ratio) >= 0.9, spread(ratio, 2))
    for distinct, reach in ((0, 700), (1, None)):
        jobs = 1_000_000 if not distinct else 200_000
        with Cluster(settings="core:\n  max_waiting_per_user: 0\n") as cluster:
            cluster.wire("probe-submit", count=50, held=1)
            before, few = cluster.scheduler_bytes(), cluster.wire("probe-submit", count=300, held=1)
            cluster.wire("submit-stream", count=jobs, held=1, distinct=distinct)
            each = (cluster.scheduler_bytes() - before) / jobs
            many = cluster.wire("probe-submit", count=300, held=1)
        name = "distinct environments of 4 KiB" if distinct else "one shared environment of 4 KiB"
        yield Row(f"scheduler's memory for each waiting job, {name}", each, "bytes", f"≤ {reach}" if reach else "printed",
                  not reach or each <= reach, f"{jobs:,} jobs")
        yield Row(f"submit latency p50 with {jobs:,} waiting, share of that with none", many["p50_ms"] / few["p50_ms"], "×",
                  "flat", many["p50_ms"] / few["p50_ms"] < 1.3, f"{few['p50_ms']:.2f} → {many['p50_ms']:.2f} ms")


def cycle(runs):
    found = [bench("bench-core", "cycle")[-1] for _ in range(runs)]
    p99 = [f["p99_ms"] for f in found]
    yield Row("scheduling cycle, 1,000,000 waiting, 1,000 shapes, 10,000 nodes, p99", median(p99), "ms", "≤ 10",
              median(p99) <= 10, spread(p99, 2))


def submit_process(runs):
    with Cluster() as cluster:
        ms = [1000 * cluster.timed("submit", "--hold", "--quiet", "--", "true") for _ in range(100 * runs)]
    yield Row("bsub-lite submit, whole process, durable, p50", median(ms), "ms", "≤ 5", median(ms) <= 5,
              f"p99 {quantile(ms, 0.99):.1f} ms")


def idle_latency(runs):
    """From the call of submit to the first instruction of the job, on an idle cluster."""
    ms = []
    with Cluster() as cluster:
        stamps = cluster.root / "stamps"
        for _ in range(20 * runs):
            called = time.time_ns()
            cluster.bsub("submit", "--wait", "--", BUILD / "bench" / "bench-stamp", stamps)
            ms.append((int(stamps.read_text()) - called) / 1e6)
            stamps.unlink()
    yield Row("idle: submit called to the job's first instruction, p50", median(ms), "ms", "≤ 10", median(ms) <= 10,
              f"p99 {quantile(ms, 0.99):.1f} ms")


def cancel(runs):
    ms = []
    for _ in range(runs):
        with Cluster() as cluster:
            cluster.wire("submit-stream", count=20_000, held=1)
            ms.append(cluster.wire("cancel")["ms"])
    yield Row("cancel of 20,000 waiting jobs in one call", median(ms), "ms", "≤ 200", median(ms) <= 200, spread(ms))


def first_answer(cluster):
    """Seconds from the start of the scheduler to its first answer."""
    home = str(cluster.home)
    start = time.monotonic()
    process = subprocess.Popen([str(BUILD / "bin" / "bsub-lite-scheduler"), "--home", home], stderr=subprocess.DEVNULL)
    while subprocess.run([PROGRAM, "status"], env=cluster.env, capture_output=True).returncode != 0:
        time.sleep(0.01)
    seconds = time.monotonic() - start
    process.send_signal(signal.SIGKILL)
    process.wait()
    return seconds


def million(runs):
    """With 1,000,000 waiting jobs: `job ID`, a snapshot while submits go on, and a restart."""
    with Cluster(settings="core:\n  max_waiting_per_user: 0\n") as cluster:
        usual = cluster.wire("probe-submit", count=1000, held=1)["p99_ms"]
        cluster.wire("submit-stream", count=1_000_000, held=1)
        ms = [1000 * cluster.timed("job", 1 + 9973 * i % 1_000_000) for i in range(40 * runs)]
        yield Row("job ID with 1,000,000 jobs, whole process, p50", median(ms), "ms", "≤ 6", median(ms) <= 6)
        busy = cluster.wire("probe-submit", count=3000, held=1)["p99_ms"]
        yield Row("submit p99 while a snapshot of 1,000,000 jobs is made, times its usual", busy / usual, "×", "≤ 3",
                  busy / usual <= 3, f"{usual:.1f} → {busy:.1f} ms")
        cluster.bsub("down")
        seconds = [first_answer(cluster) for _ in range(runs)]
        yield Row("restart with 1,000,000 waiting jobs, to the first answer", median(seconds), "s", "≤ 3", median(seconds) <= 3,
                  spread(seconds, 2))


def followers(runs):
    with Cluster(settings="rpc:\n  max_connections_per_user: 2000\n") as cluster:
        cluster.bsub("submit", "--wait", "--", "true")
        follow = subprocess.Popen([str(BUILD / "bench" / "bench-wire"), "followers", cluster.socket, "count=1000"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        follow.stdout.readline()
        shares = []
        for _ in range(runs):
            before, start = cluster.scheduler_cpu(), time.monotonic()
            time.sleep(3)
            shares.append(100 * (cluster.scheduler_cpu() - before) / (time.monotonic() - start))
        follow.communicate()
    yield Row("1,000 followers of events while nothing happens, of one core", median(shares), "%", "≤ 10", median(shares) <= 10,
              spread(shares, 1))


FIGURES = {f.__name__.replace("_", "-"): f for f in
           (array, submits, large_array, n_to_n, waiting, cycle, submit_process, idle_latency, cancel, million, followers)}
