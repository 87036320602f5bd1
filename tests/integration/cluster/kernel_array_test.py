#!/usr/bin/env python3
"""submit --kernel on a real cluster: a million children in one job, whose results are below --checkpoint-dir."""

import json
import subprocess
import unittest

from cluster import BUILD, Cluster

HOST = BUILD / "bin" / "bsub-lite-kernel-host"


class KernelArray(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--slots", 4)
        cls.store = cls.cluster.root / "saved"
        cls.options = ("-c", 2, "--checkpoint-dir", cls.store, "--checkpoint-anywhere")

    def kernel(self, name):
        return f"{BUILD / 'lib' / 'libtest_kernels.so'}:{name}"

    def results(self, job):
        shown = subprocess.run([HOST, "--show", self.store / str(job), "--json"], capture_output=True, text=True, check=True)
        return json.loads(shown.stdout)

    def test_a_million_children(self):
        job = self.cluster.submit(*self.options, "--array", "0-999999", "--kernel", self.kernel("square"))
        self.cluster.bsub("wait", job)
        self.assertEqual(self.cluster.job(job)["name"], "square")
        results = self.results(job)
        self.assertEqual((results["succeeded"], results["failed"]), (1_000_000, 0))
        self.assertIn("1000000 children: 1000000 succeeded", self.cluster.bsub("logs", job))

    def test_a_child_that_fails_fails_the_job_and_is_named(self):
        job = self.cluster.submit(*self.options, "--array", "590-610", "--kernel", self.kernel("wild"))
        self.cluster.bsub("wait", job, code=1)
        self.assertEqual(self.results(job)["failedChildren"], [{"index": 600, "outcome": "exit code 9"}])

    def test_what_cannot_be_is_refused(self):
        self.cluster.bsub("submit", "--array", "1-3", "--kernel", "./libx.so:run", code=255)
        self.assertIn("--kernel needs --checkpoint-dir DIR", self.cluster.err)


if __name__ == "__main__":
    unittest.main()
