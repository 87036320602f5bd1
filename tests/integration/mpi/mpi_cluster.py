"""A cluster of this machine that runs MPI jobs, and what such a job may leave behind."""

import os
import pathlib
import subprocess
import sys
import unittest

import control_groups
from cluster import BUILD, Cluster, start_ticks, wait_for

KIND = os.environ["BSUB_MPI_KIND"]  # openmpi, mpich
RANKS = BUILD / "tests" / f"mpi-ranks-{KIND}"
SHARED = pathlib.Path("/dev/shm")
MARK = "BSUB_TEST_OWN_SHARED_MEMORY"


def with_own_shared_memory():
    """Returns in a copy of this program that sees a /dev/shm of its own, so that what is left there is its own; where that is
    not permitted, only what names this cluster counts."""
    if os.environ.get(MARK) or os.geteuid() != 0 or not SHARED.exists():
        return
    mount = f"mount -t tmpfs tmpfs {SHARED} && "
    if subprocess.run(["unshare", "--mount", "sh", "-c", mount + "true"], capture_output=True, check=False).returncode == 0:
        os.execvpe("unshare", ["unshare", "--mount", "sh", "-c", mount + 'exec "$@"', "_", sys.executable, "-B", *sys.argv],
                   {**os.environ, MARK: "1"})


def shared_folders(cluster):
    """Where its nodes have those of their MPI jobs."""
    own = [f"bsub-lite-{path.read_text()[:12]}" for path in cluster.home.glob("**/spawner/state-id")]
    return [path for name in own for path in SHARED.glob(name)]


def left_files(cluster):
    """What its MPI jobs have in the machine's shared memory, and in the folder for temporary files."""
    found = list(SHARED.iterdir()) if os.environ.get(MARK) else shared_folders(cluster)
    return found + list(pathlib.Path(cluster.env["TMPDIR"]).iterdir())


def environment_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def processes_of(home):
    """Processes of jobs that have this cluster's home in their environment."""
    found = []
    mark = f"BSUB_LITE_HOME={home}".encode()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environment = environment_of(folder.name)
            if mark in environment and any(entry.startswith(b"BSUB_JOB_ID=") for entry in environment):
                found.append((int(folder.name), (folder / "comm").read_text().strip()))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


class MpiCluster(unittest.TestCase):
    NODES = 2
    SLOTS = 4
    MEMORY = "1G"  # of a job on each node: with a limit it has a control group, where groups can be made

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.env["TMPDIR"] = str(cls.cluster.root / "tmp")
        (cls.cluster.root / "tmp").mkdir()
        cls.cluster.bsub("up", "--nodes", cls.NODES, "--slots", cls.SLOTS, "--memory", "4G")

    def setUp(self):
        self.folder = self.cluster.root / self.id().rsplit(".", 1)[1]
        self.folder.mkdir()

    def submit(self, *words, program=(RANKS,), nodes=2, ranks=2, mpi=("--mpi",)):
        return self.cluster.submit("--workdir", self.folder, "--output", self.folder / "out", *mpi, "--nodes", nodes,
                                   "--ranks-per-node", ranks, "-c", min(ranks, self.SLOTS), "-m", self.MEMORY, "--grace", "5s", "--", *program, *words)

    def output(self):
        return (self.folder / "out").read_text()

    def lines(self):
        """What the ranks said, in their order."""
        return sorted(line for line in self.output().splitlines() if line.startswith("rank "))

    def nodes_of(self, job):
        """In the order of the job's parts; the first is its main node."""
        return [part["node"] for part in self.cluster.job(job)["attempts"][-1]["parts"]]

    def end_of(self, job):
        return self.cluster.job(job)["exit"]["text"]

    def wait_for_ranks(self, count):
        def all_there():
            return all((self.folder / f"rank.{i}").exists() for i in range(count))
        wait_for("all ranks to run", all_there)
        pids = [int((self.folder / f"rank.{i}").read_text()) for i in range(count)]
        return [(pid, start_ticks(pid)) for pid in pids]

    def expect_nothing_left(self):
        wait_for("the nodes to be empty", lambda: all(node["tasks"] == 0 for node in self.cluster.status()["nodes"]))
        wait_for("all processes to be gone", lambda: not processes_of(self.cluster.home))
        wait_for("the control groups of tasks to be gone", lambda: not control_groups.of_tasks(self.cluster.home))
        self.assertEqual(left_files(self.cluster), [])
