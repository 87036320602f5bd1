// The master file of a generation: the global arrays as virtual datasets over the shards, for h5dump, h5py
// and viewers. The library never loads through it: HDF5 shows the fill value where a shard is missing, and
// says nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/src/blocks.h"
#include "checkpoint/src/manifest.h"
#include "checkpoint/src/result.h"
#include "checkpoint/src/shard_file.h"

namespace bsub::ckpt {

// A box of a global array and the equally large box of a shard's dataset that holds it.
struct Mapping {
  std::string dataset;
  Box target;
  std::uint64_t generation = 0;
  std::int32_t rank = 0;
  std::vector<std::uint64_t> source_shape;
  Box source;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

std::string EncodeMappings(const std::vector<Mapping>& mappings);
Outcome<std::vector<Mapping>> DecodeMappings(std::string_view text);

struct Master {
  std::uint64_t generation = 0;
  std::uint64_t step = 0;
  std::vector<DatasetShape> datasets;
  std::vector<SavedValue> values;
  std::vector<Attribute> attributes;
  std::vector<Mapping> mappings;
};

// Its bytes.
Outcome<std::string> MakeMaster(const Master& master);

// Datasets, values and attributes of `master` with room for all numbers: a file that stands alone.
class PlainFile {
 public:
  static Outcome<PlainFile> Make(const std::string& path, const Master& master);
  // `data`: the numbers of `box` of a dataset.
  Done Write(const std::string& dataset, const Box& box, const void* data);
  Done Close();

 private:
  PlainFile(std::string path, Handle file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  Handle file_;
};

}  // namespace bsub::ckpt
