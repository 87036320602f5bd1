"""What a cluster's processes and files take, over time; and whether it grows."""

import collections
import os
import pathlib
import statistics
import threading
import time

KIB = 1024
# By so much may the later median be above the earlier one: a share of it, and a constant for what is quantised or noisy
# (allocators keep what they had at most; a segment is there or not).
TOLERANCE = {"rss": (0.10, 3072), "fds": (0.0, 8), "disk": (0.15, 12 * 1024), "files": (0.10, 200), "count": (0.10, 16)}
UNITS = {"rss": "KiB", "fds": "", "disk": "KiB", "files": "", "count": ""}


def rss_anon(pid):
    """KiB of memory that no file backs."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def helpers_of(spawner):
    """Its launcher and its witnesses: (role, pid) of each."""
    roles = {"bsub-launcher\n": "launcher", "bsub-witness\n": "witness"}
    for child in pathlib.Path(f"/proc/{spawner}/task/{spawner}/children").read_text().split():
        try:
            role = roles.get(pathlib.Path(f"/proc/{child}/comm").read_text())
            if role:
                yield role, int(child)
            if role == "launcher":
                yield from helpers_of(int(child))
        except (FileNotFoundError, ProcessLookupError):
            continue


def folder_size(folder):
    """KiB on disk, files."""
    size = count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_blocks // 2
                count += 1
            except FileNotFoundError:
                pass
    return size, count


class Sampler(threading.Thread):
    """Looks every `pause` seconds, at files less often, until `stop` is set."""

    FILES_EVERY = 8

    def __init__(self, cluster, pause):
        super().__init__(daemon=True)
        self.cluster, self.pause = cluster, pause
        self.stop = threading.Event()
        self.start_time = time.monotonic()
        self.samples = collections.defaultdict(list)  # (what, of whom) -> [(seconds, value)]

    def now(self):
        return time.monotonic() - self.start_time

    def run(self):
        for count in range(10**9):
            self.look_at_processes()
            if count % self.FILES_EVERY == 0:
                self.look_at_files()
            if self.stop.wait(self.pause):
                return

    def look_at_processes(self):
        roles = [(name.split("-")[0], record[0]) for name, record in self.cluster.daemons().items() if record]
        for role, pid in list(roles):
            try:
                roles += helpers_of(pid) if role == "spawner" else ()
            except (FileNotFoundError, ProcessLookupError):
                continue
        for role, pid in roles:
            try:
                values = {"rss": rss_anon(pid), "fds": len(os.listdir(f"/proc/{pid}/fd"))}
            except (FileNotFoundError, ProcessLookupError):
                continue
            for what, value in values.items():
                self.samples[what, role].append((self.now(), value))
        self.samples["count", "witness"].append((self.now(), sum(role == "witness" for role, _ in roles)))

    def look_at_files(self):
        for folder in os.scandir(self.cluster.home):
            if folder.is_dir():
                size, count = folder_size(folder.path)
                self.samples["disk", folder.name].append((self.now(), size))
                self.samples["files", folder.name].append((self.now(), count))

    def median(self, key, begin, end):
        values = [value for at, value in self.samples[key] if begin <= at < end]
        return statistics.median(values) if values else None


def growth(sampler, earlier, later):
    """(what, whom, before, after, too much) of everything, medians over two spans of time."""
    for key in sorted(sampler.samples):
        before, after = sampler.median(key, *earlier), sampler.median(key, *later)
        if before is None or after is None:
            continue
        share, constant = TOLERANCE[key[0]]
        yield (*key, before, after, after > before * (1 + share) + constant)
