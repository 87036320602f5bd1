#!/usr/bin/env python3
"""stencil as a user starts it: the same result to the last bit on any number of ranks and threads."""

import json
import tempfile
import unittest
from pathlib import Path

from programs import run


class Stencil(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def result(self, *arguments, ranks=None):
        file = Path(self.folder.name) / "result.json"
        ended = run("stencil", "--size", 24, "--steps", 20, "--result", file, *arguments, ranks=ranks)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return json.loads(file.read_text())

    def test_ranks_and_threads_do_not_change_a_bit(self):
        alone = self.result()
        self.assertLess(alone["largestError"], 1e-13)
        self.assertEqual(alone["ranks"], 1)
        for ranks in (2, 3, 8):
            several = self.result("--threads", 1, ranks=ranks)
            self.assertEqual(several["ranks"], ranks)
            self.assertEqual(several["fingerprint"], alone["fingerprint"])

    def test_bad_input_is_refused_with_the_reason(self):
        ended = run("stencil", "--size", "0")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--size is 0; expected 1 to 8192 cells", ended.stderr)
        ended = run("stencil", "--size", "2", ranks=3)
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("--size 2 cannot be divided into 3 blocks", ended.stderr)
        ended = run("stencil", "--size", 4, "--steps", 1, "--result", "/nonexistent/result.json")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("/nonexistent/result.json: No such file", ended.stderr)


if __name__ == "__main__":
    unittest.main()
