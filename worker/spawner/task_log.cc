#include "worker/spawner/task_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <tuple>

#include "common/hash.h"
#include "worker/launch/frame.h"
#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

// length (4, little endian), XXH3-64 of the payload (8, little endian), payload.
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMaxRecordBytes = 1u << 20;
constexpr std::size_t kReserveBytes = 1u << 20;
constexpr std::uint64_t kHashSeed = 0x6273756274736b31;

using Key = std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>;
Key LogKeyOf(const v1::AttemptKey& key) { return {key.job(), key.ordinal(), key.number()}; }

std::uint64_t LittleEndian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// What the records say, so far.
class Replay {
 public:
  void Take(const wire::LogRecord& record) {
    switch (record.body_case()) {
      case wire::LogRecord::kSession:
        boot_id_ = record.session().boot_id();
        break;
      case wire::LogRecord::kLaunched:
        running_[LogKeyOf(record.launched().attempt())] = record.launched();
        break;
      case wire::LogRecord::kEnded: {
        const Key key = LogKeyOf(record.ended().attempt());
        running_.erase(key);
        ended_[key] = record.ended();
        break;
      }
      case wire::LogRecord::kAcked:
        ended_.erase(LogKeyOf(record.acked()));
        break;
      case wire::LogRecord::BODY_NOT_SET:
        break;
    }
  }

  void MoveInto(RecoveredLog& log) {
    log.boot_id = std::move(boot_id_);
    for (auto& [key, launched] : running_) log.running.push_back(std::move(launched));
    for (auto& [key, status] : ended_) log.unacknowledged.push_back(std::move(status));
  }

 private:
  std::string boot_id_;
  std::map<Key, wire::LogRecord::Launched> running_;
  std::map<Key, wire::TaskStatus> ended_;
};

// The size of the good record that the bytes begin with; 0: there is none.
std::size_t ReadRecord(std::string_view bytes, wire::LogRecord& record) {
  const std::size_t length = bytes.size() < kHeaderBytes ? 0 : LittleEndian(bytes.substr(0, 4));
  if (length == 0 || length > kMaxRecordBytes || bytes.size() < kHeaderBytes + length) return 0;
  const std::string_view payload = bytes.substr(kHeaderBytes, length);
  if (LittleEndian(bytes.substr(4, 8)) != Hash64(payload, kHashSeed)) return 0;
  if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return 0;
  return kHeaderBytes + length;
}

// Where the next good record begins behind the bad one at `bad`, or the end. Its length is believed first: a
// search could take text inside a record, which a user may have written, for one.
std::size_t NextRecord(std::string_view bytes, std::size_t bad) {
  wire::LogRecord record;
  const std::string_view rest = bytes.substr(bad);
  if (rest.size() >= kHeaderBytes) {
    const std::size_t behind = kHeaderBytes + LittleEndian(rest.substr(0, 4));
    if (behind < rest.size() && ReadRecord(rest.substr(behind), record) > 0) return bad + behind;
  }
  for (std::size_t at = bad + 1; at < bytes.size(); ++at) {
    if (ReadRecord(bytes.substr(at), record) > 0) return at;
  }
  return bytes.size();
}

}  // namespace

void AppendRecord(std::string& out, const wire::LogRecord& record) {
  const std::size_t start = out.size();
  out.append(kHeaderBytes, '\0');
  record.AppendToString(&out);
  const std::string_view payload = std::string_view(out).substr(start + kHeaderBytes);
  const std::uint64_t length = payload.size();
  const std::uint64_t hash = Hash64(payload, kHashSeed);
  for (std::size_t i = 0; i < 4; ++i) out[start + i] = static_cast<char>(length >> (8 * i) & 0xff);
  for (std::size_t i = 0; i < 8; ++i) out[start + 4 + i] = static_cast<char>(hash >> (8 * i) & 0xff);
}

RecoveredLog RecoverTaskLog(std::string_view bytes) {
  RecoveredLog log;
  Replay replay;
  std::size_t at = 0;
  while (at < bytes.size()) {
    wire::LogRecord record;
    if (const std::size_t size = ReadRecord(bytes.substr(at), record)) {
      replay.Take(record);
      at += size;
      if (log.damage.empty()) {
        log.good_bytes = at;
      } else {
        ++log.kept_behind;
      }
      continue;
    }
    if (log.damage.empty()) log.damage = "no good record at byte " + std::to_string(at);
    at = NextRecord(bytes, at);
  }
  if (log.kept_behind > 0)
    log.damage += ", " + std::to_string(log.kept_behind) + " good ones behind it were kept";
  replay.MoveInto(log);
  return log;
}

Result<TaskLog> TaskLog::Create(std::string path, SyncPolicy sync,
                                const std::vector<wire::LogRecord>& first) {
  std::string bytes;
  for (const wire::LogRecord& record : first) AppendRecord(bytes, record);
  BSUB_RETURN_IF_ERROR(ReplaceFile(path, bytes, 0600));
  worker::UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot open", path));
  return TaskLog(std::move(path), sync, std::move(fd), bytes.size());
}

void TaskLog::Add(const wire::LogRecord& record) {
  AppendRecord(pending_, record);
  pending_end_ |= record.has_ended();
}

void TaskLog::DropUncommitted() {
  pending_.clear();
  pending_end_ = false;
}

Status TaskLog::Reserve() {
  if (size_ + kReserveBytes / 2 <= reserved_) return OkStatus();
  const int error =
      fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_), kReserveBytes) ? errno : 0;
  if (error == ENOSPC || error == EDQUOT) {
    return ResourceExhausted("no space left for '" + path_ + "'; free some, or move the node's directory");
  }
  reserved_ = size_ + kReserveBytes;  // where the file system cannot reserve, writing will tell
  return OkStatus();
}

Status TaskLog::Undo(std::string error) {
  [[maybe_unused]] const int ignored = ftruncate(fd_.get(), static_cast<off_t>(size_));
  reserved_ = 0;
  return Unavailable(std::move(error));
}

Status TaskLog::Commit() {
  if (pending_.empty()) return OkStatus();
  std::size_t done = 0;
  while (done < pending_.size()) {
    const ssize_t put =
        pwrite(fd_.get(), pending_.data() + done, pending_.size() - done, static_cast<off_t>(size_ + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return Undo(ErrnoText("cannot write", path_));
    done += static_cast<std::size_t>(put);
  }
  const bool sync = sync_ == SyncPolicy::kAll || (sync_ == SyncPolicy::kEnds && pending_end_);
  if (sync && fdatasync(fd_.get()) != 0) return Undo(ErrnoText("cannot sync", path_));
  size_ += pending_.size();
  DropUncommitted();
  return OkStatus();
}

}  // namespace bsub::spawner
