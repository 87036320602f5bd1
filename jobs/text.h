// Small tools for reading what people wrote and for quoting it back in one-line messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bsub {

constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// ASCII control characters; bytes of UTF-8 sequences are not.
constexpr bool IsControl(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

std::string_view Trim(std::string_view text);  // without blanks and line ends at both sides
std::string ToLower(std::string_view text);    // ASCII only
bool AllDigits(std::string_view text);         // and not empty

// Takes the digits at the front of `text` off. Nothing if there are none or the number is above `max`; `text`
// then still starts at the first digit.
std::optional<std::uint64_t> TakeNumber(std::string_view& text, std::uint64_t max);

// 'value' for a message: control characters and what is no UTF-8 become \n, \0 or \xNN, and a long value is
// cut between two characters.
std::string Quoted(std::string_view value);

// As people count: "n2" before "n10". Names that differ only in leading zeros keep their order as text.
bool NaturalLess(std::string_view a, std::string_view b);

// "1 child", "2 children".
std::string Count(std::uint64_t n, std::string_view one, std::string_view many);
// "1 node", "2 nodes".
std::string CountNodes(std::uint64_t n);

}  // namespace bsub
