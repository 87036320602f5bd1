#!/usr/bin/env python3
"""The soak test: mixed load at 80 % of the top rate, with kill -9 and clean restarts, for an hour.

First it measures how many units of the load (soak_load: jobs, arrays, chains, retries, cancels, requeues) end in a second when
they come as fast as they can, then paces 80 % of that. The first and the third quarter of the time are disturbed, the
second and the last are calm, so that a process lives long enough to show what leaks with its age. Asserted are: every acknowledged
job ended as it should and its ledger says the same; no id was given out twice; what processes and files take is, by
medians, in the last quarter no more than in the second, and in the last third of a calm quarter no more than before it
(growth.py: TOLERANCE). Latencies are printed and not asserted.

BSUB_SOAK_SECONDS (3600). BSUB_SOAK_UNITS instead: so many units, with some rounds of kills, and nothing is said of growth.
BSUB_SOAK_SEED (printed). BSUB_SOAK_SAMPLES: a file for all samples, for a look at curves.
"""

import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

from cluster import Cluster, wait_for
from growth import UNITS as UNIT_OF
from growth import Sampler, growth
from kills import Kills
from ledger import TASK, Ledger

SECONDS = float(os.environ.get("BSUB_SOAK_SECONDS", "3600"))
UNITS = int(os.environ.get("BSUB_SOAK_UNITS", "0"))
SEED = int(os.environ.get("BSUB_SOAK_SEED", str(random.SystemRandom().randrange(1 << 30))))
LOAD = os.environ["BSUB_SOAK_LOAD"]
SHARE = 0.8         # of the top rate
SLOTS = 8           # of each node; a task takes a tenth of one
RESTART_EVERY = 5   # of so many rounds one is a clean restart
ROUNDS = 5          # in the short test, one of them a clean restart
ROUND_UNITS = 15    # end between two rounds of the short test
# What is over leaves soon, so that a steady state is reached before the first quarter ends; but not before the load's watchers have
# seen it, however little of the machine is left to them: a job that is asked for later is taken for lost.
SETTINGS = f"""
core: {{finished_retention: 30s, least_retention: 10s, forget_interval: 1s, early_forget_interval: 1s, max_jobs: 20000}}
journal: {{segment_bytes: 4M, snapshot_bytes: 8M, history_retention: 0s, payload_cache_bytes: 4M}}
history: {{retention: {max(60, int(SECONDS / 8))}s}}
"""
SUPERVISOR = {"logBytes": 1 << 20, "logLookMs": 1000,
              "spawnerOptions": ["--output-retention", "30s", "--output-sweep", "1s", "--log-compact-bytes", "1048576",
                                 "--remembered-attempts", "4096"]}
ENDS_AS = {"plain": "SUCCEEDED", "array": "SUCCEEDED", "chain": "SUCCEEDED", "retried": "SUCCEEDED",
           "requeued": "SUCCEEDED", "failing": "FAILED", "forgone": "FAILED"}
FAILURES = {"retried": 2, "requeued": 1}


def faults_of(kind, state, end, ledger):
    """What is wrong with a task that is over."""
    found = ledger.faults()
    count = ledger.count
    if kind != "cancelled" and state != ENDS_AS[kind]:
        found.append("wrong_end")
    if kind in ("forgone", "cancelled") and state == "FAILED" and end != "cancelled":
        found.append("wrong_end")
    if kind == "forgone" and count["start"] > 0:
        found.append("ran_though_held")
    if state == "SUCCEEDED" and count["done"] == 0:
        found.append("no_work")
    if state == "FAILED" and count["done"] > 0 and kind != "cancelled":
        found.append("success_denied")
    if state == "SUCCEEDED" and count["failed"] != FAILURES.get(kind, 0):
        found.append("wrong_failures")
    if kind == "failing" and count["failed"] < 2:
        found.append("too_few_attempts")
    return found


class Judge:
    """Compares how each unit ended with its ledgers, and takes these away: what is there at the end ran again."""

    def __init__(self, cluster, ledgers):
        self.cluster, self.ledgers = cluster, ledgers
        self.faults = collections.Counter()
        self.kinds = collections.Counter()
        self.attempts = 0

    def fault(self, name, what):
        self.faults[name] += 1
        if self.faults[name] <= 20:
            print(f"FAULT {name}: {what}", flush=True)

    def unit(self, over):
        kind = over["over"]
        self.kinds[kind] += 1
        for job in over["jobs"]:
            children = over["children"]
            for key in [f"{job['key']}.{i + 1}" for i in range(children)] if children else [job["key"]]:
                ledger = Ledger(self.ledgers, key)
                self.attempts += ledger.count["start"]
                for fault in faults_of(kind, job["state"], job["end"], ledger):
                    self.fault(fault, f"{kind} {job} ledger {ledger.text!r} "
                                      f"{self.cluster.bsub('job', str(job['id']), '--json', code=None)}")
        shutil.rmtree(self.ledgers / over["jobs"][0]["key"].split("/")[0], ignore_errors=True)

    def finish(self):
        for left in os.listdir(self.ledgers):
            texts = {path.name: path.read_text() for path in (self.ledgers / left).iterdir()}
            self.fault("ran_again", f"{left}: {texts}")


class Load(threading.Thread):
    """soak_load at work; judges what it tells as it comes."""

    def __init__(self, cluster, judge, **words):
        super().__init__(daemon=True)
        self.judge = judge
        self.windows, self.end, self.failure = [], None, None
        self.over = 0
        words = {"socket": cluster.home / "run" / "scheduler.sock", "ledgers": judge.ledgers, "task": TASK, **words}
        self.process = subprocess.Popen([LOAD, *(f"{name}={value}" for name, value in words.items())],
                                        stdout=subprocess.PIPE, text=True)
        self.start()

    def run(self):
        try:
            for line in self.process.stdout:
                self.take(json.loads(line))
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error
            self.process.kill()

    def take(self, told):
        if "over" in told:
            self.judge.unit(told)
            self.over += 1
        elif "window" in told:
            self.windows.append(told["window"])
            print("soak:", *(f"{name}={value}" for name, value in told["window"].items()), flush=True)
        elif "fault" in told:
            self.judge.fault(told["fault"], told["what"])
        else:
            self.end = told["end"]

    def finish(self):
        """Its last words, once all that it submitted is over."""
        self.join()
        if self.failure or self.process.wait() != 0 or self.end is None:
            raise AssertionError(f"soak_load: exit {self.process.returncode}, {self.failure}")
        return self.end


class Soak:
    def __init__(self, cluster):
        self.cluster = cluster
        self.random = random.Random(SEED)
        self.kills = Kills(cluster, self.random)
        self.restarts = self.rounds = 0
        ledgers = cluster.root / "ledgers"
        ledgers.mkdir()
        self.judge = Judge(cluster, ledgers)

    def calibrate(self):
        """The top rate: units that end in a second when they come as fast as they can."""
        much = {"count": UNITS // 4, "open": 20} if UNITS else {"seconds": max(10, min(60, SECONDS / 20))}
        return Load(self.cluster, self.judge, seed=2 * SEED, window=5, **much).finish()["per_second"]

    def round(self):
        self.rounds += 1
        if self.rounds % RESTART_EVERY == 0:
            self.cluster.bsub("down")
            self.kills.up()
            self.restarts += 1
        else:
            self.kills.round()

    def run(self):
        config = self.cluster.root / "settings.yaml"
        config.write_text(SETTINGS)
        self.kills.prepare(SLOTS, config, **SUPERVISOR)
        top = self.calibrate()
        much = {"count": UNITS, "window": 2} if UNITS else {"seconds": SECONDS, "window": max(2.0, SECONDS / 60)}
        sampler = Sampler(self.cluster, 0.1 if UNITS else max(0.25, SECONDS / 2000))
        sampler.start()
        load = Load(self.cluster, self.judge, seed=2 * SEED + 1, rate=SHARE * top, open=1000, senders=16, **much)
        if UNITS:
            self.disturb_between_units(load)
        else:
            self.disturb_by_quarters(load, sampler)
        end = load.finish()
        sampler.stop.set()
        sampler.join()
        self.judge.finish()
        return self.tell(top, load, end, sampler)

    def disturb_between_units(self, load):
        for _ in range(ROUNDS):
            over = load.over
            wait_for("units to end", lambda: load.over >= over + ROUND_UNITS or not load.is_alive())
            self.round()

    def disturb_by_quarters(self, load, sampler):
        """Rounds in the first quarter, behind its first window, and in the third."""
        pause = max(4.0, min(12.0, SECONDS / 120))
        quarter = SECONDS / 4
        wait_for("the first window", lambda: load.windows, SECONDS)
        for end in (quarter, 3 * quarter):
            wait_for("a disturbed quarter", lambda: sampler.now() >= end - quarter, 2 * SECONDS)
            while sampler.now() < end and load.is_alive():
                time.sleep(self.random.uniform(0.5, 1.5) * pause)
                self.round()

    def tell(self, top, load, end, sampler):
        grown = 0 if UNITS else self.tell_growth(sampler)
        seen = {role for what, role in sampler.samples if what == "rss"}
        missing = {"scheduler", "agent", "spawner", "launcher", "supervisor"} - seen
        busy = [window for window in load.windows if window["submits"] and window["querys"]]
        first, last = (busy[0], busy[-1]) if busy else ({}, {})
        latency = " ".join(f"{what}_{q}_ms_{when}={window.get(f'{what}_{q}_ms')}" for what in ("submit", "query")
                           for q in ("p50", "p99") for when, window in (("start", first), ("end", last)))
        seconds = "" if UNITS else f"seconds={SECONDS:.0f} "
        faults = sum(self.judge.faults.values())
        print(f"soak test: {seconds}top_rate={top:.1f}/s " + " ".join(f"{name}={value}" for name, value in end.items()),
              f"attempts={self.judge.attempts}", *(f"{kind}={count}" for kind, count in sorted(self.judge.kinds.items())),
              f"restarts={self.restarts}", self.kills.summary(), latency, f"grown={grown}", f"faults={faults}",
              *(f"{name}={count}" for name, count in self.judge.faults.items()), f"seed={SEED}", flush=True)
        good = not faults and not grown and not missing and end["over"] == end["units"] and sum(self.kills.count.values())
        if missing:
            print("never seen:", *missing)
        return 0 if good else 1

    def tell_growth(self, sampler):
        """How many things grew. Each line: what, of whom, both medians."""
        quarter = SECONDS / 4
        third = quarter / 3
        spans = {"second to last quarter": ((quarter, 2 * quarter), (3 * quarter, SECONDS))}
        for name, begin in (("within the second quarter", quarter), ("within the last quarter", 3 * quarter)):
            spans[name] = ((begin + third, begin + 2 * third), (begin + 2 * third, begin + quarter))
        if "BSUB_SOAK_SAMPLES" in os.environ:
            pathlib.Path(os.environ["BSUB_SOAK_SAMPLES"]).write_text(
                json.dumps({" ".join(key): values for key, values in sampler.samples.items()}))
        grown = 0
        for name, (earlier, later) in spans.items():
            for what, whom, before, after, too_much in growth(sampler, earlier, later):
                grown += too_much
                print(f"soak: {name}: {whom} {what}: {before:.0f} -> {after:.0f} {UNIT_OF[what]} {'GROWN' if too_much else ''}")
        return grown


def main():
    print(f"soak test: seed={SEED}", flush=True)
    with Cluster() as cluster:
        return Soak(cluster).run()


if __name__ == "__main__":
    sys.exit(main())
