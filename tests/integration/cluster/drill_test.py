#!/usr/bin/env python3
"""Drills on a cluster of three worker nodes of this machine."""

import json
import unittest
import xml.etree.ElementTree

from cluster import Cluster, wait_for
from interruption_test import SIX_LINES


class Drill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--nodes", 3, "--slots", 4)

    def setUp(self):
        self.folder = self.cluster.root / self.id().rsplit(".", 1)[1]
        self.folder.mkdir()

    def submit(self):
        path = self.folder / "job.sh"
        path.write_text(SIX_LINES)
        path.chmod(0o755)
        return self.cluster.submit("--workdir", self.folder, "--checkpoint-dir", self.folder / "saved", "--checkpoint-signal", "USR1",
                                   "--", path)

    def node_of(self, job):
        def running():
            found = self.cluster.job(job)
            return found["node"] if found["state"] == "RUNNING" else None
        return wait_for(f"job {job} to run", running)

    def steps(self):
        path = self.folder / "steps"
        return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.exists() else []

    def losses_of_contact(self):
        """Of all nodes so far. A node's state may be good again before it is looked at."""
        return self.cluster.bsub("events", "--limit", 0).count("NodeContactLost")

    def nodes_up(self):
        return all(node["state"] == "up" for node in json.loads(self.cluster.bsub("nodes", "--json")))

    def test_a_killed_node_loses_what_ran_there_and_comes_back(self):
        job = self.submit()
        node = self.node_of(job)
        wait_for("a step", self.steps)
        self.cluster.bsub("drill", "kill", "--node", node)
        wait_for("its second attempt", lambda: self.cluster.job(job)["restartCount"] == 1 and self.node_of(job))
        wait_for("the node", self.nodes_up)
        [interruption] = self.cluster.job(job)["interruptions"]
        self.assertEqual((interruption["noticeAt"], interruption["outcome"]), (None, "not saved"))
        (self.folder / "finish").touch()
        self.cluster.bsub("wait", job)

    def test_a_partition_ends_by_itself_and_nothing_runs_twice(self):
        job = self.submit()
        node = self.node_of(job)
        before = self.losses_of_contact()
        self.cluster.bsub("drill", "partition", "--node", node, "--for", "1s")
        wait_for("the loss of contact", lambda: self.losses_of_contact() > before)
        wait_for("the node", self.nodes_up)
        (self.folder / "finish").touch()
        self.cluster.bsub("wait", job)
        self.assertEqual(self.cluster.job(job)["restartCount"], 0)
        self.assertEqual(self.steps(), list(range(len(self.steps()))))

    def test_a_plan_is_carried_out_and_judged(self):
        job = self.submit()
        node = self.node_of(job)
        wait_for("some steps", lambda: len(self.steps()) > 5)
        plan = self.folder / "plan.yaml"
        plan.write_text(f"for: 6s\nsteps:\n  - {{at: 0s, spot: {node}, in: 5s}}\n")
        report = self.folder / "report"
        told = json.loads(self.cluster.bsub("drill", "run", plan, "--report", report, "--json"))
        self.assertTrue(told["passed"], told)
        [interruption] = told["interruptions"]
        self.assertEqual((interruption["job"], interruption["outcome"], interruption["lostWorkSeconds"]), (str(job), "saved", 0))
        self.assertEqual(json.loads((report / "report.json").read_text()), told)
        self.assertIn("Passed", (report / "report.txt").read_text())
        xml.etree.ElementTree.parse(report / "timeline.svg")
        (self.folder / "finish").touch()
        self.cluster.bsub("wait", job)
        self.assertEqual(self.steps(), list(range(len(self.steps()))), "no step twice, and none left out")

    def test_a_plan_that_cannot_be_carried_out_fails(self):
        plan = self.folder / "plan.yaml"
        plan.write_text("for: 1s\nsteps:\n  - {at: 0s, kill: nobody}\n")
        self.assertIn("nobody", self.cluster.bsub("drill", "run", plan, code=1))
        plan.write_text("for: 1s\nsteps:\n  - {kill: n1}\n")
        self.cluster.bsub("drill", "run", plan, code=2)
        self.assertIn("line 3: at is missing", self.cluster.err)


if __name__ == "__main__":
    unittest.main()
