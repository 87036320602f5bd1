#include "worker/step/mpi_launcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "worker/step/program_mpi.h"

namespace bsub::step {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// Folders with programs of these names.
class Launchers : public ::testing::Test {
 protected:
  Launchers() {
    std::string name = fs::temp_directory_path() / "bsub-step-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~Launchers() override { fs::remove_all(root_); }

  std::string Program(const std::string& path) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/sh\n";
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }
  std::string Path(const std::string& folder) const { return root_ / folder; }

  fs::path root_;
};

TEST_F(Launchers, AreKnownByWhatTheirNameLeadsTo) {
  const std::string orterun = Program("lib/orterun");
  fs::create_directories(root_ / "bin");
  fs::create_symlink(orterun, root_ / "bin/mpirun");
  const auto found = FindLauncher(MpiKind::kOpenMpi, "/nowhere:" + Path("bin"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, Path("bin/mpirun"));
  EXPECT_EQ(found->kind, MpiKind::kOpenMpi);
}

TEST_F(Launchers, TheOneOfTheProgramsMpiIsTaken) {
  Program("bin/mpirun.openmpi");
  const std::string mpich = Program("bin/mpirun.mpich");
  fs::create_symlink(Path("bin/mpirun.openmpi"), root_ / "bin/mpirun");
  EXPECT_EQ(FindLauncher(MpiKind::kUnknown, Path("bin"))->path, Path("bin/mpirun"));
  EXPECT_EQ(FindLauncher(MpiKind::kHydra, Path("bin"))->path, mpich);
}

TEST_F(Launchers, OneOfAnotherMpiIsNone) {
  Program("bin/mpirun.openmpi");
  const auto found = FindLauncher(MpiKind::kHydra, Path("bin"));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("no mpirun of MPICH in the job's PATH; there"));
  EXPECT_THAT(found.error().message, HasSubstr("there is " + Path("bin/mpirun.openmpi") + " of Open MPI"));
}

TEST_F(Launchers, WithoutAnyItSaysWhereItLooked) {
  const auto found = FindLauncher(MpiKind::kUnknown, "/nowhere");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("no mpirun of MPI in the job's PATH; install it"));
}

// A script of the site, or Intel MPI's.
TEST_F(Launchers, OneOfWhichNobodyKnowsWhatItIsComesLastOfItsFolder) {
  const std::string script = Program("bin/mpirun");
  EXPECT_EQ(FindLauncher(MpiKind::kOpenMpi, Path("bin"))->path, script);
  const std::string known = Program("bin/mpirun.openmpi");
  EXPECT_EQ(FindLauncher(MpiKind::kOpenMpi, Path("bin"))->path, known);
  EXPECT_EQ(FindLauncher(MpiKind::kHydra, Path("bin"))->path, script);
  EXPECT_EQ(FindLauncher(MpiKind::kUnknown, Path("bin"))->path, script) << "as the administrator has it";
}

// As with Open MPI 5 in /opt, loaded by a module: the folder that comes first is the one that is meant.
TEST_F(Launchers, AFolderThatComesFirstIsSearchedFirst) {
  const std::string path = Path("opt") + ":" + Path("bin");
  const std::string known = Program("bin/mpirun.openmpi");
  EXPECT_EQ(FindLauncher(MpiKind::kOpenMpi, path)->path, known);
  EXPECT_EQ(FindLauncher(MpiKind::kUnknown, path)->path, known);
  Program("opt/mpiexec.hydra");
  EXPECT_EQ(FindLauncher(MpiKind::kOpenMpi, path)->path, known) << "another MPI's is passed over";
  const std::string script = Program("opt/mpirun");
  EXPECT_EQ(FindLauncher(MpiKind::kOpenMpi, path)->path, script);
  EXPECT_EQ(FindLauncher(MpiKind::kOpenMpi, Path("bin") + ":" + Path("opt"))->path, known);
  EXPECT_EQ(FindLauncher(MpiKind::kHydra, path)->path, Path("opt/mpiexec.hydra"));
}

TEST_F(Launchers, OfAnotherMpiAreNamedOnce) {
  const std::string hydra = Program("bin/mpiexec.hydra");
  fs::create_directory_symlink(root_ / "bin", root_ / "sbin");
  const auto found = FindLauncher(MpiKind::kOpenMpi, Path("bin") + ":" + Path("sbin"));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("; there is " + hydra + " of MPICH; install"));
}

TEST(LauncherCommand, SaysHowManyRanks) {
  EXPECT_THAT(LauncherCommand({"/usr/bin/mpirun", MpiKind::kOpenMpi}, 8, "/x/rank", {"./solver", "-v"}),
              ElementsAre("/usr/bin/mpirun", "-n", "8", "./solver", "-v"))
      << "Open MPI takes the wrapper from the environment";
  EXPECT_THAT(LauncherCommand({"/usr/bin/mpiexec", MpiKind::kHydra}, 8, "/x/rank", {"./solver"}),
              ElementsAre("/usr/bin/mpiexec", "-n", "8", "/x/rank", "./solver"));
}

TEST(MpiOfLibraries, IsToldByTheirNames) {
  EXPECT_EQ(MpiOfLibrary("libmpi.so.40"), MpiKind::kOpenMpi);
  EXPECT_EQ(MpiOfLibrary("libmpi.so.12"), MpiKind::kHydra);
  EXPECT_EQ(MpiOfLibrary("libmpich.so.12"), MpiKind::kHydra);
  EXPECT_EQ(MpiOfLibrary("libc.so.6"), MpiKind::kUnknown);
  EXPECT_EQ(MpiOfLibrary("libmpi.so."), MpiKind::kHydra) << "no number: as old as can be";
}

TEST_F(Launchers, AProgramThatIsNoElfFileHasNoMpi) {
  EXPECT_EQ(MpiOfProgram(Program("bin/script")), MpiKind::kUnknown);
  EXPECT_EQ(MpiOfProgram("/nowhere/at/all"), MpiKind::kUnknown);
  EXPECT_EQ(MpiOfProgram(root_), MpiKind::kUnknown);
  EXPECT_EQ(MpiOfProgram("/proc/self/exe"), MpiKind::kUnknown) << "this test is linked with none";
}

// The file that the fuzz test's corpus begins with: an ELF header, two segments and one needed library.
TEST(MpiOfPrograms, IsReadFromTheLibrariesThatTheyNeed) {
  const char* source = std::getenv("BSUB_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(MpiOfProgram(std::string(source) + "/tests/fuzz/corpus/step/elf-mpich"), MpiKind::kHydra);
}

// Nothing in a file is to be trusted.
TEST_F(Launchers, ADamagedElfFileHasNoMpi) {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string head(4096, '\0');
  self.read(head.data(), static_cast<std::streamsize>(head.size()));
  for (std::size_t size : {0, 4, 16, 63, 64, 100, 500, 4096}) {
    const std::string path = root_ / "cut";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << head.substr(0, size);
    EXPECT_EQ(MpiOfProgram(path), MpiKind::kUnknown) << size;
  }
}

}  // namespace
}  // namespace bsub::step
