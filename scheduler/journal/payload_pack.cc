#include "scheduler/journal/payload_pack.h"

#include <algorithm>

#include "scheduler/journal/byte_order.h"
#include "scheduler/journal/journal_directory.h"

namespace bsub::journal {
namespace {

constexpr std::string_view kPackMagic = "BSUBPACK";
constexpr std::size_t kIndexEntryBytes = 40;
constexpr std::size_t kTrailerBytes = 32;
constexpr std::size_t kFlushBytes = std::size_t{1} << 20;

std::string EncodeHeader(const ClusterUuid& cluster, std::uint64_t sequence) {
  std::string out(kPackMagic);
  PutFixed<std::uint32_t>(out, kPackFormatVersion);
  PutFixed<std::uint32_t>(out, kPackHeaderBytes);
  out.append(reinterpret_cast<const char*>(cluster.bytes.data()), cluster.bytes.size());
  PutFixed(out, sequence);
  PutFixed<std::uint64_t>(out, 0);
  PutFixed<std::uint64_t>(out, 0);
  PutFixed(out, Hash64(out));
  return out;
}

Error Damaged(const std::string& path, const std::string& what) {
  return DataLoss("the payload pack " + path + " is damaged: " + what + "; put the file back from a backup");
}

std::string EncodeIndex(const std::vector<PackedPayload>& payloads) {
  std::string index;
  index.reserve(payloads.size() * kIndexEntryBytes);
  for (const PackedPayload& payload : payloads) {
    index.append(reinterpret_cast<const char*>(payload.hash.bytes.data()), payload.hash.bytes.size());
    PutFixed(index, payload.offset);
  }
  return index;
}

Result<std::vector<PackedPayload>> DecodeIndex(const std::string& path, std::string_view index,
                                               std::uint64_t end) {
  std::vector<PackedPayload> payloads(index.size() / kIndexEntryBytes);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    const std::string_view entry = index.substr(i * kIndexEntryBytes, kIndexEntryBytes);
    std::copy_n(entry.begin(), 32, reinterpret_cast<char*>(payloads[i].hash.bytes.data()));
    payloads[i].offset = GetFixed<std::uint64_t>(entry, 32);
    if (payloads[i].offset < kPackHeaderBytes + kRecordHeaderBytes || payloads[i].offset > end) {
      return Damaged(path, "its index names an offset outside");
    }
  }
  return payloads;
}

}  // namespace

Result<std::unique_ptr<PackWriter>> PackWriter::Create(FileSystem& files, const std::string& directory,
                                                       const ClusterUuid& cluster, std::uint64_t sequence) {
  std::unique_ptr<PackWriter> writer(new PackWriter(files, directory, FileName(FileKind::kPack, sequence)));
  BSUB_ASSIGN_OR_RETURN(writer->file_, files.Create(Join(directory, writer->name_ + ".tmp")));
  writer->buffer_ = EncodeHeader(cluster, sequence);
  writer->header_hash_ = Hash64(writer->buffer_);
  return writer;
}

Status PackWriter::Flush() {
  BSUB_RETURN_IF_ERROR(file_->WriteAt(flushed_, buffer_));
  flushed_ += buffer_.size();
  buffer_.clear();
  if (flushed_ - synced_ < kSyncEveryBytes) return OkStatus();
  synced_ = flushed_;
  return file_->DataSync();
}

Status PackWriter::Add(const PayloadHash& hash, std::string_view bytes) {
  PutFixed(buffer_, static_cast<std::uint32_t>(bytes.size()));
  PutFixed(buffer_, static_cast<std::uint8_t>(RecordKind::kPayload));
  index_.push_back({hash, flushed_ + buffer_.size()});
  buffer_ += bytes;
  return buffer_.size() < kFlushBytes ? OkStatus() : Flush();
}

Status PackWriter::Commit() {
  BSUB_RETURN_IF_ERROR(Flush());
  const std::string index = EncodeIndex(index_);
  std::string trailer;
  PutFixed(trailer, flushed_);
  PutFixed<std::uint64_t>(trailer, index_.size());
  PutFixed(trailer, Hash64(index));
  PutFixed(trailer, Hash64(trailer, header_hash_));
  buffer_ = index + trailer;
  BSUB_RETURN_IF_ERROR(Flush());
  BSUB_RETURN_IF_ERROR(file_->DataSync());
  BSUB_RETURN_IF_ERROR(files_.Rename(Join(directory_, name_ + ".tmp"), Join(directory_, name_)));
  return files_.SyncDirectory(directory_);
}

Result<PackIndex> ReadPackIndex(FileSystem& files, const std::string& directory, std::uint64_t sequence,
                                const ClusterUuid& cluster) {
  const std::string path = Join(directory, FileName(FileKind::kPack, sequence));
  BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  if (size < kPackHeaderBytes + kTrailerBytes) return Damaged(path, "it is cut short");
  BSUB_ASSIGN_OR_RETURN(const std::string header, file->ReadAt(0, kPackHeaderBytes));
  if (header != EncodeHeader(cluster, sequence)) {
    const bool newer = header.substr(0, 8) == kPackMagic &&
                       GetFixed<std::uint32_t>(header, 8) > kPackFormatVersion &&
                       GetFixed<std::uint64_t>(header, 56) == Hash64(std::string_view(header).substr(0, 56));
    if (newer) {
      return Error{Code::kUnimplemented,
                   path + " has a newer format version: use the bsub-lite release that wrote it"};
    }
    return Damaged(path, "its header is not that of this cluster's pack " + std::to_string(sequence));
  }
  BSUB_ASSIGN_OR_RETURN(const std::string trailer, file->ReadAt(size - kTrailerBytes, kTrailerBytes));
  if (trailer.size() != kTrailerBytes ||
      GetFixed<std::uint64_t>(trailer, 24) !=
          Hash64(std::string_view(trailer).substr(0, 24), Hash64(header))) {
    return Damaged(path, "its trailer does not match its hash");
  }
  const auto index_offset = GetFixed<std::uint64_t>(trailer, 0);
  const auto count = GetFixed<std::uint64_t>(trailer, 8);
  const std::uint64_t index_bytes = size - kTrailerBytes - std::min(index_offset, size - kTrailerBytes);
  if (index_offset < kPackHeaderBytes || count != index_bytes / kIndexEntryBytes ||
      index_bytes % kIndexEntryBytes != 0) {
    return Damaged(path, "its trailer and its size disagree");
  }
  BSUB_ASSIGN_OR_RETURN(const std::string index, file->ReadAt(index_offset, index_bytes));
  if (index.size() != index_bytes || Hash64(index) != GetFixed<std::uint64_t>(trailer, 16)) {
    return Damaged(path, "its index does not match its hash");
  }
  PackIndex result;
  BSUB_ASSIGN_OR_RETURN(result.payloads, DecodeIndex(path, index, index_offset));
  result.payload_bytes = index_offset - kPackHeaderBytes;
  return result;
}

}  // namespace bsub::journal
