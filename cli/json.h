// Protobuf messages as JSON for programs. One rule for every message, so that docs/cli.md can state it:
//
//   - keys are the field names in lowerCamelCase, in the order of the schema, and every key is always there
//   - integers are JSON numbers, also 64-bit ones
//   - a moment (…_at_us) is an RFC 3339 string in UTC under "…At" (at_us: "at"), or null if it is not set
//   - a duration (…_us) is a number of seconds under "…Seconds"
//   - bytes are text, with \xNN for each that is no UTF-8
//   - a message or optional field that is absent is null
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

namespace bsub::cli {

using Json = nlohmann::ordered_json;

Json ToJson(const google::protobuf::Message& message);

// One object in readable form, with a newline at the end. Bytes that are not UTF-8 are replaced.
std::string Pretty(const Json& json);
// On one line, without a newline.
std::string Compact(const Json& json);

}  // namespace bsub::cli
