// queues, nodes, drain, resume, definitions and status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class ClusterCommands : public ::testing::Test {
 protected:
  ClusterCommands() {
    scheduler_.list_queues.answer = [](const v1::ListQueuesRequest&, v1::ListQueuesReply& reply) {
      v1::Queue& queue = *reply.add_queues();
      queue.set_name("high");
      queue.set_priority(100);
      queue.set_dispatches(true);
      queue.set_is_default(true);
      queue.set_waiting(3);
      return grpc::Status::OK;
    };
    scheduler_.list_nodes.answer = [](const v1::ListNodesRequest&, v1::ListNodesReply& reply) {
      v1::Node& node = *reply.add_nodes();
      node.set_name("n1");
      node.set_state("up");
      node.set_drained(true);
      node.set_drain_reason("new disk");
      node.mutable_total()->set_cpu_milli(8000);
      return grpc::Status::OK;
    };
    scheduler_.set_node.answer = [](const v1::SetNodeRequest& request, v1::Empty&) {
      if (request.name() == "n1") return grpc::Status::OK;
      return grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no node '" + request.name() + "'");
    };
  }
  FakeScheduler scheduler_;
};

TEST_F(ClusterCommands, QueuesAreListed) {
  const CliResult table = scheduler_.Cli()({"queues"});
  EXPECT_THAT(table.out, HasSubstr("high (default)       100  open    disabled "));
  const auto json = nlohmann::json::parse(scheduler_.Cli()({"queues", "list", "--json"}).out);
  EXPECT_EQ(json[0]["name"], "high");
  EXPECT_EQ(json[0]["isDefault"], true);
}

TEST_F(ClusterCommands, OnlyWhatWasNamedIsChanged) {
  EXPECT_EQ(scheduler_.Cli()({"queues", "set", "high", "--priority", "-5", "--max-running", "10"}).out,
            "Queue <high> is changed.\n");
  const v1::SetQueueRequest request = scheduler_.set_queue.requests.back();
  EXPECT_THAT(request.update(), ElementsAre("priority", "max_running"));
  EXPECT_EQ(request.queue().priority(), -5);
  EXPECT_FALSE(request.must_be_new());
}

TEST_F(ClusterCommands, QueuesAreCreatedOpenedAndDeleted) {
  const CliRun run = scheduler_.Cli();
  EXPECT_EQ(run({"queues", "create", "low", "--priority", "1", "--default"}).out,
            "Queue <low> is created.\n");
  EXPECT_TRUE(scheduler_.set_queue.requests.back().must_be_new());
  EXPECT_THAT(scheduler_.set_queue.requests.back().update(),
              ElementsAre("accepts", "dispatches", "priority", "is_default"));
  EXPECT_EQ(run({"queues", "close", "high"}).out, "Queue <high> is closed.\n");
  EXPECT_THAT(scheduler_.set_queue.requests.back().update(), ElementsAre("dispatches"));
  EXPECT_FALSE(scheduler_.set_queue.requests.back().queue().dispatches());
  EXPECT_EQ(run({"queues", "enable", "high"}).code, 0);
  EXPECT_TRUE(scheduler_.set_queue.requests.back().queue().accepts());
  EXPECT_EQ(run({"queues", "delete", "high"}).out, "Queue <high> is deleted.\n");
  EXPECT_EQ(scheduler_.delete_queue.requests.back().name(), "high");
}

TEST_F(ClusterCommands, WhatIsChangedIsPrintedAsJson) {
  const CliRun run = scheduler_.Cli();
  const auto json = [&run](const std::vector<std::string>& words) {
    return nlohmann::json::parse(run(words).out);
  };
  EXPECT_EQ(json({"queues", "set", "high", "--priority", "5", "--json"})["name"], "high");
  EXPECT_EQ(json({"queues", "close", "high", "--json"})["waiting"], 3);
  EXPECT_EQ(json({"queues", "delete", "high", "--json"})["deleted"], true);
  EXPECT_EQ(json({"drain", "n1", "--json"})[0]["done"], true);
  EXPECT_EQ(json({"resume", "n1", "nix", "--json"})[1]["error"], "there is no node 'nix'");
}

TEST_F(ClusterCommands, APolicyThatIsNoneNamesAllThereAre) {
  const CliResult result = scheduler_.Cli()({"queues", "set", "high", "--policy", "fair"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("--policy 'fair': expected one of default, priority, balanced, fair-share, "));
}

TEST_F(ClusterCommands, DrillsTakeNodesAsDrainDoes) {
  EXPECT_EQ(scheduler_.Cli()({"drill", "kill", "n1"}).out, "Node <n1> is killed.\n");
  EXPECT_EQ(scheduler_.set_node.requests.back().action(), "kill");
  EXPECT_EQ(scheduler_.Cli()({"drill", "notice", "--node", "n1", "--in", "30s"}).code, 0);
  EXPECT_THAT(scheduler_.Cli()({"drill", "notice", "--node", "n2"}).err, HasSubstr("did you mean 'n1'?"));
  EXPECT_THAT(scheduler_.Cli()({"drill", "spot", "n1"}).err, HasSubstr("spot: too many words, from 'n1' on"));
}

TEST_F(ClusterCommands, LimitsByCpusAndSharesAreSet) {
  ASSERT_EQ(
      scheduler_
          .Cli()({"queues", "set", "high", "--max-cpus-per-share", "64", "--max-running-per-share", "4"})
          .code,
      0);
  const v1::SetQueueRequest request = scheduler_.set_queue.requests.back();
  EXPECT_THAT(request.update(), UnorderedElementsAre("max_cpus_per_share", "max_running_per_share"));
  EXPECT_EQ(request.queue().max_cpus_per_share(), 64);
}

TEST_F(ClusterCommands, QueuesToPreemptAreNamed) {
  const CliRun run = scheduler_.Cli();
  ASSERT_EQ(run({"queues", "set", "high", "--preempts", "low, night", "--preempts", "test"}).code, 0);
  EXPECT_THAT(scheduler_.set_queue.requests.back().queue().preempts(), ElementsAre("low", "night", "test"));
  ASSERT_EQ(run({"queues", "set", "high", "--preempts", "none"}).code, 0);
  EXPECT_THAT(scheduler_.set_queue.requests.back().queue().preempts(), ElementsAre());
  EXPECT_THAT(scheduler_.set_queue.requests.back().update(), ElementsAre("preempts"));
  for (const char* value : {",", "", "low,", "low,,night", " "}) {
    const CliResult result = run({"queues", "set", "high", "--preempts", value});
    EXPECT_EQ(result.code, 2) << value;
    EXPECT_THAT(result.err, HasSubstr("--preempts '" + std::string(value) +
                                      "': a name is empty; expected NAME, or NAME,NAME for several"));
  }
}

TEST_F(ClusterCommands, WeightsOfSharesAreReplacedOrTakenAway) {
  const CliRun run = scheduler_.Cli();
  ASSERT_EQ(run({"queues", "set", "high", "--share", "gold*=0.5", "--share", "silver=2"}).code, 0);
  EXPECT_THAT(scheduler_.set_queue.requests.back().queue().shares(), ElementsAre("gold*=0.5", "silver=2"));
  ASSERT_EQ(run({"queues", "set", "high", "--share", "none"}).code, 0);
  EXPECT_THAT(scheduler_.set_queue.requests.back().queue().shares(), ElementsAre());
  EXPECT_THAT(scheduler_.set_queue.requests.back().update(), ElementsAre("shares"));
}

TEST_F(ClusterCommands, AReservationForNobodyInParticularIsNotMadeByMistake) {
  for (const char* option : {"--user", "--node"}) {
    const CliResult result =
        scheduler_.Cli()({"reservations", "create", "--name", "course", "--duration", "1h", option, ",",
                          option == std::string("--user") ? "--nodes=2" : "--user=anna"});
    EXPECT_EQ(result.code, 2);
    EXPECT_THAT(result.err, HasSubstr(std::string(option) + " ',': a name is empty"));
  }
}

TEST_F(ClusterCommands, ReservationsAreCreatedListedAndDeleted) {
  scheduler_.list_reservations.answer = [](const v1::ListReservationsRequest&,
                                           v1::ListReservationsReply& reply) {
    v1::Reservation& one = *reply.add_reservations();
    one.set_name("course");
    one.set_start_at_us(1'800'000'000'000'000);
    one.set_end_at_us(1'800'003'600'000'000);
    for (const char* node : {"n1", "n2"}) one.add_nodes(node);
    one.add_users("anna");
    return grpc::Status::OK;
  };
  const CliRun run = scheduler_.Cli();
  EXPECT_EQ(run({"reservations", "create", "--name", "course", "--start", "2027-01-15T08:00:00Z",
                 "--duration", "1h", "--nodes", "2", "--user", "anna,ben", "--user", "carl"})
                .out,
            "Reservation <course> is created.\n");
  const v1::CreateReservationRequest made = scheduler_.create_reservation.requests.back();
  EXPECT_EQ(made.start_at_us(), 1'800'000'000'000'000);
  EXPECT_EQ(made.duration_us(), 3'600'000'000);
  EXPECT_EQ(made.node_count(), 2u);
  EXPECT_THAT(made.users(), ElementsAre("anna", "ben", "carl"));
  EXPECT_EQ(run({"reservations", "create", "--name", "r", "--duration", "1h", "--node", "n1,n2"}).code, 0);
  EXPECT_THAT(scheduler_.create_reservation.requests.back().nodes(), ElementsAre("n1", "n2"));
  EXPECT_THAT(run({"reservations", "create", "--name", "r", "--nodes", "1"}).err,
              HasSubstr("--duration: missing"));
  EXPECT_THAT(run({"reservations", "create", "--name", "r", "--duration", "1h"}).err, HasSubstr("--nodes N"));
  EXPECT_THAT(run({"reservations"}).out, HasSubstr("course"));
  const auto json = nlohmann::json::parse(run({"reservations", "ls", "--json"}).out);
  EXPECT_EQ(json[0]["nodes"][1], "n2");
  EXPECT_EQ(run({"reservations", "delete", "course"}).out, "Reservation <course> is deleted.\n");
  EXPECT_EQ(scheduler_.delete_reservation.requests.back().name(), "course");
  const auto created = nlohmann::json::parse(
      run({"reservations", "create", "course", "--duration", "1h", "--nodes", "2", "--json"}).out);
  EXPECT_EQ(created["name"], "course");
  EXPECT_EQ(created["users"][0], "anna");
  EXPECT_EQ(nlohmann::json::parse(run({"reservations", "delete", "course", "--json"}).out)["deleted"], true);
}

TEST_F(ClusterCommands, AMistypedQueueIsNotMade) {
  for (const char* verb : {"set", "open", "close", "enable", "disable"}) {
    std::vector<std::string> words = {"queues", verb, "hihg"};
    if (words[1] == "set") words.insert(words.end(), {"--priority", "1"});
    const CliResult result = scheduler_.Cli()(words);
    EXPECT_EQ(result.code, 2) << verb;
    EXPECT_THAT(result.err, HasSubstr("did you mean 'high'?")) << verb;
  }
  EXPECT_THAT(scheduler_.set_queue.requests, SizeIs(0));
}

TEST_F(ClusterCommands, MistypedVerbsAndMisplacedOptions) {
  EXPECT_THAT(scheduler_.Cli()({"queues", "craete", "x"}).err, HasSubstr("did you mean 'create'?"));
  EXPECT_THAT(scheduler_.Cli()({"queues", "close", "high", "--priority", "1"}).err,
              HasSubstr("--priority does not belong to close"));
  EXPECT_EQ(scheduler_.Cli()({"queues", "set", "high"}).code, 2);
  EXPECT_EQ(scheduler_.Cli()({"queues", "create"}).code, 2);
}

TEST_F(ClusterCommands, Nodes) {
  const CliRun run = scheduler_.Cli();
  EXPECT_THAT(run({"nodes"}).out, HasSubstr("up, drained (new disk)"));
  EXPECT_EQ(nlohmann::json::parse(run({"nodes", "--json"}).out)[0]["total"]["cpuMilli"], 8000);
  EXPECT_EQ(run({"drain", "n1", "--reason", "new disk"}).out, "Node <n1> is drained.\n");
  EXPECT_EQ(scheduler_.set_node.requests.back().action(), "drain");
  EXPECT_EQ(scheduler_.set_node.requests.back().reason(), "new disk");
  EXPECT_EQ(run({"resume", "n1"}).code, 0);
  EXPECT_EQ(scheduler_.set_node.requests.back().action(), "resume");
  EXPECT_EQ(run({"nodes", "declare-dead", "n1"}).code, 0);
  EXPECT_EQ(scheduler_.set_node.requests.back().action(), "declare-dead");
  EXPECT_EQ(run({"nodes", "remove", "n1"}).code, 0);
  EXPECT_EQ(scheduler_.set_node.requests.back().action(), "remove");
  const CliResult unknown = run({"drain", "m1", "n1"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.out, "Node <n1> is drained.\n");
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'n1'?"));
}

TEST_F(ClusterCommands, DefinitionsByOptionsAndByFile) {
  scheduler_.register_definition.answer = [](const v1::RegisterDefinitionRequest& request,
                                             v1::RegisterDefinitionReply& reply) {
    reply.set_name(request.definition().name());
    reply.set_revision(4);
    return grpc::Status::OK;
  };
  const CliRun run = scheduler_.Cli();
  EXPECT_EQ(run({"definitions", "register", "align", "-c", "2", "--param", "s=none", "--env", "A=1", "--",
                 "./align", "-x", "Ref::s"})
                .out,
            "Definition <align:4> is registered.\n");
  const v1::Definition definition = scheduler_.register_definition.requests.back().definition();
  EXPECT_THAT(definition.command(), ElementsAre("./align", "-x", "Ref::s"));
  EXPECT_EQ(definition.parameters().at("s"), "none");
  EXPECT_EQ(definition.resources().cpu_milli(), 2000);
  EXPECT_THAT(definition.environment(), SizeIs(1));
  EXPECT_EQ(definition.working_directory(), "");
  const TemporaryDirectory directory;
  EXPECT_EQ(
      run({"definitions", "register", "--file", directory.Write("d.yaml", "name: x\ncommand: [a]\n")}).out,
      "Definition <x:4> is registered.\n");
  EXPECT_EQ(run({"definitions", "register", "--file", directory.Write("e.yaml", "nmae: x\n")}).code, 2);
  EXPECT_EQ(run({"definitions", "register", "align"}).code, 2);
  EXPECT_EQ(run({"definitions", "deregister", "align:1"}).out, "Definition <align:1> is deregistered.\n");
  EXPECT_EQ(scheduler_.deregister_definition.requests.back().definition(), "align:1");
  EXPECT_EQ(
      nlohmann::json::parse(run({"definitions", "deregister", "align:1", "--json"}).out)["deregistered"],
      true);
}

TEST_F(ClusterCommands, DefinitionsAreListed) {
  scheduler_.list_definitions.answer = [](const v1::ListDefinitionsRequest& request,
                                          v1::ListDefinitionsReply& reply) {
    EXPECT_TRUE(request.active_only());
    v1::Definition& definition = *reply.add_definitions();
    definition.set_name("align");
    definition.set_revision(4);
    definition.set_active(true);
    definition.add_command("./align");
    return grpc::Status::OK;
  };
  EXPECT_THAT(scheduler_.Cli()({"definitions"}).out, HasSubstr("align:4     active"));
  EXPECT_EQ(nlohmann::json::parse(scheduler_.Cli()({"definitions", "--json"}).out)[0]["revision"], 4);
}

TEST_F(ClusterCommands, DefinitionsComeInPages) {
  scheduler_.list_definitions.answer = [](const v1::ListDefinitionsRequest& request,
                                          v1::ListDefinitionsReply& reply) {
    v1::Definition& definition = *reply.add_definitions();
    definition.set_name(request.after().empty() ? "align" : "sort");
    definition.add_command("run\xe9");
    if (request.after().empty()) reply.set_next("align:1");
    return grpc::Status::OK;
  };
  const auto json = nlohmann::json::parse(scheduler_.Cli()({"definitions", "--json"}).out);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[1]["name"], "sort");
  EXPECT_EQ(json[1]["command"][0], "run\\xe9");
  EXPECT_EQ(scheduler_.list_definitions.requests.back().after(), "align:1");
}

TEST_F(ClusterCommands, StatusForPeopleAndPrograms) {
  scheduler_.status.answer = [](const v1::StatusRequest&, v1::StatusReply& reply) {
    reply.set_cluster_uuid("c1");
    reply.set_scheduler_pid(77);
    reply.mutable_journal()->set_sequence(1234);
    reply.add_warnings("the clock went back");
    v1::Queue& queue = *reply.add_queues();
    queue.set_name("high");
    queue.set_waiting(5);
    return grpc::Status::OK;
  };
  const CliResult text = scheduler_.Cli()({"status"});
  EXPECT_THAT(text.out, StartsWith("Cluster c1\n  Scheduler"));
  EXPECT_THAT(text.out, HasSubstr("the clock went back"));
  EXPECT_THAT(text.out, HasSubstr("No node is registered."));
  const auto json = nlohmann::json::parse(scheduler_.Cli()({"status", "--json"}).out);
  EXPECT_EQ(json["schedulerPid"], 77);
  EXPECT_EQ(json["journal"]["sequence"], 1234);
  EXPECT_EQ(json["queues"][0]["waiting"], 5);
  EXPECT_TRUE(json["nodes"].empty());
}

}  // namespace
}  // namespace bsub::cli
