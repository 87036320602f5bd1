"""Sends data from the first node of a job to the second; the first prints the nodes, how many bytes it sent and the seconds that took."""

import os
import socket
import time

PORT = 7711
AMOUNT = 8 << 20
PATIENCE = 60  # seconds; a safety net

socket.setdefaulttimeout(PATIENCE)


def receive():
    with socket.create_server(("", PORT)) as server:
        connection, _ = server.accept()
        with connection:
            left = AMOUNT
            while left > 0:
                got = len(connection.recv(min(left, 1 << 16)))
                if got == 0:
                    raise ConnectionError(f"the other node hung up with {left} bytes to come")
                left -= got
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
        if not connection.recv(3):
            raise ConnectionError("the other node hung up")
        print(os.environ["BSUB_NODE_LIST"], AMOUNT, time.monotonic() - begin)


if os.environ["BSUB_NODE_INDEX"] == "0":
    send(os.environ["BSUB_NODE_ADDRESSES"].split(",")[1])
else:
    receive()
