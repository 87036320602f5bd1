// Reading YAML mappings by key, with every problem collected under its line: of cluster configurations, and
// of the command line's pipelines.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/cluster_config/problem.h"

namespace bsub::cluster_config {

// Each once: what is wrong in one place may be met on several ways.
class Problems {
 public:
  static constexpr std::size_t kMost = 10'000;  // more than anybody reads
  explicit Problems(std::size_t most = kMost) : most_(most) {}
  void Add(int line, std::string text);  // control characters become '?'
  bool full() const { return found_.size() >= most_; }
  bool empty() const { return found_.empty(); }
  std::vector<Problem> Take();  // by line

 private:
  std::size_t most_;
  std::vector<Problem> found_;
};

int LineOf(const YAML::Node& node);  // 0 if not known

struct Field {
  std::string key;
  int line = 0;
  YAML::Node value;
};

// A mapping's fields in order. Unknown keys, repeated ones and what is no mapping are problems; `where`
// begins each message ("level 'rack'").
class Fields {
 public:
  // `allowed` empty: any key.
  Fields(const YAML::Node& node, std::string where, const std::vector<std::string>& allowed,
         Problems& problems);

  const std::vector<Field>& all() const& { return fields_; }
  void all() && = delete;
  const Field* Find(std::string_view key) const;
  const std::string& where() const { return where_; }
  int line() const { return line_; }
  Problems& problems() const { return *problems_; }

  // A problem if it is not there.
  const Field* Need(std::string_view key, std::string_view expected) const;
  // One value; nothing if the key is not there, or with a problem.
  std::optional<std::string> Text(std::string_view key) const;
  // The same through a parser of Result<T>; its message is put behind the key.
  template <typename Parse>
  auto Value(std::string_view key, Parse parse) const
      -> std::optional<typename decltype(parse(std::string()))::value_type> {
    const auto text = Text(key);
    if (!text) return std::nullopt;
    auto value = parse(*text);
    if (value) return std::move(*value);
    Wrong(key, value.error().message);
    return std::nullopt;
  }
  std::optional<bool> YesOrNo(std::string_view key) const;
  std::optional<std::int64_t> Number(std::string_view key, std::int64_t min, std::int64_t max) const;
  // A list of texts, or one text.
  std::vector<std::string> Words(std::string_view key) const;
  void Wrong(std::string_view key, const std::string& message) const;

 private:
  std::string where_;
  int line_ = 0;
  Problems* problems_;
  std::vector<Field> fields_;
};

// A scalar's text; nothing, with a problem, for anything else.
std::optional<std::string> ScalarOf(const YAML::Node& node, int line, const std::string& where,
                                    Problems& problems);

}  // namespace bsub::cluster_config
