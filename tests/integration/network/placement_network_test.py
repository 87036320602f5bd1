#!/usr/bin/env python3
"""Placement on hosts with addresses of their own, in racks whose uplinks are slow: for real, a cluster placement beats spreading."""

import json
import pathlib
import sys
import unittest

import hosts
from cluster import BUILD
from hosts_cluster import RACKS, UPLINK, UPLINK_BYTES, HostsCluster

HERE = pathlib.Path(__file__).resolve().parent


class Placement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.racks = hosts.Racks(RACKS, UPLINK)
        cls.addClassCleanup(cls.racks.close)
        cls.cluster = HostsCluster(cls.racks)
        cls.addClassCleanup(cls.cluster.close)

    def transfer(self, placement):
        """The nodes that a job of two got, and what it sent in a second from one to the other."""
        job = self.cluster.submit("--nodes", 2, "--placement", placement, "--", sys.executable, HERE / "transfer.py")
        self.assertEqual(self.cluster.bsub("wait", job), "")
        nodes, rate = self.cluster.bsub("logs", job).split()
        return nodes.split(","), float(rate)

    def test_nodes_have_addresses_of_their_own(self):
        job = self.cluster.submit("--nodes", 4, "--", "sh", "-c", "echo $BSUB_NODE_ADDRESSES; hostname")
        self.cluster.bsub("wait", job)
        addresses, hostname = self.cluster.bsub("logs", job).split()
        self.assertEqual(sorted(addresses.split(",")), [f"10.77.0.{10 + i}" for i in range(1, 5)])
        self.assertEqual(hostname, "n1")

    def test_a_cluster_placement_beats_spreading_over_the_uplink(self):
        near, inside = self.transfer("cluster")
        self.assertIn(sorted(near), RACKS)
        far, across = self.transfer("spread")
        self.assertEqual(len([rack for rack in RACKS if set(rack) & set(far)]), 2)
        # What the filter hands out at once is a sixtieth of what is sent; inside a rack nothing limits but the machine.
        self.assertLess(across, UPLINK_BYTES * 1.1)
        self.assertGreater(inside, 2 * across)
        print(f"bytes per second: {inside:.3g} in the rack, {across:.3g} across the uplink of {UPLINK_BYTES:.3g}")

    def netbench(self, placement):
        """Bytes per second of a large message between the two nodes of an MPI job, and these nodes."""
        job = self.cluster.submit("--mpi", "--nodes", 2, "--placement", placement, "--", BUILD / "bin" / "netbench", "--iterations", 1,
                                  "--largest", 1024, "--block-bytes", 1024)
        self.cluster.bsub("wait", job)
        lines = [json.loads(line) for line in self.cluster.bsub("logs", job).splitlines() if line.startswith("{")]
        pair = max((line for line in lines if line["test"] == "pair"), key=lambda line: line["bytes"])
        return pair["bytes"] / pair["seconds"], lines[0]["nodes"]

    def test_an_mpi_program_sees_the_uplink_too(self):
        inside, near = self.netbench("cluster")
        across, far = self.netbench("spread")
        self.assertIn(sorted(near), RACKS)
        self.assertEqual(len([rack for rack in RACKS if set(rack) & set(far)]), 2)
        self.assertLess(across, UPLINK_BYTES * 1.1)
        self.assertGreater(inside, 2 * across)
        print(f"MPI, bytes per second: {inside:.3g} in the rack, {across:.3g} across the uplink")


if __name__ == "__main__":
    hosts.in_own_namespaces()
    unittest.main()
