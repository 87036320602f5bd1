"""The examples that use the contract without the library: interrupted by the signal, they go on from where they were."""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

EXAMPLES = os.path.join(os.environ["BSUB_SOURCE_DIR"], "examples/checkpoint")


def start(store, program, *words):
    interpreter = [sys.executable] if program.endswith(".py") else []  # the one that has h5py
    return subprocess.Popen([*interpreter, os.path.join(EXAMPLES, program), *words], env=dict(os.environ, BSUB_CHECKPOINT_DIR=store),
                            stdout=subprocess.PIPE, text=True)


def finish(store, program, *words):
    process = start(store, program, *words)
    out, _ = process.communicate(timeout=200)
    return process.returncode, out.splitlines()


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = os.path.join(self.folder.name, "a/b")

    def tearDown(self):
        self.folder.cleanup()

    def test_python_with_h5py(self):
        process = start(self.store, "heat.py", "1000000000")  # it is not done before the signal, however late that comes
        self.assertEqual(process.stdout.readline(), "from step 0\n")  # its handler is set
        process.send_signal(signal.SIGUSR1)
        out, _ = process.communicate(timeout=200)
        self.assertEqual((process.returncode, out), (85, ""))
        _, lines = finish(self.store, "heat.py", "1")  # nothing is left to do up to there
        reached = int(lines[0].removeprefix("from step "))
        self.assertGreater(reached, 0)
        code, lines = finish(self.store, "heat.py", str(reached + 700))
        self.assertEqual((code, lines[0]), (0, f"from step {reached}"))
        _, undisturbed = finish(os.path.join(self.folder.name, "other"), "heat.py", str(reached + 700))
        self.assertEqual(lines[1:], undisturbed[1:])

    def test_a_program_that_is_left_as_it_is(self):
        """One with restart files of its own, which it writes on TERM; the script tells it, and says that it has."""
        program = os.path.join(self.folder.name, "program")
        with open(program, "w") as file:
            file.write("#!/bin/sh\nn=$(cat restart 2>/dev/null || echo 0)\n"
                       "trap 'echo $n > restart; echo \"ends at $n\"; exit 0' TERM\n"
                       'echo "goes on at $n"\nwhile [ $n -lt "$1" ]; do n=$((n + 1)); sleep 0.01; done; echo "all $n"\n')
        os.chmod(program, 0o755)
        os.makedirs(self.store)
        process = start(self.store, "own-restart-files.sh", program, "1000000")
        self.assertEqual(process.stdout.readline(), "goes on at 0\n")
        process.send_signal(signal.SIGUSR1)
        out, _ = process.communicate(timeout=200)
        self.assertEqual(process.returncode, 85)
        reached = int(out.split()[-1])
        code, lines = finish(self.store, "own-restart-files.sh", program, str(reached + 2))
        self.assertEqual((code, lines), (0, [f"goes on at {reached}", f"all {reached + 2}"]))
        self.assertEqual(finish(self.store, "own-restart-files.sh", "/bin/sh", "-c", "exit 3")[0], 3)

    def test_the_shell_script(self):
        self.assertEqual(finish(self.store, "six-line.sh", "3"), (0, ["counted to 3"]))
        # It has nothing left to do up to 3, and counts on from there.
        self.assertEqual(finish(self.store, "six-line.sh", "3"), (0, ["counted to 3"]))
        self.assertEqual(finish(self.store, "six-line.sh", "5"), (0, ["counted to 5"]))
        # What cannot be saved is not said to be: neither 0 nor 85.
        os.mkdir(os.path.join(self.store, "count.new"))
        self.assertEqual(finish(self.store, "six-line.sh", "6"), (1, []))


if __name__ == "__main__":
    unittest.main()
