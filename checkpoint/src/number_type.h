// The number types of a dataset: name, size, and the value that stands for "nothing was saved here".
#pragma once

#include <bsub/checkpoint.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace bsub::ckpt {

struct NumberType {
  bsub_checkpoint_type type;
  std::string_view name;  // in manifests: "float64"
  std::uint64_t bytes;
};

// Null: no such type.
const NumberType* FindType(bsub_checkpoint_type type);
const NumberType* FindType(std::string_view name);

}  // namespace bsub::ckpt
