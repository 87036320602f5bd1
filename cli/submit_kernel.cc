#include "cli/submit_kernel.h"

#include <utility>
#include <vector>

#include "jobs/array_spec.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

// A name without a slash is looked up by the dynamic linker on the node.
std::string Absolute(const std::string& path, const std::string& here) {
  return path.starts_with('/') || path.find('/') == std::string::npos ? path : here + "/" + path;
}

Result<std::string> Children(const Arguments& arguments) {
  const std::string text = arguments.Get("array", "");
  if (text.empty())
    return InvalidArgument("--kernel needs --array with the indexes of its calls, such as --array 0-999");
  const auto spec = ParseArraySpec(text);
  if (!spec) return InvalidArgument("--" + spec.error().message);
  if (spec->concurrency() != 0) {
    return InvalidArgument(
        "--array " + Quoted(text) +
        ": with --kernel all children share the job's CPUs; leave '%' out and say how many with --cpus");
  }
  return spec->ToString();
}

// What the library's file would be taken for if the words were a program's is refused, not guessed.
Status Check(const Arguments& arguments) {
  if (!arguments.words().empty()) {
    return InvalidArgument("--kernel and the program " + Quoted(arguments.words().front()) +
                           " were given; the kernel is what runs");
  }
  for (const char* other : {"script", "definition"})
    if (arguments.Has(other))
      return InvalidArgument(std::string("--kernel and --") + other + " exclude each other");
  if (!arguments.Has("checkpoint-dir"))
    return InvalidArgument("--kernel needs --checkpoint-dir DIR: the results are kept there");
  return OkStatus();
}

}  // namespace

Result<Arguments> WithKernelHost(const Arguments& arguments, const std::string& programs,
                                 const std::string& here) {
  BSUB_RETURN_IF_ERROR(Check(arguments));
  BSUB_ASSIGN_OR_RETURN(const std::string children, Children(arguments));
  const std::string kernel = arguments.Get("kernel", "");
  const std::size_t colon = kernel.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == kernel.size()) {
    return InvalidArgument("--kernel " + Quoted(kernel) +
                           ": expected LIBRARY:FUNCTION, such as ./libtiles.so:render_tile");
  }
  std::vector<std::string> words = {programs + "/" + std::string(kKernelHost), "--kernel",
                                    Absolute(kernel.substr(0, colon), here) + kernel.substr(colon), "--array",
                                    children};
  if (const auto input = arguments.Get("kernel-input")) {
    const bool relative = input->starts_with('@') && !input->starts_with("@/");
    words.insert(words.end(), {"--input", relative ? "@" + here + "/" + input->substr(1) : *input});
  }
  Arguments with = arguments;
  for (const char* taken : {"kernel", "kernel-input", "array"}) with.Remove(taken);
  if (!with.Has("name")) with.Add("name", kernel.substr(colon + 1));
  with.SetWords(std::move(words), true);
  return with;
}

}  // namespace bsub::cli
