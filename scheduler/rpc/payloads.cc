#include "scheduler/rpc/payloads.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "common/check.h"
#include "jobs/directives.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::rpc {
namespace {

std::string Size(std::size_t bytes) { return FormatBytes(static_cast<std::int64_t>(bytes)); }

Status CheckWord(const std::string& field, const std::string& word, const RpcSettings& limits) {
  if (word.find('\0') != std::string::npos) {
    return InvalidArgument(field + ": " + Quoted(word) + " holds a NUL byte, which no program can receive");
  }
  if (word.size() > limits.max_argument_bytes) {
    return InvalidArgument(field + ": " + std::to_string(word.size()) + " bytes; Linux takes at most " +
                           std::to_string(limits.max_argument_bytes) + " in one; pass a file instead");
  }
  return OkStatus();
}

}  // namespace

Status CheckArguments(const google::protobuf::RepeatedPtrField<std::string>& arguments,
                      const RpcSettings& limits) {
  std::size_t total = 0;
  for (const std::string& word : arguments) total += word.size() + 1;
  if (total > limits.max_arguments_bytes) {
    return InvalidArgument("command: the arguments take " + Size(total) + ", the limit is " +
                           Size(limits.max_arguments_bytes) + "; put them into a file and pass its name");
  }
  for (int i = 0; i < arguments.size(); ++i) {
    BSUB_RETURN_IF_ERROR(CheckWord("command argument " + std::to_string(i), arguments.Get(i), limits));
  }
  return OkStatus();
}

Status CheckCommand(v1::Command& command, const RpcSettings& limits) {
  BSUB_RETURN_IF_ERROR(CheckArguments(command.argv(), limits));
  if (command.script().empty()) {
    if (command.argv_size() == 0 || command.argv(0).empty()) {
      return InvalidArgument("command: nothing to run; give a program or a script");
    }
    return OkStatus();
  }
  if (command.script().size() > limits.max_script_bytes) {
    return InvalidArgument("script: " + Size(command.script().size()) + ", the limit is " +
                           Size(limits.max_script_bytes) + "; keep data in files beside it");
  }
  auto interpreter = ScriptInterpreter(command.script());
  if (!interpreter) return InvalidArgument("script: " + interpreter.error().message);
  if (command.interpreter_size() == 0)
    command.mutable_interpreter()->Assign(interpreter->begin(), interpreter->end());
  for (const std::string& word : command.interpreter())
    BSUB_RETURN_IF_ERROR(CheckWord("interpreter", word, limits));
  return CheckWord("script name", command.script_name(), limits);
}

Status NormaliseEnvironment(v1::Environment& environment, const RpcSettings& limits) {
  std::size_t total = 0;
  for (const std::string& variable : environment.variables()) {
    total += variable.size() + 1;
    if (variable.find('=') == std::string::npos || variable.front() == '=') {
      return InvalidArgument("environment: " + Quoted(variable) + " is not NAME=VALUE");
    }
    BSUB_RETURN_IF_ERROR(
        CheckWord("environment " + variable.substr(0, variable.find('=')), variable, limits));
  }
  if (total > limits.max_environment_bytes) {
    return InvalidArgument("environment: " + Size(total) + ", the limit is " +
                           Size(limits.max_environment_bytes) + "; pass only the variables the job needs");
  }
  const auto name = [](const std::string& variable) {
    return std::string_view(variable).substr(0, variable.find('='));
  };
  auto& variables = *environment.mutable_variables();
  std::stable_sort(variables.begin(), variables.end(),
                   [&](const std::string& a, const std::string& b) { return name(a) < name(b); });
  const auto same = [&](const std::string& a, const std::string& b) { return name(a) == name(b); };
  variables.erase(std::unique(variables.begin(), variables.end(), same), variables.end());
  return OkStatus();
}

PayloadHash Sha256(std::string_view bytes) {
  PayloadHash hash;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.bytes.data());
  return hash;
}

StagedPayload Stage(const google::protobuf::MessageLite& message) {
  auto bytes = std::make_shared<std::string>();
  {
    google::protobuf::io::StringOutputStream stream(bytes.get());
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    BSUB_CHECK(message.SerializeToCodedStream(&coded))
        << "a payload of " << message.ByteSizeLong() << " bytes";
  }
  const PayloadHash hash = Sha256(*bytes);
  return {hash, std::move(bytes)};
}

}  // namespace bsub::rpc
