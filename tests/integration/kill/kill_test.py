#!/usr/bin/env python3
"""The kill test: kill -9 hits scheduler, agents, spawners and the supervisor while clients submit and repeat their submits.

Afterwards each acknowledged job is there and succeeded, none succeeded twice or had two live attempts, and no id was
given out twice. The jobs' ledgers (task.cc) are the witness, not what the scheduler says of itself.

BSUB_KILL_ROUNDS (10), BSUB_KILL_SEED (printed; a seed repeats the order of victims and pauses, not the machine's timing).
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

from cluster import Cluster, wait_for

ROUNDS = int(os.environ.get("BSUB_KILL_ROUNDS", "10"))
SEED = int(os.environ.get("BSUB_KILL_SEED", str(random.SystemRandom().randrange(1 << 32))))
SUBMITTERS = 2
NODES = 2
SLOTS = 4
PAUSE = (0.2, 2.0)           # seconds between two rounds
VICTIMS = {"scheduler": 0.5, "agent-n1": 0.3, "agent-n2": 0.3, "spawner-n1": 0.35, "spawner-n2": 0.35, "supervisor": 0.1}
DRAIN = 120                  # seconds for what is left after the last round
TASK = pathlib.Path(os.environ["BSUB_KILL_TASK"])
# Restarts stay quick however often a daemon is killed: the test is about kills, not about waiting.
SUPERVISOR = {"backoffFirstMs": 20, "backoffLastMs": 200}


class Submitter(threading.Thread):
    """Submits one job after the other, each until it is acknowledged; at times kills its own client or asks twice."""

    def __init__(self, test, number):
        super().__init__(daemon=True)
        self.test, self.number = test, number
        self.random = random.Random(f"{SEED}-{number}")
        self.acknowledged = {}  # key -> id
        self.calls = 0
        self.failure = None

    def run(self):
        try:
            for count in range(10**9):
                if self.test.stop.is_set():
                    return
                self.one(f"{self.number}-{count}")
                time.sleep(self.random.uniform(0, 0.15))
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def one(self, key):
        token = f"{self.random.getrandbits(128):032x}"
        seconds = self.random.choice(["0", "0", "0.05", "0.2", "1"])
        words = ["submit", "--quiet", "--timeout", "5s", "--token", token, "-J", key, "-c", "0.5", "--",
                 str(TASK), str(self.test.ledgers), key, seconds]
        while (job := self.ask(words)) is None:
            pass
        self.acknowledged[key] = job
        if self.random.random() < 0.1:
            again = self.ask(words)
            if again is not None and again != job:
                raise AssertionError(f"one token, two ids: {job} and {again}")

    def ask(self, words):
        """The id, or None if there was no answer."""
        self.calls += 1
        process = self.test.cluster.start(*words)
        if self.random.random() < 0.05:
            time.sleep(self.random.uniform(0, 0.1))
            process.kill()  # the client itself may die at any moment
        out, err = process.communicate()
        if process.returncode == 0:
            return int(out)
        if process.returncode > 0 and "cannot be reached" not in err and "does not answer" not in err:
            raise AssertionError(f"submit was refused: {err}")
        return None


class KillTest:
    def __init__(self, cluster):
        self.cluster = cluster
        self.random = random.Random(SEED)
        self.stop = threading.Event()
        self.ledgers = cluster.root / "ledgers"
        self.ledgers.mkdir()
        self.kills = {name: 0 for name in VICTIMS}

    def up(self):
        """`up`, as a person or a service manager would call it until it succeeds."""
        wait_for("bsub-lite up", lambda: self.cluster.bsub("up", code=None) and self.cluster.code == 0)

    def prepare(self):
        memory = 1 << 30
        self.cluster.home.mkdir()
        (self.cluster.home / "cluster.json").write_text(json.dumps(
            {"format": 1, "nodes": NODES, "cpuMilli": SLOTS * 1000, "memBytes": memory, "supervisor": SUPERVISOR}))
        self.up()

    def round(self):
        time.sleep(self.random.uniform(*PAUSE))
        victims = [name for name, chance in VICTIMS.items() if self.random.random() < chance]
        self.random.shuffle(victims)
        for name in victims or ["scheduler"]:
            self.kills[name] += self.cluster.kill(name)
            time.sleep(self.random.choice([0, 0, self.random.uniform(0, 0.1)]))
        if "supervisor" in victims:
            self.up()

    def run(self):
        self.prepare()
        submitters = [Submitter(self, i) for i in range(SUBMITTERS)]
        for submitter in submitters:
            submitter.start()
        for _ in range(ROUNDS):
            self.round()
        self.stop.set()
        for submitter in submitters:
            submitter.join(2 * DRAIN)
            if submitter.is_alive() or submitter.failure:
                raise AssertionError(f"submitter {submitter.number}: {submitter.failure or 'is stuck'}")
        self.drain()
        return self.judge(submitters)

    def drain(self):
        def idle():
            jobs = self.cluster.bsub("jobs", "--json", code=None)  # those that are not over
            return self.cluster.code == 0 and json.loads(jobs) == []
        wait_for("the end of all jobs", idle, DRAIN)

    def judge(self, submitters):
        acknowledged = {key: job for submitter in submitters for key, job in submitter.acknowledged.items()}
        jobs = {int(job["id"]): job for job in self.cluster.jobs()}
        result = {
            "rounds": ROUNDS,
            "submitted": len(acknowledged),
            "acknowledged": len(acknowledged),
            "calls": sum(submitter.calls for submitter in submitters),
            "kills": sum(self.kills.values()),
            "attempts": 0, "lost": 0, "not_succeeded": 0, "double_success": 0, "double_live": 0, "no_work": 0,
            "ids_reused": len(acknowledged) - len(set(acknowledged.values())),
            "extra_jobs": len(jobs) - len(acknowledged),
        }
        for key, job in acknowledged.items():
            ledger = self.ledgers / key
            lines = [line.split()[0] for line in ledger.read_text().splitlines()] if ledger.exists() else []
            faults = {
                "lost": job not in jobs,
                "not_succeeded": job in jobs and jobs[job]["state"] != "SUCCEEDED",
                "double_success": lines.count("done") > 1,
                "double_live": "double" in lines,
                "no_work": lines.count("done") == 0,
            }
            result["attempts"] += lines.count("start")
            for fault, found in faults.items():
                result[fault] += found
                if found:
                    print(f"{fault}: job {job} key {key} ledger {ledger.read_text() if ledger.exists() else ''!r}")
                    print(self.cluster.bsub("job", str(job), "--json", code=None))
        return result


def main():
    print(f"kill test: seed={SEED}", flush=True)
    with Cluster() as cluster:
        test = KillTest(cluster)
        result = test.run()
        print("kill test:", " ".join(f"{name}={value}" for name, value in result.items()),
              " ".join(f"killed_{name}={count}" for name, count in test.kills.items()), f"seed={SEED}")
        faults = ("lost", "not_succeeded", "double_success", "double_live", "no_work", "ids_reused", "extra_jobs")
        return 1 if any(result[fault] for fault in faults) or result["submitted"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
