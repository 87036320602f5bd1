#!/usr/bin/env python3
"""Where notices come from: EC2's metadata service (played here) and a signal to the agent, on a node that the test starts."""

import datetime
import http.server
import json
import signal
import subprocess
import threading
import unittest

from cluster import BUILD, PATIENCE, Cluster, wait_for
from interruption_test import SIX_LINES


class Metadata(http.server.BaseHTTPRequestHandler):
    """IMDSv2: a token by PUT, 401 without it, 404 until there is a notice."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_PUT(self):
        good = self.path == "/latest/api/token" and 1 <= int(self.headers["X-aws-ec2-metadata-token-ttl-seconds"]) <= 21600
        self.answer(200, self.server.token) if good else self.answer(400)

    def do_GET(self):
        self.server.asked += 1
        if self.headers["X-aws-ec2-metadata-token"] != self.server.token:
            return self.answer(401)
        said = {"/latest/meta-data/spot/instance-action": self.server.notice,
                "/latest/meta-data/events/recommendations/rebalance": self.server.rebalance}.get(self.path)
        self.answer(404) if said is None else self.answer(200, said)

    def log_message(self, *_):
        pass


class NoticeSources(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster()
        self.addCleanup(self.cluster.close)
        self.cluster.bsub("up", "--nodes", 1, "--slots", 1)
        self.processes = []
        self.addCleanup(self.end_processes)
        self.service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
        self.service.token, self.service.notice, self.service.rebalance, self.service.asked = "first", None, None, 0
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)
        threading.Thread(target=self.service.serve_forever, daemon=True).start()

    def end_processes(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()

    def start(self, *words):
        log = open(self.cluster.root / f"{len(self.processes)}.log", "w", encoding="utf-8")
        self.addCleanup(log.close)
        self.processes.append(subprocess.Popen(list(map(str, words)), stdout=log, stderr=log, env=self.cluster.env))
        return self.processes[-1]

    def start_spot_node(self, *options):
        """A node beside those of `up`, and the job that runs on it because the other one is taken."""
        home, state = self.cluster.home, self.cluster.root / "spot"
        self.cluster.submit("--name", "filler", "--", "sleep", 600)
        self.start(BUILD / "bin" / "bsub-lite-spawner", "--state", state, "--node", "spot",
                   "--launch-key", home / "secrets" / "launch.key")
        wait_for("the spawner", lambda: (state / "spawner.sock").exists())
        agent = self.start(BUILD / "bin" / "bsub-lite-agent", "--scheduler", f"unix:{home}/run/scheduler.sock", "--spawner",
                           state / "spawner.sock", "--name", "spot", "--cpus", 1, "--interruptible", *options)
        script = self.cluster.root / "job.sh"
        script.write_text(SIX_LINES)
        script.chmod(0o755)
        job = self.cluster.submit("--workdir", self.cluster.root, "--checkpoint-dir", self.cluster.root / "saved",
                                  "--checkpoint-signal", "USR1", "--", script)
        wait_for("the job on the spot node", lambda: self.cluster.job(job)["node"] == "spot" and (self.cluster.root / "steps").exists())
        return agent, job

    def interruption(self, job):
        return wait_for("the interruption", lambda: [one for one in self.cluster.job(job)["interruptions"] if one["requeuedAt"]])[0]

    def test_the_metadata_service_says_that_the_machine_goes(self):
        _, job = self.start_spot_node("--metadata", f"http://127.0.0.1:{self.service.server_port}", "--metadata-every", "50ms")
        wait_for("some questions", lambda: self.service.asked > 2)
        self.assertEqual(self.cluster.job(job)["interruptions"], [], "404 is no notice")
        self.service.token = "second"  # the first one is over
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=2)
        self.service.notice = json.dumps({"action": "terminate", "time": at.strftime("%Y-%m-%dT%H:%M:%SZ")})
        found = self.interruption(job)
        self.assertEqual((found["node"], found["outcome"], found["lostWorkSeconds"]), ("spot", "saved", 0))
        [node] = [node for node in json.loads(self.cluster.bsub("nodes", "--json")) if node["name"] == "spot"]
        self.assertEqual(node["notice"]["kind"], "interruption")
        self.assertIn("EC2 says terminate", node["notice"]["reason"])
        self.assertEqual(self.cluster.job(job)["state"], "RUNNABLE", "the node takes no new work")

    def test_a_rebalance_recommendation_keeps_new_work_away_and_what_runs_runs_on(self):
        _, job = self.start_spot_node("--metadata", f"http://127.0.0.1:{self.service.server_port}", "--metadata-every", "50ms")
        self.service.rebalance = '{"noticeTime": "2026-11-22T08:22:00Z"}'
        told = wait_for("the request to save", lambda: list((self.cluster.root / "spot").rglob("notice.json")))
        notice = json.loads(told[0].read_text())
        self.assertEqual((notice["reason"], notice["save"], notice["stop"]), ("rebalance", True, False))
        [node] = [node for node in self.cluster.nodes() if node["name"] == "spot"]
        self.assertTrue(node["drained"])
        self.assertEqual(self.cluster.job(job)["state"], "RUNNING")
        # Then it is taken away after all.
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=60)
        self.service.notice = json.dumps({"action": "terminate", "time": at.strftime("%Y-%m-%dT%H:%M:%SZ")})
        self.assertEqual(self.interruption(job)["outcome"], "saved")

    def test_term_to_the_agent_moves_its_tasks_and_ends_it(self):
        agent, job = self.start_spot_node("--notice-on-term", "60s")
        agent.send_signal(signal.SIGTERM)
        found = self.interruption(job)
        self.assertEqual((found["node"], found["outcome"]), ("spot", "saved"))
        self.assertEqual(agent.wait(timeout=PATIENCE), 0, "it ends once its tasks have")


if __name__ == "__main__":
    unittest.main()
