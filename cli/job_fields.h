// The columns that `jobs --format` knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"

namespace bsub::cli {

struct JobField {
  std::string_view name;   // as --format takes it
  std::string_view title;  // heading of the column
  bool right;
  std::string_view text;  // what it shows
  std::string (*value)(const bsub::v1::Job& job, std::int64_t now_us);
};

const std::vector<JobField>& JobFields();

// "id,name,state" -> fields. An unknown name is InvalidArgument with the nearest known one.
Result<std::vector<JobField>> ParseFormat(std::string_view format);

}  // namespace bsub::cli
