#include "scheduler/journal/payload_store.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "common/check.h"
#include "scheduler/journal/byte_order.h"
#include "scheduler/journal/payload_pack.h"

namespace bsub::journal {
namespace {

// One read brings the length and, for most payloads, all of the bytes.
constexpr std::size_t kFirstReadBytes = 4096;

// So many entries are gone through before others may have the store. No setting: it bounds a wait, not what
// is kept.
constexpr std::size_t kSlice = 4096;

// A mutex that is taken again at once is hardly ever had by those who sleep until it is free.
void LetOthersIn() { std::this_thread::sleep_for(std::chrono::microseconds(100)); }

Result<std::string> ReadPayload(const File& file, const std::string& path, const PayloadHash& hash,
                                std::uint64_t offset) {
  BSUB_ASSIGN_OR_RETURN(std::string bytes, file.ReadAt(offset - kRecordHeaderBytes, kFirstReadBytes));
  if (bytes.size() >= kRecordHeaderBytes) {
    const auto length = GetFixed<std::uint32_t>(bytes, 0);
    bytes.erase(0, kRecordHeaderBytes);
    if (length > bytes.size() && length <= kMaxBatchBodyBytes) {
      BSUB_ASSIGN_OR_RETURN(const std::string rest,
                            file.ReadAt(offset + bytes.size(), length - bytes.size()));
      bytes += rest;
    }
    bytes.resize(std::min<std::size_t>(bytes.size(), length));
    if (HashPayload(bytes) == hash) return bytes;
  }
  return DataLoss("the payload " + ToHex(hash.bytes) + " is damaged in " + path + " at offset " +
                  std::to_string(offset) + ": put the file back from a backup, or submit the job again");
}

}  // namespace

PayloadStore::PayloadStore(FileSystem& files, std::string directory, const ClusterUuid& cluster)
    : files_(files), directory_(std::move(directory)), cluster_(cluster) {}

std::uint32_t PayloadStore::SourceNumber(FileKind kind, std::uint64_t sequence) {
  Contents& known = contents_;
  const auto [place, fresh] = known.numbers.emplace(std::pair(kind, sequence), 0);
  if (!fresh) return place->second;
  if (known.unused.empty()) {
    known.unused.push_back(static_cast<std::uint32_t>(known.sources.size()));
    known.sources.emplace_back();
    BSUB_CHECK(known.sources.size() <= kMaxPayloadFiles) << known.sources.size();
  }
  place->second = known.unused.back();
  known.unused.pop_back();
  known.sources[place->second] = {kind, sequence, nullptr};
  return place->second;
}

void PayloadStore::AddRecord(const PayloadHash& hash, std::uint64_t segment, std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  if (const auto known = contents_.index.Find(hash)) {
    const Source& source = contents_.sources[known->file];
    const bool later = std::pair(source.sequence, std::uint64_t{known->offset}) > std::pair(segment, offset);
    if (source.kind == FileKind::kSegment && later) return;
  }
  contents_.index.Set(hash, {SourceNumber(FileKind::kSegment, segment), offset});
}

Status PayloadStore::TakePack(std::uint64_t pack, std::uint64_t sequence) {
  BSUB_ASSIGN_OR_RETURN(const PackIndex index, ReadPackIndex(files_, directory_, pack, cluster_));
  const std::size_t count = index.payloads.size();
  for (std::size_t begin = 0; begin < count; begin += kSlice) {
    if (begin > 0) LetOthersIn();
    const std::lock_guard lock(mutex_);
    const std::uint32_t number = SourceNumber(FileKind::kPack, pack);
    for (const PackedPayload& payload :
         std::span(index.payloads).subspan(begin, std::min(kSlice, count - begin))) {
      const auto known = contents_.index.Find(payload.hash);
      const Source* source = known ? &contents_.sources[known->file] : nullptr;
      if (source && source->kind == FileKind::kSegment && source->sequence > sequence) continue;
      contents_.index.Set(payload.hash, {number, payload.offset});
    }
  }
  return OkStatus();
}

Status PayloadStore::AddPack(std::uint64_t pack) {
  BSUB_ASSIGN_OR_RETURN(const PackIndex index, ReadPackIndex(files_, directory_, pack, cluster_));
  const std::lock_guard lock(mutex_);
  const std::uint32_t number = SourceNumber(FileKind::kPack, pack);
  contents_.index.Reserve(contents_.index.entries().size() + index.payloads.size());
  for (const PackedPayload& payload : index.payloads)
    contents_.index.Set(payload.hash, {number, payload.offset});
  return OkStatus();
}

bool PayloadStore::Holds(const PayloadHash& hash, std::uint64_t segment) const {
  const std::lock_guard lock(mutex_);
  const auto place = contents_.index.Find(hash);
  if (!place) return false;
  const Source& source = contents_.sources[place->file];
  return source.kind == FileKind::kSegment && source.sequence == segment;
}

Result<std::string> PayloadStore::Get(const PayloadHash& hash) const {
  std::shared_ptr<const File> file;
  std::string path;
  std::uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto place = contents_.index.Find(hash);
    if (!place) return NotFound("no payload " + ToHex(hash.bytes) + " in " + directory_);
    Source& source = contents_.sources[place->file];
    offset = place->offset;
    path = Join(directory_, FileName(source.kind, source.sequence));
    if (!source.file) {
      BSUB_ASSIGN_OR_RETURN(source.file, files_.OpenForRead(path));
    }
    file = source.file;
  }
  return ReadPayload(*file, path, hash, offset);
}

std::vector<std::uint64_t> PayloadStore::Packs() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> packs;
  for (const auto& [file, number] : contents_.numbers) {
    if (file.first == FileKind::kPack) packs.push_back(file.second);
  }
  return packs;  // ascending, as the map is
}

Result<std::vector<std::uint64_t>> PayloadStore::KeepPacks(std::span<const PayloadHash> live,
                                                           std::vector<bool>& covered) const {
  std::vector<std::uint64_t> kept;
  for (const std::uint64_t pack : Packs()) {
    BSUB_ASSIGN_OR_RETURN(const PackIndex index, ReadPackIndex(files_, directory_, pack, cluster_));
    std::vector<std::size_t> found;
    std::uint64_t live_bytes = 0;
    for (std::size_t i = 0; i < index.payloads.size(); ++i) {
      const auto match = std::ranges::lower_bound(live, index.payloads[i].hash);
      if (match == live.end() || *match != index.payloads[i].hash) continue;
      found.push_back(static_cast<std::size_t>(match - live.begin()));
      const bool last = i + 1 == index.payloads.size();
      const std::uint64_t end =
          last ? kPackHeaderBytes + index.payload_bytes + kRecordHeaderBytes : index.payloads[i + 1].offset;
      live_bytes += end - index.payloads[i].offset;
    }
    if (found.empty() || live_bytes * 2 < index.payload_bytes) continue;
    kept.push_back(pack);
    for (const std::size_t i : found) covered[i] = true;
  }
  return kept;
}

Status PayloadStore::WritePack(std::span<const PayloadHash> live, const std::vector<bool>& covered,
                               std::uint64_t sequence) {
  BSUB_ASSIGN_OR_RETURN(const auto writer, PackWriter::Create(files_, directory_, cluster_, sequence));
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (covered[i]) continue;
    BSUB_ASSIGN_OR_RETURN(const std::string bytes, Get(live[i]));
    BSUB_RETURN_IF_ERROR(writer->Add(live[i], bytes));
  }
  return writer->Commit();
}

Result<std::vector<std::uint64_t>> PayloadStore::Pack(std::span<const PayloadHash> live,
                                                      std::uint64_t sequence) {
  std::vector<PayloadHash> wanted(live.begin(), live.end());
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::vector<bool> covered(wanted.size(), false);
  BSUB_ASSIGN_OR_RETURN(std::vector<std::uint64_t> packs, KeepPacks(wanted, covered));
  if (std::ranges::find(covered, false) == covered.end()) return packs;
  BSUB_RETURN_IF_ERROR(WritePack(wanted, covered, sequence));
  packs.push_back(sequence);
  return packs;
}

Status PayloadStore::Adopt(std::span<const std::uint64_t> packs, std::uint64_t sequence) {
  for (const std::uint64_t pack : packs) BSUB_RETURN_IF_ERROR(TakePack(pack, sequence));
  ForgetOthers(packs, sequence);
  return OkStatus();
}

std::vector<bool> PayloadStore::SourcesThatGo(std::span<const std::uint64_t> packs,
                                              std::uint64_t sequence) const {
  std::vector<bool> go(contents_.sources.size(), false);
  for (const auto& [file, number] : contents_.numbers) {
    const bool segment = file.first == FileKind::kSegment;
    go[number] = segment ? file.second <= sequence : std::ranges::find(packs, file.second) == packs.end();
  }
  return go;
}

void PayloadStore::RemoveSources(const std::vector<bool>& go) {
  for (std::uint32_t number = 0; number < go.size(); ++number) {
    if (!go[number]) continue;
    Source& source = contents_.sources[number];
    contents_.numbers.erase({source.kind, source.sequence});
    source = {};
    contents_.unused.push_back(number);
  }
}

// From the last entry to the first: what takes the place of one that goes was looked at before, or came
// meanwhile and is of a segment that stays.
void PayloadStore::ForgetOthers(std::span<const std::uint64_t> packs, std::uint64_t sequence) {
  std::unique_lock lock(mutex_);
  const std::vector<bool> go = SourcesThatGo(packs, sequence);
  PayloadIndex& index = contents_.index;
  for (std::size_t left = index.entries().size(); left > 0; --left) {
    const std::uint64_t file = index.entries()[left - 1].place.file;
    if (file < go.size() && go[file]) index.RemoveAt(left - 1);
    if (left % kSlice != 0) continue;
    lock.unlock();
    LetOthersIn();
    lock.lock();
  }
  index.Shrink();
  RemoveSources(go);
}

std::size_t PayloadStore::size() const {
  const std::lock_guard lock(mutex_);
  return contents_.index.entries().size();
}

}  // namespace bsub::journal
