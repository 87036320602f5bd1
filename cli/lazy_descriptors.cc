// Linked in place of what protobuf does with each .proto file when a program starts: parse its description, a
// third of the instructions of a submit. Whoever looks at a description (cli/json.cc, CheckTexts) finds it
// all the same: it is added when a message of the file is first asked for its own. Only a search by name
// would miss it; nothing here does that. cmake: --wrap in cli/CMakeLists.txt.
namespace google::protobuf::internal {
struct DescriptorTable;
}  // namespace google::protobuf::internal

extern "C" {

// The name that the linker gives to the replacement of AddDescriptorsRunner's constructor.
void __wrap__ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE(  // NOLINT
    void* /*runner*/, const google::protobuf::internal::DescriptorTable* /*table*/) {}

}  // extern "C"
