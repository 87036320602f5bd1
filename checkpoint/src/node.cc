#include "checkpoint/src/node.h"

#include <unistd.h>

#include <fstream>
#include <utility>

namespace bsub::ckpt {

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "an unknown host";
}

Node::Node(std::string directory) : directory_(std::move(directory)) {
  if (!directory_.empty()) static_cast<void>(page_.Open(directory_));
}

control::PageState Node::Read() { return page_.is_open() ? page_.Read() : control::PageState(); }

void Node::Tell(control::Report report) {
  if (!directory_.empty()) static_cast<void>(control::AppendReport(directory_, std::move(report)));
}

bool Node::WasOpened(const std::string& store) const {
  if (directory_.empty()) return false;
  std::ifstream in(directory_ + "/" + control::kReportName);
  control::Report report;
  for (std::string line; std::getline(in, line);) {
    if (control::ParseReport(line, report) && report.kind == "opened" && report.Text("store") == store)
      return true;
  }
  return false;
}

}  // namespace bsub::ckpt
