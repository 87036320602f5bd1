#include "checkpoint/src/declarations.h"

#include <algorithm>

namespace bsub::ckpt {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::uint64_t kLargestValues = 32768;  // half of HDF5's limit of an attribute
constexpr std::uint64_t kLargestArray = std::uint64_t{1} << 60;

bool IsNameCharacter(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

std::string Sizes(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (const std::uint64_t n : numbers) text += (text.empty() ? "" : "x") + std::to_string(n);
  return text;
}

Done CheckShape(const std::string& name, std::uint64_t element_bytes,
                const std::vector<std::uint64_t>& global, const Box& box) {
  std::uint64_t bytes = element_bytes;
  for (std::size_t d = 0; d < global.size(); ++d) {
    if (global[d] == 0 || __builtin_mul_overflow(bytes, global[d], &bytes) || bytes > kLargestArray) {
      return Invalid("dataset " + name + ": global shape " + Sizes(global) +
                     ": each dimension must be at least 1 and all together at most 2^60 bytes");
    }
    if (box.offset[d] > global[d] || box.count[d] > global[d] - box.offset[d]) {
      return Invalid("dataset " + name + ": the part at " + Sizes(box.offset) + " of " + Sizes(box.count) +
                     " reaches outside of the global shape " + Sizes(global));
    }
  }
  return {};
}

}  // namespace

Done Declarations::CheckName(const char* what, const char* name) const {
  const std::string_view text = name == nullptr ? "" : name;
  if (text.empty() || text.size() > kLongestName || !std::ranges::all_of(text, IsNameCharacter) ||
      text == "." || text == ".." || text.starts_with("bsub_")) {
    return Invalid(std::string(what) + " \"" + std::string(text.substr(0, kLongestName)) +
                   "\": letters, digits, '_', '-' and '.', at most 100, not beginning with bsub_");
  }
  if (frozen_)
    return Invalid(std::string(what) + " " + std::string(text) +
                   ": declare it before the first save or load");
  const bool taken = std::ranges::find(parts_, text, &Part::name) != parts_.end() ||
                     std::ranges::find(values_, text, &Value::name) != values_.end();
  if (taken) return Invalid(std::string(what) + " " + std::string(text) + " is declared already");
  return {};
}

Done Declarations::AddDataset(const char* name, bsub_checkpoint_type type, const GivenPart& given) {
  CKPT_RETURN_IF_FAILED(CheckName("dataset", name));
  const NumberType* number_type = FindType(type);
  if (number_type == nullptr) {
    return Invalid("dataset " + std::string(name) + ": type " + std::to_string(type) +
                   " is none of bsub_checkpoint_type");
  }
  if (given.dimensions < 1 || given.dimensions > kMaxDimensions) {
    return Invalid("dataset " + std::string(name) + ": " + std::to_string(given.dimensions) +
                   " dimensions; 1 to 4 are possible");
  }
  if (given.global == nullptr || given.offset == nullptr || given.count == nullptr) {
    return Invalid("dataset " + std::string(name) + ": global shape, offset or count is NULL");
  }
  Part part{name,
            number_type,
            {given.global, given.global + given.dimensions},
            {{given.offset, given.offset + given.dimensions}, {given.count, given.count + given.dimensions}},
            given.data};
  CKPT_RETURN_IF_FAILED(CheckShape(part.name, number_type->bytes, part.global, part.box));
  if (given.data == nullptr && part.box.elements() > 0) {
    return Invalid("dataset " + part.name + ": data is NULL and the part is not empty");
  }
  parts_.push_back(std::move(part));
  return {};
}

Done Declarations::Move(const char* name, void* data) {
  const auto found = std::ranges::find(parts_, std::string_view(name == nullptr ? "" : name), &Part::name);
  if (found == parts_.end()) {
    return Invalid("dataset " + std::string(name == nullptr ? "NULL" : name) + " is not declared");
  }
  if (data == nullptr && found->box.elements() > 0) {
    return Invalid("dataset " + found->name + ": data is NULL and the part is not empty");
  }
  found->data = data;
  return {};
}

Done Declarations::AddValue(const char* name, bsub_checkpoint_type type, std::uint64_t count, void* data) {
  CKPT_RETURN_IF_FAILED(CheckName("value", name));
  const NumberType* number_type = FindType(type);
  if (number_type == nullptr) {
    return Invalid("value " + std::string(name) + ": type " + std::to_string(type) +
                   " is none of bsub_checkpoint_type");
  }
  if (count == 0 || data == nullptr || count > kLargestValues / number_type->bytes) {
    return Invalid("value " + std::string(name) + ": " + std::to_string(count) +
                   " numbers; 1 to 32 KiB of them and an address are needed; larger ones are datasets");
  }
  values_.push_back({name, number_type, count, data});
  return {};
}

Done Declarations::AddAttribute(const char* dataset, const char* name, Attribute attribute) {
  attribute.dataset = dataset == nullptr ? "" : dataset;
  attribute.name = name == nullptr ? "" : name;
  if (!attribute.dataset.empty() &&
      std::ranges::find(parts_, attribute.dataset, &Part::name) == parts_.end()) {
    return Invalid("attribute of dataset " + attribute.dataset + ": the dataset is not declared");
  }
  if (attribute.name.empty() || attribute.name.size() > kLongestName ||
      !std::ranges::all_of(attribute.name, IsNameCharacter) || attribute.name.starts_with("bsub_")) {
    return Invalid("attribute \"" + attribute.name.substr(0, kLongestName) +
                   "\": letters, digits, '_', '-' and '.', at most 100, not beginning with bsub_");
  }
  if (attribute.text.size() > kLargestValues) {
    return Invalid("attribute " + attribute.name + ": its text has " + std::to_string(attribute.text.size()) +
                   " bytes, at most 32768 are possible");
  }
  const bool is_value = std::ranges::find(values_, attribute.name, &Value::name) != values_.end();
  if (attribute.dataset.empty() && is_value)
    return Invalid("attribute " + attribute.name + " is a declared value");
  std::erase_if(attributes_, [&](const Attribute& old) {
    return old.dataset == attribute.dataset && old.name == attribute.name;
  });
  attributes_.push_back(std::move(attribute));
  return {};
}

std::uint64_t Declarations::bytes() const {
  std::uint64_t bytes = 0;
  for (const Part& part : parts_) bytes += part.bytes();
  return bytes;
}

std::vector<DatasetShape> Declarations::Shapes() const {
  std::vector<DatasetShape> shapes;
  for (const Part& part : parts_) shapes.push_back({part.name, std::string(part.type->name), part.global});
  return shapes;
}

std::vector<SavedValue> Declarations::SavedValues() const {
  std::vector<SavedValue> saved;
  for (const Value& value : values_) {
    saved.push_back({value.name, std::string(value.type->name), value.count,
                     std::string(static_cast<const char*>(value.data), value.bytes())});
  }
  return saved;
}

std::string Declarations::Common() const {
  std::string text;
  for (const Part& part : parts_) {
    text += "dataset " + part.name + " " + std::string(part.type->name) + " " + Sizes(part.global) + "\n";
  }
  for (const Value& value : values_) {
    text += "value " + value.name + " " + std::string(value.type->name) + " " + std::to_string(value.count) +
            "\n";
  }
  return text;
}

}  // namespace bsub::ckpt
