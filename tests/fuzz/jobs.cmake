# Fuzz targets of jobs/. CORPUS is the folder of the same name.
foreach(parser array_spec dependency directives units evaluate_on_exit)
  bsub_fuzz_test(fuzz_${parser} SOURCES "${CMAKE_CURRENT_LIST_DIR}/${parser}_fuzz.cc" DEPS bsub_jobs
                 CORPUS "${CMAKE_CURRENT_LIST_DIR}/corpus/${parser}")
endforeach()
