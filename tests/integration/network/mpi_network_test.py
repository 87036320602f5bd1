#!/usr/bin/env python3
"""MPI jobs on hosts with addresses and host names of their own: what starts the ranks, and the ranks, meet over the network."""

import unittest

import hosts
from cluster import BUILD
from hosts_cluster import RACKS, UPLINK, HostsCluster

KINDS = [kind for kind in ("openmpi", "mpich") if (BUILD / "tests" / f"mpi-ranks-{kind}").exists()]


class MpiOnHosts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.racks = hosts.Racks(RACKS, UPLINK)
        cls.addClassCleanup(cls.racks.close)
        cls.cluster = HostsCluster(cls.racks)
        cls.addClassCleanup(cls.cluster.close)

    def submit(self, kind, *words):
        return self.cluster.submit("--mpi", "--nodes", 4, "--ranks-per-node", 2, "-c", 1, "--grace", "2s", "--",
                                   BUILD / "tests" / f"mpi-ranks-{kind}", *words)

    def test_ranks_of_all_hosts_meet(self):
        for kind in KINDS:
            with self.subTest(mpi=kind):
                job = self.submit(kind, "sum")
                self.cluster.bsub("wait", job)
                # Open MPI may say on standard error that setpgid(2) came too late: a race of its own, without harm.
                output = self.cluster.bsub("logs", job)
                lines = sorted(line for line in output.splitlines() if line.startswith("rank "))
                self.assertEqual(len(lines), 8, output)
                self.assertEqual({line.split(" on ")[1].split()[0] for line in lines}, {"n1", "n2", "n3", "n4"})
                for rank, line in enumerate(lines):
                    self.assertIn(f"rank {rank} of 8 ", line)
                    self.assertIn(" sum 28 ", line)

    def test_the_ranks_of_a_host_share_memory(self):
        for kind in KINDS:
            with self.subTest(mpi=kind):
                self.cluster.bsub("wait", self.submit(kind, "share"))

    def test_a_rank_that_fails_on_another_host_is_named(self):
        for kind in KINDS:
            with self.subTest(mpi=kind):
                job = self.submit(kind, "exit", 7, 3)
                self.cluster.bsub("wait", job, code=None)
                self.assertRegex(self.cluster.job(job)["exit"]["text"], r"rank 7 on node n\d exited with code 3")


if __name__ == "__main__":
    hosts.in_own_namespaces()
    unittest.main()
