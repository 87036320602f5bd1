#!/usr/bin/env python3
"""render and render-mpi as a user starts them: the same picture, byte for byte, on any number of ranks and threads."""

import tempfile
import unittest
from pathlib import Path

from programs import run


class Render(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def picture(self, program, *arguments, ranks=None):
        file = Path(self.folder.name) / "picture.png"
        film = ("--width", 64, "--height", 40, "--samples", 4)
        ended = run(program, *film, "-o", file, *arguments, ranks=ranks)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return file.read_bytes()

    def test_ranks_and_threads_do_not_change_a_byte(self):
        alone = self.picture("render")
        self.assertTrue(alone.startswith(b"\x89PNG"))
        self.assertEqual(self.picture("render", "--threads", 1), alone)
        for ranks in (1, 3):
            self.assertEqual(self.picture("render-mpi", "--threads", 1, ranks=ranks), alone)
        self.assertNotEqual(self.picture("render", "--seed", 2), alone)
        self.assertNotEqual(self.picture("render", "--frames", 5, "--frame", 4), alone)

    def test_bad_input_is_refused_with_the_reason(self):
        ended = run("render", "--frame", 3, "--frames", 3)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--frame is 3; expected 0 to 2", ended.stderr)
        ended = run("render", "--width", 8, "--height", 8, "--samples", 1, "-o", "/nonexistent/a.png")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("cannot write the picture /nonexistent/a.png", ended.stderr)


if __name__ == "__main__":
    unittest.main()
