#!/usr/bin/env python3
"""A cluster of an ordinary user runs MPI jobs: nothing of it needs root. One of root runs them as their users."""

import os
import pathlib
import unittest

from cluster import PATIENCE, Cluster, wait_for
from mpi_cluster import RANKS

NOBODY = 65534


@unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
class OrdinaryUser(unittest.TestCase):
    def test_root_runs_them_as_their_users(self):
        cluster = Cluster()
        self.addCleanup(cluster.close)
        cluster.root.chmod(0o755)
        folder = cluster.root / "nobodys"
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        cluster.bsub("up", "--nodes", 2, "--slots", 2)
        words = ["--workdir", folder, "--output", folder / "out", "--mpi", "--nodes", 2, "--ranks-per-node", 2, "--",
                 RANKS, "sum"]
        submit = cluster.start("submit", "--wait", "--quiet", *words, user=NOBODY, group=NOBODY, extra_groups=[])
        said = submit.communicate(timeout=PATIENCE)
        self.assertEqual(submit.returncode, 0, said)
        self.assertEqual((folder / "out").stat().st_uid, NOBODY)
        self.assertEqual(len([line for line in (folder / "out").read_text().splitlines() if line.startswith("rank ")]), 4)
        wait_for("its directories to be gone", lambda: not scratch_of(cluster))

    def test_no_root_is_needed(self):
        cluster = UsersCluster()
        self.addCleanup(cluster.close)
        cluster.bsub("up", "--nodes", 2, "--slots", 2)
        job = cluster.submit("--workdir", cluster.root, "--output", cluster.root / "out", "--mpi", "--nodes", 2,
                             "--ranks-per-node", 2, "--", RANKS, "sum")
        cluster.bsub("wait", job)
        lines = (cluster.root / "out").read_text().splitlines()
        self.assertEqual(len([line for line in lines if line.startswith("rank ")]), 4, lines)
        wait_for("its directories to be gone", lambda: not scratch_of(cluster))


class UsersCluster(Cluster):
    """All of it runs as nobody."""

    def __init__(self):
        super().__init__()
        self.env["HOME"] = str(self.root)
        os.chown(self.root, NOBODY, NOBODY)

    def start(self, *words, **options):
        return super().start(*words, user=NOBODY, group=NOBODY, extra_groups=[], **options)


def scratch_of(cluster):
    ids = [path.read_text()[:12] for path in cluster.home.glob("**/spawner/state-id")]
    return [path for each in ids for path in pathlib.Path("/dev/shm").glob(f"bsub-lite-{each}*")]


if __name__ == "__main__":
    unittest.main(verbosity=2)
