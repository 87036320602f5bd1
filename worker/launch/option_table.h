// The options of a node's programs: read from the command line, shown by --help, and as a table of the
// manual, so that the manual cannot say anything else.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>
#include <string_view>

#include "common/result.h"

namespace bsub::worker {

// Fills `values` and what the options write to. InvalidArgument: an option that is not there, a value that
// cannot be, or a word that is no option.
Status ReadOptions(const boost::program_options::options_description& options, int argc,
                   const char* const* argv, boost::program_options::variables_map& values);

// What is to be printed instead of running: for --help the intro and the options, for --version `version`.
// Empty: neither was asked for.
std::string AskedText(const boost::program_options::options_description& options,
                      const boost::program_options::variables_map& values, std::string_view intro,
                      std::string_view version);

// Markdown: name, value, default, meaning. Options that only print something are left out.
std::string OptionTable(const boost::program_options::options_description& options);

}  // namespace bsub::worker
