"""What is measured for the flatness curves: the same figures at ever more jobs and nodes."""

from figures.cluster import BOUNDLESS, Cluster, core, median, quantile


def decades(first, last):
    sizes = []
    while first <= last:
        sizes.append(first)
        first *= 10
    return sizes


def medians(runs, measure):
    """Key by key."""
    found = [measure() for _ in range(runs)]
    return {key: median([f[key] for f in found]) for key in found[0] if isinstance(found[0][key], (int, float))}


def core_by_jobs(runs, most, say):
    for jobs in decades(1_000, most):
        say(f"core, {jobs:,} waiting")
        found = medians(runs, lambda: core("waiting", waiting=jobs))
        cycle = medians(runs, lambda: core("cycle", waiting=jobs, nodes=100, shapes=min(1_000, jobs)))
        yield {"jobs": jobs, "dispatches_per_second": found["dispatches_per_second"], "bytes_per_job": found["bytes_per_job"],
               "submit_p50_us": found["submit_p50_us"], "submit_p99_us": found["submit_p99_us"],
               "cycle_p50_ms": cycle["p50_ms"], "cycle_p99_ms": cycle["p99_ms"]}


def core_by_nodes(runs, most_jobs, most_nodes, say):
    for nodes in decades(10, most_nodes):
        say(f"core, {nodes:,} nodes")
        found = medians(runs, lambda: core("waiting", waiting=min(100_000, most_jobs), nodes=nodes))
        cycle = medians(runs, lambda: core("cycle", waiting=most_jobs, nodes=nodes))
        yield {"nodes": nodes, "dispatches_per_second": found["dispatches_per_second"],
               "cycle_p50_ms": cycle["p50_ms"], "cycle_p99_ms": cycle["p99_ms"]}


def cluster_by_jobs(runs, most, say):
    """One cluster whose only slot is taken is filled further and further."""
    with Cluster(slots=1, settings=BOUNDLESS) as cluster:
        cluster.occupy()
        cluster.wire("probe-submit", count=100)
        there, filled, before = cluster.status()["jobs"], 0, None
        for jobs in decades(1_000, most):
            say(f"cluster, {jobs:,} waiting")
            more = jobs - (cluster.status()["jobs"] - there)
            connections = 8
            cluster.wire("submit-stream", count=more + -more % connections, connections=connections)
            bytes_now = cluster.scheduler_bytes()
            weight = None if before is None else (bytes_now - before) / (jobs - filled)  # the first thousand: what is made once
            filled, before = jobs, bytes_now
            commands = [1000 * cluster.timed("job", 1 + 9973 * i % jobs) for i in range(20 * runs)]
            submits = medians(runs, lambda: cluster.wire("probe-submit", count=100))
            looks = medians(runs, lambda: cluster.wire("probe-job", count=300, jobs=jobs))
            yield {"jobs": jobs, "bytes_per_job": weight,
                   "submit_p50_ms": submits["p50_ms"], "submit_p99_ms": submits["p99_ms"], "job_p50_ms": looks["p50_ms"],
                   "job_command_p50_ms": median(commands), "job_command_p99_ms": quantile(commands, 0.99)}


def measure(runs, most_jobs, most_nodes, say):
    return {"core_by_jobs": list(core_by_jobs(runs, most_jobs, say)),
            "core_by_nodes": list(core_by_nodes(runs, most_jobs, most_nodes, say)),
            "cluster_by_jobs": list(cluster_by_jobs(runs, most_jobs, say)), "most_jobs": most_jobs}
