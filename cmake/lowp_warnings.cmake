# lowp_enable_warnings(<target>): the warnings under which everything in this repository compiles.
# They belong to the target alone; nothing of it reaches a consumer of the library.
function(lowp_enable_warnings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /permissive- $<$<BOOL:${LOWP_WERROR}>:/WX>)
  else()
    target_compile_options(
      ${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion
                        -Wdouble-promotion -Wshadow $<$<BOOL:${LOWP_WERROR}>:-Werror>)
    # g++ 12 takes "text" + std::string for an overlapping copy (GCC bug 105651).
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
  endif()
endfunction()
