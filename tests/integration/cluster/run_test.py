#!/usr/bin/env python3
"""Pipelines on a real cluster."""

import pathlib
import signal
import unittest

from cluster import Cluster, wait_for

CHAIN = """
name: chain
parameters: {tasks: 4, bad: 0}
defaults: {cpus: 0.5}
steps:
  - {name: first, command: "echo first >> $$OUT/log"}
  - name: each
    needs: first
    array: 1-${tasks}
    environment: {OUT: OUT_DIR}
    script: |
      #!/bin/sh
      echo "each $BSUB_ARRAY_INDEX" >> OUT_DIR/log
      if [ -e OUT_DIR/bad.$BSUB_ARRAY_INDEX ]; then
        echo "no such chromosome: $BSUB_ARRAY_INDEX" >&2
        exit 7
      fi
  - {name: paired, needs: ["each[*]"], array: "0-${tasks}:1", command: "true"}
  - {name: last, needs: [paired], command: ["./last.sh", "OUT_DIR"]}
"""


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.bsub("up", "--slots", 8)

    def setUp(self):
        self.folder = pathlib.Path(self.cluster.root / self.id().rsplit(".", 1)[1])
        self.folder.mkdir()
        self.file = self.folder / "pipeline.yaml"
        text = CHAIN.replace("$$OUT", "OUT_DIR").replace("OUT_DIR", str(self.folder)).replace("0-${tasks}:1", "1-${tasks}")
        self.file.write_text(text)
        last = self.folder / "last.sh"
        last.write_text("#!/bin/sh\necho last in $(pwd) >> $1/log\n")
        last.chmod(0o755)

    def run_it(self, *words, code=0):
        return self.cluster.bsub("run", self.file, *words, code=code)

    def log(self):
        path = self.folder / "log"
        return sorted(path.read_text().splitlines()) if path.exists() else []

    def ids(self):
        """Step -> ids of its jobs."""
        ids = {}
        for job in self.cluster.jobs():
            tags = job.get("tags", {})
            if tags.get("bsub:pipeline") == "chain" and str(self.folder) in job.get("workingDirectory", ""):
                ids.setdefault(tags["bsub:step"], []).append(int(job["id"]))
        return ids

    def test_steps_run_in_order_in_the_files_folder(self):
        self.run_it()
        self.assertEqual(self.log(), ["each 1", "each 2", "each 3", "each 4", "first", f"last in {self.folder}"])
        self.assertEqual((self.folder / "log").read_text().splitlines()[0], "first")
        self.assertIn("Pipeline chain succeeded: 4 steps", self.cluster.err)

    def test_a_failure_names_step_and_index_and_shows_its_log_and_run_goes_on(self):
        (self.folder / "bad.3").touch()
        self.run_it(code=1)
        self.assertIn("step each[3] failed: exited with code 7", self.cluster.err)
        self.assertIn("    | no such chromosome: 3", self.cluster.err)
        self.assertIn("step last did not run", self.cluster.err)
        ids = self.ids()
        (self.folder / "bad.3").unlink()
        self.run_it()
        self.assertIn("Going on with run", self.cluster.err)
        self.assertEqual(self.ids(), ids, "the same jobs went on")
        self.assertEqual(self.log().count("each 3"), 2)
        self.assertEqual(self.log().count("each 1"), 1)
        self.assertEqual(self.log().count("first"), 1)
        self.run_it()
        self.assertEqual(self.ids(), ids, "nothing was left to do")

    def test_a_changed_step_and_what_needs_it_run_anew(self):
        self.run_it()
        self.file.write_text(self.file.read_text().replace('command: "true"', 'command: "true  "'))
        self.assertIn("done", self.run_it("--dry-run"))
        self.run_it()
        counts = {step: len(ids) for step, ids in self.ids().items()}
        self.assertEqual(counts, {"first": 1, "each": 1, "paired": 2, "last": 2})

    def test_fresh_and_again(self):
        self.run_it()
        self.run_it("--fresh")
        self.run_it("--again", "last")
        counts = {step: len(ids) for step, ids in self.ids().items()}
        self.assertEqual(counts, {"first": 2, "each": 2, "paired": 2, "last": 3})

    def test_detach_and_join(self):
        out = self.run_it("--detach")
        self.assertEqual([line.split()[1] for line in out.splitlines()], ["first", "each", "paired", "last"])
        self.run_it()
        self.assertEqual({step: len(ids) for step, ids in self.ids().items()}, {"first": 1, "each": 1, "paired": 1, "last": 1})

    def test_nothing_is_submitted_from_a_bad_file(self):
        self.file.write_text(self.file.read_text().replace("needs: first", "nedes: first"))
        self.run_it(code=2)
        self.assertIn(f"{self.file}:8: step 'each': unknown key 'nedes'; did you mean 'needs'?", self.cluster.err)
        self.assertEqual(self.ids(), {})
        self.run_it("--set", "task=3", code=2)
        self.cluster.bsub("run", self.folder / "none.yaml", code=2)
        self.assertIn("none.yaml: No such file", self.cluster.err)

    def test_dry_run_submits_nothing(self):
        out = self.run_it("--dry-run", "--set", "tasks=9")
        self.assertIn("each    9 tasks  submit (new)", out)
        self.assertEqual(self.ids(), {})

    def test_interrupted_the_jobs_go_on(self):
        self.hold_step_one()
        process = self.cluster.start("run", self.file)
        wait_for("the first step", lambda: self.log() == ["first"])
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("its jobs go on", err)
        (self.folder / "go").touch()
        self.run_it()
        self.assertEqual(self.log().count("first"), 1)

    def test_interrupted_the_jobs_are_cancelled_if_asked_so(self):
        self.hold_step_one()
        process = self.cluster.start("run", self.file, "--cancel-on-interrupt")
        wait_for("the first step", lambda: self.log() == ["first"])
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        first = self.ids()["first"][0]
        wait_for("its end", lambda: self.cluster.job(first)["state"] == "FAILED")

    def hold_step_one(self):
        text = self.file.read_text()
        held = f"while [ ! -e {self.folder}/go ]; do sleep 0.05; done"
        self.file.write_text(text.replace(f"echo first >> {self.folder}/log", f"echo first >> {self.folder}/log; {held}"))

    def test_a_run_outlives_the_scheduler(self):
        self.hold_step_one()
        process = self.cluster.start("run", self.file)
        wait_for("the first step", lambda: self.log() == ["first"])
        self.cluster.kill("scheduler")
        (self.folder / "go").touch()
        _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(self.log().count("first"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
