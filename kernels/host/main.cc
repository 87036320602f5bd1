// bsub-lite-kernel-host: runs an array of kernel calls as one job. The same program is its own worker.
#include <cstdio>
#include <iostream>

#include "kernels/host/host.h"
#include "kernels/host/options.h"
#include "kernels/host/report.h"
#include "kernels/host/worker.h"
#include "kernels/host/worker_process.h"

namespace bsub::kernels {
namespace {

constexpr int kFailed = 1;
constexpr int kBadCommandLine = 2;

int Complain(int code, const Error& error) {
  std::cerr << "bsub-lite-kernel-host: " << error.message << std::endl;
  return code;
}

Result<Kernel> Open(const std::string& text) {
  BSUB_ASSIGN_OR_RETURN(const KernelName name, ParseKernelName(text));
  return OpenKernel(name);
}

int Host(const HostOptions& options) {
  const Result<HostEnd> end = RunHost(options, std::cout);
  if (!end) return Complain(kFailed, end.error());
  std::cout << Summary(options.indices.size(), end->finished, end->failed) << std::endl;
  return end->failed > 0 && !end->stopped ? kFailed : 0;
}

int Describe(const std::string& kernel) {
  const Result<Kernel> opened = Open(kernel);
  if (!opened) return Complain(kFailed, opened.error());
  std::cout << opened->description.record_bytes << std::endl;
  return 0;
}

Status Work(const CommandLine& line) {
  BSUB_ASSIGN_OR_RETURN(SharedTable table, SharedTable::Attach(line.table));
  if (!DieWithParent(table.host_process())) return FailedPrecondition("the host is gone");
  BSUB_ASSIGN_OR_RETURN(const Kernel kernel, Open(line.host.kernel));
  return RunWorker(table, kernel, line.host.indices);
}

int Worker(const CommandLine& line) {
  const Status done = Work(line);
  return done ? 0 : Complain(kFailed, done.error());
}

int Show(const CommandLine& line) {
  const Result<StoredResults> results = ReadResults(line.store);
  if (!results) return Complain(kFailed, results.error());
  const Result<std::string> text = line.json ? JsonOf(*results) : TextOf(*results);
  if (!text) return Complain(kFailed, text.error());
  std::cout << *text << std::flush;
  return 0;
}

int Main(int argc, char** argv) {
  const Result<CommandLine> line = ParseCommandLine(argc, argv);
  if (!line) return Complain(kBadCommandLine, line.error());
  switch (line->mode) {
    case CommandLine::Mode::kRun:
      return Host(line->host);
    case CommandLine::Mode::kShow:
      return Show(*line);
    case CommandLine::Mode::kWorker:
      return Worker(*line);
    case CommandLine::Mode::kDescribe:
      return Describe(line->host.kernel);
    case CommandLine::Mode::kHelp:
      std::cout << HelpText();
      return 0;
  }
  return kFailed;
}

}  // namespace
}  // namespace bsub::kernels

int main(int argc, char** argv) { return bsub::kernels::Main(argc, argv); }
