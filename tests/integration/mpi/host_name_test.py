#!/usr/bin/env python3
"""An MPI job whose main node is on a machine that is called as its other node is."""

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
    def setUp(self):
        self.assertEqual(socket.gethostname(), NAME)
        self.cluster = TcpCluster()
        self.addCleanup(self.cluster.close)
        self.cluster.env["TMPDIR"] = str(self.cluster.root / "tmp")
        (self.cluster.root / "tmp").mkdir()
        self.cluster.start_scheduler()
        del self.cluster.env["BSUB_LITE_SERVER"], self.cluster.env["BSUB_LITE_TOKEN_FILE"]
        for name in ("n1", NAME):  # in this order, so that the first is the main node
            self.cluster.start_spawner(name)
            self.cluster.start_agent(name)
            self.cluster.wait_for_node(name)

    def test_the_ranks_of_each_node_are_on_that_node(self):
        out = self.cluster.root / "out"
        job = self.cluster.submit("--workdir", self.cluster.root, "--output", out, "--mpi", "--nodes", 2, "--ranks-per-node", 2,
                                  "-c", 2, "--", RANKS, "sum")
        self.cluster.bsub("wait", job)
        lines = sorted(line for line in out.read_text().splitlines() if line.startswith("rank "))
        self.assertEqual(len(lines), 4, out.read_text())
        for i, line in enumerate(lines):
            self.assertIn(f"rank {i} of 4 on {('n1', NAME)[i // 2]} index {i // 2} ", line)
        wait_for("all processes to be gone", lambda: not processes_of(self.cluster.home))
        self.assertEqual(left_files(self.cluster), [])


if __name__ == "__main__":
    with_own_host_name()
    with_own_shared_memory()
    unittest.main(verbosity=2)
