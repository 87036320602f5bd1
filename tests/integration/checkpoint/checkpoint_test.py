"""The checkpoint library from outside: installed, linked by C programs, killed in the middle, read by other programs."""
import json
import os
import shutil
import subprocess
import unittest

import second_reader
from installed import BUILD, HERE, Installed, check, environment, run, tool

STEPS = "12"


def setUpModule():
    global installed, grid, undisturbed
    installed = Installed()
    grid = installed.compile("gcc", os.path.join(HERE, "grid.c"), "grid")
    undisturbed = check([grid, STEPS, "100"], env=environment(installed.store("undisturbed"))).splitlines()[-1]


def tearDownModule():
    installed.remove()


class Library(unittest.TestCase):
    def test_a_cmake_package(self):
        project = os.path.join(installed.work, "project")
        os.makedirs(project)
        shutil.copy(os.path.join(HERE, "grid.c"), project)
        with open(os.path.join(project, "CMakeLists.txt"), "w") as out:
            out.write("cmake_minimum_required(VERSION 3.16)\nproject(user C)\n"
                      "find_package(bsub-checkpoint REQUIRED)\n"
                      "add_executable(grid grid.c)\ntarget_link_libraries(grid bsub::bsub_checkpoint)\n")
        check(["cmake", "-S", project, "-B", project + "/build", f"-DCMAKE_PREFIX_PATH={installed.path}"])
        check(["cmake", "--build", project + "/build"])
        out = check([project + "/build/grid", STEPS, "4"], env=environment(installed.store("cmake")))
        self.assertEqual(out.splitlines(), ["from 0", undisturbed])

    def test_the_example_of_the_documents(self):
        with open(os.path.join(os.environ["BSUB_SOURCE_DIR"], "docs/checkpoints.md")) as page:
            example = page.read().split("```cpp\n")[1].split("```")[0]
        source = os.path.join(installed.work, "example.cc")
        with open(source, "w") as out:
            out.write("#include <bsub/checkpoint.hpp>\n#include <cstdio>\n#include <string>\n#include <vector>\n"
                      'static int Fail(const std::string& why) { std::puts(why.c_str()); return 1; }\n'
                      "static void Compute(std::vector<double>& u) { for (double& x : u) x += 1; }\n"
                      "int main() {\nconst std::uint64_t nz = 4, ny = 3, nx = 2, first = 0, planes = 4, steps = 9;\n"
                      "std::vector<double> u(nz * ny * nx);\n" + example + 'std::printf("%g\\n", u[5]);\n}\n')
        program = os.path.join(installed.work, "example")
        check(["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", *installed.pkg_config("--cflags"), source, "-o", program,
               *installed.pkg_config("--libs"), f"-Wl,-rpath,{installed.libraries}"])
        store = installed.store("example")
        self.assertEqual(check([program], env=environment(store, BSUB_CHECKPOINT_INTERVAL="1e-9")), "9\n")
        self.assertEqual(check([program], env=environment(store)), "9\n", "it has come to its end before")

    def test_only_the_c_functions_are_exported(self):
        names = check(["nm", "-D", "--defined-only", os.path.join(installed.libraries, "libbsub_checkpoint.so")])
        exported = {line.split()[-1] for line in names.splitlines()}
        strangers = {name for name in exported if not name.startswith("bsub_checkpoint_")}
        self.assertEqual(strangers, set())
        self.assertIn("bsub_checkpoint_save", exported)

    def test_a_killed_program_goes_on_from_its_last_save(self):
        store = installed.store("killed")
        died = run([grid, STEPS, "4", "10"], env=environment(store))
        self.assertEqual(died.returncode, -9)
        out = check([grid, STEPS, "4"], env=environment(store))
        self.assertEqual(out.splitlines(), ["from 8", undisturbed])

    def test_a_program_without_a_directory_is_told_so(self):
        plain = environment("")
        del plain["BSUB_CHECKPOINT_DIR"]
        done = run([grid, STEPS, "4"], env=plain)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-directory: no directory: set options.directory or BSUB_CHECKPOINT_DIR", done.stderr)


class Killed(unittest.TestCase):
    """kill -9 before each call on the file system, HDF5's own included: the next start finds a save, whole."""

    def every_call(self, name, **more):
        shim = {"LD_PRELOAD": os.path.join(BUILD, "tests/libdies_at_call.so")}
        count_file = os.path.join(installed.work, name + ".count")
        check([grid, "4", "2"], env=environment(installed.store(name + "-count"), BSUB_TEST_COUNT_TO=count_file, **shim, **more))
        with open(count_file) as counted:
            calls = int(counted.read())
        self.assertGreater(calls, 30)
        expected = check([grid, "4", "100"], env=environment(installed.store(name + "-plain"))).splitlines()[-1]
        found = set()
        for call in range(1, calls + 1):
            store = installed.store(f"{name}-{call}")
            run([grid, "4", "2"], env=environment(store, BSUB_TEST_DIE_AT=str(call), **shim, **more))
            out = check([grid, "4", "2"], env=environment(store)).splitlines()
            self.assertIn(out[0], ("from 0", "from 2", "from 4"), f"call {call}")
            self.assertEqual(out[1], expected, f"call {call}")
            found.add(out[0])
            shutil.rmtree(store)
        self.assertEqual(found, {"from 0", "from 2", "from 4"})

    def test_a_plain_save(self):
        self.every_call("plain")

    def test_an_asynchronous_compressed_save(self):
        self.every_call("async", BSUB_CHECKPOINT_ASYNC="1", BSUB_CHECKPOINT_COMPRESSION="1")


class OtherPrograms(unittest.TestCase):
    """What h5dump and h5py see."""

    @classmethod
    def setUpClass(cls):
        cls.store = installed.store("others")
        check([grid, STEPS, "4"], env=environment(cls.store, BSUB_CHECKPOINT_DIFFERENTIAL="4"))
        cls.exported = os.path.join(installed.work, "exported.h5")
        done = tool("export", cls.store, cls.exported)
        assert done.returncode == 0, done.stderr

    def test_h5dump_shows_the_master_from_any_folder(self):
        out = check(["h5dump", "-d", "/u", "-s", "0,0,0", "-c", "1,1,3", os.path.join(self.store, "3/master.h5")], cwd="/")
        plain = check(["h5dump", "-d", "/u", "-s", "0,0,0", "-c", "1,1,3", self.exported], cwd="/")
        data = [line for line in out.splitlines() if line.strip().startswith("(0,0,0)")]
        self.assertEqual(data, [line for line in plain.splitlines() if line.strip().startswith("(0,0,0)")])
        self.assertNotIn("18446744073709551615", "".join(data))
        self.assertIn("units", check(["h5dump", "-A", os.path.join(self.store, "3/master.h5")]))

    def test_h5py_reads_what_was_saved(self):
        import h5py
        with h5py.File(os.path.join(self.store, "3/master.h5")) as master, h5py.File(self.exported) as plain:
            self.assertTrue(master["u"].is_virtual)
            self.assertFalse(plain["u"].is_virtual)
            self.assertTrue((master["u"][...] == plain["u"][...]).all())
            self.assertEqual(master.attrs["time"], 6.0)
            self.assertEqual(plain.attrs["time"], 6.0)
            self.assertEqual(master.attrs["bsub_step"], 12)
        with h5py.File(os.path.join(self.store, "3/shard-00000.h5")) as shard:
            self.assertIn("u", shard)

    def test_a_reader_written_from_the_document(self):
        import h5py
        packed = installed.store("packed")
        check([grid, STEPS, "4"], env=environment(packed, BSUB_CHECKPOINT_COMPRESSION="4"))
        for store in (self.store, packed):  # differential; compressed
            with h5py.File(os.path.join(store, "3/master.h5")) as master:
                expected = master["u"][...]
            shape, numbers = second_reader.read(store, 3)["u"]
            self.assertEqual(tuple(shape), expected.shape)
            self.assertEqual(numbers, expected.flatten().tolist())

    def test_a_missing_shard_shows_the_fill_value_and_verify_says_so(self):
        import h5py
        store = installed.store("missing")
        check([grid, STEPS, "4"], env=environment(store))
        os.remove(os.path.join(store, "3/shard-00000.h5"))
        with h5py.File(os.path.join(store, "3/master.h5")) as master:
            self.assertEqual(int(master["u"][0, 0, 0]), 2**64 - 1)
        done = tool("verify", store, "generation=3")
        self.assertEqual(done.returncode, 1)
        self.assertIn("rank 0, shard-00000.h5", done.stdout)


class Tool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stores = installed.store("tool")
        cls.store = os.path.join(cls.stores, "12")
        check([grid, STEPS, "2"], env=environment(cls.store, BSUB_CHECKPOINT_KEEP="10", BSUB_JOB_ID="12", BSUB_ATTEMPT="2"))

    def test_ls(self):
        done = tool("ls", self.stores, "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        store, = json.loads(done.stdout)
        self.assertEqual(store["owner"], "job 12, attempt 2")
        self.assertEqual([g["step"] for g in store["generations"]], [12, 10, 8, 6, 4, 2])
        self.assertEqual({g["state"] for g in store["generations"]}, {"complete"})
        self.assertIn("complete", tool("ls", self.store).stdout)

    def test_show(self):
        shown, = json.loads(tool("show", self.store, "json").stdout)
        self.assertEqual(shown["datasets"], [{"name": "u", "type": "uint64", "shape": [12, 20, 30]}])
        self.assertEqual(shown["step"], 12)
        self.assertIn("12x20x30", tool("show", self.store, "generation=2").stdout)

    def test_verify_names_rank_dataset_and_block(self):
        copy = os.path.join(self.stores, "13")
        shutil.copytree(self.store, copy)
        self.assertEqual(tool("verify", copy).returncode, 0)
        with open(os.path.join(copy, "6/shard-00000.h5"), "r+b") as shard:
            shard.seek(-100, os.SEEK_END)
            byte = shard.read(1)
            shard.seek(-100, os.SEEK_END)
            shard.write(bytes([byte[0] ^ 1]))
        done = tool("verify", copy)
        self.assertEqual(done.returncode, 1)
        self.assertIn("generation 6: rank 0, dataset u, block 0", done.stdout)
        self.assertIn("generation 5: good", done.stdout)
        shutil.rmtree(copy)

    def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(self):
        copy = os.path.join(self.stores, "14")
        for name in ("6/shard-00000.h5", "6/manifest.json"):
            shutil.copytree(self.store, copy)
            os.remove(os.path.join(copy, name))
            os.mkfifo(os.path.join(copy, name))
            done = tool("verify", copy)
            self.assertEqual(done.returncode, 1)
            self.assertIn(name + " is no regular file", done.stdout)
            self.assertIn("generation 5: good", done.stdout)
            shutil.rmtree(copy)

    def test_an_export_replaces_no_pipe_and_no_link(self):
        place = os.path.join(installed.work, "place")
        for make in (os.mkfifo, lambda path: os.symlink("/dev/null", path)):
            make(place)
            done = tool("export", self.store, place)
            self.assertEqual(done.returncode, 1)
            self.assertIn(place + " is there and is no regular file", done.stdout + done.stderr)
            self.assertFalse(os.path.isfile(place))
            os.remove(place)

    def test_prune(self):
        copy = os.path.join(self.stores, "14")
        shutil.copytree(self.store, copy)
        self.assertEqual(len(json.loads(tool("prune", copy, "keep=2", "dry-run", "json").stdout)), 4)
        self.assertEqual(tool("prune", copy, "keep=2").returncode, 0)
        self.assertEqual([g["generation"] for g in json.loads(tool("ls", copy, "json").stdout)[0]["generations"]], [6, 5])
        shutil.rmtree(copy)

    def test_a_folder_without_stores(self):
        done = tool("ls", installed.work + "/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere", done.stderr)
        self.assertEqual(tool("ls").returncode, 2)


if __name__ == "__main__":
    unittest.main()
