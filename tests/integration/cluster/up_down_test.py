#!/usr/bin/env python3
"""up and down with real daemons."""

import os
import pathlib
import signal
import stat
import unittest

import control_groups
from cluster import Cluster, start_ticks, wait_for


class UpDown(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def up(self, *words, code=0):
        return self.cluster.bsub("up", *words, code=code)

    def test_ready_when_it_returns(self):
        self.assertIn("is up: 2 nodes with 8 CPUs", self.up("--nodes", 2, "--slots", 8))
        nodes = self.cluster.status()["nodes"]
        self.assertEqual([(n["name"], n["state"]) for n in nodes], [("n1", "up"), ("n2", "up")])
        self.assertEqual(self.cluster.bsub("submit", "--wait", "--", "/bin/sh", "-c", "exit 0"), "Job <1> is submitted to default queue <default>.\n")

    def test_again_changes_nothing_and_other_numbers_are_refused(self):
        self.up("--nodes", 1, "--slots", 2)
        before = self.cluster.daemons()
        self.assertIn("is already up", self.up("--nodes", 1, "--slots", 2))
        self.assertIn("is already up", self.up())
        self.up("--nodes", 2, "--slots", 2, code=2)
        self.assertIn("the cluster is up with 1 node with 2 CPUs", self.cluster.err)
        self.assertIn("nothing was changed", self.cluster.err)
        self.assertEqual(self.cluster.daemons(), before)

    def test_down_ends_everything_and_up_goes_on(self):
        self.up("--slots", 2)
        job = self.cluster.submit("--", "/bin/true")
        self.cluster.bsub("wait", job)
        running = self.cluster.daemons()
        self.assertIn("is down", self.cluster.bsub("down"))
        self.assertEqual(self.cluster.daemons(), {})
        for name, (pid, start) in running.items():
            self.assertNotEqual(start_ticks(pid), start, name)
        self.assertIn("No cluster is up", self.cluster.bsub("down"))
        self.assertIn("1 node with 2 CPUs", self.up())
        self.assertEqual(self.cluster.job(job)["state"], "SUCCEEDED")
        self.assertGreater(self.cluster.submit("--", "/bin/true"), job)

    def test_a_new_cluster_gets_its_first_queues_once(self):
        self.up("--slots", 2)
        names = lambda: [queue["name"] for queue in self.cluster.status()["queues"]]
        self.assertEqual(names(), ["high", "default", "low"])
        self.cluster.bsub("queues", "delete", "high")
        self.cluster.bsub("queues", "delete", "low")
        self.up()
        self.assertEqual(names(), ["default"], "what somebody deleted stays so")
        self.cluster.bsub("down")
        self.up()
        self.assertEqual(names(), ["default"])
        self.cluster.bsub("down")
        (self.cluster.home / "cluster.json").unlink()
        self.up("--slots", 2)
        self.assertEqual(names(), ["default"], "the journal knows them")

    def test_first_queues_that_a_killed_up_did_not_make_are_made_by_the_next(self):
        self.up("--slots", 2)
        for queue in ("high", "low"):
            self.cluster.bsub("queues", "delete", queue)
        mark = self.cluster.home / "first-queues"
        self.assertFalse(mark.exists())
        mark.touch()
        self.up()
        self.assertEqual([queue["name"] for queue in self.cluster.status()["queues"]], ["high", "default", "low"])
        self.assertFalse(mark.exists())

    def test_a_home_that_others_can_change_is_refused(self):
        self.cluster.home.mkdir()
        for mode in (0o777, 0o775, 0o1777):
            self.cluster.home.chmod(mode)
            self.up(code=1)
            self.assertEqual(self.cluster.err, f"bsub-lite up: BSUB_LITE_HOME '{self.cluster.home}' can be changed by other users "
                                               f"(mode {mode:04o}); run: chmod go-w {self.cluster.home}\n")
        self.assertEqual(list(self.cluster.home.iterdir()), [])
        self.cluster.home.chmod(0o755)
        self.up("--slots", 1)

    def test_down_where_nothing_was_ever_up(self):
        self.assertIn("No cluster is up", self.cluster.bsub("down"))
        self.assertFalse(self.cluster.home.exists())

    def test_tasks_end_cleanly_and_run_again(self):
        self.up("--slots", 2)
        flag = self.cluster.root / "flag"
        script = f"trap 'echo term >> {flag}; exit 9' TERM; echo start >> {flag}; while [ ! -e {flag}.go ]; do sleep 0.05; done; echo done >> {flag}"
        job = self.cluster.submit("--", "/bin/sh", "-c", script)
        wait_for("the task", lambda: flag.exists() and flag.read_text() == "start\n")
        self.cluster.bsub("down")
        self.assertEqual(flag.read_text(), "start\nterm\n")
        pathlib.Path(f"{flag}.go").touch()
        self.up()
        self.cluster.bsub("wait", job)
        self.assertEqual(flag.read_text(), "start\nterm\nstart\ndone\n")
        attempts = self.cluster.job(job)["attempts"]
        self.assertEqual(len(attempts), 2)
        self.assertFalse(attempts[0].get("charged", False))

    def test_a_success_during_down_is_not_run_again(self):
        self.up("--slots", 2)
        flag = self.cluster.root / "flag"
        script = f"trap 'touch {flag}.term' TERM; echo start >> {flag}; while [ ! -e {flag}.term ]; do sleep 0.05; done; echo done >> {flag}; exit 0"
        job = self.cluster.submit("--", "/bin/sh", "-c", script)
        wait_for("the task", flag.exists)
        self.cluster.bsub("down")
        self.up()
        self.cluster.bsub("wait", job)
        self.assertEqual(self.cluster.job(job)["state"], "SUCCEEDED")
        self.assertEqual(flag.read_text(), "start\ndone\n")

    def test_down_now_does_not_wait_for_tasks(self):
        self.up("--slots", 2)
        flag = self.cluster.root / "flag"
        job = self.cluster.submit("--", "/bin/sh", "-c", f"trap '' TERM; echo $$ > {flag}.new; mv {flag}.new {flag}; while :; do sleep 0.05; done")
        wait_for("the task", flag.exists)
        pid = int(flag.read_text())
        self.cluster.bsub("down", "--now")
        self.assertIsNone(start_ticks(pid))
        self.up()
        self.cluster.bsub("cancel", job)

    def task_that_stays(self):
        """Its pid. It minds no TERM."""
        flag = self.cluster.root / "flag"
        self.cluster.submit("--", "/bin/sh", "-c", f"trap '' TERM; echo $$ > {flag}.new; mv {flag}.new {flag}; while :; do sleep 0.05; done")
        wait_for("the task", flag.exists)
        return int(flag.read_text())

    def test_down_ends_the_tasks_of_a_spawner_that_is_killed(self):
        self.up("--slots", 2)
        pid = self.task_that_stays()
        self.cluster.kill("supervisor")
        self.cluster.kill("spawner-n1")
        self.assertIn("is down", self.cluster.bsub("down", "--now"))
        self.assertIsNone(start_ticks(pid))

    def test_down_ends_what_runs_although_every_daemon_is_killed(self):
        self.up("--slots", 2)
        pid = self.task_that_stays()
        for daemon in ("supervisor", "spawner-n1", "agent-n1", "scheduler"):
            self.cluster.kill(daemon)
        wait_for("their ends", lambda: not self.cluster.daemons())
        self.assertIn("is down", self.cluster.bsub("down", "--now"))
        self.assertIsNone(start_ticks(pid))
        self.assertIn("No cluster is up", self.cluster.bsub("down"))

    def test_down_leaves_no_control_groups_however_the_spawner_ended(self):
        self.up("--slots", 2)
        if not control_groups.of_spawners(self.cluster.home):
            self.skipTest("no control groups with a memory limit can be made here")
        for killed in ((), ("supervisor", "spawner-n1")):
            with self.subTest(killed=killed):
                self.up()
                self.cluster.submit("-m", "64M", "--", "sleep", "600")
                wait_for("the task's group", lambda: control_groups.of_tasks(self.cluster.home))
                for daemon in killed:
                    self.cluster.kill(daemon)
                self.cluster.bsub("down", "--now")
                self.assertEqual(control_groups.of_spawners(self.cluster.home), [])

    def test_down_names_a_supervisor_that_is_stopped(self):
        self.up("--slots", 2)
        pid = self.cluster.record("supervisor")[0]
        os.kill(pid, signal.SIGSTOP)
        self.cluster.bsub("down", "--now", code=1)
        self.assertIn(f"the cluster's supervisor, process {pid}, is stopped (SIGSTOP); let it go on with kill -CONT {pid}", self.cluster.err)
        os.kill(pid, signal.SIGCONT)
        self.cluster.bsub("down", "--now")
        self.assertEqual(self.cluster.daemons(), {})

    def test_two_ups_race(self):
        racers = [self.cluster.start("up", "--slots", "2") for _ in range(4)]
        outs = [racer.communicate(timeout=120) for racer in racers]
        self.assertEqual([racer.returncode for racer in racers], [0] * 4, outs)
        self.assertEqual(sum("is already up" in out for out, _ in outs), 3)
        self.assertEqual(sorted(self.cluster.daemons()), ["agent-n1", "scheduler", "spawner-n1", "supervisor"])

    def test_the_supervisor_may_die(self):
        self.up("--slots", 2)
        flag = self.cluster.root / "flag"
        job = self.cluster.submit("--", "/bin/sh", "-c", f"echo $$ >> {flag}; while [ ! -e {flag}.go ]; do sleep 0.05; done")
        wait_for("the task", flag.exists)
        before = self.cluster.daemons()
        supervisor = before.pop("supervisor")
        self.cluster.kill("supervisor")
        self.cluster.wait_until_gone(supervisor)
        self.up("--nodes", 2, code=2)
        self.assertIn("is up", self.up())
        after = self.cluster.daemons()
        self.assertNotEqual(after.pop("supervisor"), supervisor)
        self.assertEqual(after, before)
        pathlib.Path(f"{flag}.go").touch()
        self.cluster.bsub("wait", job)
        self.assertEqual(len(flag.read_text().split()), 1)

    def test_down_without_a_supervisor(self):
        self.up("--slots", 2)
        supervisor = self.cluster.record("supervisor")
        self.cluster.kill("supervisor")
        self.cluster.wait_until_gone(supervisor)
        self.assertIn("is down", self.cluster.bsub("down"))
        self.assertEqual(self.cluster.daemons(), {})

    def test_daemons_that_die_come_back(self):
        self.up("--slots", 2)
        for daemon in ("scheduler", "agent-n1", "spawner-n1"):
            before = self.cluster.record(daemon)
            self.cluster.kill(daemon)
            wait_for(daemon, lambda: self.cluster.record(daemon) not in (None, before))
        self.cluster.bsub("submit", "--wait", "--", "/bin/true")

    def test_the_first_submit_starts_a_cluster(self):
        out = self.cluster.bsub("submit", "--wait", "--", "/bin/true")
        self.assertEqual(out, "Job <1> is submitted to default queue <default>.\n")
        self.assertIn("starting one on this machine", self.cluster.err)
        self.cluster.bsub("down")
        self.cluster.bsub("submit", "--timeout", "1s", "--", "/bin/true", code=255)
        self.assertIn("bsub-lite up", self.cluster.err)

    def test_a_damaged_journal_is_told_of(self):
        self.up("--slots", 1)
        for _ in range(3):
            self.cluster.bsub("submit", "--", "/bin/true")
        self.cluster.bsub("down")
        segments = sorted(p for p in (self.cluster.home / "journal").rglob("*") if p.is_file() and p.stat().st_size > 4096)
        self.assertTrue(segments)
        with open(segments[0], "r+b") as segment:
            segment.seek(300)
            byte = segment.read(1)
            segment.seek(300)
            segment.write(bytes([byte[0] ^ 0xFF]))
        self.up(code=1)
        self.assertIn("scheduler does not start", self.cluster.err)
        self.assertIn(segments[0].name, self.cluster.err)
        self.assertEqual(self.cluster.daemons(), {})

    def test_a_bad_configuration_is_told_of(self):
        config = self.cluster.root / "c.yaml"
        config.write_text("core:\n  laese: 3s\n")
        self.up("--config", config, code=1)
        self.assertIn("laese", self.cluster.err)
        self.assertEqual(self.cluster.daemons(), {})
        self.up("--config", self.cluster.root / "none.yaml", code=2)
        self.assertIn("none.yaml", self.cluster.err)

    def test_a_home_that_cannot_be_used(self):
        (self.cluster.root / "file").touch()
        self.cluster.env["BSUB_LITE_HOME"] = str(self.cluster.root / "file")
        self.up(code=1)
        self.assertIn("is not a directory", self.cluster.err)
        self.cluster.env["BSUB_LITE_HOME"] = "/proc/bsub"
        self.up(code=1)
        self.assertIn("cannot make directory /proc/bsub", self.cluster.err)
        self.cluster.env["BSUB_LITE_HOME"] = str(self.cluster.root / ("x" * 100))
        self.up(code=2)
        self.assertIn("Choose a shorter path", self.cluster.err)

    @unittest.skipIf(os.geteuid() == 0, "the superuser may write anywhere")
    def test_a_read_only_home(self):
        self.cluster.home.mkdir()
        self.cluster.home.chmod(stat.S_IRUSR | stat.S_IXUSR)
        self.up(code=1)
        self.assertIn("set BSUB_LITE_HOME to a directory that you may write", self.cluster.err)
        self.cluster.home.chmod(stat.S_IRWXU)

    def test_bad_numbers(self):
        for words in (["--nodes", "0"], ["--nodes", "x"], ["--slots", "0"], ["--memory", "4Q"], ["--memory", "0"], ["word"]):
            self.up(*words, code=2)
            self.assertNotIn("\n", self.cluster.err.strip())
        self.assertFalse(self.cluster.home.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
