#include "sim/replay/table_command.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "common/result.h"
#include "sim/option_words.h"
#include "sim/replay/read_log.h"
#include "sim/replay/sc20.h"

namespace bsub::sim {
namespace {

void PrintTable(const std::vector<Sc20Cell>& cells, std::ostream& out) {
  out << "Average bounded slowdown, ten sequences of 1024 jobs\n\n                       ";
  for (const Sc20Key key : kSc20Keys) {
    char text[32];
    std::snprintf(text, sizeof text, "%10s", std::string(ToString(key)).c_str());
    out << text;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i % std::size(kSc20Keys) == 0)
      out << (cells[i].backfill ? "\nwith backfill          " : "\nwithout backfill       ");
    char text[32];
    std::snprintf(text, sizeof text, "%10.2f", cells[i].slowdown);
    out << text;
  }
  out << std::endl;
}

void PrintJson(const std::vector<Sc20Cell>& cells, std::ostream& out) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Sc20Cell& cell : cells) {
    json.push_back({{"policy", ToString(cell.key)},
                    {"backfill", cell.backfill},
                    {"averageBoundedSlowdown", cell.slowdown}});
  }
  out << json.dump(2) << std::endl;
}

Status RunTable(const std::vector<std::string>& arguments, std::ostream& out) {
  std::vector<std::string> words;
  bool json = false;
  BSUB_RETURN_IF_ERROR(
      ReadOptionWords(arguments, {.flags = {{"--json", &json}},
                                  .option = [](const std::string& option, const std::string&) -> Status {
                                    return InvalidArgument(option + ": unknown option; there is --json");
                                  },
                                  .word =
                                      [&words](const std::string& word) {
                                        words.push_back(word);
                                        return OkStatus();
                                      }}));
  if (words.size() != 2 || words.front() != "sc20")
    return InvalidArgument("expected: bsub-lite sim table sc20 LOG [--json]");
  BSUB_ASSIGN_OR_RETURN(const std::string text, ReadLog(words[1]));
  BSUB_ASSIGN_OR_RETURN(const Workload workload, Sc20Workload(ParseSwf(text)));
  BSUB_ASSIGN_OR_RETURN(const std::vector<Sc20Cell> cells, Sc20Table(workload));
  if (json) {
    PrintJson(cells, out);
  } else {
    PrintTable(cells, out);
  }
  return OkStatus();
}

}  // namespace

int TableCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  const Status done = RunTable(arguments, out);
  if (done) return 0;
  err << "bsub-lite sim table: " << done.error().message << std::endl;
  return done.error().code == Code::kInvalidArgument ? 2 : 1;
}

}  // namespace bsub::sim
