"""Runs the example programs, alone or under mpirun, for the tests beside this."""

import os
import subprocess
from pathlib import Path

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
    return {**kept, **MPI_ENVIRONMENT, **{k: str(v) for k, v in more.items()}}


def run(program, *arguments, ranks=None, **more):
    """Its end; output and messages as text."""
    return subprocess.run(
        command(program, *arguments, ranks=ranks), env=environment(**more), capture_output=True, text=True, timeout=200
    )
