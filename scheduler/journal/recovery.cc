#include "scheduler/journal/recovery.h"

#include <algorithm>
#include <charconv>

#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/segment_scan.h"

namespace bsub::journal {
namespace {

Status WriteNewFile(FileSystem& files, const std::string& directory, const std::string& name,
                    std::string_view bytes) {
  BSUB_ASSIGN_OR_RETURN(const auto file, files.Create(Join(directory, name)));
  BSUB_RETURN_IF_ERROR(file->WriteAt(0, bytes));
  BSUB_RETURN_IF_ERROR(file->DataSync());
  return files.SyncDirectory(directory);
}

Status TruncateFile(FileSystem& files, const std::string& path, std::uint64_t size) {
  BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForWrite(path));
  BSUB_RETURN_IF_ERROR(file->Truncate(size));
  return file->DataSync();
}

// Where the good batches that hold only sequences below `at` end. A damaged header: nothing can be kept.
std::uint64_t KeptBytes(std::string_view bytes, std::uint64_t at, std::uint64_t* next_sequence) {
  const auto header = DecodeSegmentHeader(bytes);
  if (!header) return 0;
  SegmentScanner scanner(bytes, *header);
  std::uint64_t kept = kSegmentHeaderBytes;
  *next_sequence = header->first_sequence;
  while (const auto batch = scanner.Next()) {
    const std::uint64_t after = batch->header.first_sequence + CountEntries(batch->records);
    if (after > at) break;
    if (batch->more) continue;  // kept only together with the last part of the write
    kept = batch->offset + kBatchHeaderBytes + PaddedBodyBytes(batch->header.body_bytes);
    *next_sequence = after;
  }
  return kept;
}

// Without a snapshot to start from, replay needs the first segment.
Status CheckRestIsReplayable(const DirectoryContents& contents, std::uint64_t at) {
  const bool snapshot =
      std::ranges::any_of(contents.snapshots, [&](const auto& file) { return file.sequence < at; });
  const bool from_start = !contents.segments.empty() && contents.segments.front().sequence == 1;
  if (snapshot || from_start) return OkStatus();
  return FailedPrecondition("cannot cut at sequence " + std::to_string(at) +
                            ": no snapshot below it and no segment from the beginning is left to start from");
}

constexpr std::string_view kLiftName = "lift-counters";

// More than what is lost at a cut can hold, unless half a week of journal is given up. No setting, and nor is
// the next: ids must be out of reach of those that were lost, whatever anybody would like.
constexpr std::uint64_t kLiftAfterCut = 1'000'000;
// The lost end of one batch, of which zeros at its end are not seen.
constexpr std::uint64_t kLeastLift = 1000;

}  // namespace

Result<std::uint64_t> LiftAsked(FileSystem& files, const std::string& directory) {
  const auto text = ReadWhole(files, Join(directory, kLiftName));
  if (!text && text.error().code == Code::kNotFound) return std::uint64_t{0};
  if (!text) return Error(text.error());
  std::uint64_t by = 0;
  std::from_chars(text->data(), text->data() + text->size(), by);
  return by == 0 ? kLiftAfterCut : by;  // unreadable: the note alone says enough
}

Status AskForLift(FileSystem& files, const std::string& directory, std::uint64_t by) {
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t asked, LiftAsked(files, directory));
  return WriteAtomically(files, directory, std::string(kLiftName), std::to_string(asked + by) + "\n");
}

Status LiftDone(FileSystem& files, const std::string& directory) {
  BSUB_RETURN_IF_ERROR(files.Remove(Join(directory, kLiftName)));
  return files.SyncDirectory(directory);
}

std::string Describe(const DroppedTail& dropped) {
  return "dropped " + std::to_string(dropped.bytes) + " bytes of an unfinished write at offset " +
         std::to_string(dropped.offset) + " of " + dropped.segment +
         " (it was most likely never acknowledged, but nobody can know: damage to the last write looks the "
         "same; next sequence " +
         std::to_string(dropped.next_sequence) + "; kept as " + dropped.saved_as + ")";
}

Result<std::optional<DroppedTail>> RepairTail(FileSystem& files, const std::string& directory,
                                              JournalTail& tail) {
  if (!tail.unborn_segment.empty()) {
    BSUB_RETURN_IF_ERROR(files.Remove(Join(directory, tail.unborn_segment)));
    BSUB_RETURN_IF_ERROR(files.SyncDirectory(directory));
    tail.unborn_segment.clear();
  }
  if (tail.torn_bytes == 0) return std::optional<DroppedTail>();
  DroppedTail dropped;
  dropped.segment = FileName(FileKind::kSegment, tail.segment);
  dropped.offset = tail.offset;
  dropped.bytes = tail.torn_bytes;
  dropped.next_sequence = tail.next_sequence;
  // If it was acknowledged after all, ids in it are known outside.
  BSUB_RETURN_IF_ERROR(AskForLift(files, directory, std::max(kLeastLift, dropped.bytes / kLeastBytesOfAnId)));
  const std::string path = Join(directory, dropped.segment);
  BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  BSUB_ASSIGN_OR_RETURN(const std::string bytes, file->ReadAt(tail.offset, tail.torn_bytes));
  BSUB_ASSIGN_OR_RETURN(
      dropped.saved_as,
      FreeAsideName(files, directory, dropped.segment + ".torn-" + std::to_string(tail.offset)));
  BSUB_RETURN_IF_ERROR(WriteNewFile(files, directory, dropped.saved_as, bytes));
  BSUB_RETURN_IF_ERROR(TruncateFile(files, path, tail.offset));
  tail.torn_bytes = 0;
  return std::optional<DroppedTail>(std::move(dropped));
}

Result<CutReport> CutJournal(FileSystem& files, const std::string& directory, std::uint64_t at) {
  if (at == 0) return InvalidArgument("cannot cut at sequence 0: the first entry of a journal is 1");
  BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files, directory));
  BSUB_RETURN_IF_ERROR(CheckRestIsReplayable(contents, at));
  BSUB_RETURN_IF_ERROR(AskForLift(files, directory, kLiftAfterCut));
  CutReport report{.next_sequence = at, .set_aside = {}};
  // Newest first: an interruption leaves a journal that ends with a gapless part of what it was.
  for (auto file = contents.snapshots.rbegin(); file != contents.snapshots.rend() && file->sequence >= at;
       ++file) {
    BSUB_ASSIGN_OR_RETURN(std::string aside, SetAside(files, directory, file->name));
    report.set_aside.push_back(std::move(aside));
  }
  for (auto file = contents.segments.rbegin(); file != contents.segments.rend(); ++file) {
    const bool whole = file->sequence >= at && file->sequence != 1;
    if (whole) {
      BSUB_ASSIGN_OR_RETURN(std::string aside, SetAside(files, directory, file->name));
      report.set_aside.push_back(std::move(aside));
      continue;
    }
    const std::string path = Join(directory, file->name);
    BSUB_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(files, path));
    const std::uint64_t kept = KeptBytes(bytes, at, &report.next_sequence);
    if (kept == 0) {  // its header is gone
      BSUB_ASSIGN_OR_RETURN(std::string aside, SetAside(files, directory, file->name));
      report.set_aside.push_back(std::move(aside));
      continue;
    }
    BSUB_ASSIGN_OR_RETURN(std::string copy, FreeAsideName(files, directory, file->name));
    BSUB_RETURN_IF_ERROR(WriteNewFile(files, directory, copy, bytes));
    BSUB_RETURN_IF_ERROR(TruncateFile(files, path, kept));
    report.set_aside.push_back(std::move(copy));
    break;
  }
  return report;
}

}  // namespace bsub::journal
