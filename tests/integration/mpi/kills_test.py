#!/usr/bin/env python3
"""Kills a random rank, mpirun or worker node of running MPI jobs, again and again: each job ends, and nothing of it is left.

BSUB_MPI_ROUNDS kills of each kind (5), BSUB_MPI_SEED the choice of victims."""

import os
import random
import signal
import unittest

from cluster import wait_for
from mpi_cluster import MpiCluster, processes_of, with_own_shared_memory

ROUNDS = int(os.environ.get("BSUB_MPI_ROUNDS", "5"))
SEED = int(os.environ.get("BSUB_MPI_SEED", "1"))


class Kills(MpiCluster):
    NODES = 3

    def rounds(self, kill, ends):
        choice = random.Random(f"{SEED} {kill.__name__}")
        for number in range(ROUNDS):
            with self.subTest(round=number, seed=SEED):
                for path in self.folder.glob("rank.*"):
                    path.unlink()
                job = self.submit("wait", nodes=3)
                self.wait_for_ranks(6)
                kill(choice)
                ends(job)
                self.expect_nothing_left()

    def fails(self, job):
        self.cluster.bsub("wait", job, code=None)
        self.assertEqual(self.cluster.job(job)["state"], "FAILED")

    def runs_again(self, job):
        """An interruption is not charged: it is tried again, and cancelled once it runs."""
        wait_for("the second attempt", lambda: len(self.cluster.job(job)["attempts"]) > 1)
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=None)
        self.assertIn("on node n", self.cluster.job(job)["attempts"][0]["exit"]["text"])

    def a_rank(self, choice):
        os.kill(choice.choice(self.wait_for_ranks(6))[0], signal.SIGKILL)

    def a_worker(self, choice):
        node = choice.randint(1, self.NODES)
        for daemon in choice.sample([f"agent-n{node}", f"spawner-n{node}"], 2):
            self.assertTrue(self.cluster.kill(daemon))

    def a_process_of_mpirun(self, choice):
        """mpirun, its daemons, the launch agents and the step servers."""
        names = ("mpirun", "mpiexec", "orted", "orterun", "hydra_pmi", "bsub-lite-step", "bsub-lite-rsh")
        found = sorted(pid for pid, name in processes_of(self.cluster.home) if name.startswith(names))
        self.assertGreater(len(found), 4)
        os.kill(choice.choice(found), signal.SIGKILL)

    def test_ranks(self):
        self.rounds(self.a_rank, self.fails)

    def test_mpirun_and_what_it_starts(self):
        self.rounds(self.a_process_of_mpirun, self.fails)

    def test_worker_nodes(self):
        self.rounds(self.a_worker, self.runs_again)


if __name__ == "__main__":
    with_own_shared_memory()
    unittest.main(verbosity=2)
