#include "worker/spawner/machine_facts.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "worker/spawner/cpu_binder.h"

namespace bsub::spawner {
namespace {

std::string OwnHostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// EFA's devices are named after their driver (efa_0, or rdmap0s6 with renaming by udev); the driver decides.
worker::Fabric FabricOf(const std::string& devices) {
  namespace fs = std::filesystem;
  worker::Fabric found = worker::Fabric::kTcp;
  std::error_code error;
  for (const fs::directory_entry& device : fs::directory_iterator(devices, error)) {
    std::error_code unread;
    const fs::path driver = fs::read_symlink(device.path() / "device" / "driver", unread);
    const std::string name = driver.filename();
    if (name == "efa") return worker::Fabric::kEfa;
    const bool for_ucx = name.starts_with("mlx") || found == worker::Fabric::kInfiniband;
    found = for_ucx ? worker::Fabric::kInfiniband : worker::Fabric::kOther;
  }
  return found;
}

}  // namespace

worker::MpiFacts LookAtMachine(const std::string& devices) {
  worker::MpiFacts facts;
  std::error_code error;
  facts.programs = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
  facts.host_name = OwnHostName();
  facts.machine_cpus = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(OwnCpus().size()));
  facts.fabric = FabricOf(devices);
  return facts;
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
