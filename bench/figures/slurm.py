"""A Slurm of our own on this machine: Debian's packages, a temporary directory, nothing left behind.

Set up after Slurm's high-throughput guide and for lowest latency; every daemon, key and socket is below one directory.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

PACKAGES = ["slurm-wlm", "slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge"]
NEEDED = ["slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo", "srun", "munged"]
NODES = 8

CONF = """
ClusterName=bench
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817-16820
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool.%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
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
SchedulerParameters=sched_interval=30,batch_sched_delay=0,sched_min_interval=0,default_queue_depth=200
{nodes}
PartitionName=bench Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    return [program for program in NEEDED if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]


def install():
    """Debian's packages, with their daemons kept from starting. Returns what went wrong, or nothing."""
    if os.geteuid() != 0:
        return "only root can install them; run: sudo apt-get install " + " ".join(PACKAGES)
    policy = pathlib.Path("/usr/sbin/policy-rc.d")
    kept = policy.read_bytes() if policy.exists() else None
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES], env=env, capture_output=True, text=True)
        return (done.stderr.strip().splitlines() or ["apt-get failed"])[-1] if done.returncode != 0 else None
    finally:
        policy.write_bytes(kept) if kept is not None else policy.unlink()


class Slurm:
    """Up while the with-block lasts. 8 nodes of `slots` / 8 CPUs each, which share this machine."""

    def __init__(self, slots=64):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="bsub-slurm-", dir="/var/tmp"))
        self.root.chmod(0o755)
        self.slots = slots
        self.daemons = []
        self.env = {**os.environ, "SLURM_CONF": str(self.root / "slurm.conf"), "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def daemon(self, *words):
        log = open(self.root / (pathlib.Path(words[0]).name + f"{len(self.daemons)}.out"), "wb")
        self.daemons.append(subprocess.Popen(list(map(str, words)), env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def start(self):
        host = socket.gethostname().split(".")[0]
        cpus = self.slots // NODES
        nodes = "\n".join(f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={17000 + i} CPUs={cpus} Boards=1 SocketsPerBoard=1 "
                          f"CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=1000000" for i in range(NODES))
        (self.root / "slurm.conf").write_text(CONF.format(root=self.root, host=host, nodes=nodes))
        (self.root / "state").mkdir(mode=0o700)
        key = self.root / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        self.daemon("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.root}/munge.socket",
                    f"--pid-file={self.root}/munged.pid", f"--log-file={self.root}/munged.log", f"--seed-file={self.root}/munge.seed")
        self.wait_for(lambda: (self.root / "munge.socket").exists(), "munged")
        self.daemon("slurmctld", "-D", "-c")
        for i in range(NODES):
            (self.root / f"spool.n{i}").mkdir()
            self.daemon("slurmd", "-D", "-N", f"n{i}")
        self.wait_for(lambda: self.run("sinfo", "-h", "-t", "idle", "-o", "%D", check=False).strip() == str(NODES), "slurmctld and its nodes")

    def wait_for(self, holds, what, patience=60):
        end = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end:
                raise RuntimeError(f"Slurm: {what} did not come up within {patience} s; its logs are in {self.root}")
            time.sleep(0.05)

    def run(self, *words, check=True):
        done = subprocess.run(list(map(str, words)), env=self.env, capture_output=True, text=True, cwd=self.root)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def timed(self, *words):
        start = time.monotonic()
        self.run(*words)
        return time.monotonic() - start

    def controller(self):
        return self.daemons[1].pid

    def queue_length(self):
        return len(self.run("squeue", "-h", "-r", "-o", "%i").split())

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in reversed(self.daemons):
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.root, ignore_errors=True)
