// Something wrong with a YAML file.
#pragma once

#include <string>

namespace bsub::cluster_config {

struct Problem {
  int line = 0;  // from 1; 0: the file as a whole
  std::string text;
  friend bool operator==(const Problem&, const Problem&) = default;
};

}  // namespace bsub::cluster_config
