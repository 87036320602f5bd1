#include "worker/launch/option_table.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>

namespace bsub::worker {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kBeforeDefault = " (=";

std::string Quoted(std::string_view text) { return text.empty() ? "" : "`" + std::string(text) + "`"; }

// A bar would begin the next cell.
std::string Cell(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

std::string Row(const boost::program_options::option_description& option) {
  // "TIME (=30s)"; a switch has no word and is off.
  const bool takes_value = option.semantic()->max_tokens() > 0;
  const std::string words = option.semantic()->name();
  const std::size_t end = words.find(kBeforeDefault);
  std::string_view normally;
  if (end != std::string::npos) {
    normally = std::string_view(words).substr(end + kBeforeDefault.size());
    normally.remove_suffix(1);
  }
  return "| `--" + option.long_name() + "` | " + (takes_value ? words.substr(0, end) : "switch") + " | " +
         (takes_value ? Quoted(normally) : "off") + " | " + Cell(option.description()) + " |\n";
}

}  // namespace

Status ReadOptions(const po::options_description& options, int argc, const char* const* argv,
                   po::variables_map& values) {
  try {
    po::store(po::command_line_parser(argc, argv).options(options).positional({}).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    return InvalidArgument(std::string(error.what()) + "; see --help");
  }
  return OkStatus();
}

std::string AskedText(const po::options_description& options, const po::variables_map& values,
                      std::string_view intro, std::string_view version) {
  if (values.count("help") != 0) {
    std::ostringstream text;
    text << intro << "\n\n" << options;
    return text.str();
  }
  return values.count("version") != 0 ? std::string(version) : "";
}

std::string OptionTable(const boost::program_options::options_description& options) {
  std::string text = "| option | value | default | meaning |\n|---|---|---|---|\n";
  for (const auto& option : options.options()) {
    if (option->long_name() != "help" && option->long_name() != "version") text += Row(*option);
  }
  return text;
}

}  // namespace bsub::worker
