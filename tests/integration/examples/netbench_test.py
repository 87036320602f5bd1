#!/usr/bin/env python3
"""netbench by mpirun: what it prints, on ranks that believe to be on nodes of their own."""

import json
import unittest

from programs import BIN, environment, run_words


class Netbench(unittest.TestCase):
    NODES, REPETITIONS = 4, 9

    def lines(self, *words):
        """Of one rank on each of so many nodes."""
        ranks = []
        for node in range(self.NODES):
            ranks += [":", "-n", "1", "env", f"BSUB_NODE=n{node}", BIN / "netbench", "--iterations", "1", "--largest", "8",
                      "--pair-bytes", "64", "--block-bytes", "8", "--repeat", self.REPETITIONS, *words]
        done = run_words(["mpirun", *ranks[1:]])
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def test_every_pair_is_measured_in_every_repetition(self):
        lines = self.lines()
        self.assertEqual(lines[0]["nodes"], [f"n{node}" for node in range(self.NODES)])
        pairs = [(line["repetition"], *line["ranks"], line["bytes"]) for line in lines if line["test"] == "pair"]
        expected = [(repetition, a, b, size) for repetition in range(self.REPETITIONS)
                    for a in range(self.NODES) for b in range(a + 1, self.NODES) for size in (8, 64)]
        self.assertEqual(pairs, expected)

    def test_the_curve_is_of_one_pair_the_slowest_by_the_median(self):
        """Which pair is slowest in a repetition is noise: nine of them would not agree."""
        lines = self.lines()
        curve = {tuple(line["ranks"]) for line in lines if line["test"] == "pingpong"}
        self.assertEqual(len(curve), 1, curve)
        times = {}
        for line in lines:
            if line["test"] == "pair" and line["bytes"] == 8:
                times.setdefault(tuple(line["ranks"]), []).append(line["seconds"])
        medians = {pair: sorted(seconds)[self.REPETITIONS // 2] for pair, seconds in times.items()}
        self.assertEqual(medians[curve.pop()], max(medians.values()))

    def test_or_of_the_pair_that_was_asked_for(self):
        self.assertEqual({tuple(line["ranks"]) for line in self.lines("--pair", "2:1") if line["test"] == "pingpong"}, {(2, 1)})


if __name__ == "__main__":
    unittest.main()
