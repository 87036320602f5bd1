#!/usr/bin/env python3
"""MPI jobs on nodes whose names are also those of machines, or are cut by mpirun."""

import os
import socket
import subprocess
import sys
import unittest

from cluster import wait_for
from mpi_cluster import RANKS, left_files, processes_of, with_own_shared_memory
from tcp_cluster import TcpCluster

NAME = "n2"
MARK = "BSUB_TEST_OWN_HOST_NAME"


def with_own_host_name():
    """Returns in a copy of this program on a machine of that name; ends as a skipped test where that is not permitted."""
    if os.environ.get(MARK):
        socket.sethostname(NAME)
        return
    if os.geteuid() != 0 or subprocess.run(["unshare", "--uts", "true"], capture_output=True, check=False).returncode != 0:
        print("skipped: a host name of its own is not permitted here (unshare --uts)")
        sys.exit(0)
    os.execvpe("unshare", ["unshare", "--uts", sys.executable, "-B", *sys.argv], {**os.environ, MARK: "1"})


class HostName(unittest.TestCase):
    def begin(self, *nodes):
        self.assertEqual(socket.gethostname(), NAME)
        self.cluster = TcpCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.env["TMPDIR"] = str(self.cluster.root / "tmp")
        (self.cluster.root / "tmp").mkdir()
        self.cluster.start_scheduler()
        del self.cluster.env["BSUB_LITE_SERVER"], self.cluster.env["BSUB_LITE_TOKEN_FILE"]
        for name in nodes:  # in this order, so that the first is the main node
            self.cluster.start_spawner(name)
            self.cluster.start_agent(name)
            self.cluster.wait_for_node(name)

    def expect_ranks_on(self, *nodes):
        """A job on all of them has each rank where the host file means it to be."""
        out = self.cluster.root / "out"
        job = self.cluster.submit("--workdir", self.cluster.root, "--output", out, "--mpi", "--nodes", len(nodes), "--ranks-per-node", 2,
                                  "-c", 2, "--", RANKS, "sum")
        self.cluster.bsub("wait", job)
        lines = sorted(line for line in out.read_text().splitlines() if line.startswith("rank "))
        self.assertEqual(len(lines), 2 * len(nodes), out.read_text())
        for i, line in enumerate(lines):
            self.assertIn(f"rank {i} of {2 * len(nodes)} on {nodes[i // 2]} index {i // 2} ", line)
        wait_for("all processes to be gone", lambda: not processes_of(self.cluster.home))
        self.assertEqual(left_files(self.cluster), [])

    def test_the_ranks_of_each_node_are_on_that_node(self):
        self.begin("n1", NAME)
        self.expect_ranks_on("n1", NAME)

    def test_nodes_with_dots_in_their_names_are_told_apart(self):
        names = ("n3.rack-a", "n1.rack-a", "n1", "bsub-node-1")
        self.begin(*names)
        self.expect_ranks_on(*names)


if __name__ == "__main__":
    with_own_host_name()
    with_own_shared_memory()
    unittest.main(verbosity=2)
