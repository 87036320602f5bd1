// Options that choose jobs, shared by `jobs` and the commands that change many jobs at once.
#pragma once

#include <vector>

#include "cli/client.h"
#include "cli/options.h"
#include "common/result.h"
#include "common/time.h"

namespace bsub::cli {

std::vector<Option> FilterOptions(std::string_view group);

// True if at least one of the options above was given.
bool HasFilter(const Arguments& arguments);

// Without --user: only jobs of `default_owner`; "" stands for everybody.
Result<api::JobFilter> ParseFilter(const Arguments& arguments, const std::string& default_owner,
                                   TimePoint now);

// The calling user as a filter's owner; "" on another machine, where the token decides who we are.
std::string OwnUser(const Address& address);

}  // namespace bsub::cli
