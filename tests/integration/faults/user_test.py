"""A cluster of root's serves the other users of its machine: each job runs as who submitted it."""

import os
import shutil
import subprocess
import sys
import unittest

from cluster import PATIENCE, PROGRAM, Cluster

NOBODY = 65534


class OtherUsersTest(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.cluster.root.chmod(0o755)
        # The build's own folder may be closed to others.
        self.program = shutil.copy(PROGRAM, self.cluster.root / "bsub-lite")

    def as_nobody(self, *words):
        done = subprocess.run([self.program, *words], env=self.cluster.env, cwd="/", user=NOBODY, group=NOBODY, extra_groups=[],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout, done.stderr

    def expect_a_job_of_nobody(self):
        code, out, err = self.as_nobody("submit", "--quiet", "--", "sh", "-c", "id -u; id -g; id -G")
        self.assertEqual(code, 0, err)
        job = out.strip()
        self.assertEqual(self.as_nobody("wait", job)[0], 0)
        self.assertEqual(self.as_nobody("logs", job)[1].split(), [str(NOBODY)] * 3)

    def test_jobs_run_as_their_owners(self):
        self.cluster.bsub("up")
        self.expect_a_job_of_nobody()
        own = self.cluster.submit("--hold", "--", "true")
        code, _, err = self.as_nobody("cancel", str(own))
        self.assertEqual(code, 1)
        self.assertIn(f"job {own}", err)

    def test_a_home_that_others_can_pass_but_not_list(self):
        self.cluster.bsub("up")
        self.cluster.home.chmod(0o711)
        self.expect_a_job_of_nobody()
        self.cluster.bsub("down")
        code, _, err = self.as_nobody("jobs")
        self.assertEqual(code, 3)
        self.assertIn("is down", err)


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: only root can act as another user")
        sys.exit(77)
    unittest.main()
