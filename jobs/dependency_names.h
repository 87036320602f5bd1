// Which characters names of jobs may have inside dependency expressions. Shared by the parser and the
// printer, which must agree; private to jobs/.
#pragma once

#include <string_view>

#include "jobs/text.h"

namespace bsub {

// May stand in a name without quotes: letters, digits, UTF-8 and what means nothing else in an expression.
constexpr bool IsBareNameChar(char c) {
  return IsAlnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("_-./:@+#%~^$").find(c) != std::string_view::npos;
}

// May stand in a name at all. '[' and ']' hold indexes and '*' ends a pattern.
constexpr bool IsNameChar(char c) {
  return !IsControl(c) && std::string_view("\"[]*").find(c) == std::string_view::npos;
}

// A name, or the beginning of names followed by '*'.
constexpr bool IsNamePattern(std::string_view text) {
  if (text.ends_with('*')) text.remove_suffix(1);
  for (const char c : text) {
    if (!IsNameChar(c)) return false;
  }
  return !text.empty();
}

}  // namespace bsub
