#!/usr/bin/env python3
"""EASY backfill and nothing else, as short as Python allows: what a simulator of one policy takes for a log.

    easy_arrays.py LOG PROCESSORS [STARTS]

Reads the Standard Workload Format by the rules of docs/policies.md, makes one pass after all that happens at one instant, and prints
one JSON object: jobs, seconds, jobsPerSecond. The time is of the simulation alone, without reading and sorting. STARTS: when each job
started, as `bsub-lite sim replay --starts` writes it.
"""

import bisect
import gzip
import heapq
import json
import sys
import time


def read(path, processors):
    """Columns: submit, run, limit, processors of each job, in the order of submits."""
    rows = []
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", errors="replace") as log:
        for line in log:
            if line.lstrip()[:1] in ("", ";"):
                continue
            f = [int(float(word)) for word in line.split()]
            wanted, limit = f[7] if f[7] > 0 else f[4], f[8] if f[8] > 0 else f[3]
            if f[1] >= 0 and f[3] > 0 and 0 < wanted <= processors:
                rows.append((f[1], min(f[3], limit), limit, wanted))
    rows.sort(key=lambda row: row[0])
    first = rows[0][0]
    return [row[0] - first for row in rows], [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows]


def simulate(submits, runs, limits, sizes, processors):
    count, free, next_job = len(submits), processors, 0
    starts = [-1] * count
    ends = []  # heap of (end, job)
    by_limit = []  # sorted (limit's end, processors) of what runs
    waiting = []  # in the order of submits

    def start(job, now):
        nonlocal free
        starts[job] = now
        free -= sizes[job]
        heapq.heappush(ends, (now + runs[job], job))
        bisect.insort(by_limit, (now + limits[job], sizes[job]))

    while next_job < count or ends:
        now = min(submits[next_job] if next_job < count else sys.maxsize, ends[0][0] if ends else sys.maxsize)
        while next_job < count and submits[next_job] == now:
            waiting.append(next_job)
            next_job += 1
        while ends and ends[0][0] == now:
            job = heapq.heappop(ends)[1]
            free += sizes[job]
            del by_limit[bisect.bisect_left(by_limit, (starts[job] + limits[job], sizes[job]))]
        started = 0
        while started < len(waiting) and sizes[waiting[started]] <= free:
            start(waiting[started], now)
            started += 1
        del waiting[:started]
        if not waiting or not free:
            continue
        # The first does not fit: when it will, and what is left beside it then.
        beside, shadow = free - sizes[waiting[0]], now
        for end, size in by_limit:
            if beside >= 0 and end > shadow:
                break
            beside += size
            shadow = max(now, end)
        stay = [waiting[0]]
        for place in range(1, len(waiting)):
            job = waiting[place]
            size = sizes[job]
            if size <= free and (now + limits[job] <= shadow or size <= beside):
                if now + limits[job] > shadow:
                    beside -= size
                start(job, now)
                if not free:
                    stay += waiting[place + 1:]
                    break
            else:
                stay.append(job)
        waiting = stay
    return starts


def main():
    jobs = read(sys.argv[1], int(sys.argv[2]))
    begun = time.perf_counter()
    starts = simulate(*jobs, int(sys.argv[2]))
    seconds = time.perf_counter() - begun
    if len(sys.argv) > 3:
        with open(sys.argv[3], "w") as out:
            out.write("job,start\n" + "".join(f"{i},{start}\n" for i, start in enumerate(starts, 1)))
    print(json.dumps({"jobs": len(starts), "seconds": seconds, "jobsPerSecond": len(starts) / seconds}))


if __name__ == "__main__":
    main()
