// Queues, nodes, job definitions, status, shutting down.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/utf8.h"
#include "jobs/definition.h"
#include "jobs/text.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/cluster_translation.h"
#include "scheduler/rpc/protocol.h"

namespace bsub::rpc {
namespace {

// Ids follow the order of registration, which means nothing to people.
template <typename View>
void FillNodesByName(const View& view, google::protobuf::RepeatedPtrField<v1::Node>& nodes) {
  for (const auto& [id, node] : view.state().nodes) FillNode(view, node, *nodes.Add());
  std::sort(nodes.begin(), nodes.end(),
            [](const v1::Node& a, const v1::Node& b) { return NaturalLess(a.name(), b.name()); });
}

// As they are served: higher priority first.
template <typename View>
void FillQueuesInOrder(const View& view, google::protobuf::RepeatedPtrField<v1::Queue>& queues) {
  for (const auto& [name, queue] : view.state().queues) FillQueue(view, queue, *queues.Add());
  std::sort(queues.begin(), queues.end(), [](const v1::Queue& a, const v1::Queue& b) {
    return a.priority() != b.priority() ? a.priority() > b.priority() : NaturalLess(a.name(), b.name());
  });
}

// A read that only fills the reply in.
void ReadInto(const Services& services, std::function<void(const CoreView&)> fill, Done done) {
  const Status sent = services.core.Read([fill = std::move(fill), done](const CoreView& view) {
    fill(view);
    return [done] { done(OkStatus()); };
  });
  if (!sent) done(sent.error());
}

// An input whose answer holds nothing but whether it worked.
void SendPlain(const Services& services, DecideFn decide, const Done& done) {
  const Status sent = services.core.Decide(
      std::move(decide), {},
      [done](const Result<sched::ReplyBody>& body) { done(body ? OkStatus() : Status(body.error())); });
  if (!sent) done(sent.error());
}

}  // namespace

void ListQueues(const Services& services, v1::ListQueuesReply& reply, Done done) {
  ReadInto(
      services, [&reply](const CoreView& view) { FillQueuesInOrder(view, *reply.mutable_queues()); },
      std::move(done));
}

void SetQueue(const Services& services, const Identity& who, const v1::SetQueueRequest& request, Done done) {
  SendPlain(
      services,
      [request, who](const CoreView& view) -> Result<sched::InputBody> {
        const auto it = view.state().queues.find(request.queue().name());
        const sched::Queue* present = it == view.state().queues.end() ? nullptr : &it->second;
        BSUB_ASSIGN_OR_RETURN(sched::SetQueue input, TranslateSetQueue(request, present));
        input.who = who.principal;
        return input;
      },
      done);
}

void DeleteQueue(const Services& services, const Identity& who, const v1::DeleteQueueRequest& request,
                 Done done) {
  SendPlain(
      services,
      [name = request.name(), who](const CoreView&) -> Result<sched::InputBody> {
        return sched::DeleteQueue{{}, who.principal, name};
      },
      done);
}

void ListNodes(const Services& services, v1::ListNodesReply& reply, Done done) {
  ReadInto(
      services, [&reply](const CoreView& view) { FillNodesByName(view, *reply.mutable_nodes()); },
      std::move(done));
}

void ListEnvironments(const Services& services, v1::ListEnvironmentsReply& reply, Done done) {
  ReadInto(
      services, [&reply](const CoreView& view) { FillEnvironment(view, *reply.add_environments()); },
      std::move(done));
}

void SetNode(const Services& services, const Identity& who, const v1::SetNodeRequest& request, Done done) {
  auto input = TranslateSetNode(request);
  if (!input) return done(input.error());
  input->who = who.principal;
  SendPlain(
      services, [input = *input](const CoreView&) -> Result<sched::InputBody> { return input; }, done);
}

void RegisterDefinition(const Services& services, const Identity& who,
                        const v1::RegisterDefinitionRequest& request, v1::RegisterDefinitionReply& reply,
                        Done done) {
  auto definition = TranslateDefinition(request.definition(), who.principal, services.settings);
  if (!definition) return done(definition.error());
  sched::RegisterDefinition input{{}, who.principal, std::move(*definition)};
  const Status sent = services.core.Send(std::move(input), {}, [&reply, done](Result<sched::ReplyBody> body) {
    if (!body) return done(body.error());
    const auto& accepted = std::get<sched::DefinitionAccepted>(*body);
    reply.set_name(accepted.name);
    reply.set_revision(accepted.revision);
    done(OkStatus());
  });
  if (!sent) done(sent.error());
}

void DeregisterDefinition(const Services& services, const Identity& who,
                          const v1::DeregisterDefinitionRequest& request, Done done) {
  const auto ref = ParseDefinitionRef(request.definition());
  if (!ref) return done(ref.error());
  if (!ref->revision) {
    return done(InvalidArgument("definition: '" + request.definition() +
                                "' lacks its revision; write NAME:REVISION"));
  }
  SendPlain(
      services,
      [ref = *ref, who](const CoreView&) -> Result<sched::InputBody> {
        return sched::DeregisterDefinition{{}, who.principal, ref.name, *ref.revision};
      },
      done);
}

void ListDefinitions(const Services& services, const v1::ListDefinitionsRequest& request,
                     v1::ListDefinitionsReply& reply, Done done) {
  DefinitionRef wanted;
  if (!request.definition().empty()) {
    const auto ref = ParseDefinitionRef(request.definition());
    if (!ref) return done(ref.error());
    wanted = *ref;
  }
  DefinitionRef after;
  if (!request.after().empty()) {
    const auto ref = ParseDefinitionRef(request.after());
    if (!ref) return done(Error{ref.error().code, "after: " + ref.error().message});
    after = *ref;
  }
  ReadInto(
      services,
      [&services, wanted, after, active_only = request.active_only(), &reply](const CoreView& view) {
        FillDefinitions(view.state(), wanted, active_only, after, services.settings.list_page_bytes, reply);
      },
      std::move(done));
}

void GetStatus(const Services& services, v1::StatusReply& reply, Done done) {
  ReadInto(
      services,
      [&services, &reply](const CoreView& view) {
        reply.set_cluster_uuid(view.state().cluster_uuid);
        reply.set_version(services.facts.version);
        reply.set_scheduler_pid(services.facts.pid);
        reply.set_started_at_us(services.facts.started_at.micros());
        reply.set_protocol(kClientProtocol);
        reply.set_home(ToUtf8(services.facts.home));
        FillNodesByName(view, *reply.mutable_nodes());
        std::int64_t waiting = 0, running = 0;
        FillQueuesInOrder(view, *reply.mutable_queues());
        for (const v1::Queue& queue : reply.queues()) {
          waiting += queue.waiting();
          running += queue.starting() + queue.running();
        }
        reply.set_jobs(view.state().jobs.size());
        reply.set_waiting_tasks(static_cast<std::uint64_t>(waiting));
        reply.set_running_tasks(static_cast<std::uint64_t>(running));
        reply.mutable_journal()->set_sequence(view.state().last_sequence.value());
      },
      [&services, &reply, done = std::move(done)](const Status& status) {
        if (!status) return done(status);
        std::vector<std::string> warnings;
        services.journal_status(*reply.mutable_journal(), warnings);
        for (const std::string& warning : warnings) reply.add_warnings(ToUtf8(warning));
        done(OkStatus());
      });
}

void ShutDown(const Services& services, const Identity&, const v1::ShutDownRequest& request, Done done) {
  services.shut_down(request.stop_tasks());
  done(OkStatus());
}

}  // namespace bsub::rpc
