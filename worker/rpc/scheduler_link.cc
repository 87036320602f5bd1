#include "worker/rpc/scheduler_link.h"

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>

#include "common/connect_trouble.h"

namespace bsub::worker {
namespace {

// The first protocol that knows Orders and TaskReports.
constexpr std::int32_t kBundlingProtocol = 2;

// gRPC's reason, and what to do about it where that is known.
std::string Reason(const grpc::Status& status, bool tls) {
  if (status.ok()) return "the scheduler closed the stream";
  if (status.error_message().empty())
    return "the stream broke, status " + std::to_string(status.error_code());
  switch (DiagnoseConnection(status.error_message(), tls)) {
    case ConnectTrouble::kPeerIsPlain:
      return "the scheduler does not speak TLS; leave out --tls-ca, or start it with --tls-cert and "
             "--tls-key";
    case ConnectTrouble::kPeerIsTls:
      return "the scheduler closes plain connections, as one that speaks TLS does; name its certificate "
             "authority "
             "with --tls-ca";
    case ConnectTrouble::kUntrusted:
      return "--tls-ca does not vouch for the scheduler's certificate; give the right file";
    case ConnectTrouble::kOtherName:
      return "the scheduler's certificate is for another host; use the name it is made for in --scheduler";
    case ConnectTrouble::kNobodyListens:
      return "nobody listens at --scheduler; it is tried again until somebody does";
    case ConnectTrouble::kNoSuchHost:
      return "there is no such host as --scheduler names";
    case ConnectTrouble::kOther:
      break;
  }
  return status.error_message();
}

}  // namespace

// One call. Owned by itself until gRPC says it is done with it.
class SchedulerStream final : public grpc::ClientBidiReactor<v1::FromNode, v1::ToNode> {
 public:
  SchedulerStream(std::uint64_t call, bool tls, Mailbox<LinkEvent>& events, ReportGatherer& reports)
      : call_(call), tls_(tls), events_(events), reports_(reports) {}

  void Start(v1::Worker::Stub& stub, const std::string& token, std::shared_ptr<SchedulerStream> self) {
    self_ = std::move(self);
    if (!token.empty()) context_.AddMetadata("authorization", "Bearer " + token);
    stub.async()->Connect(&context_, this);
    AddHold();  // for Send, which comes from outside the reactor
    StartRead(&incoming_);
    StartCall();
  }

  void Send(v1::FromNode message) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    queued_bytes_ += message.ByteSizeLong();
    outgoing_.push_back(std::move(message));
    if (outgoing_.size() == 1) StartWrite(&outgoing_.front());
  }

  std::size_t QueuedBytes() const {
    const std::lock_guard lock(mutex_);
    return queued_bytes_;
  }

  void Cancel() { context_.TryCancel(); }

  void WaitUntilDone() {
    std::unique_lock lock(mutex_);
    done_changed_.wait(lock, [this] { return done_; });
  }

 private:
  void OnReadDone(bool ok) override {
    if (ok) {
      if (incoming_.has_accepted()) ObeyPace(incoming_.accepted());
      if (incoming_.has_launch()) reports_.Launched(1);
      if (incoming_.has_orders()) {
        HandOrders(*incoming_.mutable_orders());
      } else {
        events_.Put({call_, std::make_unique<v1::ToNode>(std::move(incoming_)), {}});
      }
      incoming_.Clear();
      return StartRead(&incoming_);
    }
    const std::lock_guard lock(mutex_);
    over_ = true;
    RemoveHold();
  }

  void ObeyPace(const v1::Accepted& accepted) {
    if (accepted.protocol() >= kBundlingProtocol)
      reports_.Begin(Duration(accepted.gather_us()), accepted.gather_full_at());
  }

  // One by one, as if they had come so.
  void HandOrders(v1::Orders& orders) {
    reports_.Launched(static_cast<std::size_t>(orders.launches_size()));
    const auto put = [this](auto fill) {
      auto message = std::make_unique<v1::ToNode>();
      message->set_incarnation(incoming_.incarnation());
      fill(*message);
      events_.Put({call_, std::move(message), {}});
    };
    for (v1::AttemptKey& ended : *orders.mutable_ended())
      put([&](v1::ToNode& m) { *m.mutable_ack_ended()->mutable_attempt() = std::move(ended); });
    for (v1::SignedLaunch& launch : *orders.mutable_launches())
      put([&](v1::ToNode& m) { *m.mutable_launch() = std::move(launch); });
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    queued_bytes_ -= outgoing_.front().ByteSizeLong();
    outgoing_.pop_front();
    if (ok && !over_ && !outgoing_.empty()) StartWrite(&outgoing_.front());
  }

  void OnDone(const grpc::Status& status) override {
    events_.Put({call_, nullptr, Reason(status, tls_)});
    const std::shared_ptr<SchedulerStream> self = std::move(self_);
    const std::lock_guard lock(mutex_);
    done_ = true;
    done_changed_.notify_all();
  }

  const std::uint64_t call_;
  const bool tls_;
  Mailbox<LinkEvent>& events_;
  ReportGatherer& reports_;
  grpc::ClientContext context_;
  std::shared_ptr<SchedulerStream> self_;
  v1::ToNode incoming_;

  mutable std::mutex mutex_;
  std::condition_variable done_changed_;
  std::deque<v1::FromNode> outgoing_;  // the first is being written
  std::size_t queued_bytes_ = 0;
  bool over_ = false;  // nothing may be written any more
  bool done_ = false;
};

namespace {

std::shared_ptr<grpc::Channel> MakeChannel(const LinkSettings& settings) {
  grpc::ChannelArguments arguments;
  const auto longest = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(settings.longest_reconnect).count());
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, std::min(100, longest));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, std::min(100, longest));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, longest);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(settings.max_message_bytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(settings.max_message_bytes));
  if (settings.tls_ca.empty()) {
    return grpc::CreateCustomChannel(settings.target, grpc::InsecureChannelCredentials(), arguments);
  }
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = settings.tls_ca;
  return grpc::CreateCustomChannel(settings.target, grpc::SslCredentials(tls), arguments);
}

}  // namespace

SchedulerLink::SchedulerLink(const LinkSettings& settings, Mailbox<LinkEvent>& events)
    : settings_(settings), events_(events), stub_(v1::Worker::NewStub(MakeChannel(settings))) {}

SchedulerLink::~SchedulerLink() { Close(); }

std::uint64_t SchedulerLink::Open() {
  Close();
  reports_.Reset();
  const std::lock_guard lock(mutex_);
  stream_ = std::make_shared<SchedulerStream>(++calls_, !settings_.tls_ca.empty(), events_, reports_);
  stream_->Start(*stub_, settings_.token, stream_);
  return calls_;
}

void SchedulerLink::Close() {
  std::shared_ptr<SchedulerStream> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::move(stream_);
  }
  if (!old) return;
  old->Cancel();
  old->WaitUntilDone();  // its thread must not outlive what it writes to
}

void SchedulerLink::Send(v1::FromNode message) {
  if (message.has_task()) return reports_.Add(std::move(message));
  SendNow(std::move(message));
}

void SchedulerLink::SendNow(v1::FromNode message) {
  std::shared_ptr<SchedulerStream> stream;
  {
    const std::lock_guard lock(mutex_);
    stream = stream_;
  }
  if (stream) stream->Send(std::move(message));
}

std::size_t SchedulerLink::QueuedBytes() const {
  const std::lock_guard lock(mutex_);
  return stream_ ? stream_->QueuedBytes() : 0;
}

}  // namespace bsub::worker
