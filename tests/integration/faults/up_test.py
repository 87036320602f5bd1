#!/usr/bin/env python3
"""`up` against another `up`, and in places where no cluster can be."""

import os
import select
import shutil
import signal
import subprocess
import unittest

from cluster import PROGRAM, Cluster, start_ticks, wait_for

NOBODY = 65534


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        home = self.cluster.home
        home.mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", home], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"needs the right to mount: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", home], check=True)
        self.addCleanup(self.cluster.bsub, "down", "--now", code=None)

    def fill(self):
        with open(self.cluster.home / "fill", "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def test_without_a_supervisor_down_ends_all_and_up_says_why_not(self):
        self.cluster.bsub("up", "--slots", 1)
        job = self.cluster.submit("--", "sleep", 1000)
        wait_for("it to run", lambda: self.cluster.job(job)["state"] == "RUNNING")
        daemons = self.cluster.daemons()
        pidfd = os.pidfd_open(daemons["supervisor"][0])
        self.fill()
        os.kill(daemons["supervisor"][0], signal.SIGKILL)
        select.select([pidfd], [], [], 60)
        self.cluster.bsub("down", "--now")
        for name, (pid, ticks, *_) in daemons.items():
            self.assertNotEqual(start_ticks(pid), ticks, name)
        self.fill()
        self.cluster.bsub("up", code=1)
        self.assertIn("free some space", self.cluster.err)


class Up(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def test_two_with_other_numbers_at_the_same_instant(self):
        racers = [self.cluster.start("up", "--nodes", 1, "--slots", slots) for slots in (1, 2, 3)]
        results = [(*racer.communicate(timeout=120), racer.returncode) for racer in racers]
        codes = sorted(code for _, _, code in results)
        self.assertEqual(codes, [0, 2, 2], results)
        won = [out for out, _, code in results if code == 0][0]
        for _, err, code in results:
            if code == 2:
                last = err.splitlines()[-1]  # before it, that it waits for the other
                self.assertIn("the cluster is up with 1 node with ", last)
                self.assertIn("nothing was changed", last)
        self.assertEqual(len(self.cluster.daemons()), 4)
        slots = int(self.cluster.status()["nodes"][0]["total"]["cpuMilli"]) // 1000
        self.assertIn(f"1 node with {slots} CPU", won)

    def test_racing_with_the_first_submit(self):
        racers = [self.cluster.start("submit", "--quiet", "--", "true"), self.cluster.start("up"),
                  self.cluster.start("submit", "--quiet", "--", "true")]
        results = [(*racer.communicate(timeout=120), racer.returncode) for racer in racers]
        self.assertEqual([code for _, _, code in results], [0, 0, 0], results)
        self.assertEqual(sorted(out for out, _, _ in (results[0], results[2])), ["1\n", "2\n"])
        self.assertEqual(len(self.cluster.daemons()), 4)

    def test_in_a_home_that_one_may_not_write(self):
        home = self.cluster.root / "closed"
        home.mkdir(mode=0o555)
        become = []
        if os.geteuid() == 0:  # root may write everywhere
            self.cluster.root.chmod(0o755)
            become = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
            if not shutil.which("setpriv"):
                self.skipTest("needs setpriv")
            if subprocess.run([*become, str(PROGRAM), "--version"], capture_output=True).returncode != 0:
                self.skipTest("another user may not execute the programs here")
        env = dict(self.cluster.env, BSUB_LITE_HOME=str(home))
        for words in (["up"], ["submit", "--", "true"]):
            done = subprocess.run([*become, str(PROGRAM), *words], env=env, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1 if words == ["up"] else 255, done)
            self.assertIn(str(home), done.stderr)
            self.assertIn("set BSUB_LITE_HOME to a directory that you may write", done.stderr)
        self.assertEqual(os.listdir(home), [])

    def test_in_a_home_that_is_too_long_for_sockets(self):
        self.cluster.env["BSUB_LITE_HOME"] = str(self.cluster.root / ("x" * 100))
        self.cluster.bsub("up", code=2)
        self.assertEqual(self.cluster.err.count("\n"), 1)
        self.assertIn("Choose a shorter path", self.cluster.err)
        self.assertEqual(list(self.cluster.root.iterdir()), [], "nothing is left behind")


if __name__ == "__main__":
    unittest.main(verbosity=2)
