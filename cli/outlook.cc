#include "cli/outlook.h"

#include <string>

#include "cli/moments.h"

namespace bsub::cli {

void AddOutlook(const bsub::v1::Outlook& outlook, Facts& facts) {
  const auto moment = [](std::int64_t at_us) { return at_us == 0 ? std::string() : LocalTime(at_us); };
  facts.Add("Position", outlook.position() == 0
                            ? ""
                            : std::to_string(outlook.position()) + " among the tasks of its queue");
  facts.Add("Reserved from", moment(outlook.reserved_at_us()));
  facts.Add("Even odds by", moment(outlook.starts_p50_at_us()));
  facts.Add("9 of 10 by", moment(outlook.starts_p90_at_us()));
}

}  // namespace bsub::cli
