# Compiles every header alone: target all_verify_interface_header_sets.
set_target_properties(lowp PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON
                                      INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)

# An optional header is verified where the library that it includes is at hand.
set(lowp_package_fmt fmt)
set(lowp_package_nlohmann nlohmann_json)
set(lowp_package_Eigen Eigen3)
set(lowp_target_fmt fmt::fmt)
set(lowp_target_nlohmann nlohmann_json::nlohmann_json)
set(lowp_target_Eigen Eigen3::Eigen)

add_library(lowp_optional INTERFACE)
target_link_libraries(lowp_optional INTERFACE lowp)
set(lowp_verifiable_headers)
foreach(header IN LISTS lowp_optional_headers)
  set(usable TRUE)
  foreach(library IN ITEMS fmt nlohmann Eigen)
    file(STRINGS "${header}" uses REGEX "^#include <${library}/")
    if(uses)
      find_package(${lowp_package_${library}} QUIET)
      if(TARGET ${lowp_target_${library}})
        target_link_libraries(lowp_optional INTERFACE ${lowp_target_${library}})
      else()
        message(STATUS "lowp: ${library} not found, header not verified: ${header}")
        set(usable FALSE)
      endif()
    endif()
  endforeach()
  if(usable)
    list(APPEND lowp_verifiable_headers "${header}")
  endif()
endforeach()
if(lowp_verifiable_headers)
  target_sources(
    lowp_optional
    INTERFACE FILE_SET HEADERS
              BASE_DIRS include
              FILES ${lowp_verifiable_headers})
  set_target_properties(lowp_optional PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endif()
