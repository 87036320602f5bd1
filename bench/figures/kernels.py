"""Array kernels: children per second of the kernel host, its saves each second included."""

import json
import subprocess
import tempfile
import time

from figures.cluster import BUILD, median
from figures.results import number
from figures.row import at_least

THREADS = 2
CHILDREN = 400_000_000  # long enough for several saves


def host(kernel):
    """Children per second from the program's start to its end, and how many generations it has saved."""
    with tempfile.TemporaryDirectory() as store:
        start = time.monotonic()
        program = BUILD / "bin" / "bsub-lite-kernel-host"
        words = [program, "--kernel", kernel, "--array", f"0-{CHILDREN - 1}", "--threads", str(THREADS), "--checkpoint-dir", store]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - start
        shown = json.loads(subprocess.run([program, "--show", store, "--json"], check=True, capture_output=True).stdout)
    if shown["succeeded"] != CHILDREN:
        raise RuntimeError(f"kernels: only {shown['succeeded']} of {CHILDREN} children have succeeded")
    return CHILDREN / seconds, shown["generation"]


def kernels(runs):
    kernel = f"{BUILD / 'lib' / 'libbench_nothing.so'}:nothing"
    found, loops = [], []
    for _ in range(runs):
        found.append(host(kernel))
        loop = subprocess.run([BUILD / "bench" / "bench-call-loop", kernel, str(CHILDREN), str(THREADS)], check=True, capture_output=True)
        loops.append(float(loop.stdout))
    rate, limit = median([f[0] for f in found]), median(loops)
    yield at_least("array kernel that does nothing, children/s on two cores, saved each second", [f[0] for f in found], "/s", 1e6,
                   f"{found[0][1]} generations; bare calls {number(limit)} /s, ratio {rate / limit:.2f}")
