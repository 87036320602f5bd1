#!/usr/bin/env python3
"""A 2-D heat equation that keeps its state in HDF5 with h5py, without the checkpoint library.

    bsub-lite submit --checkpoint-dir DIR --checkpoint-signal USR1 --grace 60s -- examples/checkpoint/heat.py [STEPS]

The rules it follows are all there is to it: write the state under another name, sync, rename; when the signal comes, save and
exit with 85, and the job is run again, elsewhere if need be; at the start, load what is there. The state goes to
BSUB_CHECKPOINT_DIR/heat.h5. Prints the step it began with and a digest of the result, which does not depend on interruptions.
"""
import hashlib
import os
import signal
import sys

import h5py
import numpy

SIZE = 200
SAVE_EVERY = 500
EXIT_SAVED = 85  # "my state is saved, run me again"

interrupted = False


def on_signal(_number, _frame):
    global interrupted
    interrupted = True


def load(path):
    """The step and the temperatures; the beginning if nothing is saved."""
    if not os.path.exists(path):
        field = numpy.zeros((SIZE, SIZE))
        field[0, :] = 100.0
        return 0, field
    with h5py.File(path, "r") as state:
        return int(state.attrs["step"]), state["temperature"][...]


def save(path, step, field):
    """Complete or not at all: whoever is killed in here leaves the state before."""
    with h5py.File(path + ".new", "w") as state:
        state.attrs["step"] = step
        state["temperature"] = field
    descriptor = os.open(path + ".new", os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    os.rename(path + ".new", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def advance(field):
    field[1:-1, 1:-1] = 0.25 * (field[:-2, 1:-1] + field[2:, 1:-1] + field[1:-1, :-2] + field[1:-1, 2:])


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    directory = os.environ.get("BSUB_CHECKPOINT_DIR")
    if not directory:
        sys.exit("BSUB_CHECKPOINT_DIR is not set: submit with --checkpoint-dir DIR")
    os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, "heat.h5")
    signal.signal(signal.SIGUSR1, on_signal)
    step, field = load(path)
    print(f"from step {step}", flush=True)
    while step < steps:
        advance(field)
        step += 1
        if interrupted or step % SAVE_EVERY == 0 or step == steps:
            save(path, step, field)
        if interrupted and step < steps:
            return EXIT_SAVED
    print("digest", hashlib.sha256(field.tobytes()).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
