#!/usr/bin/env python3
"""Bad luck on a node: a full disk, a spool that cannot be written, a clock that is wrong, users it does not know."""

import datetime
import os
import pathlib
import subprocess
import unittest

from cluster import Cluster, wait_for
from tcp_cluster import TcpCluster

ROOT = os.geteuid() == 0
DAY = 86_400


class OnNodes(unittest.TestCase):
    SETTINGS = ""

    def setUp(self):
        self.cluster = TcpCluster()
        self.addCleanup(self.cluster.close)
        settings = self.cluster.root / "settings.yaml"
        settings.write_text(self.SETTINGS)
        self.cluster.start_scheduler(*(["--config", settings] if self.SETTINGS else []))
        self.cluster.env["BSUB_LITE_TOKEN_FILE"] = str(self.cluster.admin)

    def node(self, name, *words, env=None):
        self.cluster.start_spawner(name, *words, env=env)
        self.cluster.start_agent(name, None, env=env)
        self.cluster.wait_for_node(name)

    def submit(self, script, *words):
        return self.cluster.submit("--workdir", "/", *words, "--", "/bin/sh", "-c", script)

    def small_disk(self, name, size):
        """A file system of its own for a node's spool."""
        folder = self.cluster.root / name
        folder.mkdir(mode=0o711)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", folder], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest(f"needs the right to mount: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder


class Disk(OnNodes):
    SETTINGS = "core:\n  node_rest: 1h\n"  # a node that handed a task back gets none while another one starts

    def test_output_that_the_disk_did_not_take_is_told_of(self):
        self.small_disk("n1", "2m")
        self.node("n1", "--min-free", "0", "--output-look", "20ms")
        job = self.submit("head -c 4000000 /dev/zero 2>/dev/null; exit 0")
        self.cluster.bsub("wait", job)
        end = self.cluster.job(job)["exit"]
        self.assertEqual((end["kind"], end["code"]), ("exited", 0))
        self.assertIn(f"the disk of its output '{self.cluster.root}/n1/output/{job}/0.1.out' was full: what it wrote last may be "
                      "missing; make room there and run it again", end["text"])
        fine = self.submit("exit 7")  # its end found room, which was set aside, and so does the next one's
        self.cluster.bsub("wait", fine, code=7)

    def test_old_output_leaves_the_node(self):
        self.node("n1", "--output-retention", "500ms", "--output-sweep", "20ms")
        output = self.cluster.root / "n1" / "output"
        go = self.cluster.root / "go"
        silent = self.submit(f"echo early; while [ ! -e {go} ]; do sleep 0.05; done; echo late")
        short = self.submit("echo short")
        self.cluster.bsub("wait", short)
        wait_for("its output to go", lambda: not (output / str(short)).exists())
        self.assertEqual(self.cluster.bsub("logs", short), "short\n")  # the scheduler keeps its end
        self.assertTrue((output / str(silent)).exists())  # its task runs, however long it says nothing
        go.touch()
        self.cluster.bsub("wait", silent)
        wait_for("that of the silent one too", lambda: not (output / str(silent)).exists())

    def test_a_users_own_output_file_on_a_full_disk(self):
        disk = self.small_disk("full", "64k")
        self.node("n1")
        job = self.submit("head -c 1000000 /dev/zero 2>/dev/null; exit 0", "-o", disk / "out")
        self.cluster.bsub("wait", job)
        self.assertIn(f"the disk of its output '{disk}/out' was full", self.cluster.job(job)["exit"]["text"])

    def test_a_node_without_room_hands_its_tasks_back(self):
        self.small_disk("n1", "4m")
        self.node("n1", "--start-patience", "50ms")
        job = self.submit("exit 3")
        room = "the node could not start it: the disk of the node's spool"
        wait_for("the node to hand it back", lambda: room in self.cluster.bsub("why", job))
        self.assertIn("make room there", self.cluster.bsub("why", job))
        self.assertEqual(self.cluster.job(job)["state"], "RUNNABLE", "nothing is lost")
        self.node("n2")
        self.cluster.bsub("wait", job, code=3)
        attempts = self.cluster.job(job)["attempts"]
        self.assertEqual([a["nodes"] for a in attempts], [["n1"], ["n2"]])
        self.assertIn(room, attempts[0]["exit"]["text"])
        self.assertFalse(attempts[0]["charged"], "it was not the job's fault")

    def test_a_start_waits_for_room(self):
        disk = self.small_disk("n1", "32m")
        (disk / "ballast").write_bytes(b"x" * (24 << 20))
        self.node("n1", "--start-patience", "1h")
        job = self.submit("exit 4")
        wait_for("the spawner to postpone it", lambda: "event=start-postponed" in self.cluster.log("spawner-n1"))
        self.assertEqual(self.cluster.job(job)["state"], "STARTING")
        (disk / "ballast").unlink()
        self.cluster.bsub("wait", job, code=4)
        self.assertEqual(len(self.cluster.job(job)["attempts"]), 1)

    def test_a_postponed_start_can_be_cancelled(self):
        self.small_disk("n1", "4m")
        self.node("n1", "--start-patience", "1h")
        job = self.submit("touch ran")
        wait_for("the spawner to postpone it", lambda: "event=start-postponed" in self.cluster.log("spawner-n1"))
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=125)
        self.assertEqual(self.cluster.job(job)["exit"]["kind"], "cancelled")

    def test_a_read_only_spool(self):
        disk = self.small_disk("n1", "1m")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        self.cluster.spawn("spawner-n1", "bsub-lite-spawner", "--state", disk, "--node", "n1")
        code, line = self.cluster.end_of("spawner-n1")
        self.assertEqual(code, 1)
        self.assertIn("Read-only file system", line)
        self.assertIn(str(disk), line)
        self.cluster.start_agent("n1")  # it waits for a spawner
        job = self.submit("exit 0")
        self.assertIn("the cluster has no nodes", self.cluster.bsub("why", job))
        self.cluster.bsub("cancel", job)


class Output(unittest.TestCase):
    def test_a_job_that_writes_without_end_does_not_fill_the_disk(self):
        with Cluster() as cluster:
            config = cluster.root / "c.yaml"
            config.write_text("rpc:\n  max_output_bytes: 1M\n")
            cluster.bsub("up", "--slots", 1, "--config", config)
            go = cluster.root / "go"
            job = cluster.submit("--", "/bin/sh", "-c", f"echo first; while [ ! -e {go} ]; do seq 1 20000; done; echo last")
            output = cluster.home / "nodes/n1/spawner/output" / str(job) / "0.1.out"
            wait_for("much output", lambda: output.exists() and output.stat().st_size > (16 << 20))
            go.touch()
            cluster.bsub("wait", job)
            self.assertLessEqual(output.stat().st_blocks * 512, (1 << 20) + 8192)
            shown = cluster.bsub("logs", job)
            self.assertTrue(shown.startswith("first\n1\n2\n"))
            self.assertTrue(shown.endswith("20000\nlast\n"))
            self.assertIn("of output were dropped here: the attempt wrote more than its node keeps (rpc.max_output_bytes)", shown)


class Clock(OnNodes):
    def registered(self, name):
        return next((line for line in self.cluster.log(f"agent-{name}").splitlines() if "event=registered" in line), None)

    def test_a_nodes_clock_that_is_days_off_changes_nothing(self):
        library = os.environ["BSUB_SKEWED_CLOCK"]
        for name, skew in (("n1", 3 * DAY), ("n2", -3 * DAY)):
            env = dict(self.cluster.env, LD_PRELOAD=library, BSUB_TEST_SKEW=str(skew))
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            self.node(name, env=env)
            now = datetime.datetime.now(datetime.timezone.utc)
            line = wait_for("its agent to say so", lambda: self.registered(name))
            said = datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
            self.assertAlmostEqual((said - now).total_seconds(), skew, delta=3600, msg="the test skews it")
            self.cluster.bsub("drain", "n1" if name == "n2" else "n2", code=None)
            job = self.submit("exit 6", "--time", "1h")
            self.cluster.bsub("wait", job, code=6)
            attempt = self.cluster.job(job)["attempts"][0]
            self.assertEqual(attempt["nodes"], [name])
            times = [datetime.datetime.fromisoformat(attempt[key].replace("Z", "+00:00"))
                     for key in ("placedAt", "startedAt", "endedAt")]
            self.assertEqual(times, sorted(times))
            self.assertLess(abs((times[0] - now).total_seconds()), 3600, "times are the scheduler's")
            self.assertEqual(self.cluster.status()["nodes"][0]["state"], "up")
            self.cluster.bsub("resume", "n1" if name == "n2" else "n2", code=None)


class Users(OnNodes):
    def test_a_user_that_the_node_does_not_know(self):
        self.node("n1")
        self.cluster.env["BSUB_LITE_TOKEN_FILE"] = str(self.cluster.user)
        job = self.submit("id -u; echo $USER")
        self.cluster.bsub("wait", job, code=None)
        end = self.cluster.job(job)["exit"]
        if ROOT:
            self.assertEqual((end["kind"], end["code"]), ("exited", 0), end)
            self.assertEqual(self.cluster.bsub("logs", job), "4321\nada\n")
        else:
            self.assertIn(f"a task of uid 4321 cannot start here: this node runs as uid {os.geteuid()}; submit as that user or "
                          "run the node as root", end["reason"])

    @unittest.skipUnless(ROOT, "needs root: tasks of another user")
    def test_a_working_directory_that_the_user_may_not_enter(self):
        self.node("n1")
        self.cluster.env["BSUB_LITE_TOKEN_FILE"] = str(self.cluster.user)
        closed = pathlib.Path(self.cluster.root) / "closed"
        closed.mkdir(mode=0o700)
        self.cluster.root.chmod(0o755)
        job = self.cluster.submit("--workdir", closed, "--", "true")
        self.cluster.bsub("wait", job, code=125)
        self.assertIn(f"cannot enter working directory '{closed}': Permission denied as ada (uid 4321); make it accessible or submit "
                      "from another directory", self.cluster.job(job)["exit"]["reason"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
