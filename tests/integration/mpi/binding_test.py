#!/usr/bin/env python3
"""Which processors ranks run on, on a node that shares its processors and on one that gives tasks some of their own (--bind-cpus)."""

import os
import re
import unittest

from cluster import wait_for
from mpi_cluster import KIND, RANKS, with_own_shared_memory
from tcp_cluster import TcpCluster

OWN = sorted(os.sched_getaffinity(0))


class Binding(unittest.TestCase):
    def cluster_with(self, *words):
        """Of one node of two processors."""
        cluster = TcpCluster()
        self.addCleanup(cluster.close)
        cluster.start_scheduler()
        del cluster.env["BSUB_LITE_SERVER"], cluster.env["BSUB_LITE_TOKEN_FILE"]
        cluster.start_spawner("n1", *words)
        cluster.start_agent("n1")
        cluster.wait_for_node("n1")
        return cluster

    def cpus_of_ranks(self, cluster, *words):
        """Of each rank, in their order."""
        job = cluster.submit("--workdir", cluster.root, "--output", cluster.root / "out", "--mpi", *words, "--", RANKS, "sum")
        cluster.bsub("wait", job)
        return self.cpus_in(cluster)

    def cpus_in(self, cluster):
        lines = sorted(line for line in (cluster.root / "out").read_text().splitlines() if line.startswith("rank "))
        return [expand(re.search(r" cpus (\S+)", line).group(1)) for line in lines]

    def test_each_rank_of_a_task_with_its_own_processors_has_one_of_them(self):
        cluster = self.cluster_with("--bind-cpus")
        self.assertEqual(self.cpus_of_ranks(cluster, "--ranks-per-node", 2, "-c", 2), [[OWN[0]], [OWN[1]]])

    def test_one_rank_has_all_of_its_tasks_processors(self):
        """However many threads it starts by itself."""
        cluster = self.cluster_with("--bind-cpus")
        self.assertEqual(self.cpus_of_ranks(cluster, "--nodes", 1, "-c", 2), [OWN[:2]])

    def test_an_mpirun_that_starts_fewer_ranks_than_were_asked_for_binds_none(self):
        cluster = self.cluster_with("--bind-cpus")
        job = cluster.submit("--workdir", cluster.root, "--output", cluster.root / "out", "--ranks-per-node", 2, "-c", 2, "--",
                             f"mpirun.{KIND}", "-n", 1, RANKS, "sum")
        cluster.bsub("wait", job)
        self.assertEqual(self.cpus_in(cluster), [OWN[:2]])

    @unittest.skipUnless(KIND == "openmpi", "Open MPI's option")
    def test_mpiruns_own_option_counts(self):
        cluster = self.cluster_with("--bind-cpus")
        job = cluster.submit("--workdir", cluster.root, "--output", cluster.root / "out", "--ranks-per-node", 2, "-c", 2, "--",
                             "mpirun.openmpi", "--bind-to", "socket", RANKS, "sum")
        cluster.bsub("wait", job)
        for cpus in self.cpus_in(cluster):
            self.assertIn(cpus, sockets())

    def test_a_rank_leaves_the_processors_of_other_tasks_alone(self):
        cluster = self.cluster_with("--bind-cpus")
        first = cluster.submit("-c", 1, "--", "sleep", 600)
        wait_for("it to have the first", lambda: cluster.job(first)["state"] == "RUNNING")
        self.assertEqual(self.cpus_of_ranks(cluster, "--ranks-per-node", 1, "-c", 1), [[OWN[1]]])
        cluster.bsub("cancel", first)

    def test_ranks_that_may_have_other_tasks_beside_them_are_not_bound(self):
        """They would be to the first processors, and so would those of the next job."""
        cluster = self.cluster_with()
        self.assertEqual(self.cpus_of_ranks(cluster, "--ranks-per-node", 1, "-c", 1), [OWN])

    @unittest.skipUnless(KIND == "openmpi", "Open MPI's binding")
    def test_a_job_may_bind_its_ranks_itself(self):
        cluster = self.cluster_with("--bind-cpus")
        words = ("--ranks-per-node", 1, "-c", 2, "--env", "OMPI_MCA_hwloc_base_binding_policy=none")
        self.assertEqual(self.cpus_of_ranks(cluster, *words), [OWN[:2]])


def sockets():
    """The processors of each."""
    found = {}
    for cpu in OWN:
        with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", encoding="ascii") as file:
            found.setdefault(file.read(), []).append(cpu)
    return list(found.values())


def expand(ranges):
    """The numbers of "0-1,4"."""
    numbers = []
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


if __name__ == "__main__":
    if len(OWN) < 2:
        print("skipped: there is one processor")
    else:
        with_own_shared_memory()
        unittest.main(verbosity=2)
