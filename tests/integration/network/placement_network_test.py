#!/usr/bin/env python3
"""Placement on hosts with addresses of their own, in racks whose uplinks are slow: what a job with a cluster placement sends stays off
the uplink, what one that is spread sends goes over it. What is asserted is how much the uplink carried; rates are only printed."""

import json
import pathlib
import sys
import unittest

import hosts
from cluster import BUILD
from hosts_cluster import RACKS, UPLINK, HostsCluster

HERE = pathlib.Path(__file__).resolve().parent


class Placement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.racks = hosts.Racks(RACKS, UPLINK)
        cls.addClassCleanup(cls.racks.close)
        cls.cluster = HostsCluster(cls.racks)
        cls.addClassCleanup(cls.cluster.close)

    def expect_in_one_rack(self, nodes, sent, carried):
        """Daemons use the uplink too: they say far less than a job sends."""
        self.assertIn(sorted(nodes), RACKS)
        self.assertLess(carried, sent / 2)

    def expect_across(self, nodes, sent, carried):
        self.assertEqual(len([rack for rack in RACKS if set(rack) & set(nodes)]), 2)
        self.assertGreaterEqual(carried, sent)

    def transfer(self, placement):
        """The nodes that a job of two got, the bytes that it sent from one to the other, and those that the uplink carried meanwhile."""
        before = self.racks.bytes_across()
        job = self.cluster.submit("--nodes", 2, "--placement", placement, "--", sys.executable, HERE / "transfer.py")
        self.assertEqual(self.cluster.bsub("wait", job), "")
        nodes, sent, seconds = self.cluster.bsub("logs", job).split()
        print(f"{placement}: {int(sent) / float(seconds):.3g} bytes per second")
        return nodes.split(","), int(sent), self.racks.bytes_across() - before

    def test_nodes_have_addresses_of_their_own(self):
        job = self.cluster.submit("--nodes", 4, "--", "sh", "-c", "echo $BSUB_NODE_ADDRESSES; hostname")
        self.cluster.bsub("wait", job)
        addresses, hostname = self.cluster.bsub("logs", job).split()
        self.assertEqual(sorted(addresses.split(",")), [f"10.77.0.{10 + i}" for i in range(1, 5)])
        self.assertEqual(hostname, "n1")

    def test_a_cluster_placement_stays_off_the_uplink_that_spreading_uses(self):
        self.expect_in_one_rack(*self.transfer("cluster"))
        self.expect_across(*self.transfer("spread"))

    def netbench(self, placement):
        """The same of an MPI job, whose nodes send each other one large message."""
        before = self.racks.bytes_across()
        job = self.cluster.submit("--mpi", "--nodes", 2, "--placement", placement, "--", BUILD / "bin" / "netbench", "--iterations", 1,
                                  "--largest", 1024, "--block-bytes", 1024)
        self.cluster.bsub("wait", job)
        lines = [json.loads(line) for line in self.cluster.bsub("logs", job).splitlines() if line.startswith("{")]
        pair = max((line for line in lines if line["test"] == "pair"), key=lambda line: line["bytes"])
        print(f"MPI, {placement}: {pair['bytes'] / pair['seconds']:.3g} bytes per second")
        return lines[0]["nodes"], pair["bytes"], self.racks.bytes_across() - before

    def test_an_mpi_program_stays_off_the_uplink_too(self):
        self.expect_in_one_rack(*self.netbench("cluster"))
        self.expect_across(*self.netbench("spread"))


if __name__ == "__main__":
    hosts.in_own_namespaces()
    unittest.main()
