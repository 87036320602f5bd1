#!/usr/bin/env python3
"""bsub-lite-kernel-host with kernels that behave well and badly: results, crashes, kills, resumes."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

BUILD = Path(os.environ["BSUB_BUILD_DIR"])
HOST = BUILD / "bin" / "bsub-lite-kernel-host"
LIBRARY = BUILD / "lib" / "libtest_kernels.so"


def words(kernel, array, *more):
    return [str(HOST), "--kernel", f"{LIBRARY}:{kernel}", "--array", array, "--threads", "2", *map(str, more)]


class Kernels(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = Path(folder.name) / "store"
        self.calls = Path(folder.name) / "calls"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("BSUB_C")}
        self.environment.update(BSUB_CHECKPOINT_DIR=str(self.store), TMPDIR=folder.name)

    def run_host(self, kernel, array, *more, code=0):
        ended = subprocess.run(
            words(kernel, array, *more), env=self.environment, capture_output=True, text=True, timeout=200
        )
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        return ended

    def show(self):
        ended = subprocess.run([HOST, "--show", self.store, "--json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return json.loads(ended.stdout)

    def test_all_children_run_and_are_stored(self):
        ended = self.run_host("square", "0-9999")
        self.assertIn("10000 children: 10000 succeeded, 0 failed", ended.stdout)
        shown = self.show()
        self.assertEqual((shown["succeeded"], shown["failed"], shown["recordBytes"]), (10000, 0, 8))
        again = self.run_host("square", "0-9999")
        self.assertIn("10000 of 10000 children were finished", again.stdout)

    def test_a_child_that_goes_wrong_fails_alone(self):
        ended = self.run_host("wild", "0-999", code=1)
        self.assertIn("1000 children: 993 succeeded, 7 failed", ended.stdout)
        failed = {child["index"]: child["outcome"] for child in self.show()["failedChildren"]}
        self.assertEqual(failed[100], "crashed with signal 11 (Segmentation fault)")
        self.assertEqual(failed[200], "crashed with signal 6 (Aborted)")
        self.assertEqual(failed[300], "ended its process")
        self.assertEqual(failed[400], "its process was killed twice")
        self.assertEqual(failed[500], "its process was killed twice")
        self.assertEqual(failed[600], "exit code 9")
        self.assertEqual(failed[700], "crashed with signal 11 (Segmentation fault)")
        self.assertEqual(len(failed), 7)

    def test_too_many_crashes_give_the_array_up(self):
        ended = self.run_host("wild", "100-700:100", "--max-crashes", 1, code=1)
        self.assertIn("given up after 2 crashes", ended.stderr)

    def wait_for_calls(self, process, at_least):
        """Until that many children have been called."""
        while not (self.calls.exists() and self.calls.read_bytes().count(b"\n") >= at_least):
            self.assertIsNone(process.poll(), "ended too soon")
            time.sleep(0.001)

    def test_killed_and_started_again_it_calls_only_what_is_missing(self):
        self.environment["BSUB_CHECKPOINT_INTERVAL"] = "0.05"
        children = 20000
        process = subprocess.Popen(
            words("counted", f"0-{children - 1}", "--input", self.calls), env=self.environment, stdout=subprocess.PIPE
        )
        while True:  # until something was saved
            self.wait_for_calls(process, 1)
            ended = subprocess.run([HOST, "--show", self.store, "--json"], capture_output=True, text=True, timeout=60)
            if ended.returncode == 0 and json.loads(ended.stdout)["succeeded"] > 0:
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        saved = self.show()["succeeded"]
        before = self.calls.read_bytes().count(b"\n")
        self.assertGreater(saved, 0)
        ended = self.run_host("counted", f"0-{children - 1}", "--input", self.calls)
        self.assertIn(f"{saved} of {children} children were finished", ended.stdout)
        called = self.calls.read_text().split()
        # The calls of the second run are those that the store did not hold.
        self.assertEqual(len(called) - before, children - saved)
        self.assertEqual(len(Counter(called)), children)

    def test_the_store_of_another_array_is_refused(self):
        self.run_host("square", "0-9")
        for kernel, array, more, reason in (
            ("square", "0-8", (), "another array"),
            ("square", "1-10", (), "results of an array 0-9, not of 1-10"),
            ("square", "0-9", ("--input", "other"), "another kernel or of another input"),
        ):
            self.assertIn(reason, self.run_host(kernel, array, *more, code=1).stderr)

    def test_bad_input_is_refused_with_the_reason(self):
        self.assertIn('the input is not "fine"', self.run_host("choosy", "0-9", code=1).stderr)
        self.run_host("choosy", "0-9", "--input", "fine")
        self.assertIn('has no function "absent"', self.run_host("absent", "0-9", code=1).stderr)
        self.assertIn("--array '9-0'", self.run_host("square", "9-0", code=2).stderr)
        del self.environment["BSUB_CHECKPOINT_DIR"]
        self.assertIn("--checkpoint-dir", self.run_host("square", "0-9", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
