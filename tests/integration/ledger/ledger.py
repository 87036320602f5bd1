"""The ledgers that jobs write themselves (task.cc): the witness of what ran, whatever the scheduler says of itself."""

import os
import pathlib

TASK = pathlib.Path(os.environ["BSUB_LEDGER_TASK"])
WORDS = ("start", "done", "failed", "double", "early")


class Ledger:
    """What one task wrote: how often it started, was done, failed, ran beside or before what it must not."""

    def __init__(self, folder, key):
        path = pathlib.Path(folder) / key
        self.text = path.read_text() if path.exists() else ""
        lines = [line.split()[0] for line in self.text.splitlines()]
        self.count = {word: lines.count(word) for word in WORDS}

    def faults(self):
        """What must not be, however the job ended."""
        found = {"double_success": self.count["done"] > 1, "double_live": self.count["double"] > 0,
                 "early": self.count["early"] > 0}
        return [fault for fault, there in found.items() if there]
