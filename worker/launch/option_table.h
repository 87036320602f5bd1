// The options of a program as a table of its manual, so that the manual cannot say anything else.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <string>

namespace bsub::worker {

// Markdown: name, value, default, meaning. Options that only print something are left out.
std::string OptionTable(const boost::program_options::options_description& options);

}  // namespace bsub::worker
