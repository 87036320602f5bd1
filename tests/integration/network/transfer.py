"""Sends data from the first node of a job to the second; the first prints the nodes, how many bytes it sent and the seconds that took."""

import os
import socket
import time

PORT = 7711
AMOUNT = 8 << 20
PATIENCE = 60  # seconds; a safety net


def receive():
    with socket.create_server(("", PORT)) as server:
        connection, _ = server.accept()
        with connection:
            left = AMOUNT
            while left > 0:
                left -= len(connection.recv(min(left, 1 << 16)))
            connection.sendall(b"all")


def send(address):
    end = time.monotonic() + PATIENCE
    while True:  # until the other node listens
        try:
            connection = socket.create_connection((address, PORT))
            break
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
    with connection:
        begin = time.monotonic()
        connection.sendall(bytes(AMOUNT))
        connection.recv(3)
        print(os.environ["BSUB_NODE_LIST"], AMOUNT, time.monotonic() - begin)


if os.environ["BSUB_NODE_INDEX"] == "0":
    send(os.environ["BSUB_NODE_ADDRESSES"].split(",")[1])
else:
    receive()
