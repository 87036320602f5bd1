// A load on a running scheduler, through the wire that every client uses. Each figure is a line of JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/bsub/v1/scheduler.grpc.pb.h"

namespace bsub::bench {

struct Load {
  std::string socket;  // HOME/run/scheduler.sock
  int connections = 8;
  int outstanding = 64;  // per connection
  int count = 10'000;
  bool distinct_environments = false;
  bool held = false;
  bool until_eof = false;  // a probe goes on until standard input ends, whatever `count` is
  int jobs = 0;            // ids 1 to `jobs` are asked for; 0: `count`
  int target = 0;          // whose output is followed
};

// A connection of its own: channels of one process to one address would otherwise share it.
std::unique_ptr<v1::Scheduler::Stub> Connect(const std::string& socket);

// One job of /bin/true with arguments and a token made of `seed`, and an environment of 4 KiB.
v1::SubmitRequest SmallJob(std::uint64_t seed, const Load& load);

double Quantile(std::vector<double> values, double q);

// Each prints its figure and returns the program's exit code.
int SubmitByStream(const Load& load);
int SubmitOneByOne(const Load& load);
int FollowEvents(const Load& load);  // `count` followers of all that happens, until standard input ends
int FollowLogs(const Load& load);    // the same of the output of job `target`, which has written something
int ProbeSubmit(const Load& load);   // one submit after another: latency
int ProbeJob(const Load& load);      // one `job ID` after another: latency
int CancelAll(const Load& load);     // of the caller's jobs, in one call

}  // namespace bsub::bench
