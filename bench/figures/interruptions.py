"""A node that is taken away from a program with a small state: how long it does not compute, and what it computes twice."""

import collections
import datetime
import json
import time

from figures.cluster import BUILD, Cluster, median
from figures.results import number
from figures.row import Row, at_most

STEP_MICROS = 1_000
INTERVAL = 1.0  # seconds between saves
PATIENCE = 60

Step = collections.namedtuple("Step", "restarts number at")  # at: seconds since 1970


class Program:
    """bench-steps as a job, and what it has told."""

    def __init__(self, cluster, name):
        self.cluster, self.file = cluster, cluster.root / name
        self.job = cluster.job_id(cluster.bsub(
            "submit", "--checkpoint-dir", cluster.root / "saved", "--checkpoint-anywhere", "--checkpoint-interval", f"{INTERVAL:.0f}s", "--",
            BUILD / "bench" / "bench-steps", self.file, 10**9, STEP_MICROS))

    def steps(self):
        if not self.file.exists():
            return []
        lines = [line.split() for line in self.file.read_text().splitlines()]
        return [Step(int(words[0]), int(words[1]), int(words[2]) / 1e9) for words in lines if len(words) == 3]

    def await_steps(self, restarts, seconds):
        """Until its attempt after so many has computed for so long."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            times = [step.at for step in self.steps() if step.restarts == restarts]
            if times and times[-1] - times[0] >= seconds:
                return
            time.sleep(0.02)
        raise RuntimeError(f"job {self.job}: attempt {restarts + 1} did not compute for {seconds} s")

    def facts(self):
        return json.loads(self.cluster.bsub("job", self.job, "--json"))

    def cancel(self):
        self.cluster.bsub("cancel", self.job)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def split(steps, restarts):
    """The last step of an attempt and the first of the next."""
    last = [step for step in steps if step.restarts == restarts][-1]
    first = next(step for step in steps if step.restarts == restarts + 1)
    return last, first


def phases(called, interruption, first):
    """Seconds from the call of `drill notice` to the first step elsewhere, and what they were spent for."""
    times = [called, *(moment(interruption[name]) for name in ("noticeAt", "savedAt", "resumedAt")), first.at]
    names = ("command", "save and exit", "start elsewhere", "load and first step")
    return {"all": first.at - called, **{name: b - a for name, a, b in zip(names, times, times[1:])}}


def noticed(cluster, program, restarts):
    node = program.facts()["node"]
    called = time.time()
    cluster.bsub("drill", "notice", "--node", node, "--in", "60s")
    program.await_steps(restarts + 1, 0.1)
    cluster.bsub("resume", node)
    last, first = split(program.steps(), restarts)
    return phases(called, program.facts()["interruptions"][-1], first), last.number - first.number + 1


def killed(cluster, program, restarts, phase):
    """Intervals between saves that were computed in vain; the node is killed that share of an interval after a save."""
    program.await_steps(restarts, (1 + phase) * INTERVAL)
    cluster.bsub("drill", "kill", "--node", program.facts()["node"])
    program.await_steps(restarts + 1, 0.1)
    steps = program.steps()
    last, first = split(steps, restarts)
    saved = [step for step in steps if step.number == first.number - 1 and step.restarts <= restarts]
    begun = saved[-1].at if saved else steps[0].at
    return (last.at - begun) / INTERVAL


def interruptions(runs):
    """On three nodes of this machine, of which two are free."""
    found, twice, lost = [], [], []
    with Cluster(nodes=3, slots=1) as cluster:
        program = Program(cluster, "noticed")
        program.await_steps(0, INTERVAL)
        for restarts in range(2 * runs):
            times, steps = noticed(cluster, program, restarts)
            found.append(times)
            twice.append(steps)
        program.cancel()
        program = Program(cluster, "killed")
        for restarts in range(runs):
            lost.append(killed(cluster, program, restarts, (restarts + 1) / (runs + 1)))
        program.cancel()
    parts = ", ".join(f"{name} {number(1000 * median([times[name] for times in found]))}" for name in found[0] if name != "all")
    yield at_most("notice to computing elsewhere, state of 1 MiB, a node free", [times["all"] for times in found], "s", 1.5, f"ms: {parts}")
    yield Row("steps computed twice after a notice, of all runs", sum(twice), "steps", "0", sum(twice) == 0)
    # A save is due when an interval is over, and then takes its time: up to a step and a save more may be lost.
    yield at_most("work lost when a node is killed, the most of all runs, in intervals between saves", [max(lost)], "intervals", 1.1,
                  f"interval {INTERVAL:.0f} s; median {number(median(lost))}")
