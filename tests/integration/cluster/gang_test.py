#!/usr/bin/env python3
"""Jobs on several nodes, on a cluster of three worker nodes of this machine."""

import signal
import unittest

from cluster import Cluster, start_ticks, wait_for


class Gang(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--nodes", 3, "--slots", 4)

    def setUp(self):
        self.folder = self.cluster.root / self.id().rsplit(".", 1)[1]
        self.folder.mkdir()

    def submit(self, script, *words, nodes=3):
        return self.cluster.submit("--workdir", self.folder, "--nodes", nodes, "--grace", "1s", *words, "--",
                                   "/bin/sh", "-c", script)

    def read(self, name):
        path = self.folder / name
        return path.read_text().strip() if path.exists() else None

    def wait_for_parts(self, nodes=3):
        """The processes of all parts, which write them down as `pid.INDEX`."""
        names = [f"pid.{i}" for i in range(nodes)]
        wait_for("all parts to run", lambda: all(self.read(name) for name in names))
        return [(int(self.read(name)), start_ticks(int(self.read(name)))) for name in names]

    def expect_gone(self, processes):
        for pid, start in processes:
            wait_for(f"process {pid} to end", lambda: start is None or start_ticks(pid) != start)

    def expect_nothing_in_use(self):
        wait_for("the nodes to be empty", lambda: all(node["tasks"] == 0 for node in self.cluster.status()["nodes"]))

    SLEEP = "echo $$ > pid.$BSUB_NODE_INDEX.new; mv pid.$BSUB_NODE_INDEX.new pid.$BSUB_NODE_INDEX; exec sleep 600"

    def test_each_node_knows_its_place(self):
        job = self.submit('env > env.$BSUB_NODE_INDEX', "--ranks-per-node", 2, "--threads-per-rank", 2)
        self.cluster.bsub("wait", job)
        environments = [dict(line.split("=", 1) for line in self.read(f"env.{i}").splitlines() if "=" in line) for i in range(3)]
        nodes = [e["BSUB_NODE"] for e in environments]
        self.assertEqual(sorted(nodes), ["n1", "n2", "n3"])
        for i, found in enumerate(environments):
            self.assertEqual(found["AWS_BATCH_JOB_NODE_INDEX"], str(i))
            self.assertEqual(found["AWS_BATCH_JOB_NUM_NODES"], "3")
            self.assertEqual(found["AWS_BATCH_JOB_MAIN_NODE_INDEX"], "0")
            self.assertEqual("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS" in found, i != 0)
            self.assertEqual(found["AWS_BATCH_JOB_ID"], f"{job}#{i}")
            self.assertEqual(found["BSUB_NODE_LIST"], ",".join(nodes))
            self.assertEqual(found["LSB_MCPU_HOSTS"], " ".join(f"{node} 2" for node in nodes))
            self.assertEqual((found["BSUB_NODES"], found["BSUB_RANKS"], found["BSUB_CPUS"]), ("3", "6", "4"))
        self.assertEqual(environments[1]["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"], "127.0.0.1")

    def test_nodes_may_run_other_commands(self):
        job = self.submit("echo main > out.$BSUB_NODE_INDEX", "--node-command", "1:=echo rest > out.$BSUB_NODE_INDEX",
                          "--node-command", "2=echo last > out.$BSUB_NODE_INDEX")
        self.cluster.bsub("wait", job)
        self.assertEqual([self.read(f"out.{i}") for i in range(3)], ["main", "rest", "last"])

    def test_the_children_of_an_array_are_gangs_of_their_own(self):
        job = self.submit("echo $AWS_BATCH_JOB_ID > out.$BSUB_ARRAY_INDEX.$BSUB_NODE_INDEX; [ $BSUB_ARRAY_INDEX != 2 ] || exit 4",
                          "--array", "1-3", nodes=2)
        self.cluster.bsub("wait", job, code=1)
        for child in (1, 2, 3):
            for node in (0, 1) if child != 2 else (0,):
                self.assertEqual(self.read(f"out.{child}.{node}") or f"{job}:{child}#{node}", f"{job}:{child}#{node}")
        states = [self.cluster.job(f"{job}[{child}]")["state"] for child in (1, 2, 3)]
        self.assertEqual(states, ["SUCCEEDED", "FAILED", "SUCCEEDED"])
        for child in (1, 3):
            self.assertEqual([self.read(f"out.{child}.{node}") for node in (0, 1)], [f"{job}:{child}#{node}" for node in (0, 1)])
        self.assertRegex(self.cluster.job(f"{job}[2]")["exit"]["text"], r"^exited with code 4: on node n\d, index [01] of 2$")
        self.expect_nothing_in_use()

    def test_a_part_that_fails_ends_all_and_is_named(self):
        job = self.submit(f'[ $BSUB_NODE_INDEX = 1 ] || {{ {self.SLEEP}; }}; '
                          'while [ ! -e pid.0 ] || [ ! -e pid.2 ]; do sleep 0.02; done; exit 3')
        wait_for("the others", lambda: self.read("pid.0") and self.read("pid.2"))
        processes = [(int(self.read(f"pid.{i}")), start_ticks(int(self.read(f"pid.{i}")))) for i in (0, 2)]
        self.cluster.bsub("wait", job, code=3)
        found = self.cluster.job(job)
        self.assertEqual(found["state"], "FAILED")
        self.assertRegex(found["exit"]["text"], r"^exited with code 3: on node n\d, index 1 of 3$")
        self.expect_gone(processes)
        self.expect_nothing_in_use()

    def test_whole_nodes_are_shared_with_nobody(self):
        alone = self.submit(self.SLEEP, "--exclusive", "-c", 1)
        processes = self.wait_for_parts()
        small = self.cluster.submit("-c", 1, "--", "true")
        self.assertIn("it asks for 1 CPU; 3 nodes would do but are busy", self.cluster.bsub("why", small))
        self.cluster.bsub("cancel", alone)
        self.cluster.bsub("wait", small)
        self.expect_gone(processes)

    def test_with_awss_rule_the_main_node_decides(self):
        job = self.submit(f"""case $BSUB_NODE_INDEX in
            0) while [ ! -e pid.2 ] || [ ! -e failed ]; do sleep 0.02; done; exit 0;;
            1) touch failed; exit 9;;
            2) {self.SLEEP};; esac""", "--gang-end", "main")
        self.cluster.bsub("wait", job, code=0)
        self.assertEqual(self.cluster.job(job)["state"], "SUCCEEDED")
        self.expect_nothing_in_use()

    def test_a_cancel_reaches_every_node(self):
        job = self.submit(self.SLEEP)
        processes = self.wait_for_parts()
        parts = self.cluster.job(job)["attempts"][0]["parts"]
        self.assertEqual([part["phase"] for part in parts], ["running"] * 3)
        self.assertIn("it runs on 3 nodes", self.cluster.bsub("why", job))
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=125)
        self.expect_gone(processes)
        self.expect_nothing_in_use()

    def test_a_node_that_is_killed_interrupts_the_whole_which_then_runs_again(self):
        job = self.submit(f"[ $BSUB_ATTEMPT = 1 ] || exit 0; {self.SLEEP}")
        processes = self.wait_for_parts()
        for daemon in ("spawner-n2", "agent-n2"):
            self.assertTrue(self.cluster.kill(daemon, signal.SIGKILL))
        self.cluster.bsub("wait", job, code=0)
        attempts = self.cluster.job(job)["attempts"]
        self.assertEqual([a["then"] for a in attempts], ["retry", "succeeded"])
        self.assertTrue(attempts[0]["interruption"])
        self.assertFalse(attempts[0]["charged"])
        self.assertIn("on node n2", attempts[0]["exit"]["text"])
        self.expect_gone(processes)
        self.expect_nothing_in_use()

    def test_a_node_that_is_lost_while_another_part_still_stops_is_why_it_ended(self):
        job = self.cluster.submit("--workdir", self.folder, "--nodes", 3, "--grace", "10m", "--", "/bin/sh", "-c", """
            [ $BSUB_ATTEMPT = 1 ] || exit 0
            wait_for() { while [ ! -e $1 ]; do sleep 0.02; done; }
            case $BSUB_NODE_INDEX in
            2) trap 'wait_for known; exit 0' TERM;; esac
            echo $$ > pid.$BSUB_NODE_INDEX
            case $BSUB_NODE_INDEX in
            0) wait_for go; exit 1;;
            1) trap '' TERM; sleep 600;;
            2) wait_for never;; esac""")
        self.wait_for_parts()

        def part(index):
            return self.cluster.job(job)["attempts"][0]["parts"][index]

        lost = part(1)["node"]
        (self.folder / "go").touch()
        wait_for("the part that fails", lambda: part(0)["phase"] == "ended")
        for daemon in (f"spawner-{lost}", f"agent-{lost}"):
            self.assertTrue(self.cluster.kill(daemon, signal.SIGKILL))
        wait_for("the lost part to be known", lambda: part(1)["phase"] == "ended")
        self.assertNotEqual(part(2)["phase"], "ended")
        (self.folder / "known").touch()
        self.cluster.bsub("wait", job, code=0)
        first = self.cluster.job(job)["attempts"][0]
        self.assertTrue(first["interruption"])
        self.assertFalse(first["charged"])
        self.assertIn(f"its node was lost: on node {lost}, index 1 of 3", first["exit"]["text"])

    def test_a_scheduler_that_is_killed_finds_its_gang_again(self):
        job = self.submit(f"{self.SLEEP}")
        processes = self.wait_for_parts()
        scheduler = self.cluster.record("scheduler")
        self.assertTrue(self.cluster.kill("scheduler"))
        self.cluster.wait_until_gone(scheduler)
        wait_for("the scheduler to be back", lambda: self.cluster.record("scheduler"))
        wait_for("its nodes", lambda: all(node["state"] == "up" for node in self.cluster.status()["nodes"]))
        self.assertEqual(self.cluster.job(job)["state"], "RUNNING")
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=125)
        self.expect_gone(processes)

    def test_why_says_how_many_nodes_are_missing(self):
        blocker = self.cluster.submit("--workdir", "/", "-c", 4, "--grace", 0, "--", "sleep", "600")
        self.addCleanup(self.cluster.bsub, "cancel", blocker, code=None)
        wait_for("it to run", lambda: self.cluster.job(blocker)["state"] == "RUNNING")
        job = self.submit("true", "-c", 4)
        wait_for("a cycle", lambda: "1 is missing" in self.cluster.bsub("why", job))
        self.assertIn(f"of job {blocker}", self.cluster.bsub("why", job))
        self.cluster.bsub("cancel", blocker)
        self.cluster.bsub("wait", job)

    def test_more_nodes_than_there_are(self):
        job = self.submit("true", nodes=4)
        self.assertIn("it can never run here: it asks for 4 nodes", self.cluster.bsub("why", job))
        self.cluster.bsub("cancel", job)
        said = self.cluster.bsub("submit", "--nodes", 4, "--test-only", "--", "true", code=1)
        self.assertIn("it can never run here: it asks for 4 nodes", said)
        self.cluster.bsub("submit", "--nodes", 0, "--", "true", code=255)
        self.assertIn("--nodes '0'", self.cluster.err)

    def test_a_script_says_it_in_its_lines(self):
        script = self.folder / "job.sh"
        script.write_text("#!/bin/sh\n#BSUB --nodes 2\n#BSUB --gang-end main\ntouch ran.$BSUB_NODE_INDEX\n")
        job = self.cluster.submit("--workdir", self.folder, script)
        self.cluster.bsub("wait", job)
        self.assertTrue((self.folder / "ran.0").exists())
        found = self.cluster.job(job)
        self.assertEqual((found["gang"]["nodes"], found["gang"]["end"]), (2, "main"))

    def test_a_job_definition_says_it(self):
        file = self.folder / "definition.yaml"
        file.write_text("name: several\nnodes: 3\ncommand: touch main.$BSUB_NODE_INDEX\n"
                        "node-commands:\n  '1:': [touch, 'Ref::what']\nparameters: {what: other}\n")
        self.cluster.bsub("definitions", "register", "--file", file)
        job = self.cluster.submit("--workdir", self.folder, "--definition", "several", "--param", "what=given")
        self.cluster.bsub("wait", job)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["definition.yaml", "given", "main.0"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
