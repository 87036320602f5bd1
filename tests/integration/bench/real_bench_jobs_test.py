#!/usr/bin/env python3
"""What `bsub-lite bench placement --real` makes of the jobs it waits for when that goes wrong. Its bsub-lite is a script here, which
writes down what it was asked to do and answers as each test says."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

from cluster import PATIENCE, wait_for

PROGRAMS = pathlib.Path(os.environ["BSUB_BUILD_DIR"]) / "bin"
CONFIG = """
name: one
levels:
  - {name: rack, latency: 20us, bandwidth: 10Gbit/s}
  - {name: node, latency: 300ns, bandwidth: 20GB/s}
types:
  host: {cpus: 2, memory: 1G}
tree: {nodes: 'n[1-2]'}
"""
SUBMITTED = "echo 7"
RUNNING = """echo '{"exit": null, "attempts": []}'"""
UNREACHABLE = "echo 'bsub-lite wait: nobody listens there' >&2; exit 3"


class Jobs(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bsub-bench-jobs-"))
        self.addCleanup(shutil.rmtree, self.root)
        # It looks for the others beside itself.
        shutil.copy(PROGRAMS / "bsub-lite-bench", self.root)
        (self.root / "one.yaml").write_text(CONFIG)
        self.script("netbench", "")

    def script(self, name, text):
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def answers(self, **commands):
        """What each command of bsub-lite does, as lines for a shell; `asked` has what was called."""
        cases = "\n".join(f"{name}) {text};;" for name, text in {"submit": SUBMITTED, "cancel": "", **commands}.items())
        self.script("bsub-lite", f'echo "$*" >> {self.root}/asked\ncase $1 in\n{cases}\n*) exit 9;;\nesac')

    def start(self):
        words = ["placement", "--config=one.yaml", "--nodes=2", "--real", "--out=out"]
        return subprocess.Popen([str(self.root / "bsub-lite-bench"), *words], cwd=self.root, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self, process, code):
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, code, err)
        return err

    def cancelled(self):
        return [line for line in (self.root / "asked").read_text().splitlines() if line.startswith("cancel")]

    def test_an_error_of_wait_is_passed_on_and_the_job_cancelled(self):
        self.answers(wait=UNREACHABLE, job=RUNNING)
        err = self.end(self.start(), 1)
        self.assertIn("bsub-lite wait: nobody listens there", err)
        self.assertIn("; job 7 is cancelled", err)
        self.assertEqual(self.cancelled(), ["cancel 7"])

    def test_that_it_could_not_be_cancelled_is_said(self):
        self.answers(wait=UNREACHABLE, job="exit 3", cancel="exit 3")
        err = self.end(self.start(), 1)
        self.assertIn("nobody listens there", err)
        self.assertIn("job 7 could not be cancelled: once the scheduler answers, end it with bsub-lite cancel 7", err)

    def test_the_same_exit_code_of_the_job_itself_is_told_as_its_end(self):
        self.answers(wait="exit 3", job="""echo '{"exit": {"text": "exited with code 3: rank 0 on node n1"}}'""")
        err = self.end(self.start(), 1)
        self.assertIn("job 7 (cluster-1) exited with code 3: rank 0 on node n1", err)
        self.assertEqual(self.cancelled(), [])

    def test_who_interrupts_it_ends_the_job_too(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                (self.root / "asked").unlink(missing_ok=True)
                self.answers(wait="exec sleep 600", job=RUNNING)
                process = self.start()
                self.wait_until_asked("wait", process)
                process.send_signal(number)
                self.assertEqual(self.end(process, 130), "bsub-lite bench: interrupted; job 7 is cancelled\n")
                self.assertEqual(self.cancelled(), ["cancel 7"])

    def test_an_interrupt_while_it_submits_loses_no_job(self):
        self.answers(submit=f"while [ ! -e {self.root}/go ]; do sleep 0.02; done; echo 7", wait="exec sleep 600", job=RUNNING)
        process = self.start()
        self.wait_until_asked("submit", process)
        process.send_signal(signal.SIGINT)
        (self.root / "go").touch()
        self.end(process, 130)
        self.assertEqual(self.cancelled(), ["cancel 7"])

    def test_a_second_interrupt_ends_what_does_not_mind_the_first(self):
        self.answers(wait=f"trap 'echo minded >> {self.root}/asked' TERM; echo traps >> {self.root}/asked; while :; do sleep 0.05; done",
                     job=RUNNING)
        process = self.start()
        self.wait_until_asked("traps", process)
        process.send_signal(signal.SIGINT)
        self.wait_until_asked("minded", process)
        process.send_signal(signal.SIGINT)
        self.assertIn("interrupted; job 7 is cancelled", self.end(process, 130))

    def test_also_while_the_output_is_fetched(self):
        self.answers(wait="exit 0", logs="exec sleep 600")
        process = self.start()
        self.wait_until_asked("logs", process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process, 130), "bsub-lite bench: interrupted\n")
        self.assertEqual(self.cancelled(), [])

    def wait_until_asked(self, word, process):
        asked = self.root / "asked"

        def it_was():
            self.assertIsNone(process.poll(), "it ended")
            return asked.exists() and any(line.startswith(word) for line in asked.read_text().splitlines())
        wait_for(f"bsub-lite {word}", it_was)


if __name__ == "__main__":
    unittest.main()
