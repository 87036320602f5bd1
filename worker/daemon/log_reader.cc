#include "worker/daemon/log_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "common/utf8.h"
#include "worker/rpc/translation.h"

namespace bsub::worker {

LogReader::LogReader(LogReaderSettings settings, Send send, QueuedBytes queued_bytes)
    : settings_(std::move(settings)),
      send_(std::move(send)),
      queued_bytes_(std::move(queued_bytes)),
      spool_(open(settings_.spool.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      thread_([this] { Run(); }) {}

LogReader::~LogReader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LogReader::Read(const v1::ReadLog& request, std::uint64_t incarnation, bool over) {
  const std::lock_guard lock(mutex_);
  if (request.cancel()) {
    cancelled_.push_back(request.request());
  } else {
    Answer& answer = incoming_.emplace_back();
    answer.request = request;
    answer.attempt = KeyFrom(request.attempt());
    answer.incarnation = incarnation;
    answer.over = over;
  }
  changed_.notify_all();
}

void LogReader::AttemptOver(const AttemptKey& attempt, std::uint64_t incarnation) {
  const std::lock_guard lock(mutex_);
  over_.push_back(attempt);
  if (incarnation != 0 && settings_.tail_bytes > 0) tails_.push_back({attempt, incarnation, true});
  changed_.notify_all();
}

void LogReader::AttemptRuns(const AttemptKey& attempt, std::uint64_t incarnation) {
  if (settings_.tail_bytes == 0) return;
  const std::lock_guard lock(mutex_);
  tails_.push_back({attempt, incarnation, false});
  changed_.notify_all();
}

void LogReader::ForgetRequests() {
  const std::lock_guard lock(mutex_);
  forget_ = true;
  incoming_.clear();
  changed_.notify_all();
}

void LogReader::Run() {
  bool idle = true;
  for (;;) {
    std::deque<Tail> tails;
    {
      std::unique_lock lock(mutex_);
      const auto news = [this] {
        return stopping_ || forget_ || !incoming_.empty() || !cancelled_.empty() || !over_.empty() ||
               !tails_.empty();
      };
      if (answers_.empty()) {
        changed_.wait(lock, news);
      } else if (idle) {
        changed_.wait_for(lock, settings_.look_interval, news);
      }
      if (stopping_) return;
      if (std::exchange(forget_, false)) answers_.clear();
      answers_.splice(answers_.end(), incoming_);
      const std::set<std::uint64_t> cancelled(cancelled_.begin(), cancelled_.end());
      const std::set<AttemptKey> over(over_.begin(), over_.end());
      cancelled_.clear();
      over_.clear();
      answers_.remove_if([&](const Answer& a) { return cancelled.count(a.request.request()) != 0; });
      for (Answer& a : answers_) a.over = a.over || over.count(a.attempt) != 0;
      tails = std::exchange(tails_, {});
    }
    for (const Tail& tail : tails) {
      SendTail(tail, false);
      SendTail(tail, true);
    }
    idle = true;
    answers_.remove_if([&](Answer& answer) { return Step(answer, idle); });
  }
}

bool LogReader::Step(Answer& answer, bool& idle) {
  if (queued_bytes_() > settings_.max_queued_bytes)
    return false;  // the scheduler reads slowly: look again later
  if (!answer.file) {
    auto file = OutputFile::Open(spool_.get(), answer.attempt, answer.request.standard_error());
    if (!file) {
      const bool may_come = file.error().code == Code::kNotFound && answer.request.follow() && !answer.over;
      if (may_come) return false;
      // Standard error without a file of its own is in standard output: an empty answer, not an error.
      const bool none =
          file.error().code == Code::kNotFound &&
          (answer.request.standard_error() || OutputFile::WroteNothing(spool_.get(), answer.attempt, false));
      return Finish(answer, none ? "" : file.error().message), true;
    }
    answer.file.emplace(std::move(*file));
    answer.offset = answer.file->TailOffset(answer.request.tail_bytes(), answer.request.tail_lines());
  }
  const bool was_over = answer.over;  // before reading: what is written until then is read
  auto [data, next] = answer.file->Next(answer.offset, settings_.chunk_bytes);
  if (data.empty()) {
    if (answer.request.follow() && !was_over) return false;
    return Finish(answer, ""), true;
  }
  answer.offset = next;
  idle = false;
  v1::FromNode message;
  message.set_incarnation(answer.incarnation);
  message.mutable_log()->set_request(answer.request.request());
  message.mutable_log()->set_standard_error(answer.request.standard_error());
  message.mutable_log()->set_data(std::move(data));
  send_(std::move(message));
  return false;
}

void LogReader::Finish(const Answer& answer, const std::string& error) {
  v1::FromNode message;
  message.set_incarnation(answer.incarnation);
  message.mutable_log()->set_request(answer.request.request());
  message.mutable_log()->set_standard_error(answer.request.standard_error());
  message.mutable_log()->set_end(true);
  message.mutable_log()->set_error(ToUtf8(error));
  send_(std::move(message));
}

void LogReader::SendTail(const Tail& tail, bool standard_error) {
  const auto file = OutputFile::Open(spool_.get(), tail.attempt, standard_error);
  if (!file) return;
  const auto output = std::pair(tail.attempt, standard_error);
  const std::int64_t size = file->Size();
  if (!tail.final && std::exchange(sent_sizes_[output], size) == size) return;
  if (tail.final) sent_sizes_.erase(output);
  const std::int64_t offset = file->TailOffset(settings_.tail_bytes, 0);
  std::string data = file->ReadAt(offset, static_cast<std::size_t>(settings_.tail_bytes));
  if (data.empty()) return;
  v1::FromNode message;
  message.set_incarnation(tail.incarnation);
  FillKey(tail.attempt, *message.mutable_tail()->mutable_attempt());
  message.mutable_tail()->set_standard_error(standard_error);
  message.mutable_tail()->set_offset(offset);
  message.mutable_tail()->set_data(std::move(data));
  message.mutable_tail()->set_final(tail.final);
  send_(std::move(message));
}

}  // namespace bsub::worker
