// Homes and addresses that the scheduler must not, or cannot, use: one line that names the thing and the
// remedy, and nothing is changed.
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "tests/integration/scheduler/scheduler_process.h"

namespace bsub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StartRefusedTest : public DaemonTest {
 protected:
  void MakeHome(const std::string& home, int jobs = 1) {
    SchedulerProcess scheduler(home);
    scheduler.WaitReady();
    for (int i = 0; i < jobs; ++i) SubmitOk(*scheduler.Client(), Command({"true"}));
    ASSERT_EQ(scheduler.Kill(SIGTERM), 0) << scheduler.Log();
  }
  // The one line that a start ends with.
  std::string Refusal(int code = 1) {
    SchedulerProcess scheduler(home_);
    EXPECT_EQ(scheduler.Wait(), code) << scheduler.Log();
    const std::string log = scheduler.Log();
    const std::string opening = "bsub-lite-scheduler: ";
    const std::size_t begin = log.find(opening);
    if (begin == std::string::npos) return "no refusal: " + log;
    EXPECT_EQ(log.find('\n', begin), log.size() - 1) << log;
    return log.substr(begin + opening.size());
  }
  void ExpectStarts() {
    SchedulerProcess scheduler(home_);
    scheduler.WaitReady();
    EXPECT_EQ(SubmitOk(*scheduler.Client(), Command({"true"})).job_id(), 2u);
  }
  std::string socket_path() const { return home_ + "/run/scheduler.sock"; }
};

TEST_F(StartRefusedTest, DirectoriesThatOthersCanChange) {
  MakeHome(home_);
  for (const auto& [part, mode, text] :
       std::vector<std::tuple<std::string, mode_t, std::string>>{{"", 0777, "mode 0777"},
                                                                 {"", 0770, "mode 0770"},
                                                                 {"/journal", 0770, "mode 0770"},
                                                                 {"/run", 01777, "mode 1777"}}) {
    const fs::perms before = fs::status(home_ + part).permissions();
    ASSERT_EQ(chmod((home_ + part).c_str(), mode), 0);
    EXPECT_EQ(Refusal(), home_ + part + " can be changed by other users (" + text + "); run: chmod go-w " +
                             home_ + part + "\n");
    fs::permissions(home_ + part, before);
  }
  ExpectStarts();
}

TEST_F(StartRefusedTest, AHomeOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
  MakeHome(home_);
  ASSERT_EQ(chown(home_.c_str(), 54321, 54321), 0);
  EXPECT_THAT(Refusal(), StartsWith(home_ + " belongs to uid 54321, but the scheduler runs as root (uid 0)"));
  ASSERT_EQ(chown(home_.c_str(), 0, 0), 0);
  ASSERT_EQ(chown((home_ + "/journal").c_str(), 54321, 54321), 0);
  EXPECT_THAT(Refusal(), StartsWith(home_ + "/journal belongs to uid 54321"));
  ASSERT_EQ(chown((home_ + "/journal").c_str(), 0, 0), 0);
  ExpectStarts();
}

TEST_F(StartRefusedTest, TheJournalOfAnotherCluster) {
  const std::string other = directory_.path() + "/other";
  MakeHome(home_);
  MakeHome(other, 3);
  const std::string mine = home_ + "/journal/identity";
  fs::rename(mine, mine + ".kept");
  fs::copy_file(other + "/journal/identity", mine);
  EXPECT_THAT(Refusal(), HasSubstr("belongs to another cluster: this directory holds files of two"));
  fs::rename(mine + ".kept", mine);
  ExpectStarts();
}

TEST_F(StartRefusedTest, AnIdentityThatIsDamagedOrAJournalWithoutSegments) {
  MakeHome(home_);
  const std::string identity = ReadAll(home_ + "/journal/identity");
  std::ofstream(home_ + "/journal/identity") << "nonsense\n";
  EXPECT_THAT(Refusal(3), StartsWith(home_ + "/journal/identity is damaged"));
  std::ofstream(home_ + "/journal/identity") << identity;
  fs::rename(home_ + "/journal/segment-00000000000000000001", home_ + "/kept");
  EXPECT_THAT(Refusal(3), HasSubstr("has lost its segments: put them back from a backup"));
  fs::rename(home_ + "/kept", home_ + "/journal/segment-00000000000000000001");
  ExpectStarts();
}

TEST_F(StartRefusedTest, ASocketWhereSomebodyListens) {
  MakeHome(home_);
  const std::string near = directory_.path() + "/s";
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  near.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  fs::rename(near, socket_path());
  EXPECT_EQ(Refusal(), "cannot listen on " + socket_path() + ": process " + std::to_string(getpid()) +
                           " listens there; stop it first, or use another directory\n");
  close(listener);
  ExpectStarts();  // what is left of it is replaced
}

TEST_F(StartRefusedTest, SomethingElseInThePlaceOfTheSocket) {
  MakeHome(home_);
  std::ofstream(socket_path()) << "mine";
  EXPECT_EQ(Refusal(), "cannot listen on " + socket_path() +
                           ": something that is not a socket is there; move it away\n");
  EXPECT_EQ(ReadAll(socket_path()), "mine");
}

// Addresses of sockets end after 107 bytes; names of files do not.
TEST_F(StartRefusedTest, ALongHomeIsNoReason) {
  const std::string home = directory_.path() + "/" + std::string(100, 'x') + "/" + std::string(100, 'y');
  std::filesystem::create_directories(home);
  chmod(home.c_str(), 0700);
  SchedulerProcess scheduler(home);
  const std::string near = directory_.path() + "/near";
  fs::create_directory_symlink(home, near);
  const auto client = v1::Scheduler::NewStub(
      grpc::CreateChannel("unix:" + near + "/run/scheduler.sock", grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  v1::StatusReply reply;
  const grpc::Status status = client->Status(&context, {}, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message() << scheduler.Log();
  EXPECT_EQ(reply.scheduler_pid(), scheduler.pid());
}

}  // namespace
}  // namespace bsub::testing
