"""A cluster with 1,000,000 jobs that wait for its only slot: a look at one, snapshots while submits go on, a restart."""

import json
import signal
import time

from figures.cluster import BOUNDLESS, Cluster, median
from figures.results import number, spread
from figures.row import Row, at_most, p50_at_most

JOBS = 1_000_000


def fill(cluster):
    cluster.occupy()
    cluster.wire("submit-stream", count=JOBS)


def until_no_snapshot(cluster, patience=120):
    end = time.monotonic() + patience
    while len(set(cluster.snapshots())) > 1:
        if time.monotonic() > end:
            raise RuntimeError(f"a snapshot was still being made after {patience} s")
        time.sleep(0.1)


def submits_during_snapshot(cluster):
    """The latency of single submits from the beginning to the end of one snapshot: what bench-wire printed."""
    until_no_snapshot(cluster)
    begun, _ = cluster.snapshots()
    while cluster.snapshots()[0] == begun:
        cluster.wire("submit-stream", count=4_000)  # so much journal makes the next one due
    probe = cluster.wire_beside("probe-submit", until_eof=1)
    start = time.monotonic()
    until_no_snapshot(cluster)
    seconds = time.monotonic() - start
    found, _ = probe.communicate()
    return {**json.loads(found), "seconds": seconds}


def job(runs):
    with Cluster(slots=1, settings=BOUNDLESS) as cluster:
        fill(cluster)
        ms = [1000 * cluster.timed("job", 1 + 9973 * i % JOBS) for i in range(40 * runs)]
        call = cluster.wire("probe-job", count=40 * runs, jobs=JOBS)["p50_ms"]
    yield p50_at_most("job ID with 1,000,000 jobs, whole process, p50", ms, "ms", 6, f"the call alone {number(call)} ms")


def snapshot(runs):
    """Single submits one after another, in turn while no snapshot is made and while one is."""
    with Cluster(slots=1, settings=BOUNDLESS) as cluster:
        fill(cluster)
        usual, busy = [], []
        for _ in range(runs):
            until_no_snapshot(cluster)
            usual.append(cluster.wire("probe-submit", count=2_000))
            busy.append(submits_during_snapshot(cluster))
    ratios = [b["p99_ms"] / u["p99_ms"] for b, u in zip(busy, usual)]
    p99 = median([u["p99_ms"] for u in usual]), median([b["p99_ms"] for b in busy])
    yield Row("submit p99 while a snapshot of 1,000,000 jobs is made, times its usual", median(ratios), "×", "≤ 3", median(ratios) <= 3,
              spread(ratios), f"p99 {number(p99[0])} → {number(p99[1])} ms; a snapshot takes {number(median([b['seconds'] for b in busy]))} s, "
              f"{min(b['calls'] for b in busy):,} submits or more in each")


def restart(runs):
    """From the start of the scheduler to its answer about a job, once the snapshots that the filling made due are made."""
    with Cluster(slots=1, settings=BOUNDLESS) as cluster:
        fill(cluster)
        until_no_snapshot(cluster)
        stopped = [cluster.restart_scheduler() for _ in range(runs)]
        beside = f"{cluster.replayed():,} entries behind the snapshot"
        yield at_most("restart with 1,000,000 waiting jobs, to the first answer", stopped, "s", 3, beside)
        killed = [cluster.restart_scheduler(signal.SIGKILL) for _ in range(runs)]
        yield at_most("the same after kill -9", killed, "s", 3, f"{cluster.replayed():,} entries behind the snapshot")
