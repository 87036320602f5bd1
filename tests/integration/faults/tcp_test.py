#!/usr/bin/env python3
"""Over TCP: who gets in, and what those hear who do not. Client and node agent, with TLS and without."""


import unittest

from cluster import wait_for
from tcp_cluster import USER, TcpCluster, make_certificate


class Tcp(unittest.TestCase):
    TLS = False

    def setUp(self):
        self.cluster = TcpCluster()
        self.addCleanup(self.cluster.close)
        self.certificate, key = make_certificate(self.cluster.root, "server")
        self.cluster.start_scheduler(*(["--tls-cert", self.certificate, "--tls-key", key] if self.TLS else []))
        self.ca = ["--tls-ca", self.certificate] if self.TLS else []
        if self.TLS:
            self.cluster.env["BSUB_LITE_TLS_CA"] = str(self.certificate)

    def refused(self, code, *words, **variables):
        """The one line that a command fails with."""
        kept = dict(self.cluster.env)
        self.cluster.env.update({k: str(v) for k, v in variables.items()})
        self.cluster.bsub(*words, code=code)
        self.cluster.env = kept
        line = self.cluster.err.removesuffix("\n")
        self.assertNotIn("\n", line)
        return line

    def as_admin(self):
        self.cluster.env["BSUB_LITE_TOKEN_FILE"] = str(self.cluster.admin)

    def jobs_known(self):
        return int(self.cluster.status()["jobs"])

    def test_a_job_runs_from_client_to_node(self):
        self.as_admin()
        self.cluster.start_spawner()
        self.cluster.start_agent("n1", None, *self.ca)
        self.cluster.wait_for_node()
        job = self.cluster.submit("--workdir", "/", "--", "/bin/sh", "-c", "echo over tcp; exit 3")
        self.cluster.bsub("wait", job, code=3)
        self.assertEqual(self.cluster.bsub("logs", job), "over tcp\n")
        self.assertEqual(self.cluster.job(job)["node"], "n1")

    def test_tokens_in_the_clear_are_warned_of(self):
        self.assertEqual(self.TLS, "event=tcp-without-tls" not in self.cluster.log("scheduler"))

    def test_a_wrong_token_of_a_client(self):
        wrong = self.cluster.secret("wrong", USER[:-1] + "x\n")
        for words, code in ((["status"], 1), (["jobs"], 1), (["wait", "1"], 3), (["submit", "--", "true"], 255)):
            self.assertIn("wrong token; ask the cluster's administrator for a valid one",
                          self.refused(code, *words, BSUB_LITE_TOKEN_FILE=wrong))
        self.assertEqual(self.jobs_known(), 0, "nothing came of them")

    def test_no_token_or_a_loose_one(self):
        loose = self.cluster.secret("loose", USER, mode=0o640)
        self.assertIn(f"others can read it; run chmod 600 {loose}", self.refused(2, "status", BSUB_LITE_TOKEN_FILE=loose))
        self.assertIn("BSUB_LITE_TOKEN_FILE is not; name the file with your token",
                      self.refused(255, "submit", "--", "true", BSUB_LITE_TOKEN_FILE=""))
        self.assertIn("cannot be read (No such file", self.refused(2, "jobs", BSUB_LITE_TOKEN_FILE="/nonexistent"))
        self.assertIn("is empty", self.refused(2, "jobs", BSUB_LITE_TOKEN_FILE=self.cluster.secret("empty", "\n")))

    def test_a_nodes_token_submits_nothing(self):
        self.assertIn("the node token nodes may not submit jobs to this cluster; use a user's or an administrator's token",
                      self.refused(255, "submit", "--", "true", BSUB_LITE_TOKEN_FILE=self.cluster.node))
        self.assertEqual(self.jobs_known(), 0)

    def test_tokens_that_run_no_node(self):
        self.cluster.start_spawner()
        for token, said in ((self.cluster.user, "ada may not run a worker for this cluster; ask an administrator"),
                            (self.cluster.secret("wrong", "x" * 32), "wrong token; ask the cluster's administrator"),
                            (self.cluster.secret("loose", "n" * 32, 0o604), "fix it with: chmod 600")):
            self.cluster.start_agent("n1", token, *self.ca)
            code, line = self.cluster.end_of("agent-n1")
            self.assertEqual(code, 2)
            self.assertIn(said, line)
        self.assertEqual(self.cluster.status()["nodes"], [])

    def test_one_user_does_not_touch_anothers_job(self):
        self.as_admin()
        job = self.cluster.submit("--hold", "--workdir", "/", "--", "true")
        self.cluster.env["BSUB_LITE_TOKEN_FILE"] = str(self.cluster.user)
        for verb in ("cancel", "release", "requeue"):
            self.cluster.bsub(verb, job, code=None)
            self.assertNotEqual(self.cluster.code, 0, verb)
            self.assertIn(f"ada may not {verb} job {job}", self.cluster.err)
        self.cluster.bsub("logs", job, code=None)
        self.assertIn("may not read the output of", self.cluster.err)
        self.cluster.bsub("drain", "n1", code=None)
        self.assertNotEqual(self.cluster.code, 0)
        self.assertTrue(self.cluster.job(job)["held"], "and it is as it was")


class TcpWithTls(Tcp):
    TLS = True

    def test_a_client_without_tls(self):
        self.cluster.expect_no_answer()
        del self.cluster.env["BSUB_LITE_TLS_CA"]
        self.assertIn(f"the scheduler at {self.cluster.server} cannot be reached: it closes plain connections, as one that "
                      "speaks TLS does; name its certificate authority in BSUB_LITE_TLS_CA", self.refused(3, "status"))
        self.refused(255, "submit", "--timeout", "1s", "--", "true")

    def test_an_authority_that_did_not_sign(self):
        self.cluster.expect_no_answer()
        other, _ = make_certificate(self.cluster.root, "other")
        self.assertIn("BSUB_LITE_TLS_CA does not vouch for its certificate", self.refused(3, "status", BSUB_LITE_TLS_CA=other))
        self.assertIn("BSUB_LITE_TLS_CA '/nonexistent': No such file or directory", self.refused(2, "status", BSUB_LITE_TLS_CA="/nonexistent"))

    def test_a_node_without_tls_or_with_another_authority(self):
        other, _ = make_certificate(self.cluster.root, "other")
        self.cluster.start_spawner()
        for words, said in (([], "name its certificate authority with --tls-ca"),
                            (["--tls-ca", other], "--tls-ca does not vouch for the scheduler's certificate")):
            agent = self.cluster.start_agent("n1", None, *words)
            wait_for("the reason in the agent's log", lambda said=said: said in self.cluster.log("agent-n1"))
            self.assertIsNone(agent.poll(), "it goes on trying: a certificate may be put right")
            agent.terminate()
            self.assertEqual(self.cluster.end_of("agent-n1")[0], 0)
        self.assertEqual(self.cluster.status()["nodes"], [])


class PlainWithoutTls(unittest.TestCase):
    def test_tls_towards_a_plain_port(self):
        with TcpCluster() as cluster:
            certificate, _ = make_certificate(cluster.root, "server")
            cluster.start_scheduler()
            cluster.env["BSUB_LITE_TLS_CA"] = str(certificate)
            cluster.expect_no_answer()
            cluster.bsub("status", code=3)
            self.assertIn("it does not speak TLS; unset BSUB_LITE_TLS_CA", cluster.err)
            self.assertEqual(cluster.err.count("\n"), 1, "one line, none of the libraries'")
            cluster.start_spawner()
            cluster.start_agent("n1", None, "--tls-ca", certificate)
            wait_for("the reason", lambda: "the scheduler does not speak TLS; leave out --tls-ca" in cluster.log("agent-n1"))

    def test_nobody_listens(self):
        with TcpCluster() as cluster:
            cluster.start_scheduler()
            cluster.processes["scheduler"].terminate()
            cluster.end_of("scheduler")
            cluster.expect_no_answer()
            cluster.bsub("status", code=3)
            self.assertIn("nobody listens there; check BSUB_LITE_SERVER", cluster.err)


class SchedulerRefusesToListen(unittest.TestCase):
    def refused(self, *words, code):
        with TcpCluster() as cluster:
            words = [word(cluster) if callable(word) else word for word in words]
            cluster.spawn("scheduler", "bsub-lite-scheduler", "--home", cluster.home, *words)
            ended, line = cluster.end_of("scheduler")
            self.assertEqual(ended, code, line)
            self.assertFalse((cluster.home / "run" / "scheduler.port").exists())
            return line

    def test_without_tokens(self):
        self.assertIn("--listen 127.0.0.1:0: a TCP port needs tokens; give --token-file FILE",
                      self.refused("--listen", "127.0.0.1:0", code=2))

    def test_with_tokens_that_others_can_read(self):
        line = self.refused("--listen", "127.0.0.1:0", "--token-file",
                            lambda c: c.secret("loose", f"ops {USER} admin\n", 0o644), code=1)
        self.assertIn("others may read or write it; run 'chmod 600", line)

    def test_with_a_short_secret_or_a_malformed_line(self):
        self.assertIn("line 1: the secret of ops has 5 characters; at least 32 are needed",
                      self.refused("--listen", "127.0.0.1:0", "--token-file", lambda c: c.secret("t", "ops short admin\n"), code=1))
        self.assertIn("line 2: expected NAME SECRET admin",
                      self.refused("--listen", "127.0.0.1:0", "--token-file",
                                   lambda c: c.secret("t", f"# ours\nops {USER} king\n"), code=1))

    def test_with_half_of_tls_or_a_key_that_is_none(self):
        def certificate(cluster):
            return make_certificate(cluster.root, "server")[0]

        def tokens(cluster):
            return cluster.tokens

        self.assertIn("TLS needs both a certificate and a key; give --tls-cert and --tls-key",
                      self.refused("--listen", "127.0.0.1:0", "--token-file", tokens, "--tls-cert", certificate, code=1))
        line = self.refused("--listen", "127.0.0.1:0", "--token-file", tokens, "--tls-cert", certificate, "--tls-key", tokens, code=1)
        self.assertIn("check the TLS certificate and key", line)
        self.assertIn("--tls-", self.refused("--tls-cert", certificate, code=2))


if __name__ == "__main__":
    unittest.main(verbosity=2)
