# Fuzz targets of checkpoints: what a damaged disk may hold, and what a program may write to its node.
bsub_fuzz_test(checkpoint_manifest_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/checkpoint_manifest_fuzz.cc"
               DEPS bsub_checkpoint_parts CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/checkpoint_manifest")
bsub_fuzz_test(checkpoint_report_fuzz SOURCES "${CMAKE_CURRENT_LIST_DIR}/checkpoint_report_fuzz.cc"
               DEPS bsub_control CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/checkpoint_report")
