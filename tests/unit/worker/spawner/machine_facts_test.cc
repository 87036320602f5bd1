#include "worker/spawner/machine_facts.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bsub::spawner {
namespace {

namespace facts_fs = std::filesystem;

// As the kernel lists RDMA devices: DEVICE/device/driver is a link to the driver, DEVICE/ports/N/state tells
// whether a port is up.
class Devices : public ::testing::Test {
 protected:
  ~Devices() override { facts_fs::remove_all(folder_); }
  static facts_fs::path OwnFolder() {
    std::string name = facts_fs::temp_directory_path() / "bsub-devices-XXXXXX";
    return mkdtemp(name.data());
  }
  void Add(const std::string& device, const std::string& driver, const std::string& state = "4: ACTIVE") {
    facts_fs::create_directories(folder_ / device / "ports" / "1");
    std::ofstream(folder_ / device / "ports" / "1" / "state") << state << "\n";
    facts_fs::create_directories(folder_ / device / "device");
    facts_fs::create_symlink("/sys/bus/pci/drivers/" + driver, folder_ / device / "device" / "driver");
  }
  worker::Fabric Found() const { return FabricOf(folder_); }

  facts_fs::path folder_ = OwnFolder();
};

TEST_F(Devices, WithoutAnyItIsTcp) {
  EXPECT_EQ(Found(), worker::Fabric::kTcp);
  EXPECT_EQ(FabricOf("/nowhere"), worker::Fabric::kTcp);
}

TEST_F(Devices, TheDriverTellsEfaFromInfiniband) {
  Add("mlx5_0", "mlx5_core");
  EXPECT_EQ(Found(), worker::Fabric::kInfiniband);
  Add("rdmap0s6", "efa");
  EXPECT_EQ(Found(), worker::Fabric::kEfa);
}

TEST_F(Devices, OtherCardsAreLeftToOpenMpi) {
  Add("hfi1_0", "hfi1");
  EXPECT_EQ(Found(), worker::Fabric::kOther);
  Add("rocep1s0", "mlx5_core");
  EXPECT_EQ(Found(), worker::Fabric::kInfiniband);
}

TEST_F(Devices, OneWhosePortsAreDownIsNotThere) {
  Add("mlx5_0", "mlx5_core", "1: DOWN");
  EXPECT_EQ(Found(), worker::Fabric::kTcp);
  Add("mlx5_1", "mlx5_core", "5: ACTIVE_DEFER");
  Add("rdmap0s6", "efa", "2: INIT");
  EXPECT_EQ(Found(), worker::Fabric::kTcp);
  Add("hfi1_0", "hfi1");
  EXPECT_EQ(Found(), worker::Fabric::kOther) << "UCX is not for the card that is up";
}

TEST(MachineFacts, HoldWhatMpirunIsTold) {
  const worker::MpiFacts facts = LookAtMachine();
  EXPECT_EQ(facts.programs, facts_fs::read_symlink("/proc/self/exe").parent_path());
  EXPECT_FALSE(facts.host_name.empty());
  EXPECT_GT(facts.machine_cpus, 0u);
}

TEST(MachineFacts, TheInterfaceIsTheOneWithTheAddress) {
  EXPECT_EQ(InterfaceWith("127.0.0.1"), "lo");
  EXPECT_EQ(InterfaceWith("192.0.2.254"), "") << "nobody's: RFC 5737";
  EXPECT_EQ(InterfaceWith("no address"), "");
}

}  // namespace
}  // namespace bsub::spawner
