#!/usr/bin/env python3
"""The manual's command lines for jobs on several nodes, given to a shell exactly as they are written there."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from cluster import BUILD, Cluster
from mpi_cluster import RANKS, with_own_shared_memory

SOURCE = pathlib.Path(os.environ["BSUB_SOURCE_DIR"])


class CommandLines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.env["PATH"] = f"{BUILD / 'bin'}:{os.environ['PATH']}"
        (cls.cluster.root / "cluster-configs").symlink_to(SOURCE / "cluster-configs")
        (cls.cluster.root / "solver").symlink_to(RANKS)
        (cls.cluster.root / "a").symlink_to("/bin/true")
        cls.up = cls.sh("bsub-lite up --config cluster-configs/efa-cluster.yaml")

    @classmethod
    def sh(cls, line):
        done = subprocess.run(["bash", "-c", line], env=cls.cluster.env, cwd=cls.cluster.root, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=300, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{line}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def submitted(self, line):
        """The id that it printed."""
        return re.search(r"Job <(\d+)> is submitted", self.sh(line)).group(1)

    def expect_ranks(self, job, ranks, nodes):
        self.cluster.bsub("wait", job)
        lines = [line for line in self.cluster.bsub("logs", job).splitlines() if line.startswith("rank ")]
        self.assertEqual(len(lines), ranks, lines)
        self.assertEqual(len({line.split(" on ")[1].split()[0] for line in lines}), nodes, lines)

    def test_its_nodes_are_worker_processes(self):
        self.assertIn("16 nodes", self.up)

    def test_bsub_lite_starts_the_ranks(self):
        job = self.submitted("bsub-lite submit --mpi --nodes 4 --ranks-per-node 2 --placement cluster -- ./solver")
        self.expect_ranks(job, 8, 4)
        placement = self.cluster.job(job)["attempts"][-1]["placement"]
        self.assertEqual((placement["policy"], placement["kept"], placement["got"]["racks"]), ("cluster", True, 1))

    def test_plain_mpirun_uses_the_allocation_by_itself(self):
        self.expect_ranks(self.submitted("bsub-lite submit --nodes 4 --ranks-per-node 2 -- mpirun ./solver"), 8, 4)

    def test_a_trial_submits_nothing(self):
        before = len(self.cluster.jobs())
        said = self.sh("bsub-lite submit --nodes 8 --placement spread:preferred@5m --test-only -- ./solver")
        self.assertIn("It would be accepted", said)
        self.assertEqual(len(self.cluster.jobs()), before)

    def test_jobs_share_a_placement_group_and_why_tells_of_them(self):
        job = self.submitted("bsub-lite submit --nodes 2 --placement-group pg1 -t 30m -- ./a")
        self.assertIn(f"Job {job} ", self.sh(f"bsub-lite why {job}"))
        self.cluster.bsub("wait", job)
        self.assertEqual(self.cluster.job(job)["gang"]["placementGroup"], "pg1")

    def test_the_one_line_of_the_readme(self):
        line = re.search(r"^bsub-lite submit --mpi .*$", (SOURCE / "README.md").read_text(), re.MULTILINE).group()
        self.expect_ranks(self.submitted(re.sub(r" -- .*", " -- ./solver", line)), 4, 2)

    @unittest.skipUnless(shutil.which("smpirun"), "there is no SimGrid (Debian's libsimgrid-dev)")
    def test_the_placement_benchmark(self):
        self.sh("bsub-lite bench placement --config cluster-configs/efa-cluster.yaml --nodes 8 --out DIR")
        report = json.loads((self.cluster.root / "DIR" / "report.json").read_text())
        self.assertEqual([placement["placement"] for placement in report["placements"]], ["cluster", "partition=2", "spread", "none"])
        self.assertEqual(len(list((self.cluster.root / "DIR").glob("*.svg"))), 4)


if __name__ == "__main__":
    with_own_shared_memory()
    unittest.main(verbosity=2)
