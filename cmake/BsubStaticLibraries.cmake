# Libraries that a program gets shared or static as it wants: bsub_protobuf, bsub_grpc, bsub_program_options, bsub_yaml,
# bsub_crypto, bsub_xxhash, bsub_absl_time.
#
# A command that runs for milliseconds pays for every shared library at each start: gRPC brings 70 and loading them
# takes longer than a submit. A program with the property BSUB_STATIC_LIBRARIES gets the archives instead. One process
# must not hold both kinds, so everything of ours names these targets and never the libraries themselves.

# The archives of `names` where there are any; a library without one stays shared.
function(bsub_find_archives out)
  set(found)
  foreach(name IN LISTS ARGN)
    if(name MATCHES "^(dl|rt|pthread|m|atomic)$")
      list(APPEND found ${name})
      continue()
    endif()
    find_library(BSUB_ARCHIVE_${name} NAMES lib${name}.a)
    mark_as_advanced(BSUB_ARCHIVE_${name})
    if(NOT BSUB_ARCHIVE_${name})
      set(${out} "" PARENT_SCOPE)
      return()
    endif()
    list(APPEND found "${BSUB_ARCHIVE_${name}}")
  endforeach()
  set(${out} "${found}" PARENT_SCOPE)
endfunction()

# bsub_static_or_shared(NAME SHARED target STATIC archives...)
function(bsub_static_or_shared name)
  cmake_parse_arguments(ARG "" "SHARED" "STATIC" ${ARGN})
  add_library(${name} INTERFACE)
  if(ARG_STATIC AND NOT BSUB_SANITIZE)
    add_library(${name}_static INTERFACE)
    list(JOIN ARG_STATIC "," archives)
    target_link_libraries(${name}_static INTERFACE "$<LINK_GROUP:RESCAN,${archives}>")  # they need each other
    set(wants_static "$<BOOL:$<TARGET_PROPERTY:BSUB_STATIC_LIBRARIES>>")
    target_link_libraries(${name} INTERFACE "$<IF:${wants_static},${name}_static,${ARG_SHARED}>")
  else()
    target_link_libraries(${name} INTERFACE ${ARG_SHARED})
  endif()
endfunction()

# bsub_link_statically(PROGRAM): these libraries and the compiler's own, at a fixed address (no relocations at start).
function(bsub_link_statically program)
  set_target_properties(${program} PROPERTIES BSUB_STATIC_LIBRARIES ON)
  if(NOT BSUB_SANITIZE)
    target_link_options(${program} PRIVATE -static-libstdc++ -static-libgcc -no-pie)
  endif()
endfunction()

bsub_find_archives(BSUB_PROGRAM_OPTIONS_ARCHIVES boost_program_options)
bsub_static_or_shared(bsub_program_options SHARED Boost::program_options STATIC ${BSUB_PROGRAM_OPTIONS_ARCHIVES})
bsub_find_archives(BSUB_CRYPTO_ARCHIVES crypto dl pthread)
bsub_static_or_shared(bsub_crypto SHARED OpenSSL::Crypto STATIC ${BSUB_CRYPTO_ARCHIVES})
bsub_find_archives(BSUB_YAML_ARCHIVES yaml-cpp)
bsub_static_or_shared(bsub_yaml SHARED yaml-cpp STATIC ${BSUB_YAML_ARCHIVES})
set(names ${ABSL_TIME_STATIC_LIBRARIES})
list(REMOVE_DUPLICATES names)
bsub_find_archives(BSUB_ABSL_TIME_ARCHIVES ${names})
bsub_static_or_shared(bsub_absl_time SHARED PkgConfig::ABSL_TIME STATIC ${BSUB_ABSL_TIME_ARCHIVES})
bsub_find_archives(BSUB_XXHASH_ARCHIVES xxhash)
bsub_static_or_shared(bsub_xxhash SHARED PkgConfig::XXHASH STATIC ${BSUB_XXHASH_ARCHIVES})
bsub_find_archives(BSUB_PROTOBUF_ARCHIVES protobuf z)
bsub_static_or_shared(bsub_protobuf SHARED protobuf::libprotobuf STATIC ${BSUB_PROTOBUF_ARCHIVES})
if(NOT BSUB_WITHOUT_GRPC)
  set(names ${GRPCPP_STATIC_LIBRARIES})
  list(REMOVE_DUPLICATES names)
  bsub_find_archives(BSUB_GRPC_ARCHIVES ${names})
  bsub_static_or_shared(bsub_grpc SHARED PkgConfig::GRPCPP STATIC ${BSUB_GRPC_ARCHIVES})
endif()
