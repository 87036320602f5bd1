// What the witness knows of job definitions: whose a name is, and that a revision stays what it was.
#include "sim/model.h"
#include "sim/witness.h"

namespace bsub::sim {

void Witness::On(const sched::DefinitionRegistered& e, TimePoint) {
  const std::string& name = e.definition.name;
  Definition definition{e.definition.registered_by_uid, 0, {}};
  if (const auto known = definitions_.find(name); known != definitions_.end()) definition = known->second;
  if (definition.owner != e.definition.registered_by_uid)
    throw Violation{"job definition " + name + " is registered by another than its owner"};
  if (e.definition.revision != definition.newest + 1)
    throw Violation{"job definition " + name + ": revision " + std::to_string(e.definition.revision) +
                    " follows revision " + std::to_string(definition.newest)};
  for (const std::string& forgotten : e.forgets_in) {
    const auto it = definitions_.find(forgotten);
    if (it == definitions_.end())
      throw Violation{"the unknown job definition " + forgotten + " is forgotten"};
    if (it->second.active.empty() && it->second.owner == definition.owner) definitions_.erase(it);
  }
  definition.newest = e.definition.revision;
  definition.active.insert(definition.newest);
  definitions_[name] = definition;
}

void Witness::On(const sched::DefinitionDeregistered& e, TimePoint) {
  const auto it = definitions_.find(e.name);
  if (it == definitions_.end() || it->second.active.erase(e.revision) == 0)
    throw Violation{"revision " + std::to_string(e.revision) + " of job definition " + e.name +
                    " is deregistered, but it is not active"};
}

std::string Witness::CompareDefinitions(const sched::State& state) const {
  if (state.definitions.size() != definitions_.size()) return "the number of job definitions differs";
  for (const auto& [name, definition] : definitions_) {
    const auto it = state.definitions.find(name);
    if (it == state.definitions.end()) return "job definition " + name + " is missing";
    std::set<std::int32_t> active;
    for (const JobDefinition& revision : it->second) {
      if (revision.active) active.insert(revision.revision);
    }
    if (active != definition.active || it->second.back().revision != definition.newest ||
        it->second.front().registered_by_uid != definition.owner)
      return "job definition " + name + " differs";
  }
  return "";
}

}  // namespace bsub::sim
