#!/usr/bin/env python3
"""Nodes that are set aside for a time, and jobs that make room for others, with real daemons on two worker nodes."""

import datetime
import json
import unittest

from cluster import Cluster, wait_for

CONFIG = """name: small
levels:
  - {name: rack, latency: 15us, bandwidth: 4GB/s}
  - {name: node, latency: 300ns, bandwidth: 10GB/s}
types:
  small: {cpus: 2, memory: 1G}
tree:
  nodes: n[1-2]
"""

# Saves on the signal and says so by 85; done at once when it is started again.
SAVES = """#!/bin/sh
[ "$BSUB_RESTART_COUNT" = 0 ] || exit 0
trap 'touch saved; exit 85' USR1
touch begun
while [ ! -e finish ]; do sleep 0.02; done
"""


class Planning(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)

    def up(self, more=""):
        config = self.cluster.root / "cluster.yaml"
        config.write_text(CONFIG + more)
        self.cluster.bsub("up", "--config", config)

    def hold_open(self, *words):
        """A job that runs until finish() is called."""
        return self.cluster.submit(*words, "--workdir", self.cluster.root, "--", "/bin/sh", "-c",
                                   "while [ ! -e finish ]; do sleep 0.02; done")

    def finish(self):
        (self.cluster.root / "finish").touch()

    def node_of(self, job):
        return wait_for(f"job {job} to run", lambda: self.running(job).get("node"))

    def running(self, job):
        found = self.cluster.job(job)
        return found if found["state"] == "RUNNING" else {}

    def why_says(self, job, words):
        return wait_for(f"why {job} to say {words!r}", lambda: words in self.cluster.bsub("why", job))

    def test_a_window_of_maintenance_is_planned_around(self):
        begins = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=20)
        self.up(f"maintenance:\n  - {{name: firmware, nodes: [n1], time_zone: UTC, start: {begins:%Y-%m-%d %H:%M}, length: 1h}}\n")
        runs = self.hold_open("-c", 2, "-t", "1h")
        self.assertEqual(self.node_of(runs), "n2", "on n1 it could still run when the window begins")
        waits = self.cluster.submit("-c", 2, "-t", "1h", "--", "/bin/true")
        self.why_says(waits, "maintenance firmware")
        quick = self.cluster.submit("-c", 2, "-t", "1m", "--", "/bin/true")
        self.cluster.bsub("wait", quick)
        self.assertEqual(self.cluster.job(quick)["node"], "n1", "it is over in time")
        self.assertIn("firmware", self.cluster.bsub("when", waits) + self.cluster.bsub("why", waits))
        self.finish()
        self.cluster.bsub("wait", waits)
        self.assertEqual(self.cluster.job(waits)["node"], "n2")

    def test_a_reservation_is_for_its_own_and_outlives_the_scheduler(self):
        self.up()
        self.cluster.bsub("reservations", "create", "--name", "course", "--duration", "2h", "--node", "n1")
        runs = self.hold_open("-c", 2, "-t", "1h")
        self.assertEqual(self.node_of(runs), "n2")
        other = self.cluster.submit("-c", 1, "-t", "1h", "--", "/bin/true")
        self.why_says(other, "reservation course")
        own = self.cluster.submit("-c", 1, "-t", "1h", "--reservation", "course", "--", "/bin/true")
        self.cluster.bsub("wait", own)
        self.assertEqual(self.cluster.job(own)["node"], "n1")

        before = self.cluster.record("scheduler")
        self.assertTrue(self.cluster.kill("scheduler"))
        wait_for("another scheduler", lambda: self.cluster.record("scheduler") not in (None, before))
        known = wait_for("its answer", lambda: json.loads(self.cluster.bsub("reservations", "--json", code=None) or "[]"))
        self.assertIn("course", json.dumps(known))
        self.why_says(other, "reservation course")
        self.cluster.bsub("reservations", "delete", "course")
        self.cluster.bsub("wait", other)
        self.assertEqual(self.cluster.job(other)["node"], "n1")
        self.assertEqual(self.node_of(runs), "n2", "it went on meanwhile")
        self.finish()
        self.cluster.bsub("wait", runs)

    def test_of_two_jobs_in_the_way_the_one_that_saves_makes_room(self):
        self.up()
        self.cluster.bsub("queues", "create", "spare")
        self.cluster.bsub("queues", "create", "urgent", "--priority", 10, "--preempts", "spare")
        stays = self.hold_open("-q", "spare", "-c", 2)
        self.node_of(stays)
        script = self.cluster.root / "saves.sh"
        script.write_text(SAVES)
        script.chmod(0o755)
        saves = self.cluster.submit("-q", "spare", "-c", 2, "--workdir", self.cluster.root, "--checkpoint-dir",
                                    self.cluster.root / "state", "--checkpoint-signal", "USR1", "--", script)
        node = self.node_of(saves)
        wait_for("its begin", lambda: (self.cluster.root / "begun").exists())
        urgent = self.cluster.submit("-q", "urgent", "-c", 2, "--", "/bin/true")
        self.cluster.bsub("wait", urgent)
        self.assertTrue((self.cluster.root / "saved").exists())
        self.assertEqual(self.cluster.job(urgent)["node"], node)
        self.cluster.bsub("wait", saves)
        found = self.cluster.job(saves)
        self.assertEqual(len(found["attempts"]), 2)
        self.assertIn(f"preempted for job {urgent}", json.dumps(found))
        self.assertTrue(self.running(stays), "what loses work stays")
        self.finish()
        self.cluster.bsub("wait", stays)


if __name__ == "__main__":
    unittest.main()
