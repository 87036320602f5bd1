// HTTP/2's header blocks (RFC 7541), as far as a client needs them that allows its peer no dynamic table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::cli::quick {

struct Header {
  std::string name;  // empty: one of those that no gRPC call needs
  std::string value;
  friend bool operator==(const Header&, const Header&) = default;
};

// As a literal that is in no table and goes into none.
void AppendHeader(std::string& block, std::string_view name, std::string_view value);

// What is Huffman-coded is skipped: gRPC codes nothing so that tells how a call ended. A block that is cut
// short, or that names a table which there is not, is DataLoss.
Result<std::vector<Header>> ReadHeaderBlock(std::string_view block);

}  // namespace bsub::cli::quick
