# lowp_enable_warnings(<target>): the warnings under which everything in this repository compiles.
# They belong to the target alone; nothing of it reaches a consumer of the library.
function(lowp_enable_warnings target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /permissive- $<$<BOOL:${LOWP_WERROR}>:/WX>)
  else()
    target_compile_options(
      ${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                        $<$<BOOL:${LOWP_WERROR}>:-Werror>)
  endif()
endfunction()
