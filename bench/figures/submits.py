"""Submitting: durable submits per second, arrays, whole commands, what waiting jobs weigh, cancelling them."""

from figures.cluster import BOUNDLESS, Cluster, bench, core, median
from figures.results import number, spread
from figures.row import Row, at_least, at_most, p50_at_most, printed


def submits(runs):
    """Over 8 connections with 64 outstanding each, every job acknowledged singly, while the only slot is taken."""
    stream, unary, sync = [], [], []
    for _ in range(runs):
        with Cluster(slots=1) as cluster:
            cluster.occupy()
            sync.append(bench("bench-append-sync", cluster.root, 2000)[0]["per_second"])
            cluster.wire("submit-stream", count=8_000)  # the first time pays for what is lazily made
            stream.append(cluster.wire("submit-stream", count=80_000)["per_second"])
            unary.append(cluster.wire("submit-unary", count=16_000)["per_second"])
    beside = f"{number(median(sync))} synced 4 KiB appends/s into a preallocated file"
    yield at_least("durable submits by stream, 8 connections × 64 outstanding", stream, "/s", 15_000, beside)
    yield printed("durable submits, one call each, 8 × 64", unary, "/s", beside)


def large_array(runs):
    """One array of 1,000,000 children."""
    ms, grown, alone = [], [], []
    for _ in range(runs):
        with Cluster(slots=1) as cluster:
            cluster.occupy()
            cluster.bsub("submit", "--", "true")
            before = cluster.scheduler_bytes()
            ms.append(1000 * cluster.timed("submit", "--array", "1-1000000", "--", "true"))
            grown.append((cluster.scheduler_bytes() - before) / 2**20)
        alone.append(core("array"))
    yield at_most("submit of an array of 1,000,000, whole command", ms, "ms", 20,
                  f"core alone {number(median([a['submit_ms'] for a in alone]))} ms")
    yield at_most("memory that it takes in the scheduler", grown, "MiB", 1,
                  f"core alone {number(median([a['bytes'] for a in alone]) / 2**20)} MiB")


def submit_process(runs):
    with Cluster(slots=1) as cluster:
        cluster.occupy()
        ms = [1000 * cluster.timed("submit", "--quiet", "--", "true") for _ in range(100 * runs)]
        call = cluster.wire("probe-submit", count=100 * runs)["p50_ms"]
    yield p50_at_most("bsub-lite submit, whole process, durable, p50", ms, "ms", 5, f"the call alone {number(call)} ms")


def cancel(runs):
    ms, alone = [], []
    for _ in range(runs):
        with Cluster(slots=1) as cluster:
            cluster.occupy()
            cluster.wire("submit-stream", count=20_000)
            ms.append(cluster.wire("cancel")["ms"])
        alone.append(core("cancel", waiting=20_000)["ms"])
    yield at_most("cancel of 20,000 waiting jobs in one call", ms, "ms", 200, f"core alone {number(median(alone))} ms")


def memory(runs):
    """1,000,000 distinct jobs wait for the only slot: what each weighs, and whether a further submit is slower for it.

    One filling, since the weight of so many is the same each time; latencies are medians of `runs` probes."""
    probe = 400
    with Cluster(slots=1, settings=BOUNDLESS) as cluster, Cluster(slots=1) as empty:
        cluster.occupy(), empty.occupy()
        cluster.wire("probe-submit", count=50), empty.wire("probe-submit", count=50)
        before = cluster.scheduler_bytes()
        cluster.wire("submit-stream", count=1_000_000)
        each = (cluster.scheduler_bytes() - before) / 1_000_000
        yield Row("scheduler's memory for each of 1,000,000 waiting jobs, one shared environment of 4 KiB", each, "bytes", "≤ 700",
                  each <= 700, "one filling", f"core alone {number(core('waiting', waiting=1_000_000)['bytes_per_job'])} bytes")
        few, many = [], []
        for _ in range(runs):
            few.append(empty.wire("probe-submit", count=probe)["p50_ms"])
            many.append(cluster.wire("probe-submit", count=probe)["p50_ms"])
    ratios = [m / f for m, f in zip(many, few)]
    yield Row("submit latency, one call, p50, with 1,000,000 waiting, share of that with none", median(ratios), "×", "flat (≤ 1.2)",
              median(ratios) <= 1.2, spread(ratios), f"{number(median(few))} → {number(median(many))} ms")
    distinct = 200_000
    with Cluster(slots=1, settings=BOUNDLESS) as cluster:
        cluster.occupy()
        before = cluster.scheduler_bytes()
        cluster.wire("submit-stream", count=distinct, distinct=1)
        each = (cluster.scheduler_bytes() - before) / distinct
    yield Row(f"the same with environments of 4 KiB that all differ, {distinct:,} jobs", each, "bytes", "printed", True, "one filling")
