#include "checkpoint/src/number_type.h"

#include <algorithm>
#include <array>

namespace bsub::ckpt {
namespace {

constexpr std::array kTypes = {
    NumberType{BSUB_CHECKPOINT_INT8, "int8", 1},
    NumberType{BSUB_CHECKPOINT_UINT8, "uint8", 1},
    NumberType{BSUB_CHECKPOINT_INT16, "int16", 2},
    NumberType{BSUB_CHECKPOINT_UINT16, "uint16", 2},
    NumberType{BSUB_CHECKPOINT_INT32, "int32", 4},
    NumberType{BSUB_CHECKPOINT_UINT32, "uint32", 4},
    NumberType{BSUB_CHECKPOINT_INT64, "int64", 8},
    NumberType{BSUB_CHECKPOINT_UINT64, "uint64", 8},
    NumberType{BSUB_CHECKPOINT_FLOAT32, "float32", 4},
    NumberType{BSUB_CHECKPOINT_FLOAT64, "float64", 8},
    NumberType{BSUB_CHECKPOINT_LONG_DOUBLE, "longdouble", sizeof(long double)},
};

}  // namespace

const NumberType* FindType(bsub_checkpoint_type type) {
  const auto found = std::ranges::find(kTypes, type, &NumberType::type);
  return found == kTypes.end() ? nullptr : &*found;
}

const NumberType* FindType(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &NumberType::name);
  return found == kTypes.end() ? nullptr : &*found;
}

}  // namespace bsub::ckpt
