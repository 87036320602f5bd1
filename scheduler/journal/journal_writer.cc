#include "scheduler/journal/journal_writer.h"

#include <algorithm>
#include <random>
#include <utility>

#include "common/check.h"
#include "scheduler/journal/journal_directory.h"

namespace bsub::journal {
namespace {

constexpr std::string_view kNextSegment = "segment-next.tmp";  // a leftover is removed at the next start

std::uint64_t RandomSalt() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// Cuts records into batches whose bodies, with a mark of kind kMore, have at most `max_bytes`; a larger
// record is a batch of its own.
std::vector<std::span<const Record>> Split(std::span<const Record> records, std::uint64_t max_bytes) {
  std::vector<std::span<const Record>> parts;
  std::size_t begin = 0;
  std::uint64_t bytes = kRecordHeaderBytes;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint64_t size = kRecordHeaderBytes + records[i].bytes.size();
    if (i > begin && bytes + size > max_bytes) {
      parts.push_back(records.subspan(begin, i - begin));
      begin = i;
      bytes = kRecordHeaderBytes;
    }
    bytes += size;
  }
  parts.push_back(records.subspan(begin));
  return parts;
}

}  // namespace

JournalWriter::JournalWriter(FileSystem& files, std::string directory, const ClusterUuid& cluster,
                             const SegmentSettings& settings, const JournalTail& tail)
    : files_(files),
      directory_(std::move(directory)),
      cluster_(cluster),
      settings_(settings),
      segment_(tail.segment),
      salt_(tail.salt),
      offset_(tail.offset),
      next_sequence_(tail.next_sequence),
      hash_(tail.hash) {}

Result<std::unique_ptr<JournalWriter>> JournalWriter::Open(FileSystem& files, const std::string& directory,
                                                           const ClusterUuid& cluster,
                                                           const SegmentSettings& settings,
                                                           const JournalTail& tail) {
  BSUB_CHECK(tail.torn_bytes == 0 && tail.unborn_segment.empty()) << "RepairTail was not called";
  std::unique_ptr<JournalWriter> writer(new JournalWriter(files, directory, cluster, settings, tail));
  if (tail.empty) {
    BSUB_RETURN_IF_ERROR(writer->BeginSegment(settings.segment_bytes));
  } else {
    BSUB_RETURN_IF_ERROR(writer->OpenTail(tail.last_batch));
  }
  return writer;
}

// A batch that was read need not be on the disk. Whoever wrote it may have been killed before the sync; or
// the sync failed, and then the kernel takes the pages for clean: they can be read until power fails, and the
// next sync succeeds without writing them. So what may not be durable is written again. That is the last
// batch and the header, since a batch is begun only when all before it is durable.
Status JournalWriter::WriteAgain(std::uint64_t last_batch) {
  const std::string path = Join(directory_, FileName(FileKind::kSegment, segment_));
  const Error changed = DataLoss(path +
                                 " is not what it was a moment ago; start again, and if that does not help "
                                 "put it back from a backup");
  BSUB_ASSIGN_OR_RETURN(const std::string head, file_->ReadAt(0, kSegmentHeaderBytes));
  const auto header = DecodeSegmentHeader(head);
  if (!header || header->first_sequence != segment_ || header->salt != salt_) return changed;
  BSUB_RETURN_IF_ERROR(file_->WriteAt(0, head));
  if (last_batch == 0) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const std::string bytes, file_->ReadAt(last_batch, offset_ - last_batch));
  const auto batch = DecodeBatchHeader(bytes, salt_);
  if (!batch || batch->hash != hash_ || bytes.size() < kBatchHeaderBytes + batch->body_bytes ||
      !BodyMatches(*batch, std::string_view(bytes).substr(kBatchHeaderBytes, batch->body_bytes), salt_)) {
    return changed;
  }
  return file_->WriteAt(last_batch, bytes);
}

Status JournalWriter::OpenTail(std::uint64_t last_batch) {
  BSUB_ASSIGN_OR_RETURN(file_, files_.OpenForWrite(Join(directory_, FileName(FileKind::kSegment, segment_))));
  // What is reserved behind the tail was zero when it was read; space that a repair cut off is reserved
  // again.
  reserved_bytes_ = std::max<std::uint64_t>(settings_.segment_bytes, offset_);
  BSUB_RETURN_IF_ERROR(file_->Preallocate(reserved_bytes_));
  BSUB_RETURN_IF_ERROR(WriteAgain(last_batch));
  BSUB_RETURN_IF_ERROR(file_->DataSync());
  return files_.SyncDirectory(directory_);
}

Error JournalWriter::Poison(Error error) {
  poison_ = error;
  return error;
}

Status JournalWriter::ReserveNext() {
  if (poison_) return *poison_;
  if (next_file_) return OkStatus();
  const std::string path = Join(directory_, kNextSegment);
  if (Status removed = files_.Remove(path); !removed && removed.error().code != Code::kNotFound)
    return removed;
  BSUB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, files_.Create(path));
  if (Status reserved = file->Preallocate(settings_.segment_bytes); !reserved) {
    static_cast<void>(files_.Remove(path));
    return reserved;
  }
  next_file_ = std::move(file);
  return OkStatus();
}

Status JournalWriter::TakeNext(const std::string& path) {
  file_ = std::move(next_file_);
  if (files_.OpenForRead(path)) return AlreadyExists(path + " is there, but this segment is only now begun");
  return files_.Rename(Join(directory_, kNextSegment), path);
}

// The header is durable, and so is the name, before anything is written behind it.
Status JournalWriter::BeginSegment(std::uint64_t reserve_bytes) {
  const std::string path = Join(directory_, FileName(FileKind::kSegment, next_sequence_));
  if (next_file_) {
    BSUB_RETURN_IF_ERROR(TakeNext(path));
  } else {
    BSUB_ASSIGN_OR_RETURN(file_, files_.Create(path));
  }
  segment_ = next_sequence_;
  salt_ = settings_.salt ? *settings_.salt + next_sequence_ : RandomSalt();
  reserved_bytes_ = reserve_bytes;
  BSUB_RETURN_IF_ERROR(file_->Preallocate(reserve_bytes));
  BSUB_RETURN_IF_ERROR(file_->WriteAt(0, EncodeSegmentHeader({cluster_, segment_, hash_, salt_})));
  BSUB_RETURN_IF_ERROR(file_->DataSync());
  BSUB_RETURN_IF_ERROR(files_.SyncDirectory(directory_));
  offset_ = kSegmentHeaderBytes;
  return OkStatus();
}

// Written once the successor is durable, so the mark proves that a successor must be there.
Status JournalWriter::CloseSegment(File& file, std::uint64_t offset, std::uint64_t salt,
                                   std::uint64_t previous) {
  const Record mark{RecordKind::kClosed, {}};
  const EncodedBatch batch = EncodeBatch({&mark, 1}, {next_sequence_, previous, salt});
  BSUB_RETURN_IF_ERROR(file.WriteAt(offset, batch.bytes));
  BSUB_RETURN_IF_ERROR(file.Truncate(offset + batch.bytes.size()));  // gives the unused space back
  return file.DataSync();
}

Status JournalWriter::RollTo(std::uint64_t reserve_bytes) {
  const std::unique_ptr<File> old = std::move(file_);
  const std::uint64_t old_offset = offset_;
  const std::uint64_t old_salt = salt_;
  if (auto begun = BeginSegment(reserve_bytes); !begun) return Poison(std::move(begun).error());
  if (auto closed = CloseSegment(*old, old_offset, old_salt, hash_); !closed)
    return Poison(std::move(closed).error());
  return OkStatus();
}

Status JournalWriter::Roll() {
  if (poison_) return *poison_;
  if (segment_ == next_sequence_) return OkStatus();
  return RollTo(settings_.segment_bytes);
}

Status JournalWriter::MakeRoom(std::span<const Record> records) {
  if (poison_) return *poison_;
  std::uint64_t bytes = 0;
  for (const auto part : Split(records, settings_.max_batch_bytes))
    bytes += EncodedBatchBytes(part) + PaddedBodyBytes(kRecordHeaderBytes);
  if (offset_ + bytes <= reserved_bytes_ || segment_ == next_sequence_) return OkStatus();
  return RollTo(std::max<std::uint64_t>(settings_.segment_bytes, kSegmentHeaderBytes + bytes));
}

Result<Appended> JournalWriter::Append(std::span<const Record> records) {
  if (poison_) return *poison_;
  if (records.empty()) return InvalidArgument("nothing to append: at least one record is needed");
  for (const Record& record : records) {
    if (record.bytes.size() <= kMaxRecordBytes) continue;
    return InvalidArgument("a record of " + std::to_string(record.bytes.size()) +
                           " bytes cannot be appended: expected at most " + std::to_string(kMaxRecordBytes));
  }
  BSUB_RETURN_IF_ERROR(MakeRoom(records));
  const auto parts = Split(records, settings_.max_batch_bytes);
  Appended appended;
  std::vector<Record> marked;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    marked.assign(parts[i].begin(), parts[i].end());
    if (i + 1 < parts.size()) marked.push_back({RecordKind::kMore, {}});
    if (Status written = WriteBatch(marked, appended); !written) return Poison(std::move(written).error());
    appended.record_offsets.resize(appended.record_offsets.size() - (marked.size() - parts[i].size()));
  }
  appended.last_sequence = next_sequence_ - 1;
  appended.segment = segment_;
  return appended;
}

Status JournalWriter::WriteBatch(std::span<const Record> records, Appended& appended) {
  const EncodedBatch batch = EncodeBatch(records, {next_sequence_, hash_, salt_});
  BSUB_RETURN_IF_ERROR(file_->WriteAt(offset_, batch.bytes));
  BSUB_RETURN_IF_ERROR(file_->DataSync());
  for (const std::uint64_t offset : batch.record_offsets) appended.record_offsets.push_back(offset_ + offset);
  offset_ += batch.bytes.size();
  hash_ = batch.hash;
  next_sequence_ += CountEntries(records);
  return OkStatus();
}

}  // namespace bsub::journal
