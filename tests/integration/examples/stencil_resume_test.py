#!/usr/bin/env python3
"""stencil interrupted: killed at random steps and started again on other numbers of ranks, or told to stop, it ends in the same
state, to the last bit, as an undisturbed run."""

import json
import os
import random
import tempfile
import unittest
from pathlib import Path

from programs import MEMORY, ControlDirectory, kill_after, run, start

SIZE, STEPS = 20, 120
SEED = int(os.environ.get("BSUB_SEED", "1"))


class StencilResumes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "result.json"
        self.arguments = ("--size", SIZE, "--steps", STEPS, "--threads", 1, "--report", 1, "--result", self.file)
        self.store = {"BSUB_CHECKPOINT_DIR": self.folder / "store", "BSUB_CHECKPOINT_INTERVAL": "0.000001"}

    def result(self, ended):
        self.assertEqual(ended.returncode, 0, ended.stdout[-2000:] + ended.stderr)
        return json.loads(self.file.read_text())

    def test_killed_at_random_steps_it_ends_alike_on_any_number_of_ranks(self):
        undisturbed = self.result(run("stencil", *self.arguments))
        dice = random.Random(SEED)
        first = 0
        for ranks in (2, 3, None, 4):
            if first + 2 >= STEPS:
                break  # on a busy machine a kill comes late
            at = dice.randint(first + 2, min(first + 30, STEPS - 1))
            said = kill_after(start("stencil", *self.arguments, ranks=ranks, **self.store), f"step {at}")
            self.assertIn(f"step {at}", said, f"seed {SEED}: not killed on {ranks} ranks:\n" + "\n".join(said))
            if first:
                self.assertIn(f"resumed at step {first}", said)
            again = run("stencil", "--size", SIZE, "--steps", 0, **self.store)  # resumes, and computes nothing
            self.assertEqual(again.returncode, 0, again.stderr)
            first = int(again.stdout.split("resumed at step ")[1].split()[0])
            self.assertGreater(first, 0)
            self.assertLessEqual(first, STEPS, "it went on for so long after it was told to be killed")
        resumed = self.result(run("stencil", *self.arguments, ranks=3, **self.store))
        self.assertEqual(resumed["firstStep"], first, f"seed {SEED}")
        self.assertEqual(resumed["fingerprint"], undisturbed["fingerprint"], f"seed {SEED}")

    def test_told_to_stop_it_saves_says_so_and_ends_well(self):
        control = ControlDirectory(self.folder / "control")
        store = {**self.store, "BSUB_CHECKPOINT_INTERVAL": "3600", "BSUB_CONTROL_DIR": control.path}
        # On a fast machine 120 steps are over before it can be told anything.
        endless = ("--size", SIZE, "--steps", 10_000_000, "--threads", 1, "--report", 1)
        process = start("stencil", *endless, ranks=2, **store)
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if said[-1] == "step 10":
                control.write(stop_requests=1)
        process.stdout.close()
        self.assertEqual(process.wait(), 0, said)
        stopped = [line for line in said if line.startswith("stopped at step ")]
        self.assertEqual(len(stopped), 1, said)
        step = int(stopped[0].split()[-1])
        self.assertGreaterEqual(step, 10)
        kind, fields = control.kinds()[-1]
        self.assertEqual((kind, fields["step"]), ("stopped", str(step)))

        more = ("--size", SIZE, "--steps", step + 20, "--threads", 1, "--result", self.file)
        resumed = run("stencil", *more, ranks=4, **self.store)
        self.assertIn(f"resumed at step {step}", resumed.stdout)
        fingerprint = self.result(resumed)["fingerprint"]
        self.assertEqual(fingerprint, self.result(run("stencil", *more))["fingerprint"])

    def test_the_state_of_another_grid_is_refused(self):
        self.result(run("stencil", *self.arguments, **self.store))
        other = run("stencil", "--size", SIZE + 1, "--steps", STEPS, **self.store)
        self.assertEqual(other.returncode, 1)
        self.assertIn("stencil: ", other.stderr)

    def test_a_store_that_cannot_be_opened_is_told_at_once(self):
        store = {**self.store, "BSUB_CHECKPOINT_DIR": "/dev/full/store"}
        ended = run("stencil", *self.arguments, **store)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("/dev/full", ended.stderr)


if __name__ == "__main__":
    unittest.main()
