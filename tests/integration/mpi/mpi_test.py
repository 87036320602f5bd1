#!/usr/bin/env python3
"""MPI jobs over worker nodes of this machine, by the mpirun that is installed: that they start, and how they end when
something goes wrong."""

import os
import re
import shutil
import signal
import unittest

import control_groups
from cluster import start_ticks, wait_for
from mpi_cluster import KIND, RANKS, MpiCluster, environment_of, processes_of, shared_folders, with_own_shared_memory

OTHER = {"openmpi": "mpich", "mpich": "openmpi"}[KIND]
OTHERS_RANKS = RANKS.with_name(f"mpi-ranks-{OTHER}")
MPIRUN = f"mpirun.{KIND}"
DAEMON = {"openmpi": "orted", "mpich": "hydra_pmi_proxy"}[KIND]  # mpirun's, on each other node
LAUNCHER = ("mpirun", "mpiexec")  # how its process's name begins; those of ranks begin with "mpi-"


class Mpi(MpiCluster):
    """That they start as they should."""

    def expect_sum(self, ranks=4, nodes=2):
        lines = self.lines()
        self.assertEqual(len(lines), ranks, self.output())
        for i, line in enumerate(lines):
            self.assertIn(f"rank {i} of {ranks} ", line)
            self.assertIn(f"sum {ranks * (ranks - 1) // 2} ", line)
        return [(line, i // (ranks // nodes)) for i, line in enumerate(lines)]

    def test_the_ranks_are_started_on_all_nodes(self):
        job = self.submit("sum")
        self.cluster.bsub("wait", job)
        for line, node in self.expect_sum():
            self.assertIn(f" index {node} ", line)
        self.expect_nothing_left()

    def test_plain_mpirun_uses_the_allocation(self):
        job = self.submit("sum", program=(MPIRUN, RANKS), mpi=())
        self.cluster.bsub("wait", job)
        self.expect_sum()
        self.expect_nothing_left()

    def test_a_script_may_call_mpirun_more_than_once(self):
        script = self.folder / "job.sh"
        script.write_text(f"#!/bin/sh\nset -e\n{MPIRUN} {RANKS} sum > first\n{MPIRUN} {RANKS} sum\n")
        job = self.cluster.submit("--workdir", self.folder, "--output", self.folder / "out", "--nodes", 2, "--ranks-per-node", 2,
                                  "--launch", "main-node", script)
        self.cluster.bsub("wait", job)
        self.expect_sum()
        self.assertEqual(sorted((self.folder / "first").read_text().splitlines()), self.lines())

    def test_an_mpirun_that_fits_comes_before_a_script_of_its_folder_and_not_of_one_before(self):
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "mpirun").write_text("#!/bin/sh\nexit 9\n")
        (folder / "mpirun").chmod(0o755)
        path = ("--env", f"PATH={folder}:/usr/bin:/bin", "--mpi")
        job = self.submit("sum", mpi=path)
        self.cluster.bsub("wait", job, code=9)  # it is of the folder that comes first
        (folder / f"mpirun.{KIND}").write_text(f'#!/bin/sh\nexec /usr/bin/mpirun.{KIND} "$@"\n')
        (folder / f"mpirun.{KIND}").chmod(0o755)
        job = self.submit("sum", mpi=path)
        self.cluster.bsub("wait", job)
        self.expect_sum()

    def test_one_node_needs_no_network(self):
        job = self.submit("sum", nodes=1)
        self.cluster.bsub("wait", job)
        self.expect_sum(ranks=2, nodes=1)
        self.expect_nothing_left()

    def test_each_rank_has_its_threads_and_its_users_temporary_folder(self):
        job = self.cluster.submit("--workdir", self.folder, "--output", self.folder / "out", "--mpi", "--nodes", 2,
                                  "--threads-per-rank", 2, "--env", "TMPDIR=/var/tmp", "--", RANKS, "sum")
        self.cluster.bsub("wait", job)
        for line in self.lines():
            self.assertIn("threads 2 tmp /var/tmp", line)
        self.assertEqual(len(self.lines()), 2)

    def test_each_rank_has_an_output_file_on_request(self):
        job = self.submit("sum", mpi=("--mpi", "--rank-output", "of.%j.%r"))
        self.cluster.bsub("wait", job)
        self.assertEqual(self.lines(), [])
        for rank in range(4):
            self.assertIn(f"rank {rank} of 4 ", (self.folder / f"of.{job}.{rank}").read_text())
        self.cluster.bsub("submit", "--mpi", "--rank-output", "of", "--", RANKS, code=255)
        self.assertIn("--rank-output 'of': expected a path with %r", self.cluster.err)

    @unittest.skipUnless(KIND == "openmpi", "Open MPI's transports")
    def test_a_job_may_name_another_transport(self):
        """Those of EFA and InfiniBand, on what this machine has: libfabric's and UCX's TCP."""
        libfabric = {"pml": "cm", "mtl": "ofi", "mtl_ofi_provider_include": "tcp"}
        ucx = {"pml": "ucx", "opal_common_ucx_tls": "any", "opal_common_ucx_devices": "any"}
        for transport in (libfabric, ucx):
            with self.subTest(transport["pml"]):
                named = [word for name, value in transport.items() for word in ("--env", f"OMPI_MCA_{name}={value}")]
                job = self.submit("sum", mpi=("--mpi", "--env", "OMPI_MCA_pml_base_verbose=10", *named))
                self.cluster.bsub("wait", job)
                self.expect_sum()
                self.assertIn(f"select: component {transport['pml']} selected", self.output())
                (self.folder / "out").unlink()
        self.expect_nothing_left()

    def test_the_ranks_of_a_node_and_no_others_share_memory(self):
        job = self.submit("share")
        self.cluster.bsub("wait", job)
        self.expect_sum()
        self.expect_nothing_left()

    def test_the_ranks_of_a_node_are_in_its_tasks_control_group(self):
        if not control_groups.of_spawners(self.cluster.home):
            self.skipTest("no control groups with a memory limit can be made here")
        job = self.submit("wait")
        ranks = self.wait_for_ranks(4)
        members = [{rank for rank, (pid, _) in enumerate(ranks) if control_groups.in_group(pid, group)}
                   for group in control_groups.of_tasks(self.cluster.home)]
        self.assertCountEqual(members, [{0, 1}, {2, 3}])
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=125)
        self.expect_nothing_left()

    def test_the_processor_time_of_every_rank_is_accounted(self):
        job = self.submit("burn", 500)
        self.cluster.bsub("wait", job)
        usage = self.cluster.job(job)["attempts"][-1]["usage"]
        self.assertGreaterEqual(usage["userSeconds"] + usage["systemSeconds"], 4 * 0.5)

    def test_the_children_of_an_array_are_mpi_jobs_of_their_own(self):
        job = self.cluster.submit("--workdir", self.folder, "--output", self.folder / "out.%I", "--array", "1-2", "--mpi", "--nodes", 2,
                                  "--ranks-per-node", 2, "-c", 2, "--", RANKS, "sum")
        self.cluster.bsub("wait", job)
        for child in (1, 2):
            lines = (self.folder / f"out.{child}").read_text().splitlines()
            self.assertEqual(len([line for line in lines if line.startswith("rank ") and " of 4 " in line]), 4, lines)
        self.expect_nothing_left()

    def test_no_ssh_is_called(self):
        folder = self.folder / "bin"
        folder.mkdir()
        for name in ("ssh", "rsh"):
            (folder / name).write_text(f"#!/bin/sh\ntouch {self.folder}/called\nexit 1\n")
            (folder / name).chmod(0o755)
        job = self.submit("sum", mpi=("--mpi", "--env", f"PATH={folder}:{os.environ['PATH']}"))
        self.cluster.bsub("wait", job)
        self.expect_sum()
        self.assertFalse((self.folder / "called").exists())

    def test_a_signal_reaches_every_rank_once(self):
        job = self.submit("signal")
        self.wait_for_ranks(4)
        mpirun = min(pid for pid, name in processes_of(self.cluster.home) if name.startswith(LAUNCHER))
        os.kill(mpirun, signal.SIGUSR1)
        marks = [self.folder / f"signal.{rank}.{int(signal.SIGUSR1)}" for rank in range(4)]
        wait_for("every rank to see it", lambda: all(mark.exists() and mark.read_text() for mark in marks))
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=None)
        self.assertEqual([mark.read_text() for mark in marks], ["x"] * 4)
        self.expect_nothing_left()

    def test_a_cancel_reaches_every_rank(self):
        job = self.submit("wait")
        self.wait_for_ranks(4)
        self.cluster.bsub("cancel", job)
        self.cluster.bsub("wait", job, code=125)
        self.expect_nothing_left()


class BadInput(MpiCluster):
    """What cannot work says so in the job's end."""

    def run_with(self, *words, path=None, program=(RANKS, "sum")):
        environment = ["--env", f"PATH={path}"] if path else []
        job = self.cluster.submit("--workdir", self.folder, "--output", self.folder / "out", "--mpi", "--nodes", 2, *environment, *words,
                                  "--", *program)
        self.cluster.bsub("wait", job, code=None)
        self.assertEqual(self.cluster.job(job)["state"], "FAILED")
        self.expect_nothing_left()
        return self.end_of(job)

    def test_no_mpirun(self):
        end = self.run_with(path="/nowhere")
        self.assertRegex(end, "no mpirun of .* in the job's PATH; install it")
        self.assertNotIn("/nowhere", end)
        self.assertIn("bsub-lite: PATH=/nowhere\n", self.output())

    def test_an_mpirun_of_another_mpi(self):
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "mpirun").symlink_to(f"/usr/bin/mpirun.{OTHER}")
        end = self.run_with(path=folder)
        self.assertIn("no mpirun of ", end)
        self.assertIn(f"there is {folder}/mpirun of ", end)

    @unittest.skipUnless(KIND == "openmpi" and OTHERS_RANKS.exists(), "Hydra's plain mpiexec has no place to look")
    def test_a_program_of_another_mpi(self):
        job = self.submit(program=(MPIRUN, OTHERS_RANKS), mpi=())
        self.cluster.bsub("wait", job, code=None)
        self.assertEqual(self.cluster.job(job)["state"], "FAILED")
        self.assertRegex(self.end_of(job), "rank [0-3] on node n[12]: '.*' is linked with MPICH, and mpirun is Open MPI's")

    @unittest.skipUnless(OTHERS_RANKS.exists(), "only one MPI is installed")
    def test_a_script_of_which_nobody_knows_that_it_is_another_mpis_mpirun(self):
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "mpirun").write_text(f'#!/bin/sh\nexec /usr/bin/mpirun.{OTHER} "$@"\n')
        (folder / "mpirun").chmod(0o755)
        names = {"openmpi": "Open MPI", "mpich": "MPICH"}
        self.assertIn(f"is linked with {names[KIND]}, and mpirun is {names[OTHER]}'s", self.run_with(path=f"{folder}:/usr/sbin:/sbin"))
        self.assertNotIn(" sum ", self.output())

    def test_no_such_program(self):
        self.assertIn("cannot run './no-such-program'", self.run_with(program=("./no-such-program",)))

    def test_no_such_program_in_path(self):
        end = self.run_with(path="/nowhere", program=("no-such-program",))
        self.assertIn("cannot run 'no-such-program': it is in no directory of the job's PATH", end)
        self.assertNotIn("/nowhere", end)
        self.assertIn("bsub-lite: PATH=/nowhere\n", self.output())

    def test_mpi_and_mpirun_at_once(self):
        self.cluster.bsub("submit", "--mpi", "--nodes", 2, "--", "mpirun", RANKS, code=255)
        self.assertIn("--mpi starts the ranks itself", self.cluster.err)

    def test_mpi_and_a_script(self):
        script = self.folder / "job.sh"
        script.write_text("#!/bin/sh\nmpirun ./solver\n")
        self.cluster.bsub("submit", "--mpi", script, code=255)
        self.assertIn("--mpi with a script", self.cluster.err)


class BadLuck(MpiCluster):
    """However a rank, mpirun or a node ends: the job does, says why, and leaves nothing behind."""

    def fails_with(self, job):
        """How it ended, with main and other for its nodes' names."""
        self.cluster.bsub("wait", job, code=None)
        self.assertEqual(self.cluster.job(job)["state"], "FAILED")
        self.expect_nothing_left()
        end = self.end_of(job)
        found = re.search(r"on node (n\d), index (\d)", end)
        if found:
            named, index = found.group(1), int(found.group(2))
            unnamed = {"n1": "n2", "n2": "n1"}[named]
            main, other = (named, unnamed) if index == 0 else (unnamed, named)
            end = end.replace(f"node {main}", "node main").replace(f"node {other}", "node other")
        return end

    def process(self, index, name):
        """The pid of a process of this name of the job's part of this index."""
        def found():
            for pid, comm in processes_of(self.cluster.home):
                if comm.startswith(name) and f"BSUB_NODE_INDEX={index}".encode() in environment_of(pid):
                    return pid
            return None
        return wait_for(f"{name} of part {index}", found)

    def test_a_rank_that_fails_is_named_with_its_node_and_status(self):
        end = self.fails_with(self.submit("exit", 3, 5))
        self.assertIn("rank 3 on node other exited with code 5", end)

    def test_a_rank_that_crashes(self):
        self.assertIn("rank 2 on node other was ended by signal 6 (ABRT)", self.fails_with(self.submit("crash", 2, 6)))

    def test_a_rank_that_exits_before_mpi_init(self):
        self.assertIn("rank 1 on node main exited with code 7", self.fails_with(self.submit("early", 1)))

    @unittest.skipUnless(KIND == "mpich", "Open MPI's mpirun starts no rank before all nodes have called back")
    def test_a_rank_that_exits_before_another_node_has_started(self):
        for spawner in ("spawner-n1", "spawner-n2"):
            self.assertTrue(self.cluster.kill(spawner, signal.SIGSTOP))
        try:
            job = self.submit("early", 1)
            main, other = wait_for("its nodes", lambda: self.nodes_of(job) if self.cluster.job(job)["attempts"] else None)
            self.assertTrue(self.cluster.kill(f"spawner-{main}", signal.SIGCONT))
            wait_for("the rank's end", lambda: any(path.stat().st_size for folder in shared_folders(self.cluster) for path in folder.glob("*/ends")))
        finally:
            for spawner in ("spawner-n1", "spawner-n2"):
                self.cluster.kill(spawner, signal.SIGCONT)
        self.assertIn("rank 1 on node main exited with code 7", self.fails_with(job))

    def mpirun_elsewhere(self, proxy=None):
        """Hydra's, in a folder of its own, where it looks for its proxy program."""
        folder = self.folder / "mpich"
        folder.mkdir()
        shutil.copy(shutil.which(MPIRUN), folder / "mpirun")
        if proxy:
            (folder / DAEMON).write_text(f"#!/bin/sh\n{proxy}\n")
            (folder / DAEMON).chmod(0o755)
        return folder / "mpirun"

    @unittest.skipUnless(KIND == "mpich", "Open MPI's mpirun ends when its daemon cannot be started")
    def test_a_node_without_hydras_proxy(self):
        mpirun = self.mpirun_elsewhere(f'[ $BSUB_NODE_INDEX != 0 ] || exec /usr/bin/{DAEMON} "$@"; exec /nowhere/{DAEMON}')
        end = self.fails_with(self.submit("sum", program=(mpirun, RANKS), mpi=()))
        self.assertIn(f"node other cannot run '{mpirun.with_name(DAEMON)}'", end)

    @unittest.skipUnless(KIND == "mpich", "Open MPI's mpirun ends when its daemon cannot be started")
    def test_a_main_node_without_hydras_proxy(self):
        mpirun = self.mpirun_elsewhere()
        end = self.fails_with(self.submit("sum", nodes=1, program=(mpirun, RANKS), mpi=()))
        self.assertIn(f"cannot run '{mpirun.with_name(DAEMON)}'", end)

    @unittest.skipUnless(KIND == "mpich", "Hydra's mpirun waits for its daemons")
    def test_a_host_that_is_not_the_jobs(self):
        end = self.fails_with(self.submit("sum", program=(MPIRUN, "-hosts", "elsewhere", RANKS), mpi=()))
        self.assertIn("node 'elsewhere' is not one of this job's", end)

    def test_an_agent_that_its_mpirun_left_behind_ends_nobody(self):
        for name, text in (("agent.sh", 'while grep -q "^PPid:[[:space:]]*$1$" /proc/$$/status; do :; done\n'
                                        'exec "$HYDRA_LAUNCHER_EXEC" elsewhere hydra_pmi_proxy\n'),
                           # Until the agent has ended, too, which holds the pipe. Its parent is the node's spawner by then.
                           ("job.sh", 'said=$(sh -c "./agent.sh \\$\\$ &" 2>&1)\necho "said: $said"\n')):
            (self.folder / name).write_text("#!/bin/sh\n" + text)
            (self.folder / name).chmod(0o755)
        job = self.cluster.submit("--workdir", self.folder, "--output", self.folder / "out", "--nodes", 2, "--launch", "main-node",
                                  self.folder / "job.sh")
        self.cluster.bsub("wait", job)
        self.assertIn("said: bsub-lite-rsh: what called it has ended", self.output())
        self.expect_nothing_left()

    def test_a_rank_that_hangs_in_mpi_init_until_the_wall_time(self):
        job = self.cluster.submit("--workdir", self.folder, "--mpi", "--nodes", 2, "-t", "3s", "--grace", "0s", "--", RANKS, "hang", 1)
        self.assertIn("ran past its wall time", self.fails_with(job))

    def test_a_killed_rank(self):
        job = self.submit("wait")
        ranks = self.wait_for_ranks(4)
        os.kill(ranks[3][0], signal.SIGKILL)
        self.assertIn("rank 3 on node other was ended by signal 9 (KILL)", self.fails_with(job))

    def test_a_killed_rank_with_a_window_in_shared_memory(self):
        job = self.submit("window")
        ranks = self.wait_for_ranks(4)
        os.kill(ranks[1][0], signal.SIGKILL)
        self.assertIn("rank 1 on node main was ended by signal 9 (KILL)", self.fails_with(job))

    def test_a_killed_mpirun(self):
        job = self.submit("wait")
        self.wait_for_ranks(4)
        os.kill(self.process(0, LAUNCHER), signal.SIGKILL)
        self.assertIn("signal 9", self.fails_with(job))

    def test_a_killed_daemon_of_mpirun(self):
        job = self.submit("wait")
        self.wait_for_ranks(4)
        os.kill(self.process(1, DAEMON), signal.SIGKILL)
        self.fails_with(job)

    def test_a_killed_step_server(self):
        job = self.submit("wait")
        self.wait_for_ranks(4)
        os.kill(self.process(1, "bsub-lite-step"), signal.SIGKILL)
        self.assertIn("node other", self.fails_with(job))

    TWICE = f"[ $BSUB_ATTEMPT != 1 ] || exec {RANKS} wait; exec {RANKS} sum"

    def expect_tried_again(self, job, lost):
        self.cluster.bsub("wait", job, code=0)
        attempts = self.cluster.job(job)["attempts"]
        self.assertEqual([attempt["then"] for attempt in attempts], ["retry", "succeeded"])
        self.assertFalse(attempts[0]["charged"])
        self.assertIn(f"on node {lost}", attempts[0]["exit"]["text"])
        self.expect_nothing_left()

    def test_a_lost_node_interrupts_the_job_which_then_runs_again(self):
        job = self.submit(program=(MPIRUN, "/bin/sh", "-c", self.TWICE), mpi=())
        ranks = self.wait_for_ranks(4)
        lost = self.nodes_of(job)[1]
        for daemon in (f"agent-{lost}", f"spawner-{lost}"):
            self.assertTrue(self.cluster.kill(daemon))
        self.expect_tried_again(job, lost)
        for pid, start in ranks:
            self.assertNotEqual(start_ticks(pid), start)

    def test_a_node_that_is_lost_between_its_allocation_and_the_launch(self):
        lost = "n2"
        self.assertTrue(self.cluster.kill(f"agent-{lost}", signal.SIGSTOP))
        job = self.submit("sum")
        wait_for("its nodes", lambda: self.cluster.job(job)["attempts"])
        for daemon in (f"agent-{lost}", f"spawner-{lost}"):
            self.assertTrue(self.cluster.kill(daemon))
        self.expect_tried_again(job, lost)


if __name__ == "__main__":
    with_own_shared_memory()
    unittest.main(verbosity=2)
