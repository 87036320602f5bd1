#include "worker/spawner/machine_facts.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include "worker/launch/host_name.h"
#include "worker/spawner/cpu_binder.h"

namespace bsub::spawner {
namespace {

namespace fs = std::filesystem;

// "4: ACTIVE", as the kernel has it (Documentation/ABI/stable/sysfs-class-infiniband).
bool HasActivePort(const fs::path& device) {
  std::error_code error;
  for (const fs::directory_entry& port : fs::directory_iterator(device / "ports", error)) {
    std::string state;
    std::getline(std::ifstream(port.path() / "state"), state);
    if (state.starts_with("4:")) return true;
  }
  return false;
}

}  // namespace

worker::MpiFacts LookAtMachine() {
  worker::MpiFacts facts;
  std::error_code error;
  facts.programs = fs::read_symlink("/proc/self/exe", error).parent_path().string();
  facts.host_name = worker::HostName();
  facts.machine_cpus = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(OwnCpus().size()));
  return facts;
}

// EFA's devices are named after their driver (efa_0, or rdmap0s6 with renaming by udev); the driver decides.
worker::Fabric FabricOf(const std::string& devices) {
  worker::Fabric found = worker::Fabric::kTcp;
  std::error_code error;
  for (const fs::directory_entry& device : fs::directory_iterator(devices, error)) {
    if (!HasActivePort(device.path())) continue;
    std::error_code unread;
    const std::string driver = fs::read_symlink(device.path() / "device" / "driver", unread).filename();
    if (driver == "efa") return worker::Fabric::kEfa;
    const bool for_ucx = driver.starts_with("mlx") || found == worker::Fabric::kInfiniband;
    found = for_ucx ? worker::Fabric::kInfiniband : worker::Fabric::kOther;
  }
  return found;
}

std::string InterfaceWith(const std::string& address) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return "";
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    const bool v4 = each->ifa_addr->sa_family == AF_INET;
    if (!v4 && each->ifa_addr->sa_family != AF_INET6) continue;
    std::array<char, NI_MAXHOST> text{};
    const auto size = static_cast<socklen_t>(v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    if (getnameinfo(each->ifa_addr, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    if (address == text.data()) return each->ifa_name;
  }
  return "";
}

}  // namespace bsub::spawner
