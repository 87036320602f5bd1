#include "scheduler/journal/journal_cursor.h"

#include <algorithm>
#include <utility>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/journal_directory.h"

namespace bsub::journal {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{256} << 10;

}  // namespace

// The segment that holds `sequence`, or the oldest one there is.
Status JournalCursor::OpenSegment(std::uint64_t sequence) {
  BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files_, directory_));
  if (contents.segments.empty()) return NotFound("no journal segment in " + directory_);
  auto above = std::ranges::upper_bound(contents.segments, sequence, {}, &NumberedFile::sequence);
  next_segment_ = above == contents.segments.end() ? 0 : above->sequence;
  if (above != contents.segments.begin()) --above;
  path_ = Join(directory_, above->name);
  BSUB_ASSIGN_OR_RETURN(file_, files_.OpenForRead(path_));
  BSUB_ASSIGN_OR_RETURN(const std::string head, file_->ReadAt(0, kSegmentHeaderBytes));
  const auto header = DecodeSegmentHeader(head);
  if (!header) return Error{header.error().code, path_ + ": " + header.error().message};
  salt_ = header->salt;
  offset_ = kSegmentHeaderBytes;
  window_.clear();
  after_ = std::max(after_, header->first_sequence - 1);
  return OkStatus();
}

// Small batches are many: read ahead. What was read ahead may be older than what is on disk now, so it is
// only used when it is a whole good batch; the caller asks again otherwise.
Result<std::string> JournalCursor::ReadWindow(std::uint64_t offset, std::size_t length) {
  const bool inside = offset >= window_offset_ && offset + length <= window_offset_ + window_.size();
  if (!inside) {
    BSUB_ASSIGN_OR_RETURN(window_, file_->ReadAt(offset, std::max(length, kWindowBytes)));
    window_offset_ = offset;
  }
  return window_.substr(offset - window_offset_, length);
}

Status JournalCursor::ReadBatch() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    BSUB_ASSIGN_OR_RETURN(const std::string head, ReadWindow(offset_, kBatchHeaderBytes));
    if (const auto header = DecodeBatchHeader(head, salt_)) {
      // Entries are numbered one by one, and no record is more than one.
      if (header->first_sequence + header->record_count <= after_ + 1 && header->record_count > 0) {
        offset_ += kBatchHeaderBytes + PaddedBodyBytes(header->body_bytes);
        return OkStatus();
      }
      BSUB_ASSIGN_OR_RETURN(const std::string body,
                            ReadWindow(offset_ + kBatchHeaderBytes, header->body_bytes));
      if (BodyMatches(*header, body, salt_)) {
        BSUB_ASSIGN_OR_RETURN(const std::vector<Record> records, DecodeRecords(*header, body));
        if (!records.empty() && records.front().kind == RecordKind::kClosed)
          return OpenSegment(header->first_sequence);
        for (const Record& record : records) {
          if (record.kind != RecordKind::kEntry) continue;
          BSUB_ASSIGN_OR_RETURN(sched::JournalEntry entry, DecodeEntry(record.bytes));
          if (entry.sequence.value() > after_) pending_.push_back(std::move(entry));
        }
        offset_ += kBatchHeaderBytes + PaddedBodyBytes(body.size());
        std::ranges::reverse(pending_);
        return OkStatus();
      }
    }
    window_.clear();  // it may have been read before the batch was whole
  }
  // Without its closing mark, a segment ends where the next begins.
  const std::string before = path_;
  BSUB_RETURN_IF_ERROR(OpenSegment(after_ + 1));
  if (path_ != before) return OkStatus();
  return DataLoss(path_ + ": the entry with sequence " + std::to_string(after_ + 1) +
                  " cannot be read; see bsub-lite journal dump");
}

void JournalCursor::SkipTo(std::uint64_t after) {
  after_ = std::max(after_, after);
  while (!pending_.empty() && pending_.back().sequence.value() <= after_) pending_.pop_back();
  if (next_segment_ != 0 && after_ + 1 >= next_segment_) file_.reset();
}

Result<std::vector<sched::JournalEntry>> JournalCursor::Next(std::size_t limit, std::uint64_t durable) {
  std::vector<sched::JournalEntry> page;
  while (page.size() < limit && after_ < durable) {
    if (!pending_.empty()) {
      if (pending_.back().sequence.value() > durable) break;
      page.push_back(std::move(pending_.back()));
      pending_.pop_back();
      after_ = page.back().sequence.value();
      continue;
    }
    if (!file_) BSUB_RETURN_IF_ERROR(OpenSegment(after_ + 1));
    if (after_ < durable) BSUB_RETURN_IF_ERROR(ReadBatch());
  }
  return page;
}

}  // namespace bsub::journal
