// Many names in a few characters: "n[0001-0512]", "rack[1-4,7]", "r[1-2]-n[01-16]".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::cluster_config {

// In order, the last range running fastest. Numbers are as wide as the first of their range ("01-16"). An
// error for a bracket that is not closed, a range that falls, or more than `most` names.
Result<std::vector<std::string>> ExpandNames(std::string_view text, std::size_t most);

// A name that can be a host's and a directory's: letters, digits, '-', '_' and '.', at most 63, the first a
// letter or digit.
Status CheckName(std::string_view name);

// The same the other way round, for people: names in a row that differ in one number become a range.
std::string FoldNames(const std::vector<std::string>& names);

}  // namespace bsub::cluster_config
