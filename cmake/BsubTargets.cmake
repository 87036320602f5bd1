# Small helpers so that a folder's CMakeLists.txt reads as a list of names and what they may use.

# bsub_unity(TARGET KIND): bundles the target's files if BSUB_UNITY says so for its kind (tests, libraries). Most of a
# compilation is the same templates again; in one bundle they are compiled once, in half the time. The names of an anonymous
# namespace must then be unique in a target. The `clang` preset compiles each file alone and shows what one forgot to include.
function(bsub_unity target kind)
  if(BSUB_UNITY STREQUAL all OR BSUB_UNITY STREQUAL kind)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${BSUB_UNITY_FILES})
  endif()
endfunction()

# bsub_library(NAME SOURCES a.cc b.cc DEPS other_targets...): DEPS is all it may include (kept by tests/tidy).
# OWN_PRECOMPILED: it precompiles headers of its own.
function(bsub_library name)
  cmake_parse_arguments(ARG "OWN_PRECOMPILED" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE bsub_flags ${ARG_PRIVATE_DEPS})
    target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    bsub_unity(${name} libraries)
    if(NOT ARG_OWN_PRECOMPILED)
      bsub_precompiled_from(${name} bsub_precompiled)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
    target_include_directories(${name} INTERFACE "${CMAKE_SOURCE_DIR}")
  endif()
endfunction()

# bsub_program(NAME SOURCES main.cc DEPS ...): lands in build/<preset>/bin, and is one of the target `programs`: all that
# users call or that is started for them, without the tests. Those called bsub-lite… are installed, but for the fault
# simulator: cmake --install BUILD --component programs.
include(GNUInstallDirs)
add_custom_target(programs)
function(bsub_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE bsub_flags ${ARG_DEPS})
  bsub_precompiled_from(${name} bsub_precompiled)
  add_dependencies(programs ${name})
  if(name MATCHES "^bsub-lite" AND NOT name MATCHES "faultsim$")
    bsub_install_program(${name})
  endif()
endfunction()

# To bin of the prefix; what it needs of the product's libraries is in the prefix, too.
function(bsub_install_program name)
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs)
endfunction()

# bsub_test(NAME SOURCES x_test.cc DEPS ... LABELS quick): a GoogleTest program, one ctest entry.
# THREADED: it has threads to look at, so it is among what the thread sanitizer runs (label threads).
# LABELS defaults to quick; TIMEOUT is a safety net in seconds, not an assertion (default 300).
add_custom_target(threaded_tests)
function(bsub_test name)
  cmake_parse_arguments(ARG "OWN_PRECOMPILED;THREADED" "TIMEOUT" "SOURCES;DEPS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS quick)
  endif()
  if(ARG_THREADED)
    list(APPEND ARG_LABELS threads)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  if(ARG_THREADED)
    add_dependencies(threaded_tests ${name})
  endif()
  target_link_libraries(${name} PRIVATE bsub_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${BSUB_TEST_OPTIONS})
  bsub_unity(${name} tests)
  if(NOT ARG_OWN_PRECOMPILED)
    bsub_precompiled_from(${name} bsub_precompiled_tests)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
                       ENVIRONMENT "BSUB_BUILD_DIR=${CMAKE_BINARY_DIR};BSUB_SOURCE_DIR=${CMAKE_SOURCE_DIR};${ARG_ENVIRONMENT}")
endfunction()

# bsub_fuzz_test(NAME SOURCES x_fuzz.cc DEPS ... CORPUS dir): with BSUB_FUZZ a libFuzzer program; without it a
# plain program that runs the stored corpus once, so that every found crash stays a quick test for ever.
function(bsub_fuzz_test name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;DEPS" ${ARGN})
  if(BSUB_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCES} "${CMAKE_SOURCE_DIR}/tests/fuzz/run_corpus.cc")
  endif()
  target_link_libraries(${name} PRIVATE bsub_flags ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  if(BSUB_FUZZ)
    add_test(NAME ${name} COMMAND ${name} -max_total_time=20 -print_final_stats=1 "${CMAKE_BINARY_DIR}/fuzz/new-${name}" "${ARG_CORPUS}")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz/new-${name}")
  else()
    add_test(NAME ${name} COMMAND ${name} "${ARG_CORPUS}")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS quick)
endfunction()
