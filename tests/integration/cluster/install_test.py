#!/usr/bin/env python3
"""The programs as a site has them: installed below a prefix, and run from there."""

import os
import re
import subprocess
import unittest
from unittest import mock

import cluster
from cluster import BUILD, Cluster

NOT_INSTALLED = {"bsub-lite-faultsim"}  # for developers


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.prefix = cls.cluster.root / "a prefix"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, stdout=subprocess.DEVNULL)

    def test_a_cluster_runs_from_a_prefix(self):
        installed, prefix = self.cluster, self.prefix
        built = {path.name for path in (BUILD / "bin").glob("bsub-lite*")}
        self.assertEqual({path.name for path in (prefix / "bin").glob("bsub-lite*")}, built - NOT_INSTALLED)
        self.assertTrue((prefix / "include" / "bsub" / "kernel.h").exists())
        with mock.patch.object(cluster, "PROGRAM", prefix / "bin" / "bsub-lite"):
            installed.bsub("up", "--nodes", 1)
            job = installed.submit("--", "echo", "from a prefix")
            installed.bsub("wait", job)
            self.assertEqual(installed.bsub("logs", job), "from a prefix\n")
            for name, (pid, _) in installed.daemons().items():
                self.assertTrue(os.readlink(f"/proc/{pid}/exe").startswith(str(prefix)), name)
            ranks = installed.submit("--mpi", "--nodes", 1, "--", BUILD / "bin" / "netbench")
            installed.bsub("wait", ranks, code=None)
            self.assertIn("install it in a directory without blanks", installed.job(ranks)["exit"]["text"])

    def test_what_needs_the_checkpoint_library_finds_it_there(self):
        needed = subprocess.run(["ldd", self.prefix / "bin" / "bsub-lite-kernel-host"], check=True, capture_output=True, text=True).stdout
        found = re.findall(r"libbsub_checkpoint\S* => (.*) \(", needed)
        self.assertEqual([os.path.realpath(path).startswith(str(self.prefix)) for path in found], [True], needed)


if __name__ == "__main__":
    unittest.main()
