"""bench/run and bench/compare-slurm keep their parts of one page apart; bench/instructions says what has grown."""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import pathlib
import sys
import tempfile
import unittest

BENCH = pathlib.Path(os.environ["BSUB_SOURCE_DIR"]) / "bench"
sys.path.insert(0, str(BENCH))
sys.dont_write_bytecode = True

from figures import results  # noqa: E402
from figures.run import run_figures  # noqa: E402


def program(name):
    loader = importlib.machinery.SourceFileLoader(name, str(BENCH / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


class Sections(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name) / "RESULTS.md"

    def write(self, name, line):
        results.write_section(name, "Title", name, 5, [line], self.file)

    def test_a_section_is_replaced_and_the_other_stays(self):
        self.write("bench/run", "| ours |")
        self.write("bench/compare-slurm", "| theirs |")
        self.write("bench/run", "| ours, later |")
        text = self.file.read_text()
        self.assertNotIn("| ours |", text)
        self.assertIn("| ours, later |", text)
        self.assertIn("| theirs |", text)
        self.assertEqual(text.count("# Results"), 1)
        self.assertLess(text.index("ours, later"), text.index("theirs"))

    def test_what_people_wrote_between_sections_stays(self):
        self.write("bench/run", "| ours |")
        self.file.write_text(self.file.read_text() + "\nA remark.\n")
        self.write("bench/run", "| ours, later |")
        self.assertIn("A remark.", self.file.read_text())


class Figures(unittest.TestCase):
    def test_one_that_fails_does_not_lose_the_others(self):
        def good(runs):
            yield runs

        def bad(_):
            yield "first"
            raise RuntimeError("no room")

        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
            rows, lines, failures = run_figures({"bad": bad, "good": good}, 5, ["what"], lambda row: f"| {row} |")
        self.assertEqual(rows, ["first", 5])
        self.assertEqual(failures, {"bad": "no room"})
        self.assertIn("| 5 |", out.getvalue())
        self.assertIn("`bad` failed: no room", "\n".join(lines))


class Instructions(unittest.TestCase):
    def grown(self, value, tolerance=5):
        with contextlib.redirect_stdout(io.StringIO()):
            return program("instructions").compare({"submit": value, "new": 1}, {"submit": 1000}, tolerance)

    def test_more_than_the_tolerance_is_growth(self):
        self.assertEqual(self.grown(1051), ["submit"])
        self.assertEqual(self.grown(1050), [])
        self.assertEqual(self.grown(900), [])
        self.assertEqual(self.grown(1051, tolerance=10), [])


if __name__ == "__main__":
    unittest.main()
