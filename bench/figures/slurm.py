"""A Slurm of our own on this machine: Debian's packages, a temporary directory, nothing left behind.

Debian's slurmd may run many times on one host (slurmd -N), so there are 8 nodes as on our side, each with a share of the slots.
Set up after Slurm's high-throughput guide: FIFO by sched/builtin, no accounting, errors alone logged, several ports, ten threads
of munge, and no delay before scheduling, since here the rate of single submits does not suffer from it. Every daemon, key and
socket is below one directory. What of it still runs at the end is found by its SLURM_CONF and killed.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PACKAGES = ["slurm-wlm", "slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge", "libslurm-dev", "gcc"]
NEEDED = ["slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo", "srun", "munged", "cc"]
HEADER = pathlib.Path("/usr/include/slurm/slurm.h")
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
NODES = 8
PREFIX = "bsub-slurm-"
PEERS = pathlib.Path(__file__).resolve().parents[1] / "peers"

CONF = """
ClusterName=bench
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817-16824
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool.%n
TmpFS={root}/tmp.%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
SlurmctldDebug=error
SlurmdDebug=error
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
PriorityType=priority/basic
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MaxJobCount=250000
MaxArraySize=100001
MinJobAge=2
MessageTimeout=100
ReturnToService=2
SchedulerType=sched/builtin
SchedulerParameters={scheduling}
{nodes}
PartitionName=bench Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
SCHEDULING = "batch_sched_delay=0,sched_min_interval=0,sched_interval=30,default_queue_depth=200,partition_job_depth=500,sched_max_job_start=200"


def missing():
    lacking = [program for program in NEEDED if shutil.which(program, path=PATH) is None]
    return lacking + ([] if HEADER.exists() else [str(HEADER)])


def version():
    return subprocess.run(["slurmctld", "-V"], env={**os.environ, "PATH": PATH}, capture_output=True, text=True).stdout.strip()


def install():
    """Debian's packages, with their daemons kept from starting. Returns what went wrong, or nothing."""
    if os.geteuid() != 0:
        return "only root can install them; run: sudo apt-get install " + " ".join(PACKAGES)
    if shutil.which("apt-get") is None:
        return "this is no Debian system (no apt-get)"
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    kept = policy.read_bytes() if policy.exists() else None
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        problem = "apt-get failed"
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
            done = subprocess.run(["apt-get", *words], env=env, capture_output=True, text=True)
            problem = (done.stderr.strip().splitlines() or [problem])[-1]
        return problem if done.returncode != 0 else None
    finally:
        policy.write_bytes(kept) if kept is not None else policy.unlink()


def die_with_parent():
    """Runs in a child before its program: it is killed when this process ends, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def kill_leftovers(root):
    """Step daemons and tasks leave their parents: whoever was started with this directory's configuration."""
    mark = os.fsencode(f"SLURM_CONF={root}/")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int(process.name) != os.getpid() and mark in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            pass  # it is gone, or not ours


def clear_after_the_killed(above):
    """A kill -9 of this program ends its daemons, but leaves their step daemons and the directory."""
    for root in above.glob(PREFIX + "*"):
        owner = root / "owner"
        if owner.exists() and not pathlib.Path("/proc", owner.read_text()).exists():
            kill_leftovers(root)
            shutil.rmtree(root, ignore_errors=True)


class Slurm:
    """Up while the with-block lasts."""

    def __init__(self, slots=64, scheduling=SCHEDULING):
        above = pathlib.Path(os.environ.get("BSUB_BENCH_DIR", "/var/tmp"))
        clear_after_the_killed(above)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=above))
        self.root.chmod(0o755)
        (self.root / "owner").write_text(str(os.getpid()))
        self.slots, self.scheduling = slots, scheduling
        self.daemons, self.controller = [], None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH", "SRUN"))}
        self.env.update(SLURM_CONF=str(self.root / "slurm.conf"), PATH=PATH)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def daemon(self, *words):
        """In a session of its own: Ctrl-C is for us, and we end it in order."""
        with open(self.root / (pathlib.Path(words[0]).name + f"{len(self.daemons)}.out"), "wb") as log:
            process = subprocess.Popen(list(map(str, words)), env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                       cwd=self.root, start_new_session=True, preexec_fn=die_with_parent)
        self.daemons.append(process)
        return process

    def start(self):
        host = socket.gethostname().split(".")[0]
        cpus = self.slots // NODES
        nodes = "\n".join(f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={17000 + i} CPUs={cpus} Boards=1 SocketsPerBoard=1 "
                          f"CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=1000000" for i in range(NODES))
        (self.root / "slurm.conf").write_text(CONF.format(root=self.root, host=host, nodes=nodes, scheduling=self.scheduling))
        (self.root / "state").mkdir(mode=0o700)
        key = self.root / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        self.daemon("munged", "--foreground", "--force", "--num-threads=10", f"--key-file={key}", f"--socket={self.root}/munge.socket",
                    f"--pid-file={self.root}/munged.pid", f"--log-file={self.root}/munged.log", f"--seed-file={self.root}/munge.seed")
        self.wait_for(lambda: (self.root / "munge.socket").exists(), "munged")
        self.controller = self.daemon("slurmctld", "-D", "-c")
        for i in range(NODES):
            (self.root / f"spool.n{i}").mkdir()
            (self.root / f"tmp.n{i}").mkdir()  # PMIx names its folder there by the step: nodes on one machine may not share it
            self.daemon("slurmd", "-D", "-N", f"n{i}")
        self.wait_for(lambda: self.run("sinfo", "-h", "-t", "idle", "-o", "%D", check=False).strip() == str(NODES), "slurmctld and its nodes")

    def wait_for(self, holds, what, patience=60):
        end = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(f"Slurm: {what} did not come up within {patience} s: {self.last_words()}")
            time.sleep(0.02)

    def last_words(self):
        """The end of each log; they go with the directory."""
        logs = [log for log in self.root.iterdir() if log.suffix in (".log", ".out") and log.stat().st_size > 0]
        return "; ".join(f"{log.name}: {log.read_text(errors='replace').splitlines()[-1]}" for log in logs) or "its logs are empty"

    def run(self, *words, check=True, variables=()):
        done = subprocess.run(list(map(str, words)), env={**self.env, **dict(variables)}, capture_output=True, text=True, cwd=self.root)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def timed(self, *words):
        start = time.monotonic()
        self.run(*words)
        return time.monotonic() - start

    def array(self, tasks, *words, look_every=0.25):
        """Seconds from the submit of an array to the end of its last task. `sbatch --wait` looks every two seconds; this looks
        more often, and a look (squeue) takes the controller and a core some milliseconds."""
        start = time.monotonic()
        job = self.run("sbatch", "--parsable", f"--array=1-{tasks}", *words).strip()
        while self.run("squeue", "-h", "-j", job, "-t", "PD,R", "-o", "%i", check=False).strip():
            time.sleep(look_every)
        return time.monotonic() - start

    def submits(self, jobs, processes=8):
        """Held jobs by Slurm's C library; see bench/peers/slurm_submits.c."""
        program = self.root / "slurm-submits"
        if not program.exists():
            self.run("cc", "-O2", "-std=gnu17", "-o", program, PEERS / "slurm_submits.c", "-lslurm")
        return json.loads(self.run(program, jobs, processes, self.root))

    def restart(self, how=signal.SIGTERM):
        """Ends the controller and starts it again on what it saved. Seconds to its first answer about a job."""
        self.controller.send_signal(how)
        self.controller.wait()
        start = time.monotonic()
        self.controller = self.daemon("slurmctld", "-D")
        self.wait_for(lambda: self.run("scontrol", "ping", check=False).count("is UP") == 1, "the restarted slurmctld", 120)
        self.run("squeue", "-h", "-j", 1, check=False)
        return time.monotonic() - start

    def controller_bytes(self):
        """Its resident memory that no file backs."""
        return int(pathlib.Path(f"/proc/{self.controller.pid}/status").read_text().split("RssAnon:")[1].split()[0]) * 1024

    def known_jobs(self):
        return len(self.run("squeue", "-h", "-r", "-o", "%i").split())

    def __exit__(self, *_):
        self.stop([d for d in reversed(self.daemons) if d.poll() is None])
        kill_leftovers(self.root)
        shutil.rmtree(self.root, ignore_errors=True)

    @staticmethod
    def stop(daemons):
        for daemon in daemons:
            daemon.terminate()
        end = time.monotonic() + 10
        for daemon in daemons:
            try:
                daemon.wait(timeout=max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
