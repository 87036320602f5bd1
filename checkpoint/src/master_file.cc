#include "checkpoint/src/master_file.h"

#include <nlohmann/json.hpp>

#include "checkpoint/src/memory_file.h"

namespace bsub::ckpt {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMasterBytes = std::uint64_t{1} << 20;  // of a usual one

bool Select(hid_t space, const Box& box) {
  const std::vector<hsize_t> start = Extents(box.offset);
  const std::vector<hsize_t> count = Extents(box.count);
  return H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) >= 0;
}

std::string SourceName(const Master& master, const Mapping& mapping) {
  const std::string shard = ShardName(mapping.rank);
  if (mapping.generation == master.generation) return shard;
  return "../" + std::to_string(mapping.generation) + "/" + shard;
}

bool AddMapping(hid_t properties, const Master& master, const DatasetShape& dataset, const Mapping& mapping) {
  const Handle target = SimpleSpace(dataset.shape);
  const Handle source = SimpleSpace(mapping.source_shape);
  return Select(target.get(), mapping.target) && Select(source.get(), mapping.source) &&
         H5Pset_virtual(properties, target.get(), SourceName(master, mapping).c_str(),
                        mapping.dataset.c_str(), source.get()) >= 0;
}

bool MakeVirtual(hid_t file, const Master& master, const DatasetShape& dataset) {
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  bool good = SetFill(properties.get(), dataset.type);
  for (const Mapping& mapping : master.mappings) {
    if (mapping.dataset != dataset.name) continue;
    good = good && AddMapping(properties.get(), master, dataset, mapping);
  }
  const Handle space = SimpleSpace(dataset.shape);
  const Handle made(H5Dcreate2(file, dataset.name.c_str(), NativeType(dataset.type), space.get(), H5P_DEFAULT,
                               properties.get(), H5P_DEFAULT),
                    H5Dclose);
  return good && made.valid();
}

bool MakePlain(hid_t file, const DatasetShape& dataset) {
  const Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const Handle space = SimpleSpace(dataset.shape);
  const Handle made(H5Dcreate2(file, dataset.name.c_str(), NativeType(dataset.type), space.get(), H5P_DEFAULT,
                               properties.get(), H5P_DEFAULT),
                    H5Dclose);
  return SetFill(properties.get(), dataset.type) && made.valid();
}

bool WriteAttribute(hid_t object, const Attribute& attribute) {
  return attribute.is_text ? WriteText(object, attribute.name, attribute.text)
                           : WriteNumbers(object, attribute.name, "float64", {}, &attribute.number);
}

bool DescribeMaster(hid_t file, const Master& master) {
  bool good = WriteNumbers(file, "bsub_generation", "uint64", {}, &master.generation) &&
              WriteNumbers(file, "bsub_step", "uint64", {}, &master.step);
  for (const SavedValue& value : master.values) {
    const std::vector<std::uint64_t> shape =
        value.count == 1 ? std::vector<std::uint64_t>() : std::vector<std::uint64_t>{value.count};
    good = good && WriteNumbers(file, value.name, value.type, shape, value.bytes.data());
  }
  for (const Attribute& attribute : master.attributes) {
    if (attribute.dataset.empty()) {
      good = good && WriteAttribute(file, attribute);
      continue;
    }
    const Handle dataset(H5Dopen2(file, attribute.dataset.c_str(), H5P_DEFAULT), H5Dclose);
    good = good && dataset.valid() && WriteAttribute(dataset.get(), attribute);
  }
  return good;
}

Handle NewFile(const std::string& path, const Handle& access) {
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V110);
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose};
}

Json BoxJson(const Box& box) { return {box.offset, box.count}; }

Box BoxFrom(const Json& json) {
  return {json.at(0).get<std::vector<std::uint64_t>>(), json.at(1).get<std::vector<std::uint64_t>>()};
}

}  // namespace

std::string EncodeMappings(const std::vector<Mapping>& mappings) {
  Json list = Json::array();
  for (const Mapping& mapping : mappings) {
    list.push_back({mapping.dataset, BoxJson(mapping.target), mapping.generation, mapping.rank,
                    mapping.source_shape, BoxJson(mapping.source)});
  }
  return list.dump();
}

Outcome<std::vector<Mapping>> DecodeMappings(std::string_view text) {
  try {
    std::vector<Mapping> mappings;
    for (const Json& json : Json::parse(text)) {
      mappings.push_back({json.at(0).get<std::string>(), BoxFrom(json.at(1)), json.at(2).get<std::uint64_t>(),
                          json.at(3).get<std::int32_t>(), json.at(4).get<std::vector<std::uint64_t>>(),
                          BoxFrom(json.at(5))});
    }
    return mappings;
  } catch (const std::exception& e) {
    return InternalFailure(std::string("a rank's message is not well formed: ") + e.what());
  }
}

Outcome<std::string> MakeMaster(const Master& master) {
  const Hdf5Session session;
  if (!session.usable()) return InternalFailure("the process is ending; HDF5 is closed");
  CKPT_ASSIGN_OR_RETURN(const MemoryFile memory, MemoryFile::Make(kMasterBytes));
  Handle file = NewFile(memory.path(), MemoryAccess());
  bool good = file.valid();
  for (const DatasetShape& dataset : master.datasets) good = good && MakeVirtual(file.get(), master, dataset);
  good = good && DescribeMaster(file.get(), master);
  if (!good || !file.CloseNow()) return Hdf5Failure("cannot make the master file in memory");
  return memory.ReadWhole();
}

Outcome<PlainFile> PlainFile::Make(const std::string& path, const Master& master) {
  const Hdf5Session session;
  if (!session.usable()) return InternalFailure("the process is ending; HDF5 is closed");
  PlainFile plain(path, NewFile(path, Handle(H5Pcreate(H5P_FILE_ACCESS), H5Pclose)));
  bool good = plain.file_.valid();
  for (const DatasetShape& dataset : master.datasets) good = good && MakePlain(plain.file_.get(), dataset);
  if (!good || !DescribeMaster(plain.file_.get(), master)) return Hdf5Failure("cannot make " + path);
  return plain;
}

Done PlainFile::Write(const std::string& dataset, const Box& box, const void* data) {
  const Hdf5Session session;
  const Handle open(H5Dopen2(file_.get(), dataset.c_str(), H5P_DEFAULT), H5Dclose);
  const Handle type(open.valid() ? H5Dget_type(open.get()) : -1, H5Tclose);
  const Handle file_space(open.valid() ? H5Dget_space(open.get()) : -1, H5Sclose);
  const Handle memory_space = SimpleSpace(box.count);
  if (!open.valid() || !Select(file_space.get(), box) ||
      H5Dwrite(open.get(), type.get(), memory_space.get(), file_space.get(), H5P_DEFAULT, data) < 0) {
    return Hdf5Failure("cannot write " + path_);
  }
  return {};
}

Done PlainFile::Close() {
  const Hdf5Session session;
  if (!file_.CloseNow()) return Hdf5Failure("cannot close " + path_);
  return {};
}

}  // namespace bsub::ckpt
