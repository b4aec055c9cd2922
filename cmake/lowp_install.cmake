# Install tree: headers, the exported target and the package files that find_package(lowp) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(lowp_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/lowp")

if(CMAKE_VERSION VERSION_LESS 3.23)
  install(
    TARGETS lowp
    EXPORT lowpTargets
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/include/"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING
    PATTERN "*.hpp"
    PATTERN "*.inc")
else()
  install(
    TARGETS lowp
    EXPORT lowpTargets
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILE_SET fragments DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILE_SET optional_headers DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(lowp_independence ARCH_INDEPENDENT)
if(LOWP_INSTALL_COMPILED)
  foreach(library lowp_compiled lowp_compiled_io)
    if(TARGET ${library})
      set_target_properties(${library} PROPERTIES EXCLUDE_FROM_ALL OFF)
      list(APPEND lowp_libraries ${library})
    endif()
  endforeach()
  install(
    TARGETS ${lowp_libraries}
    EXPORT lowpTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  set(lowp_independence)
endif()
install(
  EXPORT lowpTargets
  NAMESPACE lowp::
  DESTINATION "${lowp_package_dir}")

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/lowpConfig.cmake.in" "${PROJECT_BINARY_DIR}/lowpConfig.cmake"
  INSTALL_DESTINATION "${lowp_package_dir}"
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/lowpConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion
  ${lowp_independence})
install(FILES "${PROJECT_BINARY_DIR}/lowpConfig.cmake"
              "${PROJECT_BINARY_DIR}/lowpConfigVersion.cmake" DESTINATION "${lowp_package_dir}")
# pkg-config finds the headers from where its own file lies: this tree may be moved, too.
set(lowp_pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH lowp_prefix_from_pkgconfig "${CMAKE_INSTALL_PREFIX}/${lowp_pkgconfig_dir}"
     "${CMAKE_INSTALL_PREFIX}")
configure_file("${CMAKE_CURRENT_LIST_DIR}/lowp.pc.in" "${PROJECT_BINARY_DIR}/lowp.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/lowp.pc" DESTINATION "${lowp_pkgconfig_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
