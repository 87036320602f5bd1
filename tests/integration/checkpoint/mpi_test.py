"""The header bsub/checkpoint_mpi.h with both MPI implementations: saved by one, loaded by the other, on other numbers of ranks."""
import os
import shutil
import signal
import subprocess
import time
import unittest

from installed import HERE, Installed, check, environment, run

STEPS = "12"
KINDS = ("openmpi", "mpich")


def setUpModule():
    global installed, programs, undisturbed
    missing = [kind for kind in KINDS if not shutil.which("mpicc." + kind) or not shutil.which("mpirun." + kind)]
    if missing:
        raise unittest.SkipTest("not installed: " + ", ".join(missing))
    installed = Installed()
    source = os.path.join(HERE, "grid.c")
    # MPICH's headers are not clean of warnings.
    programs = {kind: installed.compile("mpicc." + kind, source, "grid-" + kind, "-DWITH_MPI", "-Wno-error") for kind in KINDS}
    serial = installed.compile("gcc", source, "grid")
    undisturbed = check([serial, STEPS, "100"], env=environment(installed.store("undisturbed"))).splitlines()[-1]


def tearDownModule():
    installed.remove()


def mpirun(kind, ranks, *words, store, **more):
    return run(["mpirun." + kind, "-n", str(ranks), programs[kind], *words], env=environment(store, **more))


class Mpi(unittest.TestCase):
    def expect_resumed(self, name, died_with, resumed_with, begins=("from 8",), **more):
        """Killed in step 10 after saves at 4 and 8, each (kind of MPI, ranks); `begins`: what the second run may say first."""
        store = installed.store(name)
        died = mpirun(*died_with, STEPS, "4", "10", store=store, **more)
        self.assertNotEqual(died.returncode, 0)
        done = mpirun(*resumed_with, STEPS, "4", store=store, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = [line for line in done.stdout.splitlines() if line.startswith(("from", "sum"))]
        self.assertIn(lines[0], begins)
        self.assertEqual(lines[1], undisturbed)

    def test_openmpi_on_three_ranks_then_two(self):
        self.expect_resumed("openmpi", ("openmpi", 3), ("openmpi", 2))

    def test_mpich_on_two_ranks_then_three(self):
        self.expect_resumed("mpich", ("mpich", 2), ("mpich", 3))

    def test_openmpi_then_mpich(self):
        self.expect_resumed("both", ("openmpi", 2), ("mpich", 4))

    def test_asynchronous_differential_saves(self):
        # The save of step 8 may not have been committed when the program was killed in step 10.
        self.expect_resumed("async", ("mpich", 3), ("openmpi", 2), begins=("from 4", "from 8"), BSUB_CHECKPOINT_ASYNC="1",
                            BSUB_CHECKPOINT_DIFFERENTIAL="4")

    def test_a_rank_that_hangs_in_the_save(self):
        """The others wait in it; when the job is killed, the save does not exist."""
        store = installed.store("hang")
        job = subprocess.Popen(["mpirun.mpich", "-n", "2", programs["mpich"], STEPS, "4", "8", "hang"], env=environment(store),
                               stdout=subprocess.PIPE, text=True)
        ranks = []
        while len(ranks) < 2:
            word, number = job.stdout.readline().split()
            if word == "pid":
                ranks.append(int(number))
        begun = os.path.join(store, "2")
        while not os.path.isdir(begun):  # the test's timeout ends this
            time.sleep(0.01)
        self.assertFalse(os.path.exists(os.path.join(begun, "manifest.json")))
        for rank in ranks:
            os.kill(rank, signal.SIGKILL)
        job.communicate(timeout=200)
        done = mpirun("mpich", 2, STEPS, "4", store=store)
        lines = [line for line in done.stdout.splitlines() if line.startswith(("from", "sum"))]
        self.assertEqual(lines, ["from 4", undisturbed])


if __name__ == "__main__":
    unittest.main()
