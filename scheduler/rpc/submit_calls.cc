// Submit: translate and validate here, decide in the core, answer when durable.
#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/utf8.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/cluster_translation.h"
#include "scheduler/rpc/protocol.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/submit_translation.h"

namespace bsub::rpc {
namespace {

using SubmitDone = std::function<void(Result<v1::SubmitReply>)>;

v1::SubmitReply ReplyFrom(const sched::SubmitAccepted& accepted, std::uint64_t tag) {
  v1::SubmitReply reply;
  reply.set_tag(tag);
  reply.set_job_id(accepted.job.value());
  reply.set_queue(accepted.queue);
  reply.set_default_queue(accepted.default_queue);
  reply.set_repeated(accepted.repeated);
  return reply;
}

void SendSubmit(const Services& services, const Identity& who, v1::SubmitRequest request,
                const JobDefinition* definition, const SubmitDone& done) {
  const std::uint64_t tag = request.tag();
  auto translated =
      TranslateSubmit(std::move(request), who.principal, definition, services.settings, services.spec_limits);
  if (!translated) return done(translated.error());
  sched::Submit input;
  input.who = who.principal;
  input.spec = std::move(translated->spec);
  const Status sent = services.core.Send(std::move(input), std::move(translated->payloads),
                                         [done, tag](Result<sched::ReplyBody> body) {
                                           if (!body) return done(body.error());
                                           done(ReplyFrom(std::get<sched::SubmitAccepted>(*body), tag));
                                         });
  if (!sent) done(sent.error());
}

// A job definition is looked up first; a revision never changes, so nothing can come between.
void SubmitWithDefinition(const Services& services, const Identity& who, v1::SubmitRequest request,
                          SubmitDone done) {
  const auto shared = std::make_shared<v1::SubmitRequest>(std::move(request));
  const Status sent = services.core.Read([&services, who, shared, done](const CoreView& view) {
    const auto found = FindDefinition(view.state(), shared->definition());
    Result<JobDefinition> definition = found ? Result<JobDefinition>(**found) : found.error();
    return [&services, who, shared, done, definition = std::move(definition)] {
      if (!definition) return done(definition.error());
      SendSubmit(services, who, std::move(*shared), &*definition, done);
    };
  });
  if (!sent) done(sent.error());
}

// Many submits in flight. Each reply names its request by `tag`; a refused one does not end the stream.
class SubmitStream final
    : public StreamWriter<grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>, v1::SubmitReply> {
 public:
  SubmitStream(const Services& services, Identity who) : services_(services), who_(std::move(who)) {}

  grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>* Open() {
    KeepUntilDone();
    StartRead(&request_);
    return this;
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      bool idle = false;
      {
        const std::lock_guard lock(mutex_);
        half_closed_ = true;
        idle = in_flight_ == 0;
      }
      if (idle) End(OkStatus());
      return;
    }
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      ++in_flight_;
      more = in_flight_ < services_.settings.max_submits_in_flight;
      paused_ = !more;
    }
    v1::SubmitRequest request = std::move(request_);
    request_.Clear();
    const std::uint64_t tag = request.tag();
    auto self = std::static_pointer_cast<SubmitStream>(shared_from_this());
    rpc::Submit(services_, who_, std::move(request),
                [self, tag](Result<v1::SubmitReply> result) { self->Answer(tag, std::move(result)); });
    if (more) StartRead(&request_);
  }

  void Answer(std::uint64_t tag, Result<v1::SubmitReply> result) {
    v1::SubmitReply reply;
    reply.set_tag(tag);
    if (result) {
      reply = std::move(*result);
    } else {
      reply.set_error_code(static_cast<std::int32_t>(result.error().code));
      reply.set_error(ToUtf8(result.error().message));
    }
    Write(std::move(reply));
    bool resume = false;
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      --in_flight_;
      resume = std::exchange(paused_, false);
      last = half_closed_ && in_flight_ == 0;
    }
    if (last) End(OkStatus());
    if (resume && !ending()) StartRead(&request_);
  }

  const Services& services_;
  const Identity who_;
  v1::SubmitRequest request_;
  std::mutex mutex_;
  std::size_t in_flight_ = 0;
  bool paused_ = false;  // no read is outstanding
  bool half_closed_ = false;
};

}  // namespace

void Submit(const Services& services, const Identity& who, v1::SubmitRequest request, SubmitDone done) {
  if (const Status fits = CheckClientProtocol(request.protocol()); !fits) return done(fits.error());
  if (request.definition().empty()) {
    SendSubmit(services, who, std::move(request), nullptr, done);
  } else {
    SubmitWithDefinition(services, who, std::move(request), std::move(done));
  }
}

grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>* OpenSubmitStream(const Services& services,
                                                                              Identity who) {
  return std::make_shared<SubmitStream>(services, std::move(who))->Open();
}

}  // namespace bsub::rpc
