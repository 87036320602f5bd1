#include "bench/micro/submit_request.h"

#include <string>
#include <utility>

namespace bsub::bench {

v1::SubmitRequest TypicalSubmit(std::uint64_t seed) {
  constexpr int kVariables = 64, kBytesEach = 4096 / kVariables;
  v1::SubmitRequest request;
  request.set_protocol(1);
  std::string token(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) token[i] = static_cast<char>(seed >> (8 * i));
  token[15] = 1;
  request.set_token(std::move(token));
  request.mutable_command()->add_argv("/bin/true");
  request.mutable_command()->add_argv(std::to_string(seed));
  request.set_working_directory("/home/ada");
  request.set_submit_host("login1");
  for (int i = kVariables; i > 0; --i) {
    std::string variable = "VARIABLE_" + std::to_string(100 + i) + "=";
    variable.resize(kBytesEach, 'x');
    request.mutable_environment()->add_variables(std::move(variable));
  }
  return request;
}

}  // namespace bsub::bench
