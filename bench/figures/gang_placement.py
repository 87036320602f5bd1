"""Places for a gang of 512 nodes on a cluster of 10,000: the search alone, and a whole scheduling cycle that starts it."""

import json
import subprocess

from figures.cluster import BUILD
from figures.row import at_most

MICRO = BUILD / "bench" / "bench-micro"


def times(pattern, runs):
    """name of the benchmark -> milliseconds of each run."""
    done = subprocess.run([MICRO, f"--benchmark_filter={pattern}", f"--benchmark_repetitions={runs}", "--benchmark_format=json"],
                          check=True, capture_output=True, text=True)
    found = {}
    for row in json.loads(done.stdout)["benchmarks"]:
        if row["run_type"] == "iteration":
            unit = {"ns": 1e-6, "us": 1e-3, "ms": 1}[row["time_unit"]]
            found.setdefault(row["run_name"].split("/iterations")[0], []).append(row["real_time"] * unit)
    return found


def worst(found):
    return max(found.items(), key=lambda item: sorted(item[1])[len(item[1]) // 2])


def gang_placement(runs):
    name, taken = worst(times("^Place/.*/512/", runs))
    yield at_most("places for a gang of 512 nodes among 10,000, the slowest of all policies and loads", taken, "ms", 5.0, name)
    name, taken = worst(times("^CycleStartsGang/.*/512", runs))
    yield at_most("a scheduling cycle that starts it, the slowest", taken, "ms", 5.0, name)
