#include "worker/spawner/cgroup_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

Status WriteControl(const std::string& path, std::string_view value) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot open", path));
  return WriteAll(fd.get(), value, path);
}

// The number after "key " in a flat keyed file; 0 if absent.
std::int64_t KeyedNumber(const std::string& path, std::string_view key) {
  const auto text = ReadFile(path);
  if (!text) return 0;
  std::istringstream lines(*text);
  std::string name;
  std::int64_t value = 0;
  while (lines >> name >> value) {
    if (name == key) return value;
  }
  return 0;
}

// What both versions share: groups are directories below root_, members are listed in cgroup.procs.
class DirectoryTree : public CgroupTree {
 public:
  explicit DirectoryTree(std::string root) : root_(std::move(root)) {}

  std::string JoinFile(const std::string& name) const override { return Path(name) + "/cgroup.procs"; }

  std::vector<pid_t> Members(const std::string& name) const override {
    std::vector<pid_t> pids;
    const auto text = ReadFile(JoinFile(name));
    if (!text) return pids;
    std::istringstream lines(*text);
    for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
    return pids;
  }

  void KillAll(const std::string& name) override {
    for (const pid_t pid : Members(name)) {
      if (pid > 1) kill(pid, SIGKILL);
    }
  }

  Status Remove(const std::string& name) override { return RemoveDirectory(Path(name)); }

  std::vector<std::string> List() const override {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(root_.c_str()), closedir);
    if (!dir) return names;
    while (const dirent* entry = readdir(dir.get())) {
      const std::string name = entry->d_name;
      if (entry->d_type == DT_DIR && name != "." && name != "..") names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  Status RemoveTree() override { return RemoveDirectory(root_); }

 protected:
  std::string Path(const std::string& name) const { return root_ + "/" + name; }
  Status MakeGroup(const std::string& name) { return EnsureDirectory(Path(name), 0755); }

 private:
  static Status RemoveDirectory(const std::string& path) {
    if (rmdir(path.c_str()) == 0 || errno == ENOENT) return OkStatus();
    return Unavailable(ErrnoText("cannot remove cgroup", path));
  }

  std::string root_;
};

class UnifiedTree final : public DirectoryTree {
 public:
  UnifiedTree(std::string root, bool memory, std::string why)
      : DirectoryTree(std::move(root)), memory_(memory), why_not_memory_(std::move(why)) {}

  bool LimitsMemory() const override { return memory_; }
  std::string Describe() const override {
    return memory_ ? "cgroup v2 memory controller" : "none: " + why_not_memory_;
  }

  Status Create(const std::string& name, std::int64_t mem_bytes) override {
    BSUB_RETURN_IF_ERROR(MakeGroup(name));
    if (!memory_ || mem_bytes <= 0) return OkStatus();
    return WriteControl(Path(name) + "/memory.max", std::to_string(mem_bytes));
  }

  void KillAll(const std::string& name) override {
    // cgroup.kill (Linux 5.14) leaves no gap for a fork; before it, signal whoever is listed.
    if (!WriteControl(Path(name) + "/cgroup.kill", "1")) DirectoryTree::KillAll(name);
  }

  bool HitMemoryLimit(const std::string& name) const override {
    return memory_ && KeyedNumber(Path(name) + "/memory.events", "oom_kill") > 0;
  }

 private:
  bool memory_;
  std::string why_not_memory_;
};

class MemoryV1Tree final : public DirectoryTree {
 public:
  using DirectoryTree::DirectoryTree;

  bool LimitsMemory() const override { return true; }
  std::string Describe() const override { return "cgroup v1 memory controller"; }

  Status Create(const std::string& name, std::int64_t mem_bytes) override {
    BSUB_RETURN_IF_ERROR(MakeGroup(name));
    if (mem_bytes <= 0) return OkStatus();
    return WriteControl(Path(name) + "/memory.limit_in_bytes", std::to_string(mem_bytes));
  }

  bool HitMemoryLimit(const std::string& name) const override {
    return KeyedNumber(Path(name) + "/memory.oom_control", "oom_kill") > 0;
  }
};

class NoTree final : public CgroupTree {
 public:
  explicit NoTree(std::string why) : why_(std::move(why)) {}
  bool LimitsMemory() const override { return false; }
  std::string Describe() const override { return "none: " + why_; }
  Status Create(const std::string&, std::int64_t) override { return OkStatus(); }
  std::string JoinFile(const std::string&) const override { return {}; }
  void KillAll(const std::string&) override {}
  std::vector<pid_t> Members(const std::string&) const override { return {}; }
  bool HitMemoryLimit(const std::string&) const override { return false; }
  Status Remove(const std::string&) override { return OkStatus(); }
  std::vector<std::string> List() const override { return {}; }
  Status RemoveTree() override { return OkStatus(); }

 private:
  std::string why_;
};

bool HasWord(const std::string& path, std::string_view word) {
  const auto text = ReadFile(path);
  if (!text) return false;
  std::istringstream words(*text);
  for (std::string each; words >> each;) {
    if (each == word) return true;
  }
  return false;
}

}  // namespace

Result<std::unique_ptr<CgroupTree>> OpenUnifiedTree(const std::string& base, const std::string& own_name) {
  const std::string root = base + "/" + own_name;
  BSUB_RETURN_IF_ERROR(EnsureDirectory(root, 0755));
  if (access((root + "/cgroup.procs").c_str(), W_OK) != 0) {
    return Unavailable(ErrnoText("no permission to move processes into", root));
  }
  if (!HasWord(base + "/cgroup.controllers", "memory")) {
    return std::unique_ptr<CgroupTree>(
        new UnifiedTree(root, false, "the unified tree has no memory controller"));
  }
  // A parent hands a controller on only while no process is in it (root excepted), so this may well be
  // refused.
  auto enabled = WriteControl(base + "/cgroup.subtree_control", "+memory");
  if (enabled) enabled = WriteControl(root + "/cgroup.subtree_control", "+memory");
  const std::string why = enabled ? "" : enabled.error().message;
  return std::unique_ptr<CgroupTree>(new UnifiedTree(root, enabled.has_value(), why));
}

Result<std::unique_ptr<CgroupTree>> OpenMemoryV1Tree(const std::string& base, const std::string& own_name) {
  const std::string root = base + "/" + own_name;
  BSUB_RETURN_IF_ERROR(EnsureDirectory(root, 0755));
  if (access((root + "/cgroup.procs").c_str(), W_OK) != 0 ||
      access((root + "/memory.limit_in_bytes").c_str(), W_OK) != 0) {
    return Unavailable(ErrnoText("no permission to limit memory in", root));
  }
  return std::unique_ptr<CgroupTree>(new MemoryV1Tree(root));
}

std::unique_ptr<CgroupTree> NoCgroups(std::string why) { return std::make_unique<NoTree>(std::move(why)); }

namespace {

struct Mount {
  std::string root;  // what part of the tree is mounted
  std::string point;
  std::string type;
  std::string options;
};

// mountinfo(5): id parent major:minor root point options … - type source super-options.
std::vector<Mount> ParseMounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string skip, word;
    Mount mount;
    words >> skip >> skip >> skip >> mount.root >> mount.point;
    while (words >> word && word != "-") {
    }
    if (words >> mount.type >> skip >> mount.options) mounts.push_back(mount);
  }
  return mounts;
}

bool ListHas(std::string_view list, std::string_view word) {
  const std::string padded = "," + std::string(list) + ",";
  return padded.find("," + std::string(word) + ",") != std::string::npos;
}

std::string PlaceIn(const Mount& mount, const std::string& path) {
  if (mount.root == "/") return mount.point + (path == "/" ? "" : path);
  if (path == mount.root) return mount.point;
  if (path.starts_with(mount.root + "/")) return mount.point + path.substr(mount.root.size());
  return {};
}

}  // namespace

CgroupPlaces FindCgroupPlaces(std::string_view self_cgroup, std::string_view mountinfo) {
  const std::vector<Mount> mounts = ParseMounts(mountinfo);
  CgroupPlaces places;
  std::istringstream lines{std::string(self_cgroup)};
  for (std::string line; std::getline(lines, line);) {  // "4:memory:/path", "0::/path"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    for (const Mount& mount : mounts) {
      if (controllers.empty() && mount.type == "cgroup2" && places.unified.empty()) {
        places.unified = PlaceIn(mount, path);
      }
      if (ListHas(controllers, "memory") && mount.type == "cgroup" && ListHas(mount.options, "memory") &&
          places.memory_v1.empty()) {
        places.memory_v1 = PlaceIn(mount, path);
      }
    }
  }
  return places;
}

std::unique_ptr<CgroupTree> DetectCgroups(const std::string& own_name) {
  const auto self = ReadFile("/proc/self/cgroup");
  const auto mounts = ReadFile("/proc/self/mountinfo");
  if (!self || !mounts) return NoCgroups("/proc/self/cgroup cannot be read");
  const CgroupPlaces places = FindCgroupPlaces(*self, *mounts);
  std::string why = "no cgroup tree is mounted";
  if (!places.memory_v1.empty()) {
    auto tree = OpenMemoryV1Tree(places.memory_v1, own_name);
    if (tree) return std::move(*tree);
    why = tree.error().message;
  }
  if (!places.unified.empty()) {
    auto tree = OpenUnifiedTree(places.unified, own_name);
    if (tree && (*tree)->LimitsMemory()) return std::move(*tree);
    if (tree) static_cast<void>((*tree)->RemoveTree());  // it is of no use
    if (places.memory_v1.empty()) why = tree ? (*tree)->Describe().substr(6) : tree.error().message;
  }
  return NoCgroups(why);
}

}  // namespace bsub::spawner
