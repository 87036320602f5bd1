"""Hosts with addresses of their own on this machine: network namespaces in racks, whose uplinks carry less than the racks inside.

      rack r1             rack r2             each host: its own network and host name
   n1 ─┐                 ┌─ n3
       ├─ bridge ═══════ bridge               the head, 10.77.0.1, is on the first rack's bridge
   n2 ─┘     uplink      └─ n4                ═ is limited by a token bucket filter in each direction

The program that uses this runs itself again in namespaces of its own (in_own_namespaces), so that nothing of it outlives it.
"""

import json
import os
import shutil
import subprocess
import sys

SKIPPED = 77
HEAD = "10.77.0.1"
MARK = "BSUB_TEST_IN_NAMESPACES"


def reason_not_permitted():
    """Why this cannot be done here; None if it can."""
    if os.geteuid() != 0:
        return "network namespaces and tbf need root"
    for program in ("unshare", "nsenter", "ip", "tc"):
        if not shutil.which(program):
            return f"there is no {program} (Debian's util-linux, iproute2)"
    script = ("ip link set lo up && ip link add try0 type veth peer name try1 && ip link add try2 type bridge && "
              "tc qdisc add dev try0 root tbf rate 100mbit burst 128kb latency 50ms")
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", script],
                           capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"namespaces, veth, bridges or tbf are not permitted: {tried.stderr.strip()}"


def in_own_namespaces():
    """Returns only in the copy of this program that has them. Exits with SKIPPED where they are not permitted."""
    if os.environ.get(MARK):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    reason = reason_not_permitted()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    # A shell is the first process: it buries what the daemons leave to it, and everything ends with it.
    os.execvpe("unshare", ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c",
                           '"$@"; exit $?', "_", sys.executable, "-B", *sys.argv], {**os.environ, MARK: "1"})


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


class Racks:
    """`names`: of the hosts of each rack. `uplink`: between racks, in tc's words ("160mbit")."""

    def __init__(self, names, uplink):
        self.holders = {}
        self.uplink_ends = []
        for rack, hosts in enumerate(names, 1):
            run("ip", "link", "add", f"r{rack}", "type", "bridge")
            run("ip", "link", "set", f"r{rack}", "up")
            for host in hosts:
                self.add_host(host, rack)
        run("ip", "address", "add", f"{HEAD}/24", "dev", "r1")
        for rack in range(2, len(names) + 1):
            self.connect(1, rack, uplink)

    def add_host(self, name, rack):
        holder = subprocess.Popen(["unshare", "--net", "--uts", "sh", "-c", f"hostname {name} && ip link set lo up && echo && exec sleep infinity"],
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()  # its namespaces are there
        self.holders[name] = holder
        run("ip", "link", "add", f"v{name}", "type", "veth", "peer", "name", "eth0", "netns", holder.pid)
        run("ip", "link", "set", f"v{name}", "master", f"r{rack}", "up")
        address = f"10.77.0.{10 + len(self.holders)}/24"
        run(*self.on(name), "ip", "address", "add", address, "dev", "eth0")
        run(*self.on(name), "ip", "link", "set", "eth0", "up")

    def connect(self, rack, other, uplink):
        ends = f"up{rack}-{other}", f"up{other}-{rack}"
        run("ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        self.uplink_ends += ends
        for end, bridge in zip(ends, (rack, other)):
            run("ip", "link", "set", end, "master", f"r{bridge}", "up")
            run("tc", "qdisc", "add", "dev", end, "root", "tbf", "rate", uplink, "burst", "128kb", "latency", "50ms")

    def bytes_across(self):
        """What the uplinks have carried so far, in both directions."""
        total = 0
        for end in self.uplink_ends:
            shown = subprocess.run(["ip", "-json", "-statistics", "link", "show", "dev", end], capture_output=True, text=True, check=True)
            total += json.loads(shown.stdout)[0]["stats64"]["tx"]["bytes"]
        return total

    def on(self, name):
        """The words before a command that is to run on the host."""
        return ["nsenter", "--net", "--uts", "--target", str(self.holders[name].pid)]

    def close(self):
        for holder in self.holders.values():
            holder.kill()
            holder.wait()
            holder.stdout.close()
