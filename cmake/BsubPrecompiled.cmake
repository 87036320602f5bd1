# Headers that nearly every file reads are read once: parsing them is more than half of the time of a build.
#
# Files still include what they use: the `clang` preset builds without this and would show what is missing.
option(BSUB_PRECOMPILED_HEADERS "Precompile the standard headers and GoogleTest's" ON)

set(BSUB_STANDARD_HEADERS
    <algorithm> <array> <atomic> <cerrno> <chrono> <compare> <condition_variable> <cstdint> <cstring> <deque> <functional>
    <map> <memory> <mutex> <optional> <set> <span> <sstream> <string> <string_view> <thread> <tl/expected.hpp>
    <unordered_map> <utility> <variant> <vector>)

if(BSUB_PRECOMPILED_HEADERS)
  add_library(bsub_precompiled OBJECT "${CMAKE_SOURCE_DIR}/cmake/precompiled.cc")
  target_link_libraries(bsub_precompiled PRIVATE bsub_flags tl::expected)
  target_precompile_headers(bsub_precompiled PRIVATE ${BSUB_STANDARD_HEADERS})

  add_library(bsub_precompiled_tests OBJECT "${CMAKE_SOURCE_DIR}/cmake/precompiled.cc")
  target_link_libraries(bsub_precompiled_tests PRIVATE bsub_flags tl::expected GTest::gmock GTest::gtest)
  target_compile_options(bsub_precompiled_tests PRIVATE ${BSUB_TEST_OPTIONS})
  target_precompile_headers(bsub_precompiled_tests PRIVATE ${BSUB_STANDARD_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
endif()

# bsub_precompiled_from(TARGET bsub_precompiled): the target must be compiled with the same options.
function(bsub_precompiled_from target source)
  if(BSUB_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM ${source})
  endif()
endfunction()
