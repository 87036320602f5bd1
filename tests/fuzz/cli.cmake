# Fuzz targets of cli/. CORPUS is the folder of the same name.
if(NOT BSUB_WITHOUT_GRPC)
  foreach(parser submit_directives definition_file)
    bsub_fuzz_test(fuzz_${parser} SOURCES "${CMAKE_CURRENT_LIST_DIR}/${parser}_fuzz.cc" DEPS bsub_cli
                   CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/${parser}")
  endforeach()
endif()
