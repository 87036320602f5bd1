"""The library as a user gets it: installed into a temporary directory, test programs compiled against it."""
import os
import shutil
import subprocess
import tempfile

import shared_memory

BUILD = os.environ["BSUB_BUILD_DIR"]
SOURCE = os.environ["BSUB_SOURCE_DIR"]
HERE = os.path.join(SOURCE, "tests/integration/checkpoint")


def run(words, **more):
    """Its completed process; everything it said is in the failure."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=280, **more)
    return done


def check(words, **more):
    done = run(words, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Installed:
    """An installed library. `path` is the prefix, `work` a folder for programs and stores."""

    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="bsub-checkpoint-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.path = os.path.join(self.work, "prefix")
        check(["cmake", "--install", BUILD, "--component", "checkpoint", "--prefix", self.path])
        self.libraries = os.path.dirname(self._find("libbsub_checkpoint.so"))

    def _find(self, name):
        for folder, _, files in os.walk(self.path):
            if name in files:
                return os.path.join(folder, name)
        raise AssertionError(f"{name} was not installed")

    def pkg_config(self, *words):
        environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(self.libraries, "pkgconfig"))
        return check(["pkg-config", *words, "bsub-checkpoint"], env=environment).split()

    def compile(self, compiler, source, program, *options):
        """Compiles a C program with what pkg-config says; its path."""
        path = os.path.join(self.work, program)
        check([compiler, "-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", *options, *self.pkg_config("--cflags"), source,
               "-o", path, *self.pkg_config("--libs"), f"-Wl,-rpath,{self.libraries}"])
        return path

    def store(self, name):
        return os.path.join(self.work, "stores", name)

    def remove(self):
        shutil.rmtree(self.work, ignore_errors=True)


def environment(store, **more):
    """That of a program whose state is in `store`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BSUB_CHECKPOINT")}
    return dict(plain, BSUB_CHECKPOINT_DIR=store, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
                OMPI_MCA_rmaps_base_oversubscribe="1", OMPI_MCA_btl_vader_single_copy_mechanism="none", **shared_memory.variables(), **more)


def tool(*words):
    """bsub-lite-checkpoint's completed process."""
    return run([os.path.join(BUILD, "bin/bsub-lite-checkpoint"), *words])
