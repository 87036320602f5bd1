#include "scheduler/journal/replay.h"

#include <algorithm>
#include <utility>

#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/segment_scan.h"

namespace bsub::journal {
namespace {

Error Damage(const std::string& path, std::uint64_t offset, std::uint64_t next_sequence,
             const std::string& what) {
  const std::string at = std::to_string(next_sequence);
  return DataLoss(
      "the journal is damaged: " + path + " at offset " + std::to_string(offset) + ": " + what +
      "; see it with bsub-lite journal dump, put the file back from a backup, or give up everything from "
      "sequence " +
      at + " on with bsub-lite journal cut --at " + at);
}

class Replayer {
 public:
  Replayer(FileSystem& files, std::string directory, const ReplayRequest& request, const RecordVisitor& visit)
      : files_(files), directory_(std::move(directory)), request_(request), visit_(visit) {
    tail_.next_sequence = request.from;
    tail_.hash = request.previous.value_or(0);
  }

  Result<JournalTail> Run() {
    BSUB_ASSIGN_OR_RETURN(DirectoryContents contents, ReadDirectory(files_, directory_));
    BSUB_ASSIGN_OR_RETURN(std::size_t i, FirstNeeded(contents.segments));
    for (; i < contents.segments.size(); ++i) {
      if (request_.until && !tail_.empty && tail_.next_sequence > *request_.until) break;
      BSUB_RETURN_IF_ERROR(ReadSegment(contents.segments[i], i + 1 == contents.segments.size()));
    }
    if (closed_ && !Complete()) {
      return Damage(Join(directory_, FileName(FileKind::kSegment, tail_.next_sequence)), 0,
                    tail_.next_sequence,
                    "the segment is missing, but the one before it says that it was begun");
    }
    if (tail_.next_sequence < request_.from) {
      return Damage(
          Join(directory_, FileName(FileKind::kSegment, tail_.next_sequence)), 0, tail_.next_sequence,
          "the journal ends before sequence " + std::to_string(request_.from) + ", where reading begins");
    }
    if (request_.until && !Complete()) {
      return DataLoss("the journal in " + directory_ + " ends before sequence " +
                      std::to_string(*request_.until));
    }
    return tail_;
  }

 private:
  bool Complete() const { return request_.until && tail_.next_sequence > *request_.until; }

  // The segment that holds request_.from, or would be the next to.
  Result<std::size_t> FirstNeeded(const std::vector<NumberedFile>& segments) const {
    const auto above = std::ranges::upper_bound(segments, request_.from, {}, &NumberedFile::sequence);
    if (above != segments.begin()) return static_cast<std::size_t>(above - segments.begin() - 1);
    if (segments.empty() && request_.from == 1) return std::size_t{0};
    const std::string found =
        segments.empty() ? "there is none" : "the first one there is " + segments.front().name;
    return Damage(
        Join(directory_, FileName(FileKind::kSegment, request_.from)), 0, request_.from,
        "the segment that holds sequence " + std::to_string(request_.from) + " is missing (" + found + ")");
  }

  Status ReadSegment(const NumberedFile& file, bool last) {
    const std::string path = Join(directory_, file.name);
    BSUB_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(files_, path));
    const auto header = DecodeSegmentHeader(bytes);
    if (!header) return BadHeader(file, path, bytes, last, header.error());
    BSUB_RETURN_IF_ERROR(CheckPlace(file, path, *header));
    tail_.empty = false;
    tail_.cluster = header->cluster;
    tail_.segment = header->first_sequence;
    tail_.salt = header->salt;
    SegmentScanner scanner(bytes, *header);
    while (const auto batch = scanner.Next()) BSUB_RETURN_IF_ERROR(Visit(*batch, bytes));
    return Finish(path, scanner.End(), last);
  }

  // A segment is used only once its header is durable, so bytes behind a bad one mean damage.
  Status BadHeader(const NumberedFile& file, const std::string& path, std::string_view bytes, bool last,
                   Error problem) {
    const bool holds_nothing = bytes.size() <= kSegmentHeaderBytes ||
                               bytes.find_first_not_of('\0', kSegmentHeaderBytes) == std::string_view::npos;
    if (problem.code == Code::kUnimplemented) return Error{problem.code, path + ": " + problem.message};
    if (!last || closed_ || !holds_nothing) return Damage(path, 0, NextSequence(file), problem.message);
    if (tail_.empty && file.sequence != 1) return Damage(path, 0, NextSequence(file), problem.message);
    tail_.unborn_segment = file.name;
    return OkStatus();
  }

  std::uint64_t NextSequence(const NumberedFile& file) const {
    return tail_.empty ? file.sequence : tail_.next_sequence;
  }

  Status CheckPlace(const NumberedFile& file, const std::string& path, const SegmentHeader& header) {
    if (header.first_sequence != file.sequence) {
      return Damage(path, 0, NextSequence(file), "the name and the header disagree on the first sequence");
    }
    if (request_.cluster && *request_.cluster != header.cluster) {
      return FailedPrecondition(
          path + " belongs to another cluster: this directory holds files of two; put them apart");
    }
    const bool continues = !tail_.empty;
    if (continues && (header.first_sequence != tail_.next_sequence || header.cluster != tail_.cluster)) {
      return Damage(path, 0, tail_.next_sequence,
                    "sequence " + std::to_string(tail_.next_sequence) + " is missing before this segment");
    }
    const bool must_chain = continues || (request_.previous && header.first_sequence == request_.from);
    if (must_chain && header.previous != tail_.hash) {
      return Damage(path, 0, header.first_sequence,
                    "the segment does not continue the one before it (hash chain broken)");
    }
    return OkStatus();
  }

  Status Visit(const ScannedBatch& batch, std::string_view bytes) {
    std::uint64_t sequence = batch.header.first_sequence;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const Record& record = batch.records[i];
      const bool entry = record.kind == RecordKind::kEntry;
      const bool wanted = sequence >= request_.from && record.kind != RecordKind::kMore;
      if (wanted) {
        BSUB_RETURN_IF_ERROR(
            visit_({record, sequence, tail_.segment, batch.RecordOffset(i, bytes), batch.header.hash}));
      }
      if (entry) ++sequence;
    }
    return OkStatus();
  }

  Status Finish(const std::string& path, const SegmentEnd& end, bool last) {
    tail_.next_sequence = end.next_sequence;
    tail_.hash = end.hash;
    tail_.offset = end.offset;
    tail_.last_batch = end.last_batch;
    closed_ = end.closed;
    if (end.kind == SegmentEnd::Kind::kDamaged) {
      if (end.problem.code == Code::kUnimplemented)
        return Error{end.problem.code, path + ": " + end.problem.message};
      return Damage(path, end.offset, end.next_sequence, end.problem.message);
    }
    // In an older segment only the closing mark can be torn; the next segment's header tells whether more was
    // lost.
    if (last) tail_.torn_bytes = end.torn_bytes;
    return OkStatus();
  }

  FileSystem& files_;
  const std::string directory_;
  const ReplayRequest& request_;
  const RecordVisitor& visit_;
  JournalTail tail_;
  bool closed_ = false;
};

}  // namespace

Result<JournalTail> Replay(FileSystem& files, const std::string& directory, const ReplayRequest& request,
                           const RecordVisitor& visit) {
  return Replayer(files, directory, request, visit).Run();
}

}  // namespace bsub::journal
