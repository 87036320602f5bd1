#include "checkpoint/src/shard_file.h"

#include "checkpoint/src/file_system.h"
#include "checkpoint/src/number_type.h"

namespace bsub::ckpt {
namespace {

constexpr const char* kCannotMake = "cannot make the structure of a shard in memory";
constexpr std::uint64_t kStructureBytes = std::uint64_t{1} << 20;  // more than headers and small indices take

// What a file of this structure can become: data, gaps for alignment, compressed blocks that have grown.
std::uint64_t MostBytes(const ShardStructure& structure) {
  std::uint64_t bytes = kStructureBytes;
  for (const ShardDataset& dataset : structure.datasets) {
    std::uint64_t elements = 1;
    for (const std::uint64_t n : dataset.shape) elements *= n;
    bytes += elements * FindType(dataset.type)->bytes + kDirectAlignment;
  }
  return bytes + bytes / 16;
}

Failure Ending() { return InternalFailure("the process is ending; HDF5 is closed"); }

Handle MakeFile(const std::string& path) {
  const Handle access = MemoryAccess();
  H5Pset_alignment(access.get(), kDirectAlignment, kDirectAlignment);
  // A format that HDF5 1.8 reads.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose};
}

Handle CreationProperties(const ShardDataset& dataset, int level) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  bool good =
      SetFill(properties.get(), dataset.type) && H5Pset_attr_phase_change(properties.get(), 8, 6) >= 0;
  if (level == 0) {
    good = good && H5Pset_layout(properties.get(), H5D_CONTIGUOUS) >= 0 &&
           H5Pset_alloc_time(properties.get(), H5D_ALLOC_TIME_EARLY) >= 0 &&
           H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER) >= 0;
  } else {
    const std::vector<hsize_t> chunk = Extents(dataset.chunk);
    good = good && H5Pset_chunk(properties.get(), static_cast<int>(chunk.size()), chunk.data()) >= 0 &&
           H5Pset_deflate(properties.get(), static_cast<unsigned>(level)) >= 0;
  }
  return good ? std::move(properties) : Handle();
}

bool Describe(hid_t object, const ShardDataset& dataset) {
  const std::vector<std::uint64_t> dimensions = {dataset.global.size()};
  bool good = WriteNumbers(object, "bsub_global_shape", "uint64", dimensions, dataset.global.data()) &&
              WriteNumbers(object, "bsub_offset", "uint64", dimensions, dataset.offset.data());
  return good;
}

// Which blocks a dataset of changed blocks holds: a dataset beside it, for there may be more than an
// attribute takes.
bool WriteBlockNumbers(hid_t file, const ShardDataset& dataset) {
  if (dataset.blocks.empty()) return true;
  const Handle space = SimpleSpace({dataset.blocks.size()});
  const Handle numbers(H5Dcreate2(file, (dataset.name + ":blocks").c_str(), H5T_NATIVE_UINT64, space.get(),
                                  H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       H5Dclose);
  return numbers.valid() && H5Dwrite(numbers.get(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                     dataset.blocks.data()) >= 0;
}

Handle MakeDataset(hid_t file, const ShardDataset& dataset, int level) {
  const Handle properties = CreationProperties(dataset, level);
  const Handle space = SimpleSpace(dataset.shape);
  if (!properties.valid() || !space.valid()) return {};
  Handle made(H5Dcreate2(file, dataset.name.c_str(), NativeType(dataset.type), space.get(), H5P_DEFAULT,
                         properties.get(), H5P_DEFAULT),
              H5Dclose);
  return made.valid() && Describe(made.get(), dataset) && WriteBlockNumbers(file, dataset) ? std::move(made)
                                                                                           : Handle();
}

bool DescribeFile(hid_t file, const ShardStructure& structure) {
  const auto rank = static_cast<std::uint64_t>(structure.rank);
  return WriteNumbers(file, "bsub_generation", "uint64", {}, &structure.generation) &&
         WriteNumbers(file, "bsub_step", "uint64", {}, &structure.step) &&
         WriteNumbers(file, "bsub_rank", "uint64", {}, &rank);
}

}  // namespace

Outcome<MadeShard> MakeShard(const ShardStructure& structure) {
  const Hdf5Session session;
  if (!session.usable()) return Ending();
  CKPT_ASSIGN_OR_RETURN(MemoryFile memory, MemoryFile::Make(MostBytes(structure)));
  Handle file = MakeFile(memory.path());
  if (!file.valid() || !DescribeFile(file.get(), structure)) return Hdf5Failure(kCannotMake);
  std::vector<std::uint64_t> offsets;
  for (const ShardDataset& dataset : structure.datasets) {
    const Handle made = MakeDataset(file.get(), dataset, 0);
    const haddr_t offset = made.valid() ? H5Dget_offset(made.get()) : HADDR_UNDEF;
    if (offset == HADDR_UNDEF) return Hdf5Failure(kCannotMake);
    offsets.push_back(offset);
  }
  if (!file.CloseNow()) return Hdf5Failure(kCannotMake);
  return MadeShard{std::move(memory), std::move(offsets)};
}

Outcome<CompressedShard> CompressedShard::Make(const ShardStructure& structure, int level) {
  const Hdf5Session session;
  if (!session.usable()) return Ending();
  CKPT_ASSIGN_OR_RETURN(MemoryFile memory, MemoryFile::Make(MostBytes(structure)));
  Handle file = MakeFile(memory.path());
  CompressedShard shard(std::move(memory), std::move(file));
  if (!shard.file_.valid() || !DescribeFile(shard.file_.get(), structure)) return Hdf5Failure(kCannotMake);
  for (const ShardDataset& dataset : structure.datasets) {
    shard.datasets_.push_back(MakeDataset(shard.file_.get(), dataset, level));
    if (!shard.datasets_.back().valid()) return Hdf5Failure(kCannotMake);
  }
  return shard;
}

CompressedShard::~CompressedShard() {
  const Hdf5Session session;
  if (!session.usable()) {
    for (Handle& dataset : datasets_) dataset.Forget();
    file_.Forget();
    return;
  }
  datasets_.clear();
  file_ = Handle();
}

Outcome<std::uint64_t> CompressedShard::AddChunk(std::size_t dataset, const std::vector<std::uint64_t>& at,
                                                 const std::string& bytes) {
  const Hdf5Session session;
  if (!session.usable()) return Ending();
  const std::vector<hsize_t> first = Extents(at);
  const hid_t id = datasets_[dataset].get();
  unsigned filters = 0;
  haddr_t offset = HADDR_UNDEF;
  hsize_t length = 0;
  if (H5Dwrite_chunk(id, H5P_DEFAULT, 0, first.data(), bytes.size(), bytes.data()) < 0 ||
      H5Dget_chunk_info_by_coord(id, first.data(), &filters, &offset, &length) < 0 || offset == HADDR_UNDEF) {
    return Hdf5Failure("cannot add a chunk to a file in memory");
  }
  memory_.Forget(offset, bytes.size());
  return static_cast<std::uint64_t>(offset);
}

Done CompressedShard::Close() {
  const Hdf5Session session;
  if (!session.usable()) return Ending();
  datasets_.clear();
  if (!file_.CloseNow()) return Hdf5Failure("cannot close a file in memory");
  return {};
}

}  // namespace bsub::ckpt
