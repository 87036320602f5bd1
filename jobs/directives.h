// #BSUB lines of a job script: options written in the leading comment block.
// Tokenising is not shell parsing: blanks separate, '…' and "…" group, everything else is literal; a trailing
// " # comment" is dropped and a lone "=" after an option is skipped (real templates write both).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub {

struct Directive {
  int line = 0;  // 1-based
  std::vector<std::string> words{};
};

// The directives in order; stops at the first line that is neither blank nor a comment. An unclosed quote, a
// NUL byte or a CRLF line end is an error that names the line.
Result<std::vector<Directive>> ParseDirectives(std::string_view script);

// The interpreter of a script: the words of its "#!" line, or {"/bin/sh"}.
Result<std::vector<std::string>> ScriptInterpreter(std::string_view script);

}  // namespace bsub
