#!/usr/bin/env python3
"""An MPI job on a node whose address (the agent's --address) nobody can resolve."""

import unittest

from cluster import wait_for
from mpi_cluster import KIND, RANKS, left_files, processes_of, with_own_shared_memory
from tcp_cluster import TcpCluster

MPIRUN = f"mpirun.{KIND}"
ADDRESS = "n2.invalid"  # RFC 6761: never resolves


class Address(unittest.TestCase):
    def setUp(self):
        self.cluster = TcpCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.env["TMPDIR"] = str(self.cluster.root / "tmp")
        (self.cluster.root / "tmp").mkdir()
        self.cluster.start_scheduler()
        del self.cluster.env["BSUB_LITE_SERVER"], self.cluster.env["BSUB_LITE_TOKEN_FILE"]
        for name, words in (("n1", ()), ("n2", ("--address", ADDRESS))):
            self.cluster.start_spawner(name)
            self.cluster.start_agent(name, None, *words)
            self.cluster.wait_for_node(name)

    def expect_it_is_named(self, *words):
        job = self.cluster.submit("--workdir", self.cluster.root, "--output", self.cluster.root / "out", "--nodes", 2, *words, RANKS, "sum")
        self.cluster.bsub("wait", job, code=None)
        found = self.cluster.job(job)
        self.assertEqual(found["state"], "FAILED")
        self.assertIn(ADDRESS, found["exit"]["text"])
        self.assertIn("does not resolve", found["exit"]["text"])
        wait_for("all processes to be gone", lambda: not processes_of(self.cluster.home))
        self.assertEqual(left_files(self.cluster), [])

    def test_that_does_not_resolve_is_named(self):
        self.expect_it_is_named("--mpi", "--")

    def test_also_by_a_plain_mpirun(self):
        self.expect_it_is_named("--", MPIRUN)


if __name__ == "__main__":
    with_own_shared_memory()
    unittest.main(verbosity=2)
