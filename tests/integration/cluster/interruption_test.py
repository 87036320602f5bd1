#!/usr/bin/env python3
"""Nodes that are taken away from running jobs, on a cluster of three worker nodes of this machine."""

import datetime
import json
import unittest

from cluster import Cluster, wait_for

# The whole contract: save on the signal, say so by 85, go on from what is there. A step is written and counted by one command, for
# the trap may come between any two.
SIX_LINES = """#!/bin/sh
state=$BSUB_CHECKPOINT_DIR/step; step=$(cat $state 2>/dev/null || echo 0); echo begins at $step
trap 'echo $step > $state.new && mv $state.new $state; exit 85' USR1
while [ $step -lt 1000000 ] && [ ! -e finish ]; do
  echo "$(((step += 1) - 1)) $BSUB_NODE $BSUB_RESTART_COUNT" >> steps; sleep 0.02
done
"""


# What the library tells the node, told by hand. Its second attempt is done at once.
TELLS = """#!/usr/bin/env python3
import os, pathlib, sys, time
if os.environ["BSUB_RESTART_COUNT"] != "0": sys.exit(0)
control = pathlib.Path(os.environ["BSUB_CONTROL_DIR"])
def tell(kind, **fields):
    words = "".join(f" {name}={value}" for name, value in fields.items())
    with open(control / "report", "ab", buffering=0) as report: report.write(f"{kind}{words} at={time.monotonic_ns()}\\n".encode())
"""


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Interruption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--nodes", 3, "--slots", 2)

    def setUp(self):
        self.folder = self.cluster.root / self.id().rsplit(".", 1)[1]
        self.folder.mkdir()
        self.saved = self.folder / "saved"

    def submit(self, script, *words):
        path = self.folder / "job.sh"
        path.write_text(script)
        path.chmod(0o755)
        return self.cluster.submit("--workdir", self.folder, *words, "--", path)

    def node_of(self, job):
        return wait_for(f"job {job} to run", lambda: self.running(job).get("node"))

    def running(self, job):
        found = self.cluster.job(job)
        return found if found["state"] == "RUNNING" else {}

    def wait_for_return(self, node):
        """Of one that was killed: the tests after this one count on three."""
        wait_for(f"{node} to come back", lambda: (node, "up") in [(each["name"], each["state"]) for each in self.cluster.status()["nodes"]])

    def begun(self, attempt):
        return int(next(step[0] for step in self.steps() if step[2] == str(attempt)))

    def steps(self):
        path = self.folder / "steps"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def test_a_six_line_script_goes_on_where_it_was(self):
        job = self.submit(SIX_LINES, "--checkpoint-dir", self.saved, "--checkpoint-signal", "USR1", "--grace", "60s")
        first = self.node_of(job)
        wait_for("some steps", lambda: len(self.steps()) > 5)
        self.cluster.bsub("drill", "notice", "--node", first, "--in", "30s")
        self.assertIn("taken away", self.cluster.bsub("nodes"))
        wait_for("its second attempt", lambda: self.running(job) and self.cluster.job(job)["restartCount"] == 1)
        wait_for("steps on the other node", lambda: any(step[2] == "1" for step in self.steps()))
        (self.folder / "finish").touch()
        self.cluster.bsub("wait", job)

        steps = self.steps()
        self.assertEqual([int(step[0]) for step in steps], list(range(len(steps))), "no step twice, and none left out")
        self.assertEqual(len({step[1] for step in steps}), 2, "on two nodes")
        found = self.cluster.job(job)
        self.assertEqual(found["interruptionCount"], 1)
        self.assertEqual(len(found["attempts"]), 2)
        [interruption] = found["interruptions"]
        times = [moment(interruption[name]) for name in ("noticeAt", "savedAt", "requeuedAt", "resumedAt")]
        self.assertEqual(times, sorted(times))
        self.assertEqual(interruption["lostWorkSeconds"], 0)
        self.assertEqual((interruption["outcome"], interruption["node"]), ("saved", first))
        self.assertNotEqual(interruption["resumedOn"], first)
        self.assertIn("INTERRUPTED", self.cluster.bsub("job", job))
        self.assertTrue((self.saved / str(job) / "step").exists())
        self.assertEqual(self.cluster.bsub("logs", job, "--all-attempts"), "begins at 0\nbegins at %d\n" % self.begun(1))
        self.assertRegex(self.cluster.err, r"(?s)== attempt 1 on n\d: exited with code 85.*== attempt 2 on n\d: exited with code 0")
        self.cluster.bsub("resume", first)

    def test_a_drain_with_a_deadline_moves_it_too_and_tells_how_long(self):
        script = ('trap \'cp $BSUB_CONTROL_DIR/notice.json notice.json; exit 85\' USR1\n'
                  'touch started.$BSUB_RESTART_COUNT\n[ $BSUB_RESTART_COUNT = 0 ] || exit 0\nwhile :; do sleep 0.05; done\n')
        job = self.submit("#!/bin/sh\n" + script, "--checkpoint-dir", self.saved, "--checkpoint-signal", "USR1")
        node = self.node_of(job)
        wait_for("its trap", lambda: (self.folder / "started.0").exists())
        self.cluster.bsub("drain", node, "--deadline", "120s", "--reason", "new disk")
        self.cluster.bsub("wait", job)
        notice = json.loads((self.folder / "notice.json").read_text())
        self.assertEqual((notice["version"], notice["reason"], notice["save"], notice["stop"]), (1, "drain", True, True))
        self.assertTrue(60 < notice["remaining_seconds"] <= 120, notice)
        self.assertEqual(self.cluster.job(job)["interruptions"][0]["outcome"], "saved")
        self.cluster.bsub("resume", node)

    def test_who_hangs_in_its_save_starts_again_and_that_is_said(self):
        script = "#!/bin/sh\ntrap : USR1\n[ $BSUB_RESTART_COUNT = 0 ] || exit 0\ntouch started\nwhile :; do sleep 0.05; done\n"
        job = self.submit(script, "--checkpoint-dir", self.saved, "--checkpoint-signal", "USR1")
        node = self.node_of(job)
        wait_for("its start", lambda: (self.folder / "started").exists())
        self.cluster.bsub("drill", "notice", "--node", node, "--in", "1s")
        self.cluster.bsub("wait", job)
        found = self.cluster.job(job)
        [interruption] = found["interruptions"]
        self.assertEqual((interruption["outcome"], interruption["savedAt"]), ("not saved", None))
        self.assertIsNone(interruption["lostWorkSeconds"], "it may have saved before: nobody knows")
        self.assertIn("its time to save is over", found["attempts"][0]["exit"]["text"])
        self.cluster.bsub("resume", node)

    def test_a_gang_with_a_range_of_nodes_goes_on_on_what_is_there(self):
        script = ('#!/bin/sh\ntrap "exit 85" USR1\necho $BSUB_NODES > nodes.$BSUB_RESTART_COUNT.$BSUB_NODE_INDEX\n'
                  'while [ $BSUB_RESTART_COUNT = 0 ]; do sleep 0.05; done\n')
        job = self.submit(script, "--nodes", "2:4", "--checkpoint-signal", "USR1")
        wait_for("all parts", lambda: len(list(self.folder.glob("nodes.0.*"))) == 3)
        nodes = wait_for("its nodes", lambda: self.cluster.job(job)["attempts"][0]["nodes"])
        taken = nodes[1]  # not the main one
        self.cluster.bsub("drill", "notice", "--node", taken, "--in", "30s")
        self.cluster.bsub("wait", job)
        parts = {path.name: path.read_text().strip() for path in self.folder.glob("nodes.1.*")}
        self.assertEqual(parts, {"nodes.1.0": "2", "nodes.1.1": "2"})
        found = self.cluster.job(job)
        [interruption] = found["interruptions"]
        self.assertEqual((interruption["outcome"], interruption["node"]), ("saved", taken))
        self.assertEqual([part["node"] for part in found["attempts"][0]["parts"]], nodes, "it is over, and known")
        self.cluster.bsub("resume", taken)

    def test_a_report_of_having_stopped_is_believed_before_the_exit_code(self):
        script = ('#!/bin/sh\n[ $BSUB_RESTART_COUNT = 0 ] || exit 0\ntouch started\n'
                  'until [ -e $BSUB_CONTROL_DIR/notice.json ]; do sleep 0.05; done\n'
                  'head -c 8 $BSUB_CONTROL_DIR/page > magic\n'
                  'echo "stopped generation=41 step=3 at=0" >> $BSUB_CONTROL_DIR/report\nexit 0\n')
        job = self.submit(script, "--checkpoint-dir", self.saved)
        node = self.node_of(job)
        wait_for("its start", lambda: (self.folder / "started").exists())
        self.cluster.bsub("drill", "notice", "--node", node, "--in", "30s")
        self.cluster.bsub("wait", job)
        found = self.cluster.job(job)
        self.assertEqual([attempt["then"] for attempt in found["attempts"]], ["retry", "succeeded"])
        self.assertEqual((found["interruptions"][0]["generation"], found["interruptions"][0]["outcome"]), (41, "saved"))
        self.assertEqual((self.folder / "magic").read_text(), "BSUBCTL1")
        self.cluster.bsub("resume", node)

    def test_a_save_that_failed_is_no_save_though_the_program_stops(self):
        script = (TELLS + 'tell("opened"); tell("committed", generation=3, step=30, seconds="0.1")\n'
                  'pathlib.Path("started").touch()\nwhile not (control / "notice.json").exists(): time.sleep(0.05)\n'
                  'time.sleep(1.1)\ntell("failed", generation=4, reason="No%20space%20left%20on%20device")\n'
                  'tell("stopped", generation=3, step=30)\n')
        job = self.submit(script, "--checkpoint-dir", self.saved)
        node = self.node_of(job)
        wait_for("its start", lambda: (self.folder / "started").exists())
        self.cluster.bsub("drill", "notice", "--node", node, "--in", "30s")
        self.cluster.bsub("wait", job)
        found = self.cluster.job(job)
        self.assertEqual([attempt["then"] for attempt in found["attempts"]], ["retry", "succeeded"], "and it is not charged")
        [interruption] = found["interruptions"]
        self.assertEqual((interruption["outcome"], interruption["generation"]), ("not saved", 3))
        self.assertGreater(interruption["lostWorkSeconds"], 1.1)
        self.assertGreater((moment(interruption["requeuedAt"]) - moment(interruption["savedAt"])).total_seconds(), 1.1, "not at its end")
        self.assertIn("No space left on device; the job goes on from generation 3", interruption["reason"])
        self.cluster.bsub("resume", node)

    def submit_one_that_has_saved(self):
        """Its job and node; the scheduler knows of generation 3."""
        job = self.submit(TELLS + 'tell("opened"); tell("committed", generation=3, step=30, seconds="0.1")\n'
                          'while True: time.sleep(1)\n', "--checkpoint-dir", self.saved)
        node = self.node_of(job)
        self.wait_for_save(job)
        return job, node

    def wait_for_save(self, job):
        return wait_for("its save to be known", lambda: self.cluster.job(job).get("lastSave"))

    def test_what_was_saved_on_a_node_that_is_killed_is_known(self):
        job, node = self.submit_one_that_has_saved()
        self.assertIn("generation 3 at", self.cluster.bsub("job", job))
        scheduler = self.cluster.record("scheduler")
        self.cluster.kill("scheduler")
        self.cluster.wait_until_gone(scheduler)
        save = self.wait_for_save(job)  # the node has told it again
        self.cluster.bsub("drill", "kill", "--node", node)
        self.cluster.bsub("wait", job)
        [interruption] = self.cluster.job(job)["interruptions"]
        self.assertEqual((interruption["generation"], interruption["outcome"], interruption["noticeAt"]), (3, "not saved", None))
        saved = moment(interruption["savedAt"])
        self.assertLess(abs((saved - moment(save["savedAt"])).total_seconds()), 1)
        self.assertGreater(interruption["lostWorkSeconds"], 0)
        self.assertLess(interruption["lostWorkSeconds"], (moment(interruption["requeuedAt"]) - saved).total_seconds() + 1)
        self.wait_for_return(node)

    def test_who_saved_unheard_is_said_to_have_lost_nobody_knows_what(self):
        job = self.submit(SIX_LINES, "--checkpoint-dir", self.saved, "--checkpoint-signal", "USR1")
        node = self.node_of(job)
        wait_for("some steps", lambda: len(self.steps()) > 5)
        self.cluster.bsub("drill", "kill", "--node", node)
        wait_for("the interruption", lambda: self.cluster.job(job)["interruptionCount"] == 1)
        (self.folder / "finish").touch()
        self.cluster.bsub("wait", job)
        [interruption] = self.cluster.job(job)["interruptions"]
        self.assertEqual((interruption["lostWorkSeconds"], interruption["savedAt"]), (None, None))
        self.assertIn("unknown", self.cluster.bsub("job", job))
        self.wait_for_return(node)

    def test_a_node_that_is_given_back_takes_its_notice_back(self):
        script = ('#!/bin/sh\nnotice=$BSUB_CONTROL_DIR/notice.json\nuntil [ -e $notice ]; do sleep 0.05; done; touch noticed\n'
                  'while [ -e $notice ]; do sleep 0.05; done; touch withdrawn\nuntil [ -e finish ]; do sleep 0.05; done\n')
        job = self.submit(script, "--checkpoint-dir", self.saved)
        node = self.node_of(job)
        self.cluster.bsub("drain", node, "--deadline", "1h")
        wait_for("the notice", lambda: (self.folder / "noticed").exists())
        self.assertEqual(self.cluster.job(job)["interruptions"][0]["outcome"], "noticed")
        self.cluster.bsub("resume", node)
        wait_for("the withdrawal", lambda: (self.folder / "withdrawn").exists())
        self.assertEqual(self.cluster.job(job)["interruptions"], [])
        (self.folder / "finish").touch()
        self.cluster.bsub("wait", job)
        self.assertEqual(len(self.cluster.job(job)["attempts"]), 1)

    def mean_interruption(self):
        """What the control page of a job that starts now says, in milliseconds."""
        out = self.folder / "mean"
        job = self.submit("#!/bin/sh\nod -An -t u8 -j 56 -N 8 $BSUB_CONTROL_DIR/page\n", "--output", out, "--checkpoint-dir", self.saved)
        self.cluster.bsub("wait", job)
        return int(out.read_text().split()[-1])  # the newest: output is appended

    def test_how_often_nodes_are_taken_away_is_measured_and_told(self):
        before = self.mean_interruption()
        self.assertGreater(before, 0)
        self.cluster.bsub("drill", "notice", "--node", "n1", "--in", "60s")
        self.cluster.bsub("resume", "n1")
        self.assertLess(self.mean_interruption(), before)

    def test_an_array_goes_to_no_other_queue(self):
        self.cluster.bsub("submit", "--array", "1-3", "--checkpoint-dir", self.saved, "--max-interruptions", 1, "--then", "default",
                          "--", "true", code=None)
        self.assertIn("must not move the others", self.cluster.err)

    def test_directives_of_a_script_say_the_same(self):
        script = SIX_LINES.replace("#!/bin/sh\n", f"#!/bin/sh\n#BSUB --checkpoint-dir {self.saved}\n#BSUB --checkpoint-signal USR1@group\n")
        path = self.folder / "job.sh"
        path.write_text(script)
        (self.folder / "finish").touch()
        job = self.cluster.submit("--workdir", self.folder, path)
        self.cluster.bsub("wait", job)
        self.assertEqual(self.cluster.job(job)["checkpoint"]["signal"], "USR1@group")
        self.assertEqual(self.cluster.job(job)["checkpoint"]["exitCode"], 85)

    def test_a_directory_that_cannot_be_made_is_told(self):
        (self.folder / "file").touch()
        job = self.submit("#!/bin/sh\n", "--checkpoint-dir", self.folder / "file" / "x")
        self.cluster.bsub("wait", job, code=125)
        self.assertIn("cannot make checkpoint directory", self.cluster.job(job)["exit"]["text"])


if __name__ == "__main__":
    unittest.main()
