#!/usr/bin/env python3
"""The example programs on nodes that are taken away: they go on elsewhere and end with the same bits as undisturbed."""

import json
import shutil
import subprocess
import sys
import unittest

from cluster import BUILD, Cluster, wait_for

SIZE = 40
# Steps. Ranks that wait for a core take a hundred times as long as others: each step of a gang is saved, which takes its time everywhere.
ALONE, GANG = 20000, 400


class ProgramsResume(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--nodes", 3, "--slots", 2)
        cls.saved = cls.cluster.root / "saved"
        cls.store = ("--checkpoint-dir", cls.saved, "--checkpoint-anywhere")
        cls.options = (*cls.store, "--checkpoint-interval", "100ms")

    def setUp(self):
        self.folder = self.cluster.root / self.id().rsplit(".", 1)[1]
        self.folder.mkdir()
        self.log = self.folder / "out"

    def said(self):
        return self.log.read_text() if self.log.exists() else ""

    def stencil(self, steps, file, *options):
        program = (BUILD / "bin" / "stencil", "--size", SIZE, "--steps", steps, "--threads", 1, "--report", 10, "--result", file)
        return self.cluster.submit(*options, "--output", self.log, "--", *program)

    def undisturbed(self, steps):
        file = self.folder / "undisturbed.json"
        subprocess.run([BUILD / "bin" / "stencil", "--size", str(SIZE), "--steps", str(steps), "--result", file], check=True,
                       capture_output=True)
        return json.loads(file.read_text())["fingerprint"]

    def expect_it_resumed(self, job, steps, file):
        """The same bits; nothing that was saved was computed again."""
        self.cluster.bsub("wait", job)
        result = json.loads(file.read_text())
        self.assertEqual(result["fingerprint"], self.undisturbed(steps))
        self.assertGreater(result["firstStep"], 0)
        self.assertIn(f"resumed at step {result['firstStep']}", self.said())
        return result

    def running_on(self, job):
        found = wait_for(f"job {job} to run", lambda: [j for j in [self.cluster.job(job)] if j["state"] == "RUNNING"])[0]
        return found["node"]

    def test_a_notice_costs_no_step(self):
        file = self.folder / "result.json"
        job = self.stencil(ALONE, file, *self.options)
        node = self.running_on(job)
        wait_for("some steps", lambda: "step 100\n" in self.said())
        self.cluster.bsub("drill", "notice", "--node", node, "--in", "60s")
        result = self.expect_it_resumed(job, ALONE, file)
        self.assertIn(f"stopped at step {result['firstStep']}", self.said(), "it goes on where it stopped")
        [interruption] = self.cluster.job(job)["interruptions"]
        self.assertEqual((interruption["outcome"], interruption["lostWorkSeconds"]), ("saved", 0))
        self.cluster.bsub("resume", node)

    def test_an_mpi_gang_goes_on_after_a_notice(self):
        if shutil.which("mpirun") is None:
            self.skipTest("mpirun is not installed")
        file = self.folder / "result.json"
        job = self.stencil(GANG, file, *self.store, "--checkpoint-interval", "1ms", "--mpi", "--nodes", 2,
                           "--env", "OMPI_MCA_mpi_yield_when_idle=1")
        wait_for("some steps", lambda: "step 20\n" in self.said())
        node = self.cluster.job(job)["attempts"][-1]["nodes"][0]
        self.cluster.bsub("drill", "notice", "--node", node, "--in", "60s")
        result = self.expect_it_resumed(job, GANG, file)
        self.assertEqual(result["ranks"], 2)
        self.cluster.bsub("resume", node)

    def test_an_array_of_kernel_calls_goes_on_after_a_notice(self):
        calls = self.folder / "calls"
        kernel = f"{BUILD / 'lib' / 'libtest_kernels.so'}:counted"
        children = 300_000
        job = self.cluster.submit(*self.options, "--output", self.log, "--array", f"0-{children - 1}", "--kernel", kernel,
                                  "--kernel-input", calls)
        node = self.running_on(job)
        wait_for("some calls", lambda: calls.exists() and calls.stat().st_size > 1000)
        self.cluster.bsub("drill", "notice", "--node", node, "--in", "60s")
        self.cluster.bsub("wait", job)
        self.assertIn(f"{children} children: {children} succeeded", self.said())
        self.assertRegex(self.said(), "resumed at generation [1-9]")
        called = calls.read_text().split()
        self.assertEqual((len(called), len(set(called))), (children, children), "each child was called once")
        self.cluster.bsub("resume", node)


if __name__ == "__main__":
    if not (BUILD / "bin" / "stencil").exists():
        print("skipped: the examples are not built")
        sys.exit(77)
    unittest.main()
