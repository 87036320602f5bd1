#include "checkpoint/src/node.h"

#include <unistd.h>

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

}  // namespace bsub::ckpt
