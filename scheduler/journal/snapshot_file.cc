#include "scheduler/journal/snapshot_file.h"

#include <algorithm>

#include "common/hash.h"
#include "scheduler/journal/byte_order.h"
#include "scheduler/journal/journal_directory.h"

namespace bsub::journal {
namespace {

constexpr std::string_view kSnapshotMagic = "BSUBSNAP";
constexpr std::size_t kChunkHeaderBytes = 16;

std::string EncodeHeader(const SnapshotHeader& header) {
  std::string out(kSnapshotMagic);
  PutFixed<std::uint32_t>(out, kSnapshotFormatVersion);
  PutFixed<std::uint32_t>(out, kSnapshotHeaderBytes);
  out.append(reinterpret_cast<const char*>(header.cluster.bytes.data()), header.cluster.bytes.size());
  PutFixed(out, header.sequence);
  PutFixed(out, header.batch_hash);
  PutFixed(out, header.state_hash);
  PutFixed(out, Hash64(out));
  return out;
}

Result<SnapshotHeader> DecodeHeader(std::string_view bytes) {
  if (bytes.size() < kSnapshotHeaderBytes) return DataLoss("the snapshot's header is cut short");
  if (bytes.substr(0, kSnapshotMagic.size()) != kSnapshotMagic)
    return DataLoss("the file does not begin like a snapshot");
  if (GetFixed<std::uint64_t>(bytes, 56) != Hash64(bytes.substr(0, 56))) {
    return DataLoss("the snapshot's header does not match its hash");
  }
  if (const auto version = GetFixed<std::uint32_t>(bytes, 8); version != kSnapshotFormatVersion) {
    return Error{Code::kUnimplemented, "the snapshot has format version " + std::to_string(version) +
                                           "; this program reads version " +
                                           std::to_string(kSnapshotFormatVersion) +
                                           ": use the bsub-lite release that wrote it, or a newer one"};
  }
  SnapshotHeader header;
  for (std::size_t i = 0; i < 16; ++i) header.cluster.bytes[i] = static_cast<std::uint8_t>(bytes[16 + i]);
  header.sequence = GetFixed<std::uint64_t>(bytes, 32);
  header.batch_hash = GetFixed<std::uint64_t>(bytes, 40);
  header.state_hash = GetFixed<std::uint64_t>(bytes, 48);
  return header;
}

std::uint64_t ChunkHash(std::string_view length_and_kind, std::string_view body, std::uint64_t previous) {
  return Hash64(body, Hash64(length_and_kind, previous));
}

Error At(const std::string& path, std::uint64_t offset, Error error) {
  return {error.code, path + " at offset " + std::to_string(offset) + ": " + error.message};
}

class ChunkReader {
 public:
  ChunkReader(const File& file, std::uint64_t size, std::uint64_t hash)
      : file_(file), size_(size), hash_(hash) {}

  // True until the end mark was read and found right.
  Result<bool> Next(ChunkKind* kind, std::string* body) {
    BSUB_ASSIGN_OR_RETURN(const std::string header, file_.ReadAt(offset_, kChunkHeaderBytes));
    if (header.size() < kChunkHeaderBytes) return DataLoss("the snapshot ends without its end mark");
    const auto length = GetFixed<std::uint32_t>(header, 0);
    if (length > kMaxChunkBytes || length > size_ - offset_ - kChunkHeaderBytes) {
      return DataLoss("a chunk is longer than the file");
    }
    BSUB_ASSIGN_OR_RETURN(*body, file_.ReadAt(offset_ + kChunkHeaderBytes, length));
    const std::uint64_t hash = ChunkHash(std::string_view(header).substr(0, 8), *body, hash_);
    if (body->size() != length || hash != GetFixed<std::uint64_t>(header, 8)) {
      return DataLoss("a chunk does not match its hash");
    }
    hash_ = hash;
    offset_ += kChunkHeaderBytes + length;
    *kind = static_cast<ChunkKind>(GetFixed<std::uint32_t>(header, 4));
    if (*kind != ChunkKind::kEnd) {
      ++chunks_;
      return true;
    }
    if (length != 8 || GetFixed<std::uint64_t>(*body, 0) != chunks_)
      return DataLoss("the end mark counts other chunks");
    if (offset_ != size_) return DataLoss("bytes follow the end mark");
    return false;
  }
  std::uint64_t offset() const { return offset_; }

 private:
  const File& file_;
  const std::uint64_t size_;
  std::uint64_t hash_;
  std::uint64_t offset_ = kSnapshotHeaderBytes;
  std::uint64_t chunks_ = 0;
};

Result<SnapshotHeader> CheckedHeader(const std::string& path, const std::string& name,
                                     std::string_view bytes) {
  auto header = DecodeHeader(bytes);
  if (!header) return At(path, 0, std::move(header).error());
  if (name != FileName(FileKind::kSnapshot, header->sequence)) {
    return At(path, 0, DataLoss("the name and the header disagree on the sequence"));
  }
  return header;
}

}  // namespace

Result<std::unique_ptr<SnapshotWriter>> SnapshotWriter::Create(FileSystem& files,
                                                               const std::string& directory,
                                                               const SnapshotHeader& header) {
  std::unique_ptr<SnapshotWriter> writer(
      new SnapshotWriter(files, directory, FileName(FileKind::kSnapshot, header.sequence)));
  BSUB_ASSIGN_OR_RETURN(writer->file_, files.Create(Join(directory, writer->name_ + ".tmp")));
  const std::string bytes = EncodeHeader(header);
  BSUB_RETURN_IF_ERROR(writer->file_->WriteAt(0, bytes));
  writer->offset_ = bytes.size();
  writer->hash_ = Hash64(bytes);
  return writer;
}

Status SnapshotWriter::AddChunk(ChunkKind kind, std::string_view bytes) {
  if (bytes.size() > kMaxChunkBytes) {
    return InvalidArgument("a snapshot chunk of " + std::to_string(bytes.size()) +
                           " bytes exceeds the limit of " + std::to_string(kMaxChunkBytes));
  }
  std::string out;
  PutFixed(out, static_cast<std::uint32_t>(bytes.size()));
  PutFixed(out, static_cast<std::uint32_t>(kind));
  hash_ = ChunkHash(out, bytes, hash_);
  PutFixed(out, hash_);
  out += bytes;
  BSUB_RETURN_IF_ERROR(file_->WriteAt(offset_, out));
  offset_ += out.size();
  ++chunks_;
  if (offset_ - synced_ < kSyncEveryBytes) return OkStatus();
  synced_ = offset_;
  return file_->DataSync();
}

Status SnapshotWriter::Commit() {
  std::string count;
  PutFixed(count, chunks_);
  BSUB_RETURN_IF_ERROR(AddChunk(ChunkKind::kEnd, count));
  BSUB_RETURN_IF_ERROR(file_->DataSync());
  BSUB_RETURN_IF_ERROR(files_.Rename(Join(directory_, name_ + ".tmp"), Join(directory_, name_)));
  return files_.SyncDirectory(directory_);
}

Result<SnapshotHeader> ReadSnapshot(FileSystem& files, const std::string& directory, const std::string& name,
                                    const ChunkVisitor& visit) {
  const std::string path = Join(directory, name);
  BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  BSUB_ASSIGN_OR_RETURN(const std::string head, file->ReadAt(0, kSnapshotHeaderBytes));
  BSUB_ASSIGN_OR_RETURN(const SnapshotHeader header, CheckedHeader(path, name, head));
  ChunkReader reader(*file, size, Hash64(head));
  ChunkKind kind{};
  std::string body;
  while (true) {
    const std::uint64_t offset = reader.offset();
    const auto more = reader.Next(&kind, &body);
    if (!more) return At(path, offset, more.error());
    if (!*more) return header;
    if (auto visited = visit(kind, body); !visited) return At(path, offset, std::move(visited).error());
  }
}

Result<SnapshotHeader> ReadSnapshotHeader(FileSystem& files, const std::string& directory,
                                          const std::string& name) {
  const std::string path = Join(directory, name);
  BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  BSUB_ASSIGN_OR_RETURN(const std::string head, file->ReadAt(0, kSnapshotHeaderBytes));
  return CheckedHeader(path, name, head);
}

}  // namespace bsub::journal
