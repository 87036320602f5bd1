// A journal entry as JSON for people: every field that is set, by the names of api/bsub/v1/journal.proto.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace bsub::journal {

// {"at":"2026-…Z","kind":"AttemptPlaced","body":{…}}. Times (…_at_us) as RFC 3339, hashes and tokens in hex,
// other bytes as text with what is not UTF-8 replaced. Enumerations are numbers. An entry that this program
// does not understand is an error.
Result<std::string> EntryToJson(std::string_view entry);

}  // namespace bsub::journal
