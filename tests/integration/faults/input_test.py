#!/usr/bin/env python3
"""Bad input to real programs: each is refused with one line that says what to do, and leaves nothing behind."""

import pathlib
import resource
import subprocess
import unittest

from cluster import PATIENCE, PROGRAM, Cluster

MIB = 1 << 20


class Input(unittest.TestCase):
    """One cluster with small limits, a node of two CPUs."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)
        config = cls.cluster.root / "limits.yaml"
        config.write_text("core:\n  max_waiting_per_user: 20\n  max_tags: 2\nrpc:\n  max_message_bytes: 40M\n")
        cls.cluster.bsub("up", "--slots", "2", "--config", config)

    def setUp(self):
        self.folder = pathlib.Path(self.cluster.root / self.id().rsplit(".", 1)[1])
        self.folder.mkdir()
        self.before = self.known()

    def known(self):
        return len(self.cluster.jobs())

    def run_cli(self, *words, stdin=None, preexec=None, cwd=None):
        return subprocess.run([str(PROGRAM), *map(str, words)], env=self.cluster.env, cwd=cwd or self.folder, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, timeout=PATIENCE,
                              preexec_fn=preexec)

    def refused(self, *words, code=255, **options):
        """The line that a submit is refused with; no job comes of it."""
        done = self.run_cli("submit", *words, **options)
        line = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (code, b""), line)
        self.assertEqual(line.count("\n"), 1, line)
        self.assertTrue(line.endswith("Job not submitted.\n"), line)
        self.assertEqual(self.known(), self.before)
        return line

    def end_of(self, *words, shell_code=125):
        """The reason why a submitted job did not start: it is told by `wait`, and in full by `job`."""
        job = self.cluster.submit(*words)
        self.cluster.bsub("wait", job, code=shell_code)
        told = self.cluster.err
        found = self.cluster.job(job)
        self.assertEqual(found["state"], "FAILED")
        self.assertEqual(len(found["attempts"]), 1)
        self.assertIn(found["exit"]["reason"], told)
        return found["exit"]["reason"]

    # Scripts.

    def test_a_script_with_crlf(self):
        (self.folder / "s.sh").write_bytes(b"#!/bin/sh\r\necho hi\r\n")
        for words, stdin in ((["s.sh"], None), ([], b"#!/bin/sh\necho hi\r\n")):
            self.assertIn("ends in CR LF, as Windows writes it; convert the script with dos2unix FILE or sed",
                          self.refused(*words, stdin=stdin))
        (self.folder / "s.sh").chmod(0o755)
        self.assertIn("its first line ends in CR LF, convert it with: sed -i",
                      self.end_of("--workdir", self.folder, "--", "./s.sh"))

    def test_a_script_with_nul(self):
        self.assertIn("script line 2: holds a NUL byte (offset 16), so it is not a text script",
                      self.refused(stdin=b"#!/bin/sh\necho h\0i\n"))

    def test_a_script_of_ten_megabytes_runs_and_a_larger_one_is_refused(self):
        comment = b"#" + b"x" * (10 * MIB)
        done = self.run_cli("submit", "--quiet", "--wait", stdin=b"#!/bin/sh\n" + comment + b"\nexit 5\n")
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("script: 20.0 MiB, the limit is 16.0 MiB; keep data in files beside it",
                      self.after_one(self.refused, stdin=b"#!/bin/sh\n" + comment + comment))

    def after_one(self, call, **options):
        self.before = self.known()
        return call(**options)

    def test_an_unknown_interpreter(self):
        reason = self.end_of("--script", self.write("s.sh", "#!/nonexistent/sh\ntrue\n"))
        self.assertIn("cannot run '/nonexistent/sh': No such file or directory; it must exist on this node", reason)
        self.assertIn("the interpreter 'sh' is not an absolute path", self.after_one(self.refused, stdin=b"#!sh\ntrue\n"))

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    # Bytes that are no UTF-8.

    def test_bytes_that_are_no_text(self):
        folder = self.folder / "d\udce9"
        folder.mkdir()
        done = self.run_cli("submit", "--quiet", "--begin", "2099-01-01T00:00:00Z", "--", "/tmp/nope\udce9", cwd=folder)
        job = done.stdout.decode().strip()
        self.assertEqual(done.stderr, b"")
        self.assertIn("nope\\xe9", self.cluster.bsub("jobs"))
        self.assertIn("/tmp/nope\\xe9", self.cluster.bsub("job", job))
        shown = self.cluster.job(job)
        self.assertEqual(shown["name"], "nope\\xe9")
        self.assertTrue(shown["workingDirectory"].endswith("/d\\xe9"), shown)
        self.assertIn(int(job), [each["id"] for each in self.cluster.jobs()])
        self.assertIn("nope\\xe9 was submitted", self.cluster.bsub("events", job))
        self.cluster.bsub("cancel", job)
        done = self.run_cli("submit", "--wait", "--", "sh", "-c", "test -d ../d\udce9 && echo \udce9 > out\udce9", cwd=folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((folder / "out\udce9").read_bytes(), b"\xe9\n")

    def test_a_name_that_is_no_text(self):
        self.assertIn("name: 'x\\xe9' is not UTF-8", self.refused("-J", "x\udce9", "--", "true"))

    # Sizes.

    def test_a_message_above_the_limit(self):
        line = self.refused(stdin=b"#!/bin/sh\n" + b"#" * (41 * MIB))
        self.assertIn("the request takes 41.0 MiB, the cluster's limit for one message is 40.0 MiB (rpc.max_message_bytes); "
                      "pass large inputs in files", line)

    def test_a_command_line_of_megabytes(self):
        def raise_stack():  # Linux lets arguments take a quarter of it, 6 MB at most
            hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
            resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))

        line = self.refused("--", "echo", *["x" * 100_000] * 40, preexec=raise_stack)
        self.assertIn("command: the arguments take 3.8 MiB, the limit is 2.0 MiB; put them into a file and pass its name", line)
        with self.assertRaises(OSError):  # ten are more than the kernel hands to any program, ours included
            self.run_cli("submit", "--", "echo", *["x" * 100_000] * 100)
        self.assertEqual(self.known(), self.before)

    def test_an_environment_of_ten_megabytes(self):
        many = self.write("many", "".join(f"V{i}={'x' * 100_000}\n" for i in range(105)))
        self.assertIn("environment: 10.0 MiB, the limit is 2.0 MiB; pass only the variables the job needs",
                      self.refused("--env-file", many, "--", "true"))
        one = self.write("one", f"LONG={'x' * 200_000}\n")
        self.assertIn("environment LONG: 200005 bytes; Linux takes at most 131071 in one; pass a file instead",
                      self.refused("--env-file", one, "--", "true"))

    def test_more_waiting_jobs_than_a_user_may_have(self):
        self.cluster.bsub("submit", "--hold", "--array", "1-20", "--", "true")
        self.before = self.known()
        self.assertIn("20 tasks wait for user", self.refused("--", "true"))
        self.assertIn("1 more would pass the limit of 20; wait until some have started", self.refused("--", "true"))
        self.cluster.bsub("cancel", *[job["id"] for job in self.cluster.jobs() if job["held"]])
        self.cluster.bsub("wait", self.cluster.submit("--", "true"))

    def test_more_tags_than_a_job_may_have(self):
        self.assertIn("tags: 3 given; at most 2; leave some out", self.refused("--tag", "a=1", "--tag", "b=2", "--tag", "c=3", "--", "true"))

    # Arrays and dependencies.

    def test_arrays_that_are_none(self):
        for array, said in (("0", "'0' would be an array of no children; write 1-N for N of them, or 0-0 for one with index 0"),
                            ("", "expected indices, such as 1-100"),
                            ("1-0", "the range 1-0 runs backwards; write the smaller index first"),
                            ("2147483648", "2147483648 is too large; at most 2147483646"),
                            ("1-2147483648", "2147483648 is too large; at most 2147483646"),
                            ("1-2000000", "2000000 children; at most 1000000 are allowed in one array; split it"),
                            ("1-10:0", "a step must be at least 1"), ("1-10%0", "the limit after '%' must be at least 1"),
                            ("a-b", "expected an index, not 'a-b'"), ("1-10x", "at character 5"), ("-1", "at character 1")):
            with self.subTest(array):
                self.assertIn(said, self.refused("--array", array, "--", "true"))

    def test_an_array_in_the_name_without_an_index(self):
        self.assertIn("job name 'sim[]': the character '['", self.refused("-J", "sim[]", "--", "true"))

    def test_a_token_that_is_empty(self):
        self.assertIn("--token '': expected a token; leave the option out if there is none", self.refused("--token", "", "--", "true"))

    def test_index_zero_alone_can_be_said(self):
        self.cluster.bsub("wait", self.cluster.submit("--array", "0-0", "--", "/bin/sh", "-c", "exit $BSUB_ARRAY_INDEX"))

    def test_dependencies_that_cannot_be(self):
        following = self.known() + 1
        for expression, said in ((f"done({following + 5})", "no such job"), (f"ended({following})", "no such job"),
                                 ("done(nobodys)", "you have no job named nobodys"), ("done(1", "expected ')', but the text ends"),
                                 ("done(1) &&", "the text ends"), ("dnoe(1)", "dnoe")):
            with self.subTest(expression):
                self.assertIn(said, self.refused("--depends", expression, "--", "true"))

    def test_a_cycle_in_a_pipeline(self):
        pipeline = self.write("p.yaml", "name: p\nsteps:\n  - {name: a, needs: [c], command: 'true'}\n"
                                        "  - {name: b, needs: [a], command: 'true'}\n  - {name: c, needs: [b], command: 'true'}\n")
        self.cluster.bsub("run", pipeline, code=2)
        self.assertRegex(self.cluster.err, r"p\.yaml:\d+: the steps need each other in a circle: (a|b|c) needs ")
        own = self.write("own.yaml", "name: p\nsteps:\n  - {name: a, needs: [a], command: 'true'}\n")
        self.cluster.bsub("run", own, code=2)
        self.assertIn("own.yaml:3: the steps need each other in a circle: a needs a", self.cluster.err)
        self.assertEqual(self.known(), self.before)

    # Names of what is not there.

    def test_names_that_nothing_has(self):
        self.assertIn("defualt: No such queue; did you mean 'default'?", self.refused("-q", "defualt", "--", "true"))
        self.assertIn("there is no job definition 'nosuch'", self.refused("--definition", "nosuch"))
        self.assertIn("unknown option '--user'", self.refused("--user", "nobody", "--", "true"))
        self.cluster.bsub("wait", 4_000_000, code=2)
        self.assertIn("job 4000000 does not exist", self.cluster.err)

    def test_a_working_directory_that_is_none(self):
        self.assertIn("cannot enter working directory '/nonexistent': No such file or directory",
                      self.end_of("--workdir", "/nonexistent", "--", "true"))
        self.assertIn("Not a directory", self.end_of("--workdir", "/etc/passwd", "--", "true"))
        self.assertIn("name a directory with --workdir", self.end_of("--workdir", "/etc/passwd", "--", "true"))

    def test_a_program_that_is_none(self):
        for program, said in (("nosuchprogram", "No such file or directory; it is in no directory of the job's PATH"),
                              ("./nosuch", "No such file or directory; it must exist on this node"),
                              ("./bsub-lite-nosuch", "the installation on this node lacks bsub-lite-nosuch"),
                              ("/etc/passwd", "needs permission to execute it (chmod +x)"),
                              ("/etc", "it is a directory, name a program in it")):
            with self.subTest(program):
                self.assertIn(said, self.end_of("--", program))

    def test_a_program_that_is_not_in_path_leaves_path_in_its_output(self):
        reason = self.end_of("-o", self.folder / "out", "--env", "PATH=/nowhere:/usr/bin", "--", "nosuchprogram")
        self.assertIn("it is in no directory of the job's PATH", reason)
        self.assertNotIn("/nowhere", reason)
        self.assertEqual((self.folder / "out").read_text(), "bsub-lite: PATH=/nowhere:/usr/bin\n")

    def test_an_output_file_that_cannot_be(self):
        self.assertIn("cannot open output file '/nonexistent/out'", self.end_of("-o", "/nonexistent/out", "--", "true"))
        self.assertIn("name a file in it", self.end_of("-o", "/etc", "--", "true"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
