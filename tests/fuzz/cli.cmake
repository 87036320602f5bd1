# Fuzz targets of cli/. CORPUS is the folder of the same name.
if(NOT BSUB_WITHOUT_GRPC)
  foreach(parser submit_directives definition_file)
    bsub_fuzz_test(fuzz_${parser} SOURCES "${CMAKE_CURRENT_LIST_DIR}/${parser}_fuzz.cc" DEPS bsub_cli
                   CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/${parser}")
  endforeach()
endif()
# What somebody who is no scheduler may answer to a call without gRPC.
bsub_fuzz_test(quick_exchange_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/quick_exchange_fuzz.cc" DEPS bsub_quick_exchange
               CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/quick_exchange")
