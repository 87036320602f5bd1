#include "checkpoint/src/node.h"

#include <utility>

namespace bsub::ckpt {

Node::Node(std::string directory) : directory_(std::move(directory)) {
  if (!directory_.empty()) static_cast<void>(page_.Open(directory_));
}

control::PageState Node::Read() { return page_.is_open() ? page_.Read() : control::PageState(); }

void Node::Tell(control::Report report) {
  if (!directory_.empty()) static_cast<void>(control::AppendReport(directory_, std::move(report)));
}

}  // namespace bsub::ckpt
