#!/usr/bin/env python3
"""Placement on hosts with addresses of their own, in racks whose uplinks are slow: for real, a cluster placement beats spreading."""

import pathlib
import sys
import unittest

import hosts
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


if __name__ == "__main__":
    hosts.in_own_namespaces()
    unittest.main()
