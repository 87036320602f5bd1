# Language level, warnings, sanitizers and where programs land.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

option(BSUB_WARNINGS_AS_ERRORS "Treat compiler warnings as errors" OFF)
option(BSUB_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(BSUB_WITHOUT_GRPC "Leave out what links gRPC: Debian's is not built for thread sanitizer" OFF)
set(BSUB_UNITY tests CACHE STRING "What is compiled in bundles of files: nothing (none), tests, or libraries too (all)")
set(BSUB_UNITY_FILES 8 CACHE STRING "Files of such a bundle")
set(BSUB_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these words ccache does not trust a compilation that uses precompiled headers. It is not told to overlook
  # headers that changed while they were compiled: a generated one would leave an object of its old layout in the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# What every target of ours is compiled with; third-party headers are SYSTEM and stay quiet.
add_library(bsub_flags INTERFACE)
target_compile_options(bsub_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       -ffp-contract=off -fno-omit-frame-pointer)
target_include_directories(bsub_flags INTERFACE "${CMAKE_SOURCE_DIR}")
if(BSUB_WARNINGS_AS_ERRORS)
  target_compile_options(bsub_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees ghosts in the standard library's strings and variants once they are inlined.
  target_compile_options(bsub_flags INTERFACE -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(bsub_flags INTERFACE -Wthread-safety)
endif()
if(BSUB_SANITIZE)
  add_compile_options(-fsanitize=${BSUB_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BSUB_SANITIZE})
endif()

if(BSUB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # the fuzzer is guided by the coverage of the libraries
endif()

# Tests are compiled far more often than their own code is run; what they test keeps the preset's level.
set(BSUB_TEST_OPTIONS $<$<NOT:$<CONFIG:Release>>:-O0>)

find_program(LLD_PROGRAM ld.lld)
if(LLD_PROGRAM)
  add_link_options(-fuse-ld=lld)
endif()
