#!/usr/bin/env python3
"""Command lines about interruptions as a person types them, on a cluster of four worker nodes of this machine: what a program needs that
saves its state, what takes nodes away, and what is seen of it afterwards."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from cluster import BUILD, Cluster, wait_for

EXAMPLES = pathlib.Path(os.environ["BSUB_SOURCE_DIR"]) / "examples"
SIX_LINES = EXAMPLES / "checkpoint" / "six-line.sh"
REPLACE = EXAMPLES / "capacity" / "replace_nodes.py"

STEPS = 300  # each of them saved: some seconds, however many processors there are

# Saves on no signal: it says that it could not.
CANNOT_SAVE = """#!/bin/sh
trap 'exit 1' USR1
touch started.$BSUB_RESTART_COUNT
while [ $BSUB_RESTART_COUNT = 0 ]; do sleep 0.05; done
"""


class InterruptionLines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.root = cls.cluster.root
        cls.cluster.env["PATH"] = f"{BUILD / 'bin'}:{os.environ['PATH']}"
        cls.cluster.env["OMPI_MCA_mpi_yield_when_idle"] = "1"  # ranks are more than processors
        (cls.root / "build").mkdir()
        (cls.root / "build" / "release").symlink_to(BUILD)
        shutil.copy(SIX_LINES, cls.root)
        cls.cluster.bsub("up", "--nodes", 4, "--slots", 2)

    def sh(self, line, code=0):
        done = subprocess.run(["bash", "-c", line], env=self.cluster.env, cwd=self.root, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=300)
        self.assertEqual(done.returncode, code, f"{line}\n{done.stdout}{done.stderr}")
        self.err = done.stderr
        return done.stdout

    def submit(self, line):
        """Its id; cancelled at the test's end if it is not over."""
        job = int(self.sh(line).split("<")[1].split(">")[0])
        self.addCleanup(self.cluster.bsub, "cancel", job, code=None)
        return job

    def runs(self, job, restarts=0):
        """Its newest attempt, once so many were before it and it runs."""
        def attempt():
            found = self.cluster.job(job)
            return found["attempts"][-1] if found["state"] == "RUNNING" and found["restartCount"] == restarts else None
        return wait_for(f"attempt {restarts + 1} of job {job}", attempt)

    def registrations(self):
        return self.cluster.bsub("events", "--limit", 0, code=None).count("NodeRegistered")

    def give_back(self, node):
        self.sh(f"bsub-lite resume {node}")

    def test_a_gang_of_two_to_four_nodes(self):
        job = self.submit("bsub-lite submit --mpi --nodes 2:4 --checkpoint-dir saved --checkpoint-interval 30s -- "
                          "build/release/bin/stencil --size 256 --steps 500")
        nodes = self.runs(job)["nodes"]
        self.assertEqual(len(nodes), 4)
        wait_for("its store", lambda: list((self.root / "saved" / str(job)).glob("owner-*.json")))
        self.sh(f"bsub-lite drill notice --node {nodes[-1]} --in 60s")
        self.assertEqual(sorted(self.runs(job, 1)["nodes"]), sorted(nodes[:-1]), "it goes on on what is there")
        self.assertEqual(self.cluster.job(job)["interruptions"][0]["outcome"], "saved")
        self.give_back(nodes[-1])

    def test_the_state_of_four_ranks_goes_on_on_three(self):
        words = "build/release/bin/stencil --size 40 --steps {} --threads 1 --report 10 --result {}"
        self.sh(words.format(STEPS, "alone.json"))
        job = self.submit("bsub-lite submit --mpi --nodes 2:4 --checkpoint-dir few --checkpoint-interval 1ms -- " + words.format(STEPS, "few.json"))
        nodes = self.runs(job)["nodes"]
        self.assertEqual(len(nodes), 4)
        # Not by its output, which is passed on a second later: it may be over by then.
        wait_for("its store", lambda: list((self.root / "few" / str(job)).glob("owner-*.json")))
        self.sh(f"bsub-lite drill notice --node {nodes[1]} --in 60s")
        self.sh(f"bsub-lite wait {job}")
        result = json.loads((self.root / "few.json").read_text())
        self.assertEqual(result["fingerprint"], json.loads((self.root / "alone.json").read_text())["fingerprint"])
        self.assertEqual(result["ranks"], 3)
        self.assertGreater(result["firstStep"], 0)
        self.give_back(nodes[1])
        self.stores(job)

    def stores(self, job):
        self.assertIn("complete", self.sh("bsub-lite checkpoint ls few"))
        self.sh("bsub-lite checkpoint verify few")
        newest = max((path for path in (self.root / "few" / str(job)).iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
        shard = sorted(newest.glob("shard-*.h5"))[-1]
        with open(shard, "r+b") as file:
            file.seek(-100, os.SEEK_END)
            byte = file.read(1)
            file.seek(-100, os.SEEK_END)
            file.write(bytes([byte[0] ^ 1]))
        self.assertRegex(self.sh("bsub-lite checkpoint verify few", code=1), r"rank \d+, dataset \w+, block \d+")

    def test_a_script_of_six_lines(self):
        job = self.submit("bsub-lite submit --checkpoint-dir six --checkpoint-signal USR1 --grace 60s -- ./six-line.sh")
        node = self.runs(job)["nodes"][0]
        self.sh(f"bsub-lite drain {node} --deadline 120s")
        next_node = self.runs(job, 1)["nodes"][0]
        self.assertNotEqual(next_node, node)
        self.sh(f"bsub-lite drill notice --node {next_node} --in 30s")
        third = self.runs(job, 2)["nodes"][0]
        self.sh(f"bsub-lite drill kill --node {third}")
        self.runs(job, 3)
        shown = json.loads(self.sh(f"bsub-lite job {job} --json"))
        for one in shown["interruptions"]:
            self.assertLessEqual({"noticeAt", "savedAt", "requeuedAt", "resumedAt", "lostWorkSeconds", "generation"}, set(one))
        self.assertEqual([one["outcome"] for one in shown["interruptions"]], ["saved", "saved", "not saved"])
        said = self.sh(f"bsub-lite logs {job} --all-attempts")
        self.assertEqual(said.count("counted to"), 2, "two attempts said how far they came")
        self.assertRegex(self.err, r"(?s)== attempt 1 on n\d: exited with code 85.*== attempt 2 on n\d: exited with code 85")
        self.give_back(node)
        self.give_back(next_node)

    def test_spot(self):
        job = self.submit("bsub-lite submit --checkpoint-dir spot --checkpoint-signal USR1 --grace 60s -- ./six-line.sh")
        self.runs(job)
        said = self.sh("bsub-lite drill spot --rate 240/h --notice 5s --for 20s --seed 7 --report report")
        self.assertIn("Passed", said)
        told = json.loads((self.root / "report" / "report.json").read_text())
        self.assertTrue(told["passed"])
        self.assertEqual({strike["kind"] for strike in told["strikes"]}, {"spot"})
        self.assertGreater(len(told["interruptions"]), 0)
        self.assertEqual({one["outcome"] for one in told["interruptions"]}, {"saved"})
        xml.etree.ElementTree.parse(self.root / "report" / "timeline.svg")

    def test_a_replacement_is_asked_for_at_the_notice(self):
        order = self.root / "order.sh"
        order.write_text('#!/bin/sh\necho "$@" >> asked\n')
        order.chmod(0o755)
        said = open(self.root / "replace.log", "w", encoding="utf-8")
        self.addCleanup(said.close)
        program = subprocess.Popen([REPLACE, order], env=self.cluster.env, cwd=self.root, stdout=said, stderr=said, start_new_session=True)
        self.addCleanup(os.killpg, program.pid, signal.SIGKILL)
        wait_for("its start", lambda: "follows" in (self.root / "replace.log").read_text())
        asked = self.root / "asked"
        self.sh("bsub-lite drill notice --node n4 --in 60s")
        wait_for("an order", asked.exists)
        self.sh("bsub-lite drill notice --node n4 --in 50s")  # no second machine
        lives = self.registrations()
        self.cluster.kill("scheduler")  # nor when all nodes register again
        wait_for("the nodes", lambda: self.registrations() >= lives + 4)
        self.sh("bsub-lite drain n3 --deadline 60s")
        wait_for("two orders", lambda: len(asked.read_text().splitlines()) > 1)
        orders = [line.split() for line in asked.read_text().splitlines()]
        self.assertEqual([(node, why) for node, why, _ in orders], [("n4", "drill"), ("n3", "drain")])
        for node in ("n3", "n4"):
            self.give_back(node)

    def test_a_drill_in_which_something_is_lost_fails(self):
        (self.root / "cannot.sh").write_text(CANNOT_SAVE)
        (self.root / "cannot.sh").chmod(0o755)
        job = self.submit("bsub-lite submit --checkpoint-dir cannot --checkpoint-signal USR1 -- ./cannot.sh")
        node = self.runs(job)["nodes"][0]
        wait_for("its trap", lambda: (self.root / "started.0").exists())
        (self.root / "plan.yaml").write_text(f"for: 1s\nsteps:\n  - {{at: 0s, notice: {node}, in: 30s}}\n")
        self.assertIn(f"FAILED: job {job} had a notice and did not save", self.sh("bsub-lite drill run plan.yaml", code=1))

    def test_after_too_many_interruptions_another_queue(self):
        self.sh("bsub-lite queues create steady")
        job = self.submit("bsub-lite submit --checkpoint-dir moved --checkpoint-signal USR1 --max-interruptions 1 --then steady -- ./six-line.sh")
        for restarts in (0, 1):
            node = self.runs(job, restarts)["nodes"][0]
            self.assertEqual(self.cluster.job(job)["queue"], "default")
            self.sh(f"bsub-lite drill notice --node {node} --in 30s")
            self.runs(job, restarts + 1)
            self.give_back(node)
        self.assertEqual(self.cluster.job(job)["queue"], "steady")

    def test_a_million_tiles(self):
        job = self.submit("bsub-lite submit --array 0-999999 --kernel build/release/lib/libtiles.so:render_tile --checkpoint-dir tiles")
        self.runs(job)
        wait_for("a save", lambda: any((self.root / "tiles").glob("*/*/manifest.json")))
        self.sh(f"bsub-lite cancel {job}")


if __name__ == "__main__":
    if shutil.which("mpirun") is None or not (BUILD / "bin" / "stencil").exists():
        print("skipped: mpirun or the examples are missing")
        sys.exit(77)
    unittest.main()
