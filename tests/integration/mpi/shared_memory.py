"""Where ranks of an mpirun by hand keep the memory that they share: a folder that goes with the test, and with it what killed ranks leave
in it."""

import atexit
import functools
import os
import shutil
import tempfile


@functools.cache
def folder():
    memory = "/dev/shm"
    path = tempfile.mkdtemp(prefix="bsub-ranks-", dir=memory if os.access(memory, os.W_OK) else None)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def variables():
    """For its environment: Open MPI's (worker/launch/shared_memory.h) and UCX's, which MPICH uses."""
    return {"OMPI_MCA_btl_vader_backing_directory": folder(), "OMPI_MCA_osc_sm_backing_directory": folder(), "UCX_POSIX_DIR": folder()}
