#!/usr/bin/env python3
"""render and render-mpi interrupted: killed at random samples and started again on other numbers of ranks they write the same
picture, byte for byte, as an undisturbed run; so does the array kernel, tile by tile."""

import os
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from programs import BIN, MEMORY, command, environment, kill_after, run, start

FILM = ("--width", 44, "--height", 30)
SAMPLES = 40
SEED = int(os.environ.get("BSUB_SEED", "1"))


class RenderResumes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.store = {"BSUB_CHECKPOINT_DIR": self.folder / "store", "BSUB_CHECKPOINT_INTERVAL": "0.000001"}

    def picture(self, program, *arguments, ranks=None, **store):
        file = self.folder / "picture.png"
        ended = run(program, *FILM, "--samples", SAMPLES, "-o", file, *arguments, ranks=ranks, **store)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout, file.read_bytes()

    def test_killed_at_random_samples_it_writes_the_same_picture(self):
        undisturbed = self.picture("render")[1]
        dice = random.Random(SEED)
        at = 0
        for program, ranks in (("render", None), ("render-mpi", 3), ("render-mpi", 2), ("render", None)):
            at = dice.randint(at + 2, at + 8)
            process = start(
                program, *FILM, "--samples", SAMPLES, "--threads", 1, "--report", 1, "-o", self.folder / "none.png",
                ranks=ranks, **self.store,
            )
            said = kill_after(process, f"sample {at}")
            self.assertIn(f"sample {at}", said, f"seed {SEED}: {program} was not killed:\n" + "\n".join(said))
        said, resumed = self.picture("render-mpi", ranks=2, **self.store)
        self.assertIn("resumed after ", said)
        self.assertEqual(resumed, undisturbed, f"seed {SEED}")
        self.assertFalse((self.folder / "none.png").exists())

    def test_the_state_of_another_picture_is_refused(self):
        self.picture("render", **self.store)
        other = run("render", *FILM, "--samples", SAMPLES, "--seed", 2, **self.store)
        self.assertEqual(other.returncode, 1)
        self.assertIn("another --frame, --frames or --seed", other.stderr)

    def test_tiles_of_an_array_make_the_same_picture(self):
        undisturbed = self.picture("render")[1]
        library = BIN.parent / "lib" / "libtiles.so"
        host = command("bsub-lite-kernel-host", "--kernel", f"{library}:render_tile", "--threads", 2)
        words = [*host, "--input", f"width=44 height=30 samples={SAMPLES}", "--array"]
        store = self.folder / "tiles"
        for array, code, said in (("0-23", 0, "24 succeeded"), ("0-24", 1, "1 failed")):
            ended = subprocess.run(
                [*words, array], env=environment(BSUB_CHECKPOINT_DIR=store / array), capture_output=True, text=True, timeout=100
            )
            self.assertEqual(ended.returncode, code, ended.stderr)
            self.assertIn(said, ended.stdout)
        self.assertEqual(self.picture("render", "--from-tiles", store / "0-23")[1], undisturbed)
        larger = run("render", "--width", 100, "--height", 30, "--from-tiles", store / "0-23", "-o", self.folder / "x.png")
        self.assertEqual(larger.returncode, 1)
        self.assertIn("tile 24 of frame 0 is not in", larger.stderr)

    def test_without_input_there_are_a_million_tiles(self):
        words = command("bsub-lite-kernel-host", "--kernel", f"{BIN.parent / 'lib' / 'libtiles.so'}:render_tile", "--array")
        for array, said in (("0,999999", "2 succeeded"), ("1000000", "1 failed")):
            ended = subprocess.run([*words, array], env=environment(BSUB_CHECKPOINT_DIR=self.folder / array), capture_output=True, text=True,
                                   timeout=100)
            self.assertIn(said, ended.stdout, ended.stderr)


if __name__ == "__main__":
    unittest.main()
