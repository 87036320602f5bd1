"""The core alone, in memory: bench/core."""

from figures.cluster import core, median
from figures.results import number
from figures.row import at_most


def n_to_n(runs):
    found = [core("n-to-n") for _ in range(runs)]
    yield at_most("10⁶ × 10⁶ N_TO_N ending in random order, peak in the core", [f["peak_bytes"] / 2**20 for f in found], "MiB", 8,
                  f"{number(median([f['tasks_per_second'] for f in found]))} tasks/s")


def cycle(runs):
    found = [core("cycle", waiting=1_000_000, nodes=10_000, shapes=1_000) for _ in range(runs)]
    yield at_most("scheduling cycle, 1,000,000 waiting in 1,000 shapes on 10,000 nodes, p99", [f["p99_ms"] for f in found], "ms", 10,
                  f"p50 {number(median([f['p50_ms'] for f in found]))} ms, longest {number(max(f['max_ms'] for f in found))} ms")
