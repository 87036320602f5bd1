#!/usr/bin/env python3
"""Killing the scheduler or the agents alone disturbs no task: same process, one attempt, its result is known."""

import sys
import pathlib

from cluster import Cluster, start_ticks, wait_for

TASKS = 6
KILLS = 4


def main():
    with Cluster() as cluster:
        cluster.bsub("up", "--nodes", 2, "--slots", 4)
        go = cluster.root / "go"
        script = f'echo $$ >> {cluster.root}/$BSUB_ARRAY_INDEX; while [ ! -e {go} ]; do sleep 0.05; done; exit $BSUB_ARRAY_INDEX'
        job = cluster.submit("--array", f"0-{TASKS - 1}", "--", "/bin/sh", "-c", script)
        ledgers = [cluster.root / str(i) for i in range(TASKS)]
        wait_for("all tasks", lambda: all(ledger.exists() and ledger.read_text().endswith("\n") for ledger in ledgers))
        tasks = [(int(ledger.read_text()), start_ticks(int(ledger.read_text()))) for ledger in ledgers]
        for i in range(KILLS):
            for daemon in ["scheduler", "agent-n1"] if i % 2 else ["scheduler"]:
                before = cluster.record(daemon)
                cluster.kill(daemon)
                wait_for(daemon, lambda: cluster.record(daemon) not in (None, before))
            wait_for("the nodes", lambda: [n["state"] for n in cluster.status()["nodes"]] == ["up", "up"])
            for pid, start in tasks:
                assert start is not None and start_ticks(pid) == start, f"task {pid} was disturbed"
        go.touch()
        cluster.bsub("wait", job, code=1)
        for i in range(TASKS):
            child = cluster.job(f"{job}[{i}]")
            assert len(child["attempts"]) == 1, child
            assert child["exit"]["code"] == i or (i == 0 and "code" not in child["exit"]), child
            assert len(pathlib.Path(ledgers[i]).read_text().split()) == 1
        print(f"kill scheduler test: tasks={TASKS} kills={KILLS} disturbed=0")
    return 0


if __name__ == "__main__":
    sys.exit(main())
