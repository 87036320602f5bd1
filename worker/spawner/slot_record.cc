#include "worker/spawner/slot_record.h"

#include <array>
#include <cstdio>

#include "common/hash.h"

namespace bsub::spawner {
namespace {

constexpr std::int64_t kBlockBytes = 512;  // of ru_inblock and ru_oublock

std::int64_t Micros(const timeval& t) { return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec; }

std::string Sealed(std::string text) {
  const std::string hash = std::to_string(Hash64(text));
  return std::move(text) + " " + hash + "\n";
}

}  // namespace

SeenExit ExitFrom(int wait_status, const rusage& usage) {
  return {.wait_status = wait_status,
          .user_us = Micros(usage.ru_utime),
          .system_us = Micros(usage.ru_stime),
          .max_rss_bytes = usage.ru_maxrss * 1024,
          .read_bytes = usage.ru_inblock * kBlockBytes,
          .write_bytes = usage.ru_oublock * kBlockBytes};
}

std::string EncodeTask(const SlotTask& task) {
  std::string text = "task1 " + ToString(task.key);
  for (const std::uint64_t value : {task.incarnation, static_cast<std::uint64_t>(task.pid), task.start_ticks,
                                    static_cast<std::uint64_t>(task.witness), task.witness_start_ticks}) {
    text += " " + std::to_string(value);
  }
  return Sealed(text + " " + (task.cgroup.empty() ? "-" : task.cgroup));
}

std::optional<SlotTask> DecodeTask(std::string_view text) {
  unsigned long long job = 0, values[5] = {};
  unsigned ordinal = 0, number = 0;
  std::array<char, 200> cgroup{};
  const std::string line(text);
  if (std::sscanf(line.c_str(), "task1 %llu.%u.%u %llu %llu %llu %llu %llu %199s", &job, &ordinal, &number,
                  &values[0], &values[1], &values[2], &values[3], &values[4], cgroup.data()) != 9) {
    return std::nullopt;
  }
  SlotTask task{{JobId(job), ordinal, number},
                values[0],
                static_cast<pid_t>(values[1]),
                values[2],
                static_cast<pid_t>(values[3]),
                values[4],
                cgroup.data()};
  if (task.cgroup == "-") task.cgroup.clear();
  if (EncodeTask(task) != text) return std::nullopt;
  return task;
}

std::string EncodeExit(const worker::AttemptKey& key, const SeenExit& exit) {
  std::string text = "exit1 " + ToString(key);
  for (const std::int64_t value : {static_cast<std::int64_t>(exit.wait_status), exit.user_us, exit.system_us,
                                   exit.elapsed_us, exit.max_rss_bytes, exit.read_bytes, exit.write_bytes}) {
    text += " " + std::to_string(value);
  }
  return Sealed(std::move(text));
}

std::optional<SeenExit> DecodeExit(const worker::AttemptKey& key, std::string_view text) {
  long long values[7] = {};
  const std::string line(text);
  if (std::sscanf(line.c_str(), "exit1 %*s %lld %lld %lld %lld %lld %lld %lld", &values[0], &values[1],
                  &values[2], &values[3], &values[4], &values[5], &values[6]) != 7) {
    return std::nullopt;
  }
  const SeenExit exit{
      static_cast<int>(values[0]), values[1], values[2], values[3], values[4], values[5], values[6]};
  if (EncodeExit(key, exit) != text) return std::nullopt;
  return exit;
}

}  // namespace bsub::spawner
