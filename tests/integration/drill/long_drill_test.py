#!/usr/bin/env python3
"""Half an hour of interruptions: MPI, rendering and shell jobs, one after another, on nodes that are taken away with a notice and
without. Each final result must equal that of an undisturbed run, and the drill's own verdict must be good.

BSUB_DRILL_SECONDS sets how long it takes, BSUB_DRILL_SEED which nodes go when."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
import unittest

from cluster import BUILD, Cluster, wait_for

SECONDS = int(os.environ.get("BSUB_DRILL_SECONDS", "1800"))
SEED = int(os.environ.get("BSUB_DRILL_SEED", "7"))
NODES = 4
NOTICE = 10  # seconds
BETWEEN = min(12, SECONDS / 5)  # seconds between strikes, on average
KILLS = 0.3  # of the strikes; the others come with a notice
# Of the programs with the library. Twice as much may be lost at a kill, and --node-look: on a machine that is busy with the jobs themselves a save
# takes up to a second, too.
INTERVAL = "2s"
AFTERWARDS = 300  # seconds for what is under way when the drill ends

STEPS = """#!/bin/sh
# A sequence in which each number needs the one before; it is saved on the signal, and by that alone.
state=$BSUB_CHECKPOINT_DIR/state; read step x < $state 2>/dev/null || { step=0; x=1; }
trap 'echo $step $x > $state.new && sync $state.new && mv $state.new $state && exit 85; exit 1' USR1
while [ $step -lt 400 ]; do x=$(( (x * 48271 + step) % 2147483647 )); step=$((step + 1)); sleep 0.02; done
echo $x > $1
"""


class Kind:
    """One kind of job: how it is submitted, and what its undisturbed run gave."""

    def __init__(self, name, options, command, read=lambda path: path.read_bytes()):
        self.name, self.options, self.command, self.read = name, options, command, read
        self.job, self.file, self.done, self.interruptions = None, None, 0, 0


class LongDrill(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.cluster.bsub("up", "--nodes", NODES, "--slots", 2)
        self.root = self.cluster.root
        steps = self.root / "steps.sh"
        steps.write_text(STEPS)
        steps.chmod(0o755)
        saves = ("--checkpoint-dir", self.root / "saved", "--checkpoint-anywhere")
        library = (*saves, "--checkpoint-interval", INTERVAL)
        program = BUILD / "bin"
        self.kinds = [
            Kind("stencil", (*library, "--mpi", "--nodes", 2, "--env", "OMPI_MCA_mpi_yield_when_idle=1"),
                 lambda file: [program / "stencil", "--size", 40, "--steps", 1500, "--threads", 1, "--result", file],
                 lambda path: json.loads(path.read_text())["fingerprint"]),
            Kind("render", library,
                 lambda file: [program / "render", "--width", 160, "--height", 90, "--samples", 400, "--threads", 1, "--output", file]),
            Kind("steps", (*saves, "--checkpoint-signal", "USR1"), lambda file: [steps, file])]
        for kind in self.kinds:
            kind.expected = self.undisturbed(kind)

    def undisturbed(self, kind):
        file = self.root / f"{kind.name}.undisturbed"
        env = {**self.cluster.env, "BSUB_CHECKPOINT_DIR": str(self.root)}
        subprocess.run([str(word) for word in kind.command(file)], env=env, check=True, capture_output=True)
        return kind.read(file)

    def plan(self):
        """Strikes from the seed: a node is left alone until it may be back from the one before."""
        draws, at, free_at = random.Random(SEED), 0.0, {}
        lines = [f"for: {SECONDS}s", "steps:"]
        while True:
            at += draws.expovariate(1 / BETWEEN)
            if at >= SECONDS:
                break
            node = f"n{draws.randrange(NODES) + 1}"
            if free_at.get(node, 0) > at:
                continue
            kill = draws.random() < KILLS
            lines.append(f"  - {{at: {at:.1f}s, kill: {node}}}" if kill else f"  - {{at: {at:.1f}s, spot: {node}, in: {NOTICE}s}}")
            free_at[node] = at + NOTICE + 10
        path = self.root / "plan.yaml"
        path.write_text("\n".join(lines) + "\n")
        return path

    def submit(self, kind):
        kind.file = self.root / f"{kind.name}.{kind.done}"
        kind.job = self.cluster.submit("--name", kind.name, *kind.options, "--", *kind.command(kind.file))

    def take(self, kind):
        """True if its job is over; then what it made is what the undisturbed run made."""
        job = self.cluster.job(kind.job)
        if job["state"] not in ("SUCCEEDED", "FAILED"):
            return False
        ends = [attempt["exit"]["text"] for attempt in job["attempts"]]
        self.assertEqual(job["state"], "SUCCEEDED", f"{kind.name}, job {kind.job}: {ends}\n{self.cluster.bsub('logs', kind.job)}")
        self.assertEqual(kind.read(kind.file), kind.expected, f"{kind.name}, job {kind.job} after {ends}")
        kind.done += 1
        kind.interruptions += job["interruptionCount"]
        return True

    def test_all_results_are_those_of_undisturbed_runs(self):
        for kind in self.kinds:
            self.submit(kind)
        report = self.root / "report"
        drill = self.cluster.start("drill", "run", self.plan(), "--on-demand-price", 1, "--spot-price", 0.3, "--report", report)
        self.addCleanup(drill.kill)
        while drill.poll() is None:
            for kind in self.kinds:
                if self.take(kind):
                    self.submit(kind)
            time.sleep(0.2)
        out, err = drill.communicate()
        for kind in self.kinds:
            wait_for(f"the last {kind.name}", lambda kind=kind: self.take(kind), AFTERWARDS)
        print(err, out, sep="\n")
        for kind in self.kinds:
            print(f"{kind.name}: {kind.done} jobs, {kind.interruptions} interruptions, all results as undisturbed")
        self.assertEqual(drill.returncode, 0, "the drill's verdict")
        told = json.loads((report / "report.json").read_text())
        self.assertTrue(told["passed"])
        self.assertTrue((report / "timeline.svg").exists())
        self.assertGreater(len(told["interruptions"]), 0)
        self.assertGreater(min(kind.done for kind in self.kinds), 0)


if __name__ == "__main__":
    if shutil.which("mpirun") is None or not (BUILD / "bin" / "stencil").exists():
        print("skipped: mpirun or the examples are missing")
        sys.exit(77)
    unittest.main()
