#!/usr/bin/env python3
"""Where the nodes of a job stand, on a cluster of two racks of two nodes, all of them on this machine."""

import json
import unittest

from cluster import Cluster, wait_for

CONFIG = """name: small
levels:
  - {name: spine, latency: 20us, bandwidth: 4Gbit/s}
  - {name: rack, latency: 5us, bandwidth: 10Gbit/s}
  - {name: node, latency: 300ns, bandwidth: 20GB/s}
types:
  node: {cpus: 2, memory: 1G}
tree:
  - name: r[1-2]
    nodes: n[1-4]
"""
RACK = {"n1": "r1", "n2": "r1", "n3": "r2", "n4": "r2"}


class Placement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        config = cls.cluster.root / "small.yaml"
        config.write_text(CONFIG)
        cls.cluster.bsub("up", "--config", config)

    def setUp(self):
        self.addCleanup(self.empty)

    def empty(self):
        self.cluster.bsub("cancel", "--all", code=None)
        wait_for("the nodes to be empty", lambda: all(node["tasks"] == 0 for node in self.cluster.status()["nodes"]))

    def submit(self, *words):
        return self.cluster.submit("--workdir", "/", "--grace", 0, *words, "--", "sleep", "600")

    def running(self, job):
        """Its attempt, once it runs."""
        wait_for(f"job {job} to run", lambda: self.cluster.job(job)["state"] == "RUNNING")
        return self.cluster.job(job)["attempts"][-1]

    def racks(self, attempt):
        return [RACK[node] for node in attempt["nodes"]]

    def why(self, job):
        """Its only reason."""
        reasons = json.loads(self.cluster.bsub("why", "--json", job))["reasons"]
        self.assertEqual(len(reasons), 1)
        return reasons[0]

    def test_cluster_is_one_rack_also_where_the_first_fit_would_be_two(self):
        blocked = self.racks(self.running(self.submit("-c", 2)))[0]
        job = self.submit("--nodes", 2, "-c", 2, "--placement", "cluster")
        attempt = self.running(job)
        self.assertEqual(self.racks(attempt), ["r1" if blocked == "r2" else "r2"] * 2)
        found = attempt["placement"]
        self.assertEqual((found["policy"], found["kept"], found["level"]), ("cluster", True, "rack"))
        self.assertEqual(found["path"], f"small/{self.racks(attempt)[0]}")
        self.assertEqual((found["got"]["racks"], found["got"]["hops"]), (1, 1))
        self.assertEqual(found["got"], found["best"])
        said = f"placement cluster: below rack {found['path']}, 1 hop, 5us, 10Gbit/s a pair, as good as it can be"
        self.assertIn(said, self.cluster.bsub("why", job))
        self.assertIn(said, self.cluster.bsub("job", job))
        self.assertIn("placement cluster", self.cluster.bsub("job", job))

    def test_spread_is_a_rack_each(self):
        attempt = self.running(self.submit("--nodes", 2, "--placement", "spread"))
        self.assertEqual(sorted(self.racks(attempt)), ["r1", "r2"])

    def test_partitions_share_no_rack(self):
        attempt = self.running(self.submit("--nodes", 4, "--placement", "partition=2"))
        racks = self.racks(attempt)
        self.assertEqual((racks[0], racks[2]), (racks[1], racks[3]))
        self.assertNotEqual(racks[0], racks[2])
        self.assertEqual(attempt["placement"]["partitions"], [0, 0, 1, 1])

    def test_each_part_knows_its_partition(self):
        folder = self.cluster.root / "partitions"
        folder.mkdir()
        job = self.cluster.submit("--workdir", folder, "--nodes", 4, "--placement", "partition=2", "--", "/bin/sh", "-c",
                                  "echo $BSUB_PARTITION of $BSUB_NODE_PARTITIONS > out.$BSUB_NODE_INDEX")
        self.cluster.bsub("wait", job)
        self.assertEqual([(folder / f"out.{i}").read_text() for i in range(4)],
                         [f"{p} of 0,0,1,1\n" for p in (0, 0, 1, 1)])

    def test_jobs_share_a_placement_group(self):
        first = self.running(self.submit("--nodes", 1, "--placement", "spread", "--placement-group", "apart"))
        job = self.submit("--nodes", 1, "--placement", "spread", "--placement-group", "apart")
        second = self.running(job)
        self.assertEqual(sorted(self.racks(first) + self.racks(second)), ["r1", "r2"])
        self.assertEqual(self.cluster.job(job)["gang"]["placementGroup"], "apart")
        third = self.submit("--placement", "spread", "--placement-group", "apart")
        self.assertEqual(self.why(third)["code"], "placement")
        near = self.running(self.submit("--placement-group", "near"))
        nearer = self.running(self.submit("--placement-group", "near", "-c", 1))
        self.assertEqual(self.racks(near), self.racks(nearer))

    def test_features_choose_the_nodes(self):
        attempt = self.running(self.submit("--features", "r2", "--nodes", 2))
        self.assertEqual(self.racks(attempt), ["r2", "r2"])
        self.assertEqual(self.racks(self.running(self.submit("--prefer-features", "n,r1"))), ["r1"])
        job = self.submit("--features", "infiniband")
        self.assertEqual(self.why(job)["code"], "never-fits")
        self.assertIn("the rarest is 'infiniband'", self.cluster.bsub("why", job))
        self.cluster.bsub("submit", "--features", "r1,!r1", "--", "true", code=255)
        self.assertIn("features 'r1' and '!r1' contradict each other", self.cluster.err)

    def test_a_trial_submits_nothing(self):
        before = self.submit("--nodes", 1)
        said = self.cluster.bsub("submit", "--nodes", 2, "--placement", "cluster", "--test-only", "--", "true")
        self.assertIn("Nothing was submitted", " ".join(said.split()))
        self.assertIn("placement cluster: below rack", said)
        self.cluster.bsub("cancel", before)
        filling = self.submit("--nodes", 4, "-c", 2, "-t", "1h")
        self.assertEqual(int(filling), int(before) + 1)
        self.running(filling)
        trial = json.loads(self.cluster.bsub("submit", "--nodes", 2, "--placement", "spread:preferred@5m", "--test-only",
                                             "--json", "--", "true"))
        self.assertEqual([reason["code"] for reason in trial["reasons"]], ["resources"])
        self.assertFalse(trial["never"])
        self.assertIsNotNone(trial["startsAt"])
        self.assertEqual(trial["outlook"]["position"], 1)
        waits = self.submit("--nodes", 2, "--placement", "spread:preferred@5m")
        there = json.loads(self.cluster.bsub("when", waits, "--json"))["outlook"]
        self.assertEqual((there["position"], there["startsP90At"]), (1, trial["outlook"]["startsP90At"]))
        self.assertIn("9 of 10 by", self.cluster.bsub("when", waits))
        self.cluster.bsub("submit", "--nodes", 3, "--placement", "spread", "--test-only", "--", "true", code=1)
        self.cluster.bsub("submit", "--nodes", 2, "--placement", "partition=3", "--test-only", "--", "true", code=255)
        self.assertIn("placement partition 3: must be from 1 to 2", self.cluster.err)

    def test_why_says_what_is_missing_and_a_preference_ends(self):
        spread = self.running(self.submit("--nodes", 2, "-c", 2, "--placement", "spread"))
        self.assertEqual(sorted(self.racks(spread)), ["r1", "r2"])
        job = self.submit("--nodes", 2, "-c", 2, "--placement", "cluster")
        reason = self.why(job)
        self.assertEqual(reason["code"], "placement")
        self.assertIn("no rack has 2 nodes with room now; the most that one has is 1", reason["text"])
        self.assertIn("all 2 would fit with placement none", reason["nextStep"])
        self.cluster.bsub("cancel", job)
        advised = self.submit("--nodes", 2, "-c", 2, "--placement", "none")
        self.assertEqual(sorted(self.racks(self.running(advised))), ["r1", "r2"])
        self.cluster.bsub("cancel", advised)
        self.cluster.bsub("wait", advised, code=None)
        attempt = self.running(self.submit("--nodes", 2, "-c", 2, "--placement", "cluster:preferred@1s"))
        self.assertEqual(sorted(self.racks(attempt)), ["r1", "r2"])
        self.assertFalse(attempt["placement"]["kept"])

    def test_what_can_never_be_is_said_so(self):
        job = self.submit("--nodes", 3, "--placement", "spread")
        self.assertEqual(self.why(job)["code"], "never-fits")
        self.cluster.bsub("submit", "--nodes", 2, "--placement", "near", "--", "true", code=255)
        self.assertIn("--placement 'near': expected none, cluster, partition=K or spread", self.cluster.err)
        self.cluster.bsub("submit", "--nodes", 2, "--placement", "partition=3", "--", "true", code=255)
        self.assertIn("placement partition 3: must be from 1 to 2", self.cluster.err)

    def test_a_scheduler_that_is_killed_knows_its_racks_again(self):
        job = self.submit("--nodes", 2, "--placement", "spread")
        before = self.running(job)["placement"]
        scheduler = self.cluster.record("scheduler")
        self.assertTrue(self.cluster.kill("scheduler"))
        self.cluster.wait_until_gone(scheduler)
        wait_for("the scheduler to be back", lambda: self.cluster.record("scheduler"))
        wait_for("its nodes", lambda: all(node["state"] == "up" for node in self.cluster.status()["nodes"]))
        self.assertEqual(self.cluster.job(job)["attempts"][-1]["placement"], before)
        attempt = self.running(self.submit("--nodes", 2, "--placement", "spread"))
        self.assertEqual(sorted(self.racks(attempt)), ["r1", "r2"])

    def test_a_job_definition_says_it(self):
        file = self.cluster.root / "definition.yaml"
        file.write_text("name: apart\nnodes: 2\nplacement: spread:preferred@1h\ncommand: [sleep, '600']\n")
        self.cluster.bsub("definitions", "register", "--file", file)
        job = self.cluster.submit("--workdir", "/", "--definition", "apart")
        self.assertEqual(self.cluster.job(job)["gang"]["placement"], "spread:preferred@1h")
        self.assertEqual(sorted(self.racks(self.running(job))), ["r1", "r2"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
