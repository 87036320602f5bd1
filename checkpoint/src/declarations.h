// What a program has declared: its arrays' parts, small values and attributes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/src/result.h"
#include "checkpoint/src/shard_save.h"

namespace bsub::ckpt {

struct Value {
  std::string name;
  const NumberType* type = nullptr;
  std::uint64_t count = 0;
  void* data = nullptr;

  std::uint64_t bytes() const { return count * type->bytes; }
};

// A rank's part of an array as a program gives it to bsub_checkpoint_dataset: nothing of it is checked yet.
struct GivenPart {
  std::int32_t dimensions = 0;
  const std::uint64_t* global = nullptr;  // `dimensions` numbers, as in the next two
  const std::uint64_t* offset = nullptr;
  const std::uint64_t* count = nullptr;
  void* data = nullptr;
};

class Declarations {
 public:
  // INVALID names the argument, its value and what was expected.
  Done AddDataset(const char* name, bsub_checkpoint_type type, const GivenPart& given);
  Done Move(const char* name, void* data);
  Done AddValue(const char* name, bsub_checkpoint_type type, std::uint64_t count, void* data);
  Done AddAttribute(const char* dataset, const char* name, Attribute attribute);
  // No more datasets and values from now on.
  void Freeze() { frozen_ = true; }

  const std::vector<Part>& parts() const { return parts_; }
  const std::vector<Value>& values() const { return values_; }
  const std::vector<Attribute>& attributes() const { return attributes_; }
  std::uint64_t bytes() const;

  // For the manifest.
  std::vector<DatasetShape> Shapes() const;
  std::vector<SavedValue> SavedValues() const;
  // What must be alike on all ranks.
  std::string Common() const;

 private:
  Done CheckName(const char* what, const char* name) const;
  bool frozen_ = false;
  std::vector<Part> parts_;
  std::vector<Value> values_;
  std::vector<Attribute> attributes_;
};

}  // namespace bsub::ckpt
