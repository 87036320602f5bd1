#include "cli/completion_scripts.h"

#include <vector>

namespace bsub::cli {
namespace {

// Names come from the scheduler when a shell asks; one that is down costs a moment and gives none.
constexpr std::string_view kBashHelpers = R"(# bash completion for bsub-lite
_bsub_lite_names() {
  case "$1" in
    queue) bsub-lite queues list 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    node) bsub-lite nodes list 2>/dev/null | awk 'NR > 1 { print $1 }' ;;
    job) bsub-lite jobs --format id --no-header 2>/dev/null ;;
    file) compgen -f -- "$2" ;;
    command) compgen -c -- "$2"; compgen -f -- "$2" ;;
    *) printf '%s\n' "${1//|/ }" | tr ' ' '\n' ;;
  esac
}
)";

// For each option of a command that takes a value: "--queue|-q) kind=queue;;".
std::string BashValues(const Manual& manual) {
  std::string text;
  for (const Option& option : manual.options) {
    if (option.value.empty()) continue;
    text += "        --" + std::string(option.name);
    if (option.letter != 0) text += std::string("|-") + option.letter;
    text += ") kind='" + std::string(option.complete) + "'; value=1 ;;\n";
  }
  return text;
}

std::string OptionWords(const Manual& manual) {
  std::string text;
  for (const Option& option : manual.options) text += "--" + std::string(option.name) + " ";
  return text + "--help";
}

std::string BashCase(const Command& command) {
  const Manual manual = command.manual();
  std::string text = "    " + std::string(command.name) + ")\n";
  text += "      options='" + OptionWords(manual) + "'\n";
  text += "      words='" + std::string(manual.complete_words) + "'\n";
  text += "      case \"$previous\" in\n" + BashValues(manual) + "      esac\n      ;;\n";
  return text;
}

std::string JoinNames(const CommandTable& commands) {
  std::string text;
  for (const std::string& name : commands.names()) text += (text.empty() ? "" : " ") + name;
  return text;
}

// For zsh: quotes what stands between brackets of _arguments.
std::string ZshText(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, text.find(". "))) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += std::string("\\") + c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string ZshKind(std::string_view kind) {
  if (kind.empty()) return " ";
  if (kind == "file") return "_files";
  if (kind == "command") return "_command_names -e || _files";
  if (kind == "queue" || kind == "node" || kind == "job") return "_bsub_lite_" + std::string(kind) + "s";
  std::string words(kind);
  for (char& c : words) {
    if (c == '|') c = ' ';
  }
  return "(" + words + ")";
}

std::string ZshOption(const Option& option) {
  const std::string value =
      option.value.empty() ? "" : ":" + ZshText(option.value) + ":" + ZshKind(option.complete);
  const std::string text = "[" + ZshText(option.text) + "]" + value + "'";
  const std::string name(option.name);
  if (option.letter == 0) return "      '*--" + name + text + " \\\n";
  const std::string letter(1, option.letter);
  return "      '*--" + name + text + " \\\n      '*-" + letter + text + " \\\n";
}

std::string ZshCase(const Command& command) {
  const Manual manual = command.manual();
  std::string text = "    " + std::string(command.name) + ") _arguments -S \\\n";
  for (const Option& option : manual.options) text += ZshOption(option);
  text += "      '--help[show the manual]'";
  if (!manual.complete_words.empty()) text += " \\\n      '*::word:" + ZshKind(manual.complete_words) + "'";
  return text + " ;;\n";
}

constexpr std::string_view kZshHelpers = R"sh(
_bsub_lite_queues() { compadd -- ${(f)"$(bsub-lite queues list 2>/dev/null | awk 'NR > 1 { print $1 }')"} }
_bsub_lite_nodes() { compadd -- ${(f)"$(bsub-lite nodes list 2>/dev/null | awk 'NR > 1 { print $1 }')"} }
_bsub_lite_jobs() { compadd -- ${(f)"$(bsub-lite jobs --format id --no-header 2>/dev/null)"} }
)sh";

}  // namespace

std::string BashCompletion(const CommandTable& commands) {
  std::string text(kBashHelpers);
  text +=
      "_bsub_lite() {\n  local current=\"${COMP_WORDS[COMP_CWORD]}\" "
      "previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n";
  text += "  local options='' words='' kind='' value=0\n  COMPREPLY=()\n";
  text += "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    mapfile -t COMPREPLY < <(compgen -W '" +
          JoinNames(commands) + " --help --version' -- \"$current\")\n    return\n  fi\n";
  text += "  case \"${COMP_WORDS[1]}\" in\n    help) words='" + JoinNames(commands) + "' ;;\n";
  for (const Command& command : commands.commands()) text += BashCase(command);
  text += "  esac\n";
  text +=
      "  if [ \"$value\" -eq 0 ]; then\n    case \"$current\" in\n"
      "      -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\"); return ;;\n    esac\n    "
      "kind=\"$words\"\n  fi\n";
  text +=
      "  [ -n \"$kind\" ] || return\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$(_bsub_lite_names \"$kind\" \"$current\")\" -- "
      "\"$current\")\n}\n";
  return text + "complete -F _bsub_lite bsub-lite\n";
}

std::string ZshCompletion(const CommandTable& commands) {
  std::string text = "#compdef bsub-lite\n";
  text += kZshHelpers;
  text += "_bsub_lite_commands() {\n  local -a commands=(\n";
  for (const Command& command : commands.commands()) {
    text += "    '" + std::string(command.name) + ":" + ZshText(command.summary) + "'\n";
  }
  text += "  )\n  _describe command commands\n}\n\n";
  text += "_bsub_lite() {\n  if (( CURRENT == 2 )); then\n    _bsub_lite_commands\n    return\n  fi\n";
  text +=
      "  local name=$words[2]\n  words=(\"${words[@]:1}\")\n  (( CURRENT-- ))\n  case $name in\n    help) "
      "_bsub_lite_commands ;;\n";
  for (const Command& command : commands.commands()) text += ZshCase(command);
  return text + "  esac\n}\n\n_bsub_lite \"$@\"\n";
}

}  // namespace bsub::cli
