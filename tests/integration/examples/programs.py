"""Runs the example programs, alone or under mpirun, for the tests beside this."""

import os
import signal
import struct
import subprocess
from pathlib import Path

import shared_memory

# A folder for stores that are written at each step: these tests are about what is saved, not about the disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

BIN = Path(os.environ["BSUB_BUILD_DIR"]) / "bin"

# What a test machine needs: more ranks than cores, perhaps as root, no probing of network hardware.
MPI_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_btl": "self,vader",
    "OMPI_MCA_mpi_yield_when_idle": "1",
}


def command(program, *arguments, ranks=None):
    """The words that start a program of ours; `ranks`: under mpirun."""
    words = [str(BIN / program), *map(str, arguments)]
    return ["mpirun", "-n", str(ranks), *words] if ranks else words


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BSUB_CHECKPOINT")}
    return {**kept, **MPI_ENVIRONMENT, **shared_memory.variables(), **{k: str(v) for k, v in more.items()}}


def run(program, *arguments, ranks=None, **more):
    """Its end; output and messages as text."""
    return run_words(command(program, *arguments, ranks=ranks), **more)


def run_words(words, **more):
    return subprocess.run(list(map(str, words)), env=environment(**more), capture_output=True, text=True, timeout=200)


def start(program, *arguments, ranks=None, **more):
    """A process whose output can be read line by line while it runs."""
    return subprocess.Popen(
        command(program, *arguments, ranks=ranks),
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def family(pid):
    """The process and all its descendants: mpirun gives each rank a process group of its own."""
    children = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            child, rest = status.read_text().split(" ", 1)
            children.setdefault(int(rest.rsplit(")", 1)[1].split()[1]), []).append(int(child))
        except (OSError, ValueError):
            continue
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue.extend(children.get(found[-1], []))
    return found


def kill_after(process, line):
    """SIGKILL for all processes of the program as soon as it has printed that line; everything it has printed."""
    printed = []
    for said in process.stdout:
        printed.append(said.strip())
        if printed[-1] == line:
            for pid in family(process.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            break
    process.stdout.close()
    process.wait()
    return printed


class ControlDirectory:
    """The node's side of docs/formats/control-directory.md."""

    def __init__(self, path):
        self.path = Path(path)
        self.path.mkdir()
        self.write(stop_requests=0)
        (self.path / "report").touch()

    def write(self, stop_requests, reason=1):
        page = struct.pack("<8sIIQQQIIqQQ", b"BSUBCTL1", 1, 4096, 2 * stop_requests, 0, stop_requests, reason, 0, 0, 0, 0)
        page = page.ljust(4096, b"\0")
        if not stop_requests:
            (self.path / "page.new").write_bytes(page)
            (self.path / "page.new").rename(self.path / "page")
            return
        with open(self.path / "page", "r+b") as file:  # the program has it mapped: change it in place
            for offset, data in ((16, b"\1"), (24, page[24:]), (16, page[16:24])):
                file.seek(offset)
                file.write(data)
                file.flush()

    def kinds(self):
        """What the program has reported, in order: [("committed", {"generation": "1", ...}), ...]."""
        lines = (self.path / "report").read_text().split("\n")[:-1]
        return [(words[0], dict(word.split("=", 1) for word in words[1:])) for words in map(str.split, lines)]
