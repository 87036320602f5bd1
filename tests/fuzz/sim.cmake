# Fuzz targets of sim/.
bsub_fuzz_test(fuzz_swf SOURCES "${CMAKE_CURRENT_LIST_DIR}/swf_fuzz.cc" DEPS bsub_replay
               CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/swf")
