#include "scheduler/daemon/options.h"

#include <boost/program_options.hpp>
#include <filesystem>
#include <sstream>

#include "jobs/nearest.h"

namespace bsub::daemon {
namespace {

namespace po = boost::program_options;

po::options_description Describe() {
  po::options_description options("Options");
  options.add_options()("home", po::value<std::string>()->value_name("DIR"),
                        "all state of the cluster; default: $BSUB_LITE_HOME, then ~/.bsub-lite");
  options.add_options()("config", po::value<std::string>()->value_name("FILE"),
                        "settings in YAML; see docs/settings.md");
  options.add_options()("listen", po::value<std::string>()->value_name("HOST:PORT"),
                        "also listen on TCP; port 0: any free one, written to DIR/run/scheduler.port");
  options.add_options()("token-file", po::value<std::string>()->value_name("FILE"),
                        "who may connect over TCP: lines NAME SECRET admin|node|user UID; mode 0600");
  options.add_options()("tls-cert", po::value<std::string>()->value_name("FILE"),
                        "certificate of the TCP port, PEM");
  options.add_options()("tls-key", po::value<std::string>()->value_name("FILE"), "its key, PEM");
  options.add_options()("programs", po::value<std::string>()->value_name("DIR"),
                        "where bsub-lite-snapshot is; default: beside this program");
  options.add_options()("print-settings", "print all settings as they are in force, and exit");
  options.add_options()("help,h", "print this, and exit");
  options.add_options()("version", "print the version, and exit");
  return options;
}

std::string Text(const po::variables_map& map, const char* name) {
  return map.count(name) != 0 ? map[name].as<std::string>() : std::string();
}

Result<po::variables_map> ParseWords(const std::vector<std::string>& words) {
  const po::options_description options = Describe();
  po::variables_map map;
  try {
    const po::positional_options_description nothing_else;
    po::store(po::command_line_parser(words).options(options).positional(nothing_else).run(), map);
    return map;
  } catch (const po::unknown_option& error) {
    std::vector<std::string> names;
    for (const auto& option : options.options()) names.push_back("--" + option->long_name());
    return InvalidArgument("there is no option " + error.get_option_name() +
                           DidYouMean(error.get_option_name(), names));
  } catch (const po::error& error) {
    return InvalidArgument(error.what());
  }
}

std::string DefaultHome() {
  if (const char* home = std::getenv("BSUB_LITE_HOME"); home && *home) return home;
  const char* user_home = std::getenv("HOME");
  return std::string(user_home ? user_home : "") + "/.bsub-lite";
}

std::string FolderOfThisProgram() {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/exe", failed).parent_path().string();
}

Result<std::optional<rpc::TcpSettings>> TcpFrom(const po::variables_map& map) {
  rpc::TcpSettings tcp{Text(map, "listen"), Text(map, "token-file"), Text(map, "tls-cert"),
                       Text(map, "tls-key")};
  if (tcp.address.empty()) {
    if (!tcp.token_file.empty() || !tcp.tls_certificate_file.empty() || !tcp.tls_key_file.empty()) {
      return InvalidArgument("--token-file and --tls-… are for the TCP port; give --listen HOST:PORT");
    }
    return std::optional<rpc::TcpSettings>();
  }
  BSUB_ASSIGN_OR_RETURN(const rpc::HostPort checked, rpc::ParseHostPort(tcp.address));
  static_cast<void>(checked);
  if (tcp.token_file.empty())
    return InvalidArgument("--listen " + tcp.address + ": a TCP port needs tokens; give --token-file FILE");
  return std::optional(tcp);
}

}  // namespace

Result<Options> ParseOptions(const std::vector<std::string>& words) {
  BSUB_ASSIGN_OR_RETURN(const po::variables_map map, ParseWords(words));
  Options options;
  options.help = map.count("help") != 0;
  options.version = map.count("version") != 0;
  options.print_settings = map.count("print-settings") != 0;
  if (options.help || options.version) return options;
  if (map.count("config") != 0) BSUB_RETURN_IF_ERROR(LoadSettings(Text(map, "config"), options.settings));
  BSUB_ASSIGN_OR_RETURN(options.tcp, TcpFrom(map));
  const std::string home = map.count("home") != 0 ? Text(map, "home") : DefaultHome();
  if (home.empty()) return InvalidArgument("--home: expected a directory");
  options.home = std::filesystem::absolute(home).lexically_normal().string();
  options.programs = map.count("programs") != 0 ? Text(map, "programs") : FolderOfThisProgram();
  std::string& step = options.settings.rpc.step_program;
  if (step.find('/') == std::string::npos) step = options.programs + "/" + step;
  return options;
}

std::string HelpText() {
  std::ostringstream text;
  text << "Usage: bsub-lite-scheduler [OPTION]...\n\n"
          "The queue manager of one cluster. `bsub-lite up` starts it; it can also be run by a service "
          "manager.\n"
          "Ends cleanly on SIGTERM; running tasks go on. Exit codes: 0 ended on request, 1 could not start "
          "or go on,\n"
          "2 wrong use, 3 the journal is damaged (the message names the place and the remedy).\n\n"
       << Describe();
  return text.str();
}

}  // namespace bsub::daemon
