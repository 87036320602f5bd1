# cmake --install BUILD --component checkpoint: library, headers, CMake package and pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS bsub_checkpoint EXPORT bsub-checkpoint COMPONENT checkpoint LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES include/bsub/checkpoint.h include/bsub/checkpoint.hpp include/bsub/checkpoint_mpi.h
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/bsub" COMPONENT checkpoint)
set(package "${CMAKE_INSTALL_LIBDIR}/cmake/bsub-checkpoint")
install(EXPORT bsub-checkpoint NAMESPACE bsub:: FILE bsub-checkpointConfig.cmake DESTINATION "${package}" COMPONENT checkpoint)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/bsub-checkpointConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/bsub-checkpointConfigVersion.cmake" DESTINATION "${package}" COMPONENT checkpoint)
file(RELATIVE_PATH BSUB_UP_TO_PREFIX "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file(bsub-checkpoint.pc.in bsub-checkpoint.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/bsub-checkpoint.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT checkpoint)
