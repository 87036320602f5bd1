#!/usr/bin/env python3
"""Interruptions that come at the worst moment, or with a store that has its own troubles: the job ends with the result of an
undisturbed run, and .interruptions[] says what was saved and what was lost."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

from cluster import BUILD, Cluster, wait_for

GRID = BUILD / "tests" / "checkpoint-grid"
GRID_MPI = BUILD / "tests" / "checkpoint-grid-mpi"
FREEZES = BUILD / "tests" / "libfreezes_at_call.so"
MARK = "BSUB_TEST_MAY_MOUNT"
STEPS, EVERY, HOLD = 12, 4, 10  # saved after steps 4, 8 and 12; it waits at step 10


def with_own_mounts():
    """Goes on in a copy of this program that may mount disks which nobody else sees, where that is permitted."""
    if os.environ.get(MARK) or os.geteuid() != 0:
        return
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0:
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv], {**os.environ, MARK: "1"})


class UnluckySaves(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--nodes", 3, "--slots", 2)
        cls.plain = cls.cluster.root / "plain"
        alone = subprocess.run([GRID, str(STEPS), str(STEPS)], env={**os.environ, "BSUB_CHECKPOINT_DIR": str(cls.plain)}, check=True,
                               capture_output=True, text=True)
        cls.undisturbed = alone.stdout.splitlines()[-1]

    def setUp(self):
        self.folder = self.cluster.root / self.id().rsplit(".", 1)[1]
        self.folder.mkdir()
        self.stores = self.folder / "stores"
        self.go, self.frozen = self.folder / "go", self.folder / "frozen"

    def disk(self):
        """A small disk of their own for the stores."""
        self.stores.mkdir()
        if not os.environ.get(MARK) or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", self.stores]).returncode != 0:
            self.skipTest("needs the right to mount")
        self.addCleanup(subprocess.run, ["umount", "-l", self.stores], check=True)

    # The job.

    def submit(self, *options, program=GRID, freeze=None, every=EVERY, more=""):
        """`freeze`: attempt (from 0) -> the end of the path at which the program freezes; `more`: of the command line, in the
        first attempt."""
        lines = [f'  {attempt}) export LD_PRELOAD={FREEZES} BSUB_TEST_FREEZE_AT={end} BSUB_TEST_FROZEN={self.frozen}.{attempt};;'
                 for attempt, end in (freeze or {}).items()]
        script = self.folder / "job.sh"
        script.write_text("\n".join(["#!/bin/sh", "case $BSUB_RESTART_COUNT in", *lines, "esac",
                                     f'[ $BSUB_RESTART_COUNT = 0 ] && exec {program} {STEPS} {every} {more}',
                                     f"exec {program} {STEPS} {every}", ""]))
        script.chmod(0o755)
        self.job = self.cluster.submit("--checkpoint-dir", self.stores, "--workdir", self.folder, "--output", self.folder / "out",
                                       "--error", self.folder / "err", "--env", f"GRID_HOLD_AT={HOLD}",
                                       "--env", f"GRID_HOLD_UNTIL={self.go}", *options, "--", script)

    def found(self):
        return self.cluster.job(self.job)

    def said(self):
        path = self.folder / "out"
        return path.read_text().splitlines() if path.exists() else []

    def wait_for_hold(self, times=1):
        wait_for("the program at its step", lambda: self.said().count("holds") >= times)

    def node(self):
        return wait_for("its node", lambda: [self.found()] and self.found()["attempts"][-1].get("nodes") or [self.found().get("node")])[0]

    def take_away(self, seconds=30):
        node = self.node()
        self.cluster.bsub("drill", "notice", "--node", node, "--in", f"{seconds}s")
        self.addCleanup(self.cluster.bsub, "resume", node, code=None)
        return node

    def kill_node(self):
        self.cluster.bsub("drill", "kill", "--node", self.node())

    def wait_frozen(self, attempt):
        wait_for(f"attempt {attempt} to freeze", lambda: (self.folder / f"frozen.{attempt}").exists())

    def interrupted(self, times):
        return wait_for(f"interruption {times}", lambda: self.found()["interruptionCount"] >= times)

    def end(self):
        """It ends as if nothing had been; its interruptions."""
        self.go.touch()
        self.cluster.bsub("wait", self.job)
        self.assertEqual(self.said()[-1], self.undisturbed)
        found = self.found()
        self.assertEqual(found["interruptionCount"], len(found["interruptions"]))
        for interruption in found["interruptions"]:
            self.assertIsNotNone(interruption["resumedAt"])
            if interruption["outcome"] == "saved":
                self.assertEqual(interruption["lostWorkSeconds"], 0)
            else:
                self.assertNotEqual(interruption["lostWorkSeconds"], 0, "more, or nobody knows")
        return found["interruptions"]

    def outcomes(self):
        return [(i["outcome"], i["generation"]) for i in self.end()]

    def begun_from(self):
        return [int(line.split()[1]) for line in self.said() if line.startswith("from ")]

    # The moment.

    def test_while_it_saves(self):
        self.submit(freeze={0: "2/manifest.json"})
        self.wait_frozen(0)
        self.take_away(1)  # the save never ends, so it is killed
        self.assertEqual(self.outcomes(), [("not saved", 1)])
        self.assertEqual(self.begun_from(), [0, 4])

    def test_twice_in_a_row_while_it_loads(self):
        self.submit(freeze={1: "2/shard-00000.h5", 2: "2/shard-00000.h5"})
        self.wait_for_hold()
        self.kill_node()
        for attempt in (1, 2):
            self.wait_frozen(attempt)
            self.kill_node()
        self.assertEqual([outcome for outcome, _ in self.outcomes()], ["not saved"] * 3)
        self.assertEqual(self.begun_from(), [0, 8])

    def test_while_it_starts(self):
        self.submit(freeze={0: "owner-1.json", 1: "owner-1.json"})
        for attempt in (0, 1):
            self.wait_frozen(attempt)
            self.take_away(1)
            self.interrupted(attempt + 1)
        self.assertEqual(self.outcomes(), [("not saved", 0)] * 2)
        self.assertEqual(self.begun_from(), [0])

    def test_again_and_again_before_it_has_saved_anything_new(self):
        """Interruptions are no crashes: what is loaded each time stays in use."""
        self.submit()
        for times in range(1, 6):
            self.wait_for_hold(times)
            self.kill_node()
            self.interrupted(times)
        self.outcomes()
        self.assertEqual(self.begun_from(), [0] + [8] * 5)

    def test_while_the_scheduler_is_away(self):
        self.submit(freeze={0: "3/manifest.json"})
        self.wait_for_hold()
        self.take_away(60)
        self.wait_frozen(0)  # it saves for the notice
        notice = self.found()["interruptions"][0]["noticeAt"]
        scheduler = self.cluster.record("scheduler")
        self.cluster.kill("scheduler")
        self.cluster.wait_until_gone(scheduler)
        for pid in wait_for("it to have stopped", lambda: list(self.frozen_processes())):  # its file is there just before
            os.kill(pid, signal.SIGCONT)
        wait_for("the save", lambda: (self.stores / str(self.job) / "3" / "manifest.json").exists())
        self.assertEqual(self.outcomes(), [("saved", 3)])
        self.assertEqual(self.found()["interruptions"][0]["noticeAt"], notice)
        self.assertEqual(self.begun_from(), [0, 10])

    def frozen_processes(self):
        mark = f"BSUB_TEST_FROZEN={self.frozen}.".encode()
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes() and (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T":
                    yield int(folder.name)
            except OSError:
                continue

    # The store.

    def with_nowhere_to_go(self):
        """A notice, and no other node: it waits. The node to be given back."""
        node = self.node()
        for other in {"n1", "n2", "n3"} - {node}:
            self.cluster.bsub("drain", other)
            self.addCleanup(self.cluster.bsub, "resume", other, code=None)
        self.take_away()
        self.interrupted(1)
        return node

    def test_with_the_disk_full(self):
        self.disk()
        self.submit()
        self.wait_for_hold()
        ballast = self.stores / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        node = self.with_nowhere_to_go()
        self.assertIn("No space left on device; make room", (self.folder / "err").read_text())
        ballast.unlink()
        self.cluster.bsub("resume", node)
        self.assertEqual(self.outcomes(), [("not saved", 2)])
        self.assertEqual(self.begun_from(), [0, 8])

    def test_with_a_store_that_became_read_only(self):
        self.disk()
        self.submit()
        self.wait_for_hold()
        subprocess.run(["mount", "-o", "remount,ro", self.stores], check=True)
        node = self.with_nowhere_to_go()
        self.assertIn("Read-only file system; the store must be writable", (self.folder / "err").read_text())
        subprocess.run(["mount", "-o", "remount,rw", self.stores], check=True)
        self.cluster.bsub("resume", node)
        self.assertEqual(self.outcomes(), [("not saved", 2)])
        self.assertEqual(self.begun_from(), [0, 8])

    def test_with_a_shard_deleted(self):
        self.submit()
        self.wait_for_hold()
        node = self.with_nowhere_to_go()
        store = self.stores / str(self.job)
        (store / "3" / "shard-00000.h5").unlink()
        self.cluster.bsub("checkpoint", "verify", store, code=1)
        self.cluster.bsub("resume", node)
        self.assertEqual(self.outcomes(), [("saved", 3)])
        self.assertEqual(self.begun_from(), [0, 8], "the one before is used")
        self.assertRegex((self.folder / "err").read_text(), "generation 3 in .* is set aside: .*shard-00000.h5.* is missing")
        self.assertIn("set-aside", self.cluster.bsub("checkpoint", "ls", store))

    def test_with_its_mount_gone(self):
        self.submit()
        self.wait_for_hold()
        node = self.with_nowhere_to_go()
        mounted = self.folder / "mounted"
        self.stores.rename(mounted)
        self.stores.mkdir()
        self.cluster.bsub("resume", node)
        self.cluster.bsub("wait", self.job, code=1)
        self.assertIn("though generation 3 was saved by an attempt before", self.found()["exit"]["text"])
        self.assertEqual(list((self.stores / str(self.job)).iterdir()), [], "no store was begun")
        shutil.rmtree(self.stores)
        mounted.rename(self.stores)
        self.go.touch()
        self.cluster.bsub("requeue", self.job)
        self.cluster.bsub("wait", self.job)
        self.assertEqual(self.said()[-1], self.undisturbed)
        self.assertEqual(self.begun_from(), [0, 10])

    # Several ranks.

    def test_one_rank_hangs_in_the_save(self):
        if not GRID_MPI.exists() or shutil.which("mpirun") is None:
            self.skipTest("OpenMPI is not installed")
        self.submit("--mpi", "--nodes", 2, program=GRID_MPI, more="8 hang")
        wait_for("the save", lambda: (self.stores / str(self.job) / "2").exists())
        self.take_away(1)
        self.assertEqual(self.outcomes(), [("not saved", 1)])
        self.assertEqual(self.begun_from(), [0, 4])

    def test_an_asynchronous_save_of_a_gang_is_committed_in_the_grace(self):
        if not GRID_MPI.exists() or shutil.which("mpirun") is None:
            self.skipTest("OpenMPI is not installed")
        # Saved after each step but never waited for: at its hold the last save is pending, or the one for the notice is.
        self.submit("--mpi", "--nodes", 2, "--ranks-per-node", 2, "--env", "BSUB_CHECKPOINT_ASYNC=1", program=GRID_MPI, every=1)
        self.wait_for_hold()
        self.take_away()
        self.interrupted(1)
        [interruption] = self.end()
        self.assertEqual(interruption["outcome"], "saved", interruption)
        self.assertGreaterEqual(interruption["generation"], 10)
        self.assertEqual(self.begun_from(), [0, 10], "no step is computed again")


if __name__ == "__main__":
    if not GRID.exists():
        print("skipped: its program is not built")
        sys.exit(77)
    with_own_mounts()
    unittest.main()
