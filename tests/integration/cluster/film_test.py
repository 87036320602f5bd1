#!/usr/bin/env python3
"""The film of examples/render on a real cluster: its pictures by an array, then ffmpeg; made again without what is there."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from cluster import BUILD, Cluster

FILM = pathlib.Path(os.environ["BSUB_SOURCE_DIR"]) / "examples" / "render" / "film.yaml"


class Film(unittest.TestCase):
    def run_film(self, cluster, work):
        settings = {"work": work, "frames": 3, "width": 32, "height": 18, "samples": 1}
        words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        return cluster.bsub("run", FILM, *words)

    def test_frames_and_then_ffmpeg(self):
        with Cluster() as cluster:
            cluster.env["RENDER"] = str(BUILD / "bin" / "render")
            cluster.bsub("up", "--slots", 2)
            work = cluster.root / "film"
            self.run_film(cluster, work)
            pictures = sorted(path.name for path in (work / "frames").iterdir())
            self.assertEqual(pictures, ["0001.png", "0002.png", "0003.png"])
            probe = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,width,height",
                     "-of", "csv=p=0", work / "film.mp4"]
            self.assertEqual(subprocess.run(probe, capture_output=True, text=True, check=True).stdout.strip(), "32,18,3")
            film = (work / "film.mp4").read_bytes()

            # A picture is lost with its film: the frames step is done anew and makes that picture alone.
            kept = (work / "frames" / "0001.png").stat().st_mtime_ns
            (work / "frames" / "0002.png").unlink()
            (work / "film.mp4").unlink()
            other = Film.again(cluster, work)
            self.assertEqual(other, film, "the same pictures make the same bytes")
            self.assertEqual((work / "frames" / "0001.png").stat().st_mtime_ns, kept)

    @staticmethod
    def again(cluster, work):
        """The steps by hand, as another submit of the pipeline would run them."""
        env = {**cluster.env, "FILM_WORK": str(work), "FILM_FRAMES": "3", "FILM_WIDTH": "32", "FILM_HEIGHT": "18", "FILM_SAMPLES": "1"}
        for index in (1, 2, 3):
            subprocess.run([FILM.parent / "film" / "frame.sh"], env={**env, "BSUB_ARRAY_INDEX": str(index)}, check=True, capture_output=True)
        subprocess.run([FILM.parent / "film" / "film.sh"], env=env, check=True, capture_output=True)
        return (work / "film.mp4").read_bytes()


if __name__ == "__main__":
    if shutil.which("ffmpeg") is None:
        print("skipped: ffmpeg is not installed")
        sys.exit(77)
    unittest.main()
