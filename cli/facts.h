// "Name   value" lines about one thing, for people.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bsub::cli {

class Facts {
 public:
  void Add(std::string_view name, std::string value);  // empty values are left out
  std::string Render() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

}  // namespace bsub::cli
