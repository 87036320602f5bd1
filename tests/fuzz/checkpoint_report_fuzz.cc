// A report file that a program may fill with anything: what is read is what would be written of it.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "checkpoint/control/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<bsub::control::Report> reports;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (bsub::control::TakeReports(text, reports) > size) std::abort();
  for (const bsub::control::Report& report : reports) {
    bsub::control::Report again;
    const std::string line = bsub::control::FormatReport(report);
    if (line.size() > 4096 || line.back() != '\n') std::abort();
    // Escaping may lengthen a line beyond what fits; then something is cut.
    const bool same = bsub::control::ParseReport({line.data(), line.size() - 1}, again) && again == report;
    if (!same && line.size() < 4000) std::abort();
    static_cast<void>(report.Number("generation"));
    static_cast<void>(report.Seconds("seconds"));
  }
  return 0;
}
