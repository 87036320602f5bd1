#!/usr/bin/env python3
"""The kill test: kill -9 hits scheduler, agents, spawners and the supervisor while clients submit and repeat their submits.

Afterwards each acknowledged job is there and succeeded, none succeeded twice or had two live attempts, and no id was
given out twice. The jobs' ledgers (../ledger) are the witness, not what the scheduler says of itself.

BSUB_KILL_ROUNDS (10), BSUB_KILL_SEED (printed; a seed repeats the order of victims and pauses, not the machine's timing).
"""

import json
import os
import random
import sys
import threading
import time

from cluster import Cluster, wait_for
from kills import Kills
from ledger import TASK, Ledger

ROUNDS = int(os.environ.get("BSUB_KILL_ROUNDS", "10"))
SEED = int(os.environ.get("BSUB_KILL_SEED", str(random.SystemRandom().randrange(1 << 32))))
SUBMITTERS = 2
SLOTS = 4
PAUSE = (0.2, 2.0)           # seconds between two rounds
DRAIN = 120                  # seconds for what is left after the last round


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
        self.kills = Kills(cluster, self.random)

    def run(self):
        self.kills.prepare(SLOTS)
        submitters = [Submitter(self, i) for i in range(SUBMITTERS)]
        for submitter in submitters:
            submitter.start()
        for _ in range(ROUNDS):
            time.sleep(self.random.uniform(*PAUSE))
            self.kills.round()
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
            "kills": sum(self.kills.count.values()),
            "attempts": 0, "lost": 0, "not_succeeded": 0, "double_success": 0, "double_live": 0, "no_work": 0,
            "ids_reused": len(acknowledged) - len(set(acknowledged.values())),
            "extra_jobs": len(jobs) - len(acknowledged),
        }
        for key, job in acknowledged.items():
            ledger = Ledger(self.ledgers, key)
            faults = {
                "lost": job not in jobs,
                "not_succeeded": job in jobs and jobs[job]["state"] != "SUCCEEDED",
                "no_work": ledger.count["done"] == 0,
                **{fault: True for fault in ledger.faults()},
            }
            result["attempts"] += ledger.count["start"]
            for fault, found in faults.items():
                result[fault] += found
                if found:
                    print(f"{fault}: job {job} key {key} ledger {ledger.text!r}")
                    print(self.cluster.bsub("job", str(job), "--json", code=None))
        return result


def main():
    print(f"kill test: seed={SEED}", flush=True)
    with Cluster() as cluster:
        test = KillTest(cluster)
        result = test.run()
        print("kill test:", " ".join(f"{name}={value}" for name, value in result.items()),
              test.kills.summary(), f"seed={SEED}")
        faults = ("lost", "not_succeeded", "double_success", "double_live", "no_work", "ids_reused", "extra_jobs")
        return 1 if any(result[fault] for fault in faults) or result["submitted"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
