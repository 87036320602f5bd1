"""The same work through Slurm and through bsub-lite. Each figure takes the plan and yields Comparisons."""

import dataclasses
import signal
import time

from figures import slurm
from figures.cluster import BOUNDLESS, BUILD, Cluster, median, quantile
from figures.results import spread

# Slurm's jobs write no output; each of ours has a file, which stays in the node's spool for the next task if it is still empty.
QUIET = ("-o", "/dev/null", "-e", "/dev/null")
TRUE = "--wrap=/bin/true"
STAMP = BUILD / "bench" / "bench-stamp"


@dataclasses.dataclass
class Plan:
    runs: int = 5
    tasks: int = 2000  # children of the array that both run
    slots: tuple = (64, 512)  # in all; each side's best counts
    pending: int = 20_000


@dataclasses.dataclass
class Comparison:
    what: str
    unit: str
    slurm: float
    ours: float
    more_is_better: bool = False
    spread: str = ""  # Slurm's; ours

    @property
    def ratio(self):
        """How many times better ours is. Nothing where ours is too small to divide by."""
        good, other = (self.ours, self.slurm) if self.more_is_better else (self.slurm, self.ours)
        return good / other if other > 0 else None


def compared(what, unit, theirs, ours, more_is_better=False, q=None):
    """Medians of both, or a quantile."""
    pick = median if q is None else lambda values: quantile(values, q)
    return Comparison(what, unit, pick(theirs), pick(ours), more_is_better, f"{spread(theirs)}; {spread(ours)}")


def in_turn(count, theirs, ours):
    """Both are called so many times, one after the other. Returns what they returned."""
    pairs = [(theirs(i), ours(i)) for i in range(count)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def array(plan):
    """From submit to the end of the last child."""
    best = {}
    for slots in plan.slots:
        def theirs(_, slots=slots):
            with slurm.Slurm(slots) as s:
                return plan.tasks / s.array(plan.tasks, *QUIET, TRUE)

        def ours(_, slots=slots):
            with Cluster(nodes=slurm.NODES, slots=slots // slurm.NODES) as cluster:
                return plan.tasks / cluster.timed("submit", "--array", f"1-{plan.tasks}", "--wait", "--", "/bin/true")

        found = in_turn(plan.runs, theirs, ours)
        best[slots] = found
        yield compared(f"array of {plan.tasks:,} × /bin/true, {slots} slots on {slurm.NODES} nodes", "/s", *found, more_is_better=True)
    if len(best) > 1:
        slurms = max((found[0] for found in best.values()), key=median)
        ourselves = max((found[1] for found in best.values()), key=median)
        yield compared("the same, each at its best number of slots (reach: 15 ×)", "/s", slurms, ourselves, more_is_better=True)


def first_instruction(run, stamp):
    """Milliseconds from the call of `run` to the time that its job writes into `stamp`."""
    called = time.time_ns()
    run()
    end = time.monotonic() + 60
    while not (stamp.exists() and stamp.read_text().endswith("\n")):
        if time.monotonic() > end:
            raise RuntimeError(f"the job did not write {stamp} within 60 s")
        time.sleep(0.001)
    ms = (int(stamp.read_text()) - called) / 1e6
    stamp.unlink()
    return ms


def start(plan):
    """An idle cluster: from the call to the job's first instruction. The phase against Slurm's ticks is random."""
    with slurm.Slurm() as s, Cluster(nodes=slurm.NODES, slots=8) as cluster:
        theirs, our = s.root / "stamp", cluster.root / "stamp"

        def ours(i):
            ms = first_instruction(lambda: cluster.bsub("submit", "--", STAMP, our), our)
            time.sleep(0.05 + 0.137 * (i % 7))
            return ms

        yield compared("idle cluster: sbatch or submit called to the job's first instruction, p50", "ms",
                       *in_turn(6 * plan.runs, lambda _: first_instruction(
                           lambda: s.run("sbatch", *QUIET, f"--wrap=exec {STAMP} {theirs}"), theirs), ours))
        yield compared("the same with srun", "ms",
                       *in_turn(6 * plan.runs, lambda _: first_instruction(lambda: s.run("srun", STAMP, theirs), theirs), ours))


def submit(plan):
    """Whole commands, held jobs."""
    with slurm.Slurm() as s, Cluster(nodes=slurm.NODES, slots=8) as cluster:
        yield compared("sbatch or submit, whole command, p50", "ms",
                       *in_turn(20 * plan.runs, lambda _: 1000 * s.timed("sbatch", "--hold", *QUIET, TRUE),
                                lambda _: 1000 * cluster.timed("submit", "--hold", "--", "/bin/true")))
        yield compared("submit of an array of 10,000, whole command", "ms",
                       *in_turn(3 * plan.runs, lambda _: 1000 * s.timed("sbatch", "--hold", *QUIET, "--array=1-10000", TRUE),
                                lambda _: 1000 * cluster.timed("submit", "--hold", "--array", "1-10000", "--", "/bin/true")))


def durable(plan):
    """Each job acknowledged singly. Slurm's C library awaits one answer after the other, so what it can have under way at once is
    processes; ours has streams. Then kill -9 at once."""
    jobs = plan.pending // 2
    single, many, lost = ([], []), ([], []), ([], [])
    for _ in range(plan.runs):
        with slurm.Slurm() as s, Cluster(settings=BOUNDLESS) as cluster:
            single[0].append(s.submits(jobs)["per_second"])
            single[1].append(cluster.wire("submit-unary", count=jobs, outstanding=1, held=1)["per_second"])
        with slurm.Slurm() as s, Cluster(settings=BOUNDLESS) as cluster:
            found = s.submits(jobs, processes=64)
            s.restart(signal.SIGKILL)
            many[0].append(found["per_second"])
            lost[0].append(found["acknowledged"] - s.known_jobs())
            found = cluster.wire("submit-stream", count=jobs, held=1)
            cluster.kill_scheduler()
            many[1].append(found["per_second"])
            lost[1].append(found["acknowledged"] - cluster.status()["jobs"])
    yield compared(f"{jobs:,} submits from 8 clients, each awaits the answer to one before the next", "/s", *single, more_is_better=True)
    yield compared(f"{jobs:,} submits, each acknowledged: Slurm from 64 such processes, ours by 8 streams with 64 under way", "/s", *many,
                   more_is_better=True)
    yield compared("of these lost by kill -9 of the controller at once", "jobs", *lost)


def pending(plan):
    """What waiting jobs, one by one and held, cost: memory, a look at one, a further submit, a restart, a cancel of all."""
    jobs = plan.pending
    with slurm.Slurm() as s, Cluster(nodes=slurm.NODES, slots=8, settings=BOUNDLESS) as cluster:
        half = jobs // 2
        s.submits(half), cluster.wire("submit-stream", count=half, held=1)  # the first pay for what is made once
        before = s.controller_bytes(), cluster.scheduler_bytes()
        s.submits(half), cluster.wire("submit-stream", count=half, held=1)
        yield Comparison(f"memory for each of the last {half:,} of {jobs:,} pending jobs with 4 KiB of environment", "bytes",
                         (s.controller_bytes() - before[0]) / half, (cluster.scheduler_bytes() - before[1]) / half)
        yield compared(f"squeue -j or job ID with {jobs:,} pending, whole command, p50", "ms",
                       *in_turn(20 * plan.runs, lambda i: 1000 * s.timed("squeue", "-h", "-j", 1 + 97 * i % jobs),
                                lambda i: 1000 * cluster.timed("job", 1 + 97 * i % jobs)))
        yield compared(f"sbatch or submit with {jobs:,} pending, whole command, p50", "ms",
                       *in_turn(20 * plan.runs, lambda _: 1000 * s.timed("sbatch", "--hold", *QUIET, TRUE),
                                lambda _: 1000 * cluster.timed("submit", "--hold", "--", "/bin/true")))
        yield compared(f"restart with {jobs:,} pending, to the first answer", "s",
                       *in_turn(plan.runs, lambda _: s.restart(), lambda _: cluster.restart_scheduler()))
    theirs, ours = [], []
    for _ in range(plan.runs):
        with slurm.Slurm() as s, Cluster(settings=BOUNDLESS) as cluster:
            s.submits(jobs), cluster.wire("submit-stream", count=jobs, held=1)
            theirs.append(1000 * s.timed("scancel", "-u", "root"))
            ours.append(1000 * cluster.timed("cancel", "--all", "--quiet"))
    yield compared(f"cancel of {jobs:,} pending jobs, whole command", "ms", theirs, ours)


COMPARISONS = {f.__name__: f for f in (array, start, submit, durable, pending)}
