#include "sim/client_model.h"

#include <utility>

#include "sim/names.h"

namespace bsub::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

}  // namespace

Duration ClientModel::Travel() {
  return model_.random.Between(Duration(100), model_.Strikes(model_.weather.late_permille)
                                                  ? Duration(seconds(20))
                                                  : Duration(milliseconds(5)));
}

void ClientModel::Submit(Principal who, JobSpec spec) {
  auto talk = std::make_shared<Talk>();
  const SubmitToken token = spec.token;
  talk->body = sched::Submit{{}, std::move(who), std::move(spec)};
  talk->on_answer = [this, token](const Result<sched::ReplyBody>& body) { Acknowledged(token, body); };
  Start(std::move(talk));
}

void ClientModel::Ask(sched::InputBody body) {
  auto talk = std::make_shared<Talk>();
  talk->body = std::move(body);
  Start(std::move(talk));
}

void ClientModel::AskNow(sched::InputBody body) {
  scheduler_.Arrived({std::move(body), [](const Result<sched::ReplyBody>&) {}});
}

void ClientModel::Start(std::shared_ptr<Talk> talk) {
  ++open_;
  Send(talk);
}

void ClientModel::Send(const std::shared_ptr<Talk>& talk) {
  if (talk->answered) return;
  const bool lost = model_.Strikes(model_.weather.lost_call_permille);
  const int copies = lost ? 0 : model_.Strikes(model_.weather.repeated_permille) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    model_.events.After(Travel(), [this, talk] {
      scheduler_.Arrived({talk->body, [this, talk](const Result<sched::ReplyBody>& body) {
                            if (model_.Strikes(model_.weather.lost_call_permille)) return;
                            model_.events.After(Travel(), [this, talk, body] { Answered(talk, body); });
                          }});
    });
  }
  model_.events.After(model_.random.Between(seconds(1), seconds(30)), [this, talk] { Send(talk); });
}

void ClientModel::Answered(const std::shared_ptr<Talk>& talk, const Result<sched::ReplyBody>& body) {
  // A late or second answer must promise the same.
  if (talk->on_answer) talk->on_answer(body);
  if (std::exchange(talk->answered, true)) return;
  --open_;
}

void ClientModel::Acknowledged(const SubmitToken& token, const Result<sched::ReplyBody>& body) {
  if (!body) {
    model_.trace.Note("client: refused, " + body.error().message);
    return;
  }
  const auto& accepted = std::get<sched::SubmitAccepted>(*body);
  const auto [it, fresh] = promised_.emplace(token, accepted.job);
  if (it->second != accepted.job)
    throw Violation{"one token, two jobs: " + Name(it->second) + " and " + Name(accepted.job)};
  if (accepted.repeated) ++model_.tally.repeated_submits;
  if (model_.witness.FindToken(token) != accepted.job)
    throw Violation{"job " + Name(accepted.job) + " is acknowledged but not durable"};
  if (!fresh) return;
  model_.trace.Note("client: job " + Name(accepted.job) + " is acknowledged");
  acknowledged_.push_back(accepted.job);
}

}  // namespace bsub::sim
