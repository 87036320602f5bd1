#!/usr/bin/env python3
"""What tools/quickstart shows: the genomics pipeline on nodes that are taken away, by examples/genomics/interrupted.sh."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from cluster import BUILD, Cluster

EXAMPLE = pathlib.Path(os.environ["BSUB_SOURCE_DIR"]) / "examples" / "genomics" / "interrupted.sh"


class Interrupted(unittest.TestCase):
    def test_no_chromosome_is_called_twice(self):
        with Cluster() as cluster:
            cluster.bsub("up", "--nodes", 2, "--slots", 2)
            env = {**cluster.env, "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}"}
            done = subprocess.run([EXAMPLE, cluster.root / "work"], env=env, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("each of the 4 chromosomes was called once", done.stdout)
            self.assertIn("Passed", done.stdout)
            [call] = [job for job in cluster.jobs() if job["name"] == "genomics.call"]
            [interruption] = call["interruptions"]
            self.assertEqual((interruption["outcome"], interruption["lostWorkSeconds"]), ("saved", 0))
            self.assertNotEqual(interruption["node"], interruption["resumedOn"])
            self.assertEqual([attempt["then"] for attempt in call["attempts"]], ["retry", "succeeded"])
            self.assertTrue(all(node["state"] == "up" for node in cluster.nodes()), "what was noticed is given back")


if __name__ == "__main__":
    missing = [tool for tool in ("bwa", "samtools", "bcftools", "jq") if shutil.which(tool) is None]
    if missing:
        print(f"skipped: {missing[0]} is not installed")
        sys.exit(77)
    unittest.main()
