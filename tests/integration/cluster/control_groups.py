"""Control groups that the spawners of a test's clusters make, wherever they may (worker/spawner/cgroup_tree.h)."""

import pathlib


def places():
    """Where this process is in each tree that may limit memory: what it starts makes its groups there."""
    mounts = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        here, _, there = line.partition(" - ")
        kind, _, options = there.split()[:3]
        mounts.append((kind, options.split(","), *here.split()[3:5]))
    found = []
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for kind, options, root, point in mounts:
            unified = kind == "cgroup2" and not controllers
            memory = kind == "cgroup" and "memory" in controllers.split(",") and "memory" in options
            if (unified or memory) and (path + "/").startswith(root.rstrip("/") + "/"):
                found.append(pathlib.Path(point) / path[len(root.rstrip("/")):].lstrip("/"))
    return found


def of_spawners(folder):
    """One for each spawner whose state is somewhere below the folder, as long as it is there."""
    ids = [path.read_text().strip() for path in folder.glob("**/state-id")]
    return [group for place in places() for group in (place / f"bsub-{each}" for each in ids) if group.exists()]


def of_tasks(folder):
    groups = []
    for tree in of_spawners(folder):
        try:
            groups += [group for group in tree.iterdir() if group.is_dir()]
        except FileNotFoundError:  # a spawner that begins or ends takes it away meanwhile
            continue
    return groups


def in_group(pid, group):
    return str(pid) in (group / "cgroup.procs").read_text().split()
