// Text for people from bytes that may be anything: arguments, paths, what the system or a program said.
//
// A protobuf `string` must be UTF-8: a receiver refuses the whole message otherwise. So bytes become text by
// ToUtf8 where a message for people is made; what must arrive unchanged travels as `bytes`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bsub {

// Valid UTF-8 is kept as it is; each other byte becomes "\xNN". (Overlong forms, surrogates and what lies
// beyond U+10FFFF are not valid.)
std::string ToUtf8(std::string_view bytes);

// The longest beginning of valid UTF-8 that has at most `max_bytes` bytes and ends between two characters.
std::string_view CutUtf8(std::string_view text, std::size_t max_bytes);

}  // namespace bsub
