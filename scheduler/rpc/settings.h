// Every number that shapes what the adapters accept and how long they wait. Documented in docs/settings.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/time.h"

namespace bsub::rpc {

struct RpcSettings {
  std::size_t max_message_bytes = std::size_t{64} << 20;  // one gRPC message
  std::size_t max_arguments_bytes = std::size_t{2}
                                    << 20;  // a job's arguments together, as execve counts them
  std::size_t max_argument_bytes =
      (std::size_t{128} << 10) - 1;  // one argument or variable: Linux's own limit
  std::size_t max_environment_bytes = std::size_t{2} << 20;
  std::size_t max_script_bytes = std::size_t{16} << 20;
  std::size_t max_targets = 100'000;          // job ids in one request
  std::size_t max_submits_in_flight = 1'000;  // on one stream

  std::size_t list_page_jobs = 500;                    // rows looked at in one visit to the core's thread
  std::size_t list_page_bytes = std::size_t{1} << 20;  // and what is copied there of job definitions
  std::uint32_t max_forecast_steps = 100'000;          // what one forecast may cost (rehearsal.h)
  std::size_t max_unread_events = 10'000;              // batches kept for a follower that reads slowly
  Duration wait_report_interval = std::chrono::milliseconds(100);
  Duration wait_look_interval = std::chrono::milliseconds(10);
  std::size_t max_unread_log_bytes = std::size_t{64} << 20;    // kept for a reader of `logs` that is slow
  Duration slow_reader_pause = std::chrono::milliseconds(20);  // then the node that feeds him is read later
  Duration history_timeout = std::chrono::seconds(10);
  std::size_t reader_threads = 2;  // for what reads files: history, payloads, kept output

  Duration heartbeat = std::chrono::seconds(3);
  // Reports of tasks wait for others (common/pace.h), on the node and here: so long with so many tasks
  // running.
  Duration gather_reports = std::chrono::milliseconds(5);
  std::uint32_t gather_full_at = 160;
  std::uint32_t missed_heartbeats = 5;                    // then a node's stream counts as lost
  std::size_t output_tail_bytes = std::size_t{64} << 10;  // kept of each attempt's stdout and stderr
  std::size_t remembered_attempts =
      1'000;  // that ended on a connected node, whose last output may still come
  std::int64_t max_output_bytes = std::int64_t{1} << 30;  // of one attempt in its node's spool; 0: no limit

  // What runs on the nodes of an MPI job that are not its main one. Without a '/': beside the scheduler's
  // program.
  std::string step_program = "bsub-lite-step";

  // A silent TCP connection is probed so often; without an answer it is closed.
  Duration keepalive = std::chrono::seconds(60);

  std::size_t max_connections_per_user = 1000;  // to the Unix socket
  std::size_t max_identities = 256;             // users connected over the Unix socket at a time
  std::uint32_t socket_mode = 0666;
  Duration stop_timeout = std::chrono::seconds(5);  // for calls that are still being answered when stopping
};

}  // namespace bsub::rpc
