// Asks the metadata service again and again, on a thread of its own, and tells of a notice once.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "worker/interruption/instance_metadata.h"

namespace bsub::worker {

struct MetadataSettings {
  std::string address;                          // "http://169.254.169.254"; empty: there is none to ask
  Duration interval = std::chrono::seconds(5);  // AWS's advice
  Duration timeout = std::chrono::seconds(2);
};

class MetadataWatch {
 public:
  // Called on the watch's thread: a new notice, or a recommendation to leave (once), or (with a message) that
  // the service gave no usable answer, the first time in a row.
  struct News {
    InstanceAction action;
    std::string trouble;
    bool rebalance = false;
  };
  using Tell = std::function<void(News)>;

  static Result<std::unique_ptr<MetadataWatch>> Start(const MetadataSettings& settings, Tell tell);
  ~MetadataWatch();

 private:
  MetadataWatch(HttpAddress address, const MetadataSettings& settings, Tell tell);
  void Run();
  void Look();
  void LookForRebalance();

  const MetadataSettings settings_;
  const Tell tell_;
  InstanceMetadata metadata_;  // the thread's
  InstanceAction told_;        // the thread's
  bool in_trouble_ = false;    // the thread's
  bool rebalance_ = false;     // the thread's: was told
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace bsub::worker
