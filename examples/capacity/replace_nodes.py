#!/usr/bin/env python3
"""Asks for a machine for each one that is taken away or lost, at once: for a provider of yours, since bsub-lite starts no nodes itself.

    examples/capacity/replace_nodes.py COMMAND [WORD ...]

COMMAND is run with three more words: the node, why (interruption, drain, drill or lost), and when it is gone (UTC; lost: now). It should
order the machine and return; the machine's agent then registers by itself (docs/nodes.md). Each notice is told once, also when the
scheduler restarts meanwhile. What COMMAND says goes to this program's output; one that fails is told and not repeated.
"""
import json
import subprocess
import sys


def stays(event):
    """Whether its node is there and need not go. It registers again whenever it or the scheduler was away; only a new machine, or a new life
    of one, has no notice then."""
    if event["kind"] == "NodeRegistered":
        nodes = json.loads(subprocess.run(["bsub-lite", "nodes", "--json"], check=True, capture_output=True, text=True).stdout)
        return not any(node["name"] == event["node"] and node.get("notice") for node in nodes)
    return event["kind"] == "NodeNoticeSet" and "endsAt" not in event.get("details", {})


def reason(event):
    """Why the node of this event is to be replaced, and when it is gone; nothing: it is not."""
    details = event.get("details", {})
    if event["kind"] == "NodeNoticeSet" and "endsAt" in details:
        return details["kind"], details["endsAt"]
    if event["kind"] == "NodeDied":
        return "lost", "now"
    return None


def main(command):
    if not command:
        sys.exit(__doc__)
    newest = subprocess.run(["bsub-lite", "events", "--limit", "1", "--json"], check=True, capture_output=True, text=True).stdout
    after = json.loads(newest)["sequence"] if newest else 0
    events = subprocess.Popen(["bsub-lite", "events", "--follow", "--after", str(after), "--json"], stdout=subprocess.PIPE, text=True)
    print(f"follows the events after {after}", flush=True)
    asked = set()  # a longer or shorter notice is no second machine
    for event in map(json.loads, events.stdout):
        node = event.get("node")
        if stays(event):
            asked.discard(node)
        why = reason(event)
        if why is None or node in asked:
            continue
        asked.add(node)
        code = subprocess.call([*command, node, *why])
        print(f"{node}: {why[0]}, gone {why[1]}: {command[0]} ended with {code}", flush=True)
    sys.exit(events.wait())


if __name__ == "__main__":
    main(sys.argv[1:])
