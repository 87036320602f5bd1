"""Saving and loading a state beside the disk and the memory: bench-checkpoint."""

import os
import tempfile

from figures.cluster import bench, median
from figures.results import number
from figures.row import at_least, at_most

MIB = 2048


def seconds(row):
    return f"{number(median(row['seconds']))} s beside {number(median(row['beside_seconds']))} s"


def checkpoints(runs):
    """2 GiB of doubles, one process, uncompressed; each round measures both sides one after the other."""
    with tempfile.TemporaryDirectory(prefix="bsub-bench-", dir=os.environ.get("BSUB_BENCH_DIR", "/var/tmp")) as directory:
        rows = {row["figure"]: row for row in bench("bench-checkpoint", directory, MIB, runs)}
    threads = f"{rows['save']['threads']} threads"
    save, many, load, alone = rows["save"], rows["save-many"], rows["load"], rows["load-alone"]
    yield at_least("durable save of 2 GiB, speed beside a raw sequential O_DIRECT write and fdatasync", save["ratios"], "×", 0.9,
                   f"{seconds(save)}; beside a raw write by {threads} {number(median(many['ratios']))}")
    yield at_least(f"load of it, everything verified, speed beside a raw O_DIRECT read by as many threads ({threads})", load["ratios"], "×",
                   0.7, f"{seconds(load)}; beside a raw read by one thread {number(median(alone['ratios']))}")
    yield at_most("asynchronous save, staging for all of it: time that the program is held, of a parallel copy", rows["held"]["ratios"],
                  "×", 1.3, seconds(rows["held"]))
    yield at_most("differential save, 5 % of the blocks changed: bytes, of a full save", rows["changed-bytes"]["ratios"], "×", 0.08)
    yield at_most("the same: time, of a full save", rows["changed-time"]["ratios"], "×", 0.25, seconds(rows["changed-time"]))
