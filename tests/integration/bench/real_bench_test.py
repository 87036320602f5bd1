#!/usr/bin/env python3
"""`bsub-lite bench placement --real`: netbench as jobs of a running cluster of two racks."""

import json
import shutil
import sys
import unittest

from cluster import BUILD, Cluster, wait_for

RACKS = [{"n1", "n2"}, {"n3", "n4"}]
CONFIG = """
name: racks
levels:
  - {name: cluster, latency: 30us, bandwidth: 10Gbit/s}
  - {name: rack, latency: 20us, bandwidth: 10Gbit/s}
  - {name: node, latency: 300ns, bandwidth: 20GB/s}
types:
  host: {cpus: 2, memory: 1G}
tree:
  - {name: r1, nodes: 'n[1-2]'}
  - {name: r2, nodes: 'n[3-4]'}
"""
SKIPPED = 77


class RealBench(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.config = cls.cluster.root / "racks.yaml"
        cls.config.write_text(CONFIG)
        cls.cluster.bsub("up", "--config", cls.config)

    def bench(self, *words, config=None, code=0):
        return self.cluster.bsub("bench", "placement", "--real", "--config", config or self.config, "--out", "out", *words, code=code)

    def test_every_policy_is_measured_where_the_scheduler_placed_it(self):
        table = self.bench("--nodes", 2, "--draws", 1)
        self.assertIn("on the running cluster, 1 job for each placement", table)
        report = json.loads((self.cluster.root / "out" / "report.json").read_text())
        self.assertEqual((report["network"], report["busyPercent"]), ("real", None))
        racks = {"cluster": 1, "partition=2": 2, "spread": 2}
        for placement in report["placements"]:
            self.assertEqual(placement["kept"]["draws"], 1)
            for run in placement["runs"]:
                self.assertIn("Open MPI", run["mpi"])
                used = [rack for rack in RACKS if rack & set(run["nodes"])]
                self.assertEqual(len(used), racks.get(placement["placement"], len(used)), run["nodes"])
                self.assertEqual([pair["bytes"] for pair in run["pairs"]], [8, 4 << 20])
                self.assertEqual(len(run["pingpong"]), 23)
                self.assertEqual(sorted(run["pingpongNodes"]), sorted(run["nodes"]))

    def test_a_configuration_that_is_not_the_clusters(self):
        other = self.cluster.root / "other.yaml"
        other.write_text(CONFIG.replace("n[", "m["))
        self.bench("--nodes", 2, "--draws", 1, config=other, code=1)
        self.assertIn("is the cluster up with this configuration?", self.cluster.err)

    def test_a_job_that_does_not_end_in_time_is_cancelled(self):
        holder = self.cluster.submit("--nodes", 4, "--exclusive", "--", "sleep", 600)
        wait_for("the nodes to be taken", lambda: self.cluster.job(holder)["state"] == "RUNNING")
        self.bench("--nodes", 2, "--draws", 1, "--timeout", "1s", code=1)
        self.assertRegex(self.cluster.err, r"was not over after 1s \(--timeout\).*; job \d+ is cancelled\n$")
        self.cluster.bsub("cancel", holder)
        self.cluster.bsub("wait", holder, code=None)  # its nodes are free only then
        waiting = [job["name"] for job in self.cluster.jobs() if job["state"] not in ("SUCCEEDED", "FAILED") and job["id"] != holder]
        self.assertEqual(waiting, [])


if __name__ == "__main__":
    if not shutil.which("mpirun") or not (BUILD / "bin" / "netbench").exists():
        print("skipped: there is no mpirun, or netbench was not built")
        sys.exit(SKIPPED)
    unittest.main()
