#!/usr/bin/env python3
"""up with cluster configurations: the files of cluster-configs/, with real daemons."""

import json
import pathlib
import unittest

from cluster import Cluster

CONFIGS = pathlib.Path(__file__).resolve().parents[3] / "cluster-configs"


class ClusterConfig(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def names(self):
        return [node["name"] for node in self.cluster.status()["nodes"] if node["state"] == "up"]

    def test_the_nodes_of_the_file_are_started(self):
        said = self.cluster.bsub("up", "--config", CONFIGS / "efa-cluster.yaml")
        self.assertIn("16 nodes with 72 CPUs and 192.0 GiB each", said)
        self.assertEqual(sorted(self.names()), [f"a{i:02}" for i in range(1, 13)] + [f"b{i:02}" for i in range(1, 5)])
        job = self.cluster.submit("--cpus", 70, "--", "/bin/true")
        self.cluster.bsub("wait", job)
        self.assertIn("is already up", self.cluster.bsub("up", "--config", CONFIGS / "efa-cluster.yaml"))

    def test_a_longer_file_brings_more_nodes(self):
        config = CONFIGS / "fat-tree.yaml"
        self.cluster.bsub("up", "--config", config, "--nodes", 1, "--slots", 2, "--memory", "1G")
        self.assertEqual(self.names(), ["n01"])
        self.cluster.bsub("down")
        self.cluster.bsub("up", "--config", config, "--nodes", 2, "--slots", 2, "--memory", "1G")
        self.assertEqual(sorted(self.names()), ["n01", "n02"])
        self.cluster.bsub("down")
        self.cluster.bsub("up", "--config", CONFIGS / "laptop.yaml", code=2)
        self.assertIn("the cluster has a node 'n01'", self.cluster.err)
        self.assertIn("2 nodes with 2 CPUs", self.cluster.bsub("up"))
        written = json.loads((self.cluster.home / "cluster.json").read_text())
        self.assertEqual([node["name"] for node in written["namedNodes"]], ["n01", "n02"])

    def test_more_than_this_machine_may_take_is_refused(self):
        self.cluster.bsub("up", "--config", CONFIGS / "large.yaml", code=2)
        self.assertIn("has 10000 nodes; at most 64 are started on this machine", self.cluster.err)
        self.assertEqual(self.cluster.daemons(), {})

    def test_a_mistake_names_its_line(self):
        config = self.cluster.root / "c.yaml"
        config.write_text((CONFIGS / "laptop.yaml").read_text() + "licenses:\n  x: 1\n")
        line = len(config.read_text().splitlines()) - 1
        self.cluster.bsub("up", "--config", config, code=2)
        self.assertIn(f"c.yaml:{line}: cluster: unknown key 'licenses'; did you mean 'licences'?", self.cluster.err)
        config.write_text((CONFIGS / "laptop.yaml").read_text() + "settings:\n  core:\n    laese: 3s\n")
        self.cluster.bsub("up", "--config", config, code=1)
        self.assertIn("laese", self.cluster.err)
        self.assertEqual(self.cluster.daemons(), {})


if __name__ == "__main__":
    unittest.main()
