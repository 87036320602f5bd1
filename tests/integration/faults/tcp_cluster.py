"""A cluster whose parts meet over TCP on this machine, as they would on several: daemons started one by one, with
tokens and, if asked, TLS."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from cluster import BUILD, PATIENCE, Cluster, wait_for

ADMIN, USER, NODE = "a" * 32, "u" * 32, "n" * 32


def make_certificate(folder, name, host="127.0.0.1"):
    """A self-signed certificate for `host`, which is its own authority; (certificate, key)."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", f"/CN={host}",
                    "-addext", f"subjectAltName={'IP' if host[0].isdigit() else 'DNS'}:{host}"],
                   check=True, capture_output=True)
    return certificate, key


class TcpCluster(Cluster):
    """Nothing runs until start_scheduler(). Each daemon's output is in root/NAME.log."""

    def __init__(self):
        super().__init__()
        self.processes = {}
        self.tokens = self.secret("tokens", f"ops {ADMIN} admin\nada {USER} user 4321:4321\nnodes {NODE} node\n")
        self.admin = self.secret("admin.token", ADMIN + "\n")
        self.user = self.secret("user.token", USER + "\n")
        self.node = self.secret("node.token", NODE + "\n")

    def expect_no_answer(self):
        """From here on an unreachable scheduler is not waited for long; nor is one that takes its time."""
        self.env["BSUB_LITE_PATIENCE"] = "2s"

    def secret(self, name, text, mode=0o600):
        path = self.root / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def spawn(self, name, program, *words, env=None, before=()):
        """`before`: words that the command line begins with, which say where it runs."""
        with open(self.root / f"{name}.log", "wb") as log:
            process = subprocess.Popen([*before, str(BUILD / "bin" / program), *map(str, words)], env=env or self.env, cwd=self.root,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[name] = process
        return process

    def log(self, name):
        return (self.root / f"{name}.log").read_text(errors="replace")

    def end_of(self, name):
        """The exit code of a daemon that is expected to end by itself, and its last line."""
        code = self.processes.pop(name).wait(timeout=PATIENCE)
        return code, (self.log(name).splitlines() or [""])[-1]

    def start_scheduler(self, *words, host="127.0.0.1"):
        scheduler = self.spawn("scheduler", "bsub-lite-scheduler", "--home", self.home, "--listen", f"{host}:0",
                               "--token-file", self.tokens, *words)
        port = self.home / "run" / "scheduler.port"

        def ready():
            if scheduler.poll() is not None:
                raise AssertionError("the scheduler ended: " + self.log("scheduler"))
            return port.exists() and port.read_text().strip() and "event=ready" in self.log("scheduler")

        wait_for("the scheduler's port", ready)
        self.server = f"{host}:{port.read_text().strip()}"
        self.env["BSUB_LITE_SERVER"] = self.server
        self.env["BSUB_LITE_TOKEN_FILE"] = str(self.user)

    def start_spawner(self, name="n1", *words, env=None):
        state = self.root / name
        self.spawn(f"spawner-{name}", "bsub-lite-spawner", "--state", state, "--node", name, "--launch-key",
                   self.home / "secrets" / "launch.key", *words, env=env)
        wait_for("the spawner", lambda: "event=ready" in self.log(f"spawner-{name}"))

    def start_agent(self, name="n1", token=None, *words, env=None):
        return self.spawn(f"agent-{name}", "bsub-lite-agent", "--scheduler", self.server, "--token", token or self.node,
                          "--spawner", self.root / name / "spawner.sock", "--name", name, "--cpus", 2, "--memory", "1G",
                          *words, env=env)

    def wait_for_node(self, name="n1", state="up"):
        wait_for(f"node {name} to be {state}", lambda: (name, state) in
                 [(n["name"], n["state"]) for n in self.status()["nodes"]])

    def close(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def show_logs(self):
        for path in sorted(pathlib.Path(self.root).glob("*.log")):
            print(f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-15:], sep="\n")
