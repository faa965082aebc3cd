# cmake --install: the compiler, the runtime beside it, and what lets other builds find both.
# netc looks for the runtime relative to itself, so the installed tree may be moved.
include(CMakePackageConfigHelpers)
install(TARGETS netc RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES "${NETRT_ARCHIVE}" DESTINATION ${CMAKE_INSTALL_LIBDIR}/netc)
install(FILES runtime/include/netrt.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

configure_package_config_file(cmake/netcConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/netcConfig.cmake"
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/netc PATH_VARS CMAKE_INSTALL_BINDIR)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/netcConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH up_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/netc.pc.in netc.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/netcConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/netcConfigVersion.cmake"
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/netc)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/netc.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
