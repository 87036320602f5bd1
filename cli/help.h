// Writes a command's manual page from its option table.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace bsub::cli {

// `width`: of a line in characters; text is folded between words.
std::string RenderManual(const Manual& manual, std::size_t width);

// Folds `text` into lines of at most `width`, each indented by `indent` blanks and ended by a newline.
std::string Fold(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace bsub::cli
