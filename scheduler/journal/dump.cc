#include "scheduler/journal/dump.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/entry_json.h"
#include "scheduler/journal/identity.h"
#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/payload_index.h"
#include "scheduler/journal/replay.h"
#include "scheduler/journal/snapshot_file.h"

namespace bsub::journal {
namespace {

using Json = nlohmann::ordered_json;

void Print(std::ostream& out, const Json& line) {
  out << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

class Dumper {
 public:
  Dumper(FileSystem& files, const std::string& directory, const DumpOptions& options, std::ostream& out)
      : files_(files), directory_(directory), options_(options), out_(out) {}

  Status Run() {
    BSUB_ASSIGN_OR_RETURN(const DirectoryContents contents, ReadDirectory(files_, directory_));
    ReplayRequest request;
    request.from = FirstSequence(contents);
    const auto tail =
        Replay(files_, directory_, request, [&](const ReplayedRecord& record) { return Visit(record); });
    if (options_.summary) BSUB_RETURN_IF_ERROR(PrintSummary(contents, tail));
    if (!tail) return Error(tail.error());
    if (!options_.summary && tail->torn_bytes > 0) Print(out_, TornTail(*tail));
    return OkStatus();
  }

 private:
  std::uint64_t FirstSequence(const DirectoryContents& contents) const {
    if (contents.segments.empty()) return 1;
    return std::max(options_.from, contents.segments.front().sequence);
  }

  Status Visit(const ReplayedRecord& record) {
    const bool entry = record.record.kind == RecordKind::kEntry;
    (entry ? entries_ : payloads_) += 1;
    (entry ? entry_bytes_ : payload_bytes_) += record.record.bytes.size();
    if (options_.summary) return CountKind(record);
    if (options_.to && record.sequence > *options_.to) return OkStatus();
    Json line;
    line["sequence"] = record.sequence;
    line["file"] = FileName(FileKind::kSegment, record.segment);
    line["offset"] = record.offset;
    if (entry) {
      BSUB_ASSIGN_OR_RETURN(const std::string json, EntryToJson(record.record.bytes));
      line.update(Json::parse(json));
    } else {
      line["kind"] = "Payload";
      line["hash"] = ToHex(HashPayload(record.record.bytes).bytes);
      line["bytes"] = record.record.bytes.size();
      if (options_.payloads) line["text"] = std::string(record.record.bytes);
    }
    Print(out_, line);
    return OkStatus();
  }

  Status CountKind(const ReplayedRecord& record) {
    if (record.record.kind != RecordKind::kEntry) return OkStatus();
    BSUB_ASSIGN_OR_RETURN(const sched::JournalEntry entry, DecodeEntry(record.record.bytes));
    ++kinds_[std::string(sched::KindName(entry.body))];
    if (first_at_.empty()) first_at_ = FormatUtc(entry.at);
    last_at_ = FormatUtc(entry.at);
    return OkStatus();
  }

  static Json TornTail(const JournalTail& tail) {
    Json line;
    line["kind"] = "TornTail";
    line["file"] = FileName(FileKind::kSegment, tail.segment);
    line["offset"] = tail.offset;
    line["bytes"] = tail.torn_bytes;
    line["nextSequence"] = tail.next_sequence;
    return line;
  }

  Status PrintSummary(const DirectoryContents& contents, const Result<JournalTail>& tail) {
    Json summary;
    summary["directory"] = directory_;
    const auto cluster = ReadIdentity(files_, directory_);
    summary["cluster"] = cluster && *cluster    ? FormatUuid(**cluster)
                         : tail && !tail->empty ? FormatUuid(tail->cluster)
                                                : "";
    summary["state"] = !tail ? "damaged" : tail->torn_bytes > 0 ? "torn tail" : "clean";
    if (!tail) summary["problem"] = tail.error().message;
    if (tail) summary["nextSequence"] = tail->next_sequence;
    summary["entries"] = entries_;
    summary["entryBytes"] = entry_bytes_;
    summary["firstAt"] = first_at_;
    summary["lastAt"] = last_at_;
    summary["kinds"] = kinds_;
    summary["payloadRecords"] = payloads_;
    summary["payloadBytes"] = payload_bytes_;
    summary["segments"] = Files(contents.segments);
    summary["snapshots"] = Snapshots(contents.snapshots);
    summary["payloadPacks"] = Files(contents.packs);
    Print(out_, summary);
    return OkStatus();
  }

  static Json Files(const std::vector<NumberedFile>& files) {
    Json list = Json::array();
    for (const NumberedFile& file : files) list.push_back({{"file", file.name}, {"bytes", file.size_bytes}});
    return list;
  }

  // Each is read whole: a summary says whether a start could use it.
  Json Snapshots(const std::vector<NumberedFile>& files) {
    Json list = Json::array();
    for (const NumberedFile& file : files) {
      const auto read =
          ReadSnapshot(files_, directory_, file.name, [](ChunkKind, std::string_view) { return OkStatus(); });
      list.push_back(
          {{"file", file.name}, {"bytes", file.size_bytes}, {"state", read ? "good" : read.error().message}});
    }
    return list;
  }

  FileSystem& files_;
  const std::string& directory_;
  const DumpOptions& options_;
  std::ostream& out_;
  std::uint64_t entries_ = 0;
  std::uint64_t entry_bytes_ = 0;
  std::uint64_t payloads_ = 0;
  std::uint64_t payload_bytes_ = 0;
  std::map<std::string, std::uint64_t> kinds_;
  std::string first_at_;
  std::string last_at_;
};

}  // namespace

Status DumpJournal(FileSystem& files, const std::string& directory, const DumpOptions& options,
                   std::ostream& out) {
  return Dumper(files, directory, options, out).Run();
}

Result<CutReport> CutLockedJournal(FileSystem& files, const std::string& directory, std::uint64_t at) {
  BSUB_ASSIGN_OR_RETURN(const auto lock, files.Lock(Join(directory, "LOCK")));
  return CutJournal(files, directory, at);
}

}  // namespace bsub::journal
