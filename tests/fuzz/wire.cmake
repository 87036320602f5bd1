# Fuzz targets of scheduler/rpc's translations: what clients and nodes send.
foreach(parser wire_submit wire_node)
  bsub_fuzz_test(${parser}_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/${parser}_fuzz.cc" DEPS bsub_scheduler_wire
                 CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/${parser}")
endforeach()
