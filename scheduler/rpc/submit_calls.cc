// Submit: translate and validate here, decide in the core, answer when durable.
#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/utf8.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/cluster_translation.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/outlook_calls.h"
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

// Goes on with the request and its job definition; null: it names none. A revision never changes, so nothing
// can come between.
void WithDefinition(const Services& services, v1::SubmitRequest request,
                    std::function<void(v1::SubmitRequest, const JobDefinition*)> go_on, const Done& refuse) {
  if (request.definition().empty()) return go_on(std::move(request), nullptr);
  const auto shared = std::make_shared<v1::SubmitRequest>(std::move(request));
  const Status sent = services.core.Read([shared, go_on = std::move(go_on), refuse](const CoreView& view) {
    const auto found = FindDefinition(view.state(), shared->definition());
    Result<JobDefinition> definition = found ? Result<JobDefinition>(**found) : found.error();
    return [shared, go_on, refuse, definition = std::move(definition)] {
      if (!definition) return refuse(definition.error());
      go_on(std::move(*shared), &*definition);
    };
  });
  if (!sent) refuse(sent.error());
}

void FillTrial(const sched::Trial& trial, v1::TrySubmitReply& reply) {
  reply.set_queue(trial.queue);
  reply.set_default_queue(trial.default_queue);
  FillReasons(trial.reasons, *reply.mutable_reasons());
  reply.set_never(trial.never());
  reply.set_starts_at_us(trial.forecast.starts_at.micros());
  reply.set_ends_at_us(trial.forecast.ends_at.micros());
  reply.set_text(ToUtf8(trial.forecast.text));
  for (const std::string& node : trial.nodes) reply.add_nodes(ToUtf8(node));
  if (trial.placement) FillPlacement(*trial.placement, *reply.mutable_placement());
}

void SendTrial(const Services& services, const Principal& who, v1::SubmitRequest request,
               const JobDefinition* definition, v1::TrySubmitReply& reply, const Done& done) {
  auto translated =
      TranslateSubmit(std::move(request), who, definition, services.settings, services.spec_limits);
  if (!translated) return done(translated.error());
  const Status sent = services.core.Read([&services, &reply, who, spec = std::move(translated->spec),
                                          done](const CoreView& view) -> std::function<void()> {
    const auto trial = view.scheduler.TrySubmit(who, spec, view.now, services.settings.max_forecast_steps);
    if (!trial) return [done, error = trial.error()] { done(error); };
    FillTrial(*trial, reply);
    if (!trial->forecast.study) return [done] { done(OkStatus()); };
    return [&services, &reply, done, study = trial->forecast.study] {
      FillOutlook(services.readers, study, *reply.mutable_outlook(), done);
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
  if (request.definition().empty()) return SendSubmit(services, who, std::move(request), nullptr, done);
  WithDefinition(
      services, std::move(request),
      [&services, who, done](v1::SubmitRequest found, const JobDefinition* definition) {
        SendSubmit(services, who, std::move(found), definition, done);
      },
      [done](const Status& status) { done(status.error()); });
}

void TrySubmit(const Services& services, const Identity& who, const v1::TrySubmitRequest& request,
               v1::TrySubmitReply& reply, Done done) {
  if (const Status fits = CheckClientProtocol(request.job().protocol()); !fits) return done(fits.error());
  WithDefinition(
      services, request.job(),
      [&services, &reply, principal = who.principal, done](v1::SubmitRequest found,
                                                           const JobDefinition* definition) {
        SendTrial(services, principal, std::move(found), definition, reply, done);
      },
      done);
}

grpc::ServerBidiReactor<v1::SubmitRequest, v1::SubmitReply>* OpenSubmitStream(const Services& services,
                                                                              Identity who) {
  return std::make_shared<SubmitStream>(services, std::move(who))->Open();
}

}  // namespace bsub::rpc
