#include "scheduler/journal/entry_json.h"

#include <nlohmann/json.hpp>

#include "common/hash.h"
#include "common/time.h"
#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/proto_parts.h"

namespace bsub::journal {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool EndsWith(const std::string& name, std::string_view end) {
  return name.size() >= end.size() && std::string_view(name).substr(name.size() - end.size()) == end;
}

// "placed_at_us" -> "placedAt" for a time, "cpu_milli" -> "cpuMilli".
std::string JsonName(const FieldDescriptor& field) {
  std::string name = field.json_name();
  if (EndsWith(field.name(), "_at_us")) name.resize(name.size() - 2);
  return name;
}

Json BytesToJson(const FieldDescriptor& field, const std::string& bytes) {
  const bool binary = EndsWith(field.name(), "_hash") || field.name() == "token";
  if (!binary) return bytes;
  return ToHex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

Json MessageToJson(const Message& message);

Json NumberToJson(const FieldDescriptor& field, std::int64_t value) {
  if (EndsWith(field.name(), "_at_us")) return FormatUtc(TimePoint(value));
  return value;
}

Json Single(const Message& m, const Reflection& r, const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r.GetInt32(m, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return NumberToJson(field, r.GetInt64(m, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return r.GetUInt32(m, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return r.GetUInt64(m, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return r.GetBool(m, &field);
    case FieldDescriptor::CPPTYPE_STRING:
      return BytesToJson(field, r.GetString(m, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(r.GetMessage(m, &field));
    default:
      return nullptr;  // the schema has no other types
  }
}

Json Repeated(const Message& m, const Reflection& r, const FieldDescriptor& field, int i) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r.GetRepeatedInt32(m, &field, i);
    case FieldDescriptor::CPPTYPE_UINT32:
      return r.GetRepeatedUInt32(m, &field, i);
    case FieldDescriptor::CPPTYPE_UINT64:
      return r.GetRepeatedUInt64(m, &field, i);
    case FieldDescriptor::CPPTYPE_STRING:
      return BytesToJson(field, r.GetRepeatedString(m, &field, i));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageToJson(r.GetRepeatedMessage(m, &field, i));
    default:
      return nullptr;  // the schema repeats no other types
  }
}

Json MessageToJson(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  Json object = Json::object();
  for (const FieldDescriptor* field : fields) {
    Json& value = object[JsonName(*field)];
    if (!field->is_repeated()) {
      value = Single(message, reflection, *field);
      continue;
    }
    value = Json::array();
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      value.push_back(Repeated(message, reflection, *field, i));
    }
  }
  return object;
}

}  // namespace

Result<std::string> EntryToJson(std::string_view bytes) {
  BSUB_ASSIGN_OR_RETURN(const sched::JournalEntry entry, DecodeEntry(bytes));
  pb::Entry message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return DataLoss("an entry cannot be parsed");
  Json line;
  line["at"] = FormatUtc(entry.at);
  line["kind"] = sched::KindName(entry.body);
  const FieldDescriptor* body = message.GetReflection()->GetOneofFieldDescriptor(
      message, message.GetDescriptor()->FindOneofByName("body"));
  line["body"] = MessageToJson(message.GetReflection()->GetMessage(message, body));
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace bsub::journal
