#include "scheduler/journal/segment_scan.h"

#include <algorithm>
#include <utility>

namespace bsub::journal {
namespace {

// The first offset at or after `from` where a batch of this segment begins, valid in its header at least.
std::optional<std::uint64_t> FindBatch(std::string_view bytes, std::uint64_t from, std::uint64_t salt) {
  for (std::uint64_t at = from; at + kBatchHeaderBytes <= bytes.size(); at += kBatchAlignment) {
    const std::string_view candidate = bytes.substr(at, kBatchHeaderBytes);
    // Most of an open segment is zeros: a look at eight bytes is cheaper than a hash.
    if (candidate.substr(0, 8) == std::string_view("\0\0\0\0\0\0\0\0", 8)) continue;
    if (DecodeBatchHeader(candidate, salt)) return at;
  }
  return std::nullopt;
}

}  // namespace

SegmentScanner::SegmentScanner(std::string_view bytes, const SegmentHeader& header)
    : bytes_(bytes), salt_(header.salt) {
  end_.offset = kSegmentHeaderBytes;
  end_.next_sequence = header.first_sequence;
  end_.hash = header.previous;
}

void SegmentScanner::Damaged(Error problem) {
  finished_ = true;
  end_.kind = SegmentEnd::Kind::kDamaged;
  end_.problem = std::move(problem);
}

bool SegmentScanner::ChainFits(const BatchHeader& header) {
  if (header.first_sequence != end_.next_sequence) {
    Damaged(DataLoss("a batch begins with sequence " + std::to_string(header.first_sequence) + " where " +
                     std::to_string(end_.next_sequence) + " was expected"));
    return false;
  }
  if (header.previous != end_.hash) {
    Damaged(DataLoss("the batch with sequence " + std::to_string(header.first_sequence) +
                     " does not continue the one before it (hash chain broken)"));
    return false;
  }
  return true;
}

// The bytes at end_.offset are no good batch: decide what that means.
void SegmentScanner::Finish(std::string_view what_is_bad) {
  finished_ = true;
  if (const auto later = FindBatch(bytes_, end_.offset + kBatchAlignment, salt_)) {
    Damaged(DataLoss("a batch that should begin with sequence " + std::to_string(end_.next_sequence) + " " +
                     std::string(what_is_bad) + ", but a later one is valid at offset " +
                     std::to_string(*later)));
    return;
  }
  const std::string_view rest = bytes_.substr(std::min<std::uint64_t>(end_.offset, bytes_.size()));
  const std::size_t last = rest.find_last_not_of('\0');
  if (last == std::string_view::npos) return;  // nothing but reserved space: a clean end
  if (end_.closed) return Damaged(DataLoss("bytes follow the mark that closed the segment"));
  end_.kind = SegmentEnd::Kind::kTorn;
  end_.torn_bytes = last + 1;
}

std::optional<ScannedBatch> SegmentScanner::Next() {
  if (whole_.empty()) ReadWrite();
  if (whole_.empty()) return std::nullopt;
  ScannedBatch batch = std::move(whole_.front());
  whole_.pop_front();
  return batch;
}

// All batches of one write, or none.
void SegmentScanner::ReadWrite() {
  const SegmentEnd before = end_;
  while (auto batch = ReadBatch()) {
    whole_.push_back(std::move(*batch));
    if (!whole_.back().more) return;
  }
  if (whole_.empty()) return;
  whole_.clear();
  if (end_.kind == SegmentEnd::Kind::kDamaged) return;
  if (end_.closed) return Damaged(DataLoss("the segment was closed in the middle of a write"));
  const std::uint64_t torn_bytes = end_.offset + end_.torn_bytes - before.offset;
  end_ = before;
  end_.kind = SegmentEnd::Kind::kTorn;
  end_.torn_bytes = torn_bytes;
}

std::optional<ScannedBatch> SegmentScanner::ReadBatch() {
  if (finished_) return std::nullopt;
  const std::string_view rest = bytes_.substr(std::min<std::uint64_t>(end_.offset, bytes_.size()));
  const auto header = DecodeBatchHeader(rest, salt_);
  if (!header) {
    Finish("has a damaged header");
    return std::nullopt;
  }
  if (end_.closed) {
    Damaged(DataLoss("a batch follows the mark that closed the segment"));
    return std::nullopt;
  }
  if (!ChainFits(*header)) return std::nullopt;
  const std::string_view body = rest.substr(kBatchHeaderBytes, header->body_bytes);
  if (!BodyMatches(*header, body, salt_)) {
    Finish("has a damaged body");
    return std::nullopt;
  }
  auto records = DecodeRecords(*header, body);
  if (!records) {
    Damaged(std::move(records).error());
    return std::nullopt;
  }
  const bool more = !records->empty() && records->back().kind == RecordKind::kMore;
  const ScannedBatch batch{end_.offset, *header, std::move(*records), more};
  end_.last_batch = end_.offset;
  end_.offset += kBatchHeaderBytes + PaddedBodyBytes(body.size());
  if (!batch.records.empty() && batch.records.front().kind == RecordKind::kClosed) {
    end_.closed = true;
    return ReadBatch();  // to see that nothing follows
  }
  end_.hash = header->hash;
  end_.next_sequence += CountEntries(batch.records);
  return batch;
}

}  // namespace bsub::journal
