#!/usr/bin/env python3
"""`bsub-lite bench placement` from the command line to its report, on a modelled network."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

SOURCE = pathlib.Path(os.environ["BSUB_SOURCE_DIR"])
PROGRAMS = pathlib.Path(os.environ["BSUB_BUILD_DIR"]) / "bin"
CONFIG = SOURCE / "cluster-configs" / "efa-cluster.yaml"
SKIPPED = 77


class PlacementBench(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bsub-bench-"))
        self.addCleanup(shutil.rmtree, self.root)

    def bench(self, *words, code=0, env=None):
        done = subprocess.run([str(PROGRAMS / "bsub-lite"), "bench", "placement", *map(str, words)], cwd=self.root,
                              text=True, capture_output=True, env=env)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def report(self, *words):
        self.bench("--config", CONFIG, "--out", "out", *words)
        return json.loads((self.root / "out" / "report.json").read_text())

    def test_the_table_and_the_report(self):
        table = self.bench("--config", CONFIG, "--nodes", 8, "--out", "out", "--draws", 3)
        for word in ("cluster", "partition=2", "spread", "none", "95% confidence", "nothing is slower"):
            self.assertIn(word, table)
        report = json.loads((self.root / "out" / "report.json").read_text())
        found = {placement["placement"]: placement for placement in report["placements"]}
        self.assertEqual(list(found), ["cluster", "partition=2", "spread", "none"])
        self.assertIsNone(found["spread"]["kept"])  # there are five racks
        self.assertEqual(found["spread"]["notKept"]["draws"], 3)
        self.assertIn("spread, not kept", table)
        for placement in found.values():
            for run in placement["runs"]:
                self.assertEqual(len(set(run["nodes"])), 8)
                self.assertEqual(len(run["pairs"]), 2 * 28)
                for pair in run["pairs"]:  # two nodes alone see what their level promises
                    self.assertAlmostEqual(pair["seconds"] / pair["promisedSeconds"], 1, delta=0.02)
        for figure in ("latencyUs", "allreduceSmallUs", "haloUs"):
            self.assertLess(found["cluster"]["kept"]["figures"][figure]["mean"], found["none"]["kept"]["figures"][figure]["mean"])
        self.assertGreater(found["cluster"]["kept"]["figures"]["alltoallGBps"]["mean"],
                           found["none"]["kept"]["figures"]["alltoallGBps"]["mean"])

    def test_the_pictures(self):
        self.report("--nodes", 4, "--draws", 2, "--degrade", "cpg1=50%")
        for name in ("pairs-latency", "pairs-bandwidth", "curves", "beside-cluster"):
            picture = xml.dom.minidom.parse(str(self.root / "out" / f"{name}.svg"))
            texts = [text.firstChild.data for text in picture.getElementsByTagName("text")]
            self.assertTrue(any("efa-cluster" in text for text in texts), name)
            for policy in ("cluster", "partition=2", "spread", "none"):
                self.assertTrue(any(text.startswith(policy) for text in texts), f"{policy} in {name}")

    def test_what_is_degraded_is_named(self):
        report = self.report("--nodes", 8, "--draws", 2, "--busy", 0, "--degrade", "a03=25%", "--degrade", "a-rack2=+30us")
        slow = {(part["kind"], part["names"][0]): part for part in report["slow"]}
        self.assertEqual(set(slow), {("node", "a03"), ("uplink", "a-rack2")}, report["slow"])
        self.assertEqual(slow["node", "a03"]["bytes"], 4 << 20)
        self.assertEqual(slow["uplink", "a-rack2"]["bytes"], 8)
        self.assertGreater(slow["node", "a03"]["timesPromised"], 3)

    def test_several_ranks_on_a_node(self):
        report = self.report("--nodes", 2, "--ranks-per-node", 3, "--draws", 1)
        run = report["placements"][0]["runs"][0]
        self.assertEqual(len(run["pairs"]), 2)  # one pair of nodes, two sizes

    def test_the_same_seed_gives_the_same_report(self):
        words = ("--nodes", 4, "--draws", 2, "--seed", 7)
        self.assertEqual(self.report(*words), self.report(*words))

    def test_mistakes(self):
        self.assertIn("the cluster has 16 nodes", self.bench("--config", CONFIG, "--nodes", 17, code=1))
        self.assertIn("no node or switch 'a99'", self.bench("--config", CONFIG, "--nodes", 2, "--degrade", "a99=5%", code=2))
        self.assertIn("--nodes: say how many", self.bench("--config", CONFIG, code=2))
        self.assertIn("nowhere.yaml", self.bench("--config", "nowhere.yaml", "--nodes", 2, code=2))
        no_simgrid = {"PATH": str(self.root)}
        self.assertIn("libsimgrid-dev", self.bench("--config", CONFIG, "--nodes", 2, code=1, env=no_simgrid))


if __name__ == "__main__":
    if not shutil.which("smpirun") or not (PROGRAMS / "netbench-smpi").exists():
        print("skipped: there is no SimGrid (Debian's libsimgrid-dev), or there was none when this was built")
        sys.exit(SKIPPED)
    unittest.main()
