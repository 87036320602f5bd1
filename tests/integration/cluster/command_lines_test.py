#!/usr/bin/env python3
"""The command lines of the manual's first page, given to a shell exactly as a person would, on a cluster of one machine."""

import json
import os
import pathlib
import re
import signal
import subprocess
import unittest

from cluster import BUILD, Cluster, wait_for


class CommandLines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.env["PATH"] = f"{BUILD / 'bin'}:{os.environ['PATH']}"
        program = cls.cluster.root / "a.out"
        program.write_text("#!/bin/sh\necho \"$@\"\n")
        program.chmod(0o755)
        (cls.cluster.root / "script.sh").write_text(
            "#!/bin/sh\n#BSUB -J spooled\n#BSUB -c 2\nwhile [ ! -e go ]; do sleep 0.05; done\necho from the script\n")

    def sh(self, line, code=0):
        done = subprocess.run(["bash", "-c", line], env=self.cluster.env, cwd=self.cluster.root, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
        self.assertEqual(done.returncode, code, f"{line}\n{done.stdout}{done.stderr}")
        self.err = done.stderr
        return done.stdout

    def test_as_written(self):
        self.up_and_status()
        self.submits()
        self.scripts()
        self.queries()
        self.events()
        self.down_and_up()

    def up_and_status(self):
        line = "bsub-lite up --nodes 2 --slots 8"
        self.assertIn("is up: 2 nodes with 8 CPUs", self.sh(line))
        self.assertIn("is already up", self.sh(line))
        self.assertEqual(self.sh("bsub-lite up --nodes 3 --slots 8", code=2), "")
        self.assertRegex(self.err, r"^bsub-lite up: the cluster is up with 2 nodes .* nothing was changed.*\n$")
        status = json.loads(self.sh("bsub-lite status --json"))
        self.assertGreater(status["schedulerPid"], 0)
        self.assertEqual([node["name"] for node in status["nodes"]], ["n1", "n2"])
        self.assertEqual([queue["name"] for queue in status["queues"]], ["high", "default", "low"])
        self.assertEqual({queue["waiting"] for queue in status["queues"]}, {0})
        self.assertGreater(status["journal"]["sequence"], 0)

    def submits(self):
        self.assertEqual(self.sh("bsub-lite submit -J hello -- echo hi"),
                         "Job <1> is submitted to default queue <default>.\n")
        self.assertEqual(self.sh("bsub-lite submit --array 1-10000%200 --wait -- /bin/true"),
                         "Job <2> is submitted to default queue <default>.\n")
        self.assertEqual(self.sh("bsub-lite submit --quiet -- true"), "3\n")
        self.assertEqual(
            self.sh("bsub-lite submit -q high -p 50 -c 2 -m 4G -t 1h --depends 'done(1) && !exit(2)' --retry 3 -- ./a.out x y"),
            "Job <4> is submitted to queue <high>.\n")
        self.sh("bsub-lite wait 4")
        self.assertEqual(self.sh("bsub-lite logs 4"), "x y\n")
        job = json.loads(self.sh("bsub-lite job 4 --json"))
        self.assertEqual((job["priority"], job["resources"]["cpuMilli"], job["resources"]["memBytes"], job["walltimeSeconds"]),
                         (50, 2000, 4 << 30, 3600))
        self.assertEqual(job["retry"]["attempts"], 3)

    def scripts(self):
        script = self.cluster.root / "script.sh"
        self.assertEqual(self.sh("bsub-lite submit script.sh"), "Job <5> is submitted to default queue <default>.\n")
        self.assertEqual(self.sh("bsub-lite submit < script.sh"), "Job <6> is submitted to default queue <default>.\n")
        script.unlink()  # its text was spooled at once
        (self.cluster.root / "go").touch()
        for job in (5, 6):
            self.sh(f"bsub-lite wait {job}")
            self.assertEqual(self.sh(f"bsub-lite logs -f {job}"), "from the script\n")
        self.assertEqual(json.loads(self.sh("bsub-lite job 5 --json"))["resources"]["cpuMilli"], 2000)

    def queries(self):
        self.assertEqual(self.sh("bsub-lite wait 1 ; echo $?"), "0\n")
        self.sh("bsub-lite wait 3")
        self.assertEqual(json.loads(self.sh("bsub-lite jobs --json")), [])
        child = json.loads(self.sh("bsub-lite job '2[17]' --json"))
        self.assertEqual((child["state"], child["displayId"], child["index"]), ("SUCCEEDED", "2[17]", 17))
        self.assertIn(child["node"], ("n1", "n2"))
        attempt = child["attempts"][0]
        self.assertEqual((attempt["nodes"], attempt["exit"]["code"]), ([child["node"]], 0))
        self.assertLessEqual(attempt["startedAt"], attempt["endedAt"])
        self.assertGreater(attempt["usage"]["maxRssBytes"], 0)
        self.assertIn("it succeeded", self.sh("bsub-lite why 3"))
        self.assertEqual(self.sh("bsub-lite logs -f '2[17]'"), "")

    def test_zy_an_interrupted_wait_says_how_to_go_on(self):
        process = self.cluster.start("submit", "--wait", "--", "sh", "-c", "until [ -e goes ]; do sleep 0.05; done")
        job = process.stdout.readline().split("<")[1].split(">")[0]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn(f"job {job} goes on. Wait for it again with bsub-lite wait {job}", err)
        (self.cluster.root / "goes").touch()
        self.sh(f"bsub-lite wait {job}")

    def test_zz_what_is_over_is_listed_with_its_node_start_and_command(self):
        jobs = {job["displayId"]: job for job in json.loads(self.sh("bsub-lite jobs -a --json"))}
        hello = jobs["1"]
        self.assertIn(hello["node"], ("n1", "n2"))
        self.assertIsNotNone(hello["startedAt"])
        self.assertEqual(hello["command"], ["echo", "hi"])
        self.assertEqual(jobs["2"]["array"]["statusSummary"]["SUCCEEDED"], 10000)
        self.assertRegex(self.sh("bsub-lite jobs -a --format id,node,exit,command --no-header 1"), r"^1  n[12]  0  echo hi\n$")

    def events(self):
        process = self.cluster.start("events", "--follow")
        first = process.stdout.readline()
        self.assertRegex(first, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \w+")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    def down_and_up(self):
        self.assertIn("is down", self.sh("bsub-lite down"))
        self.assertEqual(self.sh("bsub-lite submit -- true", code=255), "")
        self.assertRegex(self.err, r"bsub-lite up.* Job not submitted\.\n$")
        self.sh("bsub-lite up")
        self.assertEqual(self.sh("bsub-lite submit --quiet -- true"), "7\n")


class Why(unittest.TestCase):
    """The four questions, the words of the answer, and that what it says to do can be pasted."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.env["PATH"] = f"{BUILD / 'bin'}:{os.environ['PATH']}"
        cls.cluster.bsub("up", "--nodes", 2, "--slots", 2)

    def why(self, job):
        text = self.cluster.bsub("why", job)
        return text, re.findall(r"`(bsub-lite [^`]*)`", text)

    def paste(self, command):
        done = subprocess.run(["bash", "-c", command], env=self.cluster.env, cwd=self.cluster.root, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def blocker(self, *words):
        """A task that runs until its file is there."""
        flag = pathlib.Path(self.cluster.root / f"go.{self.id()}")
        self.addCleanup(flag.touch)
        job = self.cluster.submit(*words, "--", "/bin/sh", "-c", f"while [ ! -e {flag} ]; do sleep 0.05; done")
        wait_for("the blocker", lambda: self.cluster.job(job)["state"] == "RUNNING")
        return job

    def test_a_dependency(self):
        parent = self.blocker()
        child = self.cluster.submit("--depends", f"done({parent})", "--", "true")
        self.assertEqual(self.why(child), (
            f"Job {child} is PENDING:\n\n"
            f"  - it waits for its dependency done({parent})\n"
            f"      done({parent}): job {parent} is RUNNING\n"
            f"    Next: see what it waits for with `bsub-lite why {parent}`\n", [f"bsub-lite why {parent}"]))
        self.assertIn(f"Job {parent} is RUNNING", self.paste(f"bsub-lite why {parent}"))
        self.assertIn(f"waits for done({parent})", self.cluster.bsub("jobs", child))

    def test_cpus(self):
        both = [self.blocker("-c", "2"), self.cluster.submit("-c", "2", "--", "/bin/sh", "-c", f"while [ ! -e {self.cluster.root}/go.{self.id()} ]; do sleep 0.05; done")]
        wait_for("both", lambda: all(self.cluster.job(j)["state"] == "RUNNING" for j in both))
        job = self.cluster.submit("-c", "2", "--", "true")
        text, commands = self.why(job)
        self.assertRegex(text, rf"""^Job {job} is RUNNABLE:

  - it asks for 2 CPUs; 2 nodes would do but are busy, 0 too small, 0 unavailable
      n1: busy, 0 CPUs, .* free of 2 CPUs, .*, 1 task there
      n2: busy, 0 CPUs, .* free of 2 CPUs, .*, 1 task there
    Next: it starts when enough of what runs has ended; see that with
    `bsub-lite jobs --user all --state running`
$""")
        self.assertEqual(commands, ["bsub-lite jobs --user all --state running"])
        self.assertIn(f"{both[0]}", self.paste(commands[0]))
        self.assertIn("no time limit", self.cluster.bsub("when", job))

    def test_a_closed_queue(self):
        self.cluster.bsub("queues", "create", "night")
        self.cluster.bsub("queues", "close", "night")
        job = self.cluster.submit("-q", "night", "--", "true")
        text, commands = self.why(job)
        self.assertEqual(text, f"Job {job} is RUNNABLE:\n\n"
                               "  - queue night is closed: it starts no jobs now\n"
                               "    Next: an administrator can open it with `bsub-lite queues open night`\n")
        self.paste(commands[0])
        self.cluster.bsub("wait", job)

    def test_one_that_can_never_run(self):
        job = self.cluster.submit("-c", "64", "--", "true")
        text, commands = self.why(job)
        self.assertRegex(text, rf"""^Job {job} is RUNNABLE:

  - it can never run here: it asks for 64 CPUs on one node, and none of 2 nodes has that much
      n1: too small, has 2 CPUs, .*
      n2: too small, has 2 CPUs, .*
    Next: end it with `bsub-lite cancel {job}` and submit it again with less \(-c, -m, --gpus\), or\s+add\s+a\s+larger\s+node
$""")
        self.assertIn("can never run: no node has 64 CPUs", self.cluster.bsub("jobs", job))
        self.assertEqual(self.paste(commands[0]), f"Job <{job}> is being cancelled.\n")
        self.assertEqual(self.cluster.job(job)["state"], "FAILED")

    def test_each_other_next_step_can_be_pasted(self):
        held = self.cluster.submit("--hold", "--", "true")
        failed = self.cluster.submit("--", "false")
        later = self.cluster.submit("--begin", "+1h", "--", "true")
        self.cluster.bsub("wait", failed, code=1)
        orphan = self.cluster.submit("--depends", f"done({failed})", "--", "true")
        self.cluster.bsub("wait", orphan, code=125)
        kept = self.cluster.submit("--depends", f"done({failed})", "--keep-if-impossible", "--", "true")
        limited = self.cluster.submit("--array", "1-3%1", "--", "/bin/sh", "-c", f"while [ ! -e {self.cluster.root}/go ]; do sleep 0.05; done")
        self.addCleanup((self.cluster.root / "go").touch)
        wait_for("a child", lambda: self.cluster.job(f"{limited}[1]")["state"] == "RUNNING")
        for job in (orphan, kept, limited, failed, later, held):
            _, commands = self.why(job)
            self.assertTrue(commands, job)
            for command in commands:
                self.paste(command)
        self.assertEqual(self.cluster.job(later)["state"], "FAILED")
        self.cluster.bsub("wait", held)


if __name__ == "__main__":
    unittest.main(verbosity=2)
