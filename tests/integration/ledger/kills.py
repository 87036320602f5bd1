"""Rounds of kill -9 against a local cluster's daemons; the supervisor restarts them, `up` the supervisor."""

import json
import time

from cluster import wait_for

NODES = 2
VICTIMS = {"scheduler": 0.5, "agent-n1": 0.3, "agent-n2": 0.3, "spawner-n1": 0.35, "spawner-n2": 0.35, "supervisor": 0.1}
# Restarts stay quick however often a daemon is killed: the tests are about kills, not about waiting.
SUPERVISOR = {"backoffFirstMs": 20, "backoffLastMs": 200}


class Kills:
    def __init__(self, cluster, random):
        self.cluster, self.random = cluster, random
        self.count = {name: 0 for name in VICTIMS}

    def prepare(self, slots, config=None, **supervisor):
        """A new cluster, up."""
        self.cluster.home.mkdir()
        asked = {"format": 1, "nodes": NODES, "cpuMilli": slots * 1000, "memBytes": 1 << 30,
                 "supervisor": {**SUPERVISOR, **supervisor}}
        if config is not None:
            asked["config"] = str(config)
        (self.cluster.home / "cluster.json").write_text(json.dumps(asked))
        self.up()

    def up(self):
        """`up`, as a person or a service manager would call it until it succeeds."""
        wait_for("bsub-lite up", lambda: self.cluster.bsub("up", code=None) and self.cluster.code == 0)

    def round(self):
        victims = [name for name, chance in VICTIMS.items() if self.random.random() < chance]
        self.random.shuffle(victims)
        for name in victims or ["scheduler"]:
            self.count[name] += self.cluster.kill(name)
            time.sleep(self.random.choice([0, 0, self.random.uniform(0, 0.1)]))
        if "supervisor" in victims:
            self.up()

    def summary(self):
        return " ".join(f"killed_{name}={count}" for name, count in self.count.items())
