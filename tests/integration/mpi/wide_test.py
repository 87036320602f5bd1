#!/usr/bin/env python3
"""64 ranks over 8 worker nodes, many more than this machine has processors, start and end clean BSUB_MPI_WIDE_ROUNDS (5) times."""

import os
import unittest

from mpi_cluster import MpiCluster, with_own_shared_memory

ROUNDS = int(os.environ.get("BSUB_MPI_WIDE_ROUNDS", "5"))


class Wide(MpiCluster):
    NODES = 8
    SLOTS = 8

    def test_it_starts_and_ends_clean(self):
        for number in range(ROUNDS):
            with self.subTest(round=number):
                job = self.submit("sum", nodes=8, ranks=8)
                self.cluster.bsub("wait", job)
                self.assertEqual(len(self.lines()), 64, self.output())
                self.expect_nothing_left()
                (self.folder / "out").unlink()


if __name__ == "__main__":
    with_own_shared_memory()
    unittest.main(verbosity=2)
