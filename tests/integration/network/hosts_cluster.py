"""A cluster on hosts with addresses of their own, in two racks."""

import hosts
from tcp_cluster import TcpCluster

RACKS = [["n1", "n2"], ["n3", "n4"]]
UPLINK = "40mbit"  # in tc's words: per second

CONFIG = """
name: racks
levels:
  - {name: cluster, latency: 50us, bandwidth: 40Mbit/s}
  - {name: rack, latency: 30us, bandwidth: 10Gbit/s, uplink: 40Mbit/s}
  - {name: node, latency: 300ns, bandwidth: 20GB/s}
types:
  host: {cpus: 2, memory: 1G}
tree:
  - {name: r1, nodes: 'n[1-2]'}
  - {name: r2, nodes: 'n[3-4]'}
"""


class HostsCluster(TcpCluster):
    """The scheduler on the head, a worker node on each host. Submits come through the Unix socket."""

    def __init__(self, racks):
        super().__init__()
        self.racks = racks
        config = self.root / "racks.yaml"
        config.write_text(CONFIG)
        self.start_scheduler("--config", config, host=hosts.HEAD)
        del self.env["BSUB_LITE_SERVER"], self.env["BSUB_LITE_TOKEN_FILE"]
        for name in racks.holders:
            self.start_spawner(name)
            self.start_agent(name)
        for name in racks.holders:
            self.wait_for_node(name)

    def spawn(self, name, program, *words, env=None, before=()):
        """Daemons called PROGRAM-HOST run on that host."""
        host = name.rpartition("-")[2]
        on_host = self.racks.on(host) if host in self.racks.holders else before
        return super().spawn(name, program, *words, env=env, before=on_host)
