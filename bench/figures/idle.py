"""What a thousand clients that only listen cost while nothing happens."""

import time

from figures.cluster import Cluster, median
from figures.results import number
from figures.row import at_most

FOLLOWERS = 1_000
SETTINGS = "rpc:\n  max_connections_per_user: 2000\n"
LISTEN_SECONDS = 3


def shares(cluster, runs):
    """Of one core: percent that scheduler, agent and spawner use, and what of it is the scheduler's."""
    pids, scheduler = cluster.daemons(), [cluster.scheduler]
    found = []
    for _ in range(runs):
        before, start = (cluster.cpu(pids), cluster.cpu(scheduler)), time.monotonic()
        time.sleep(LISTEN_SECONDS)
        seconds = time.monotonic() - start
        found.append((100 * (cluster.cpu(pids) - before[0]) / seconds, 100 * (cluster.cpu(scheduler) - before[1]) / seconds))
    return found


def follow(figure, what, runs):
    """Each follower has a connection of its own, as a command has; each has heard something before it counts."""
    with Cluster(settings=SETTINGS) as cluster:
        job = cluster.job_id(cluster.bsub("submit", "--", "sh", "-c", "echo begun; exec sleep infinity"))
        cluster.bsub("submit", "--wait", "--", "true")
        quiet = shares(cluster, runs)
        follow = cluster.wire_beside(figure, count=FOLLOWERS, connections=FOLLOWERS, target=job)
        try:
            if not follow.stdout.readline():
                raise RuntimeError(f"{figure}: the followers did not come up")
            time.sleep(1)
            found = shares(cluster, runs)
        finally:
            follow.communicate()
    yield at_most(f"1,000 followers of {what} while nothing happens, all daemons, of one core", [all_ for all_, _ in found], "%", 10,
                  f"of this the scheduler {number(median([s for _, s in found]))} %; without followers "
                  f"{number(median([all_ for all_, _ in quiet]))} %")


def followers(runs):
    yield from follow("followers", "`events`", runs)


def log_followers(runs):
    yield from follow("log-followers", "`logs -f`", runs)
