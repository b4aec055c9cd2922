# Compiles one source twice. As it stands it must compile. With LOWP_EXPECT_FAILURE defined it must not,
# and the compiler's message must match the pattern of every line of the form
#   // expect: <CMake regular expression>
# Two further lines may say what the second compilation is given, and how many errors it may report:
#   // flag: <flag>
#   // errors: <number>
# Headers are read as a program that links lowp::compiled reads them, which takes half of the time.
# Arguments: COMPILER, INCLUDE, SOURCE.
function(compile_source result_variable message_variable)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env LC_ALL=C "${COMPILER}" -std=c++20 -fsyntax-only -DLOWP_COMPILED=1
            "-I${INCLUDE}" ${ARGN} "${SOURCE}"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE message
    ERROR_VARIABLE message)
  set(${result_variable} "${result}" PARENT_SCOPE)
  set(${message_variable} "${message}" PARENT_SCOPE)
endfunction()

file(STRINGS "${SOURCE}" expectations REGEX "^// expect: .")
if(NOT expectations)
  message(FATAL_ERROR "${SOURCE} has no line '// expect: <regular expression>'")
endif()

compile_source(result message)
if(NOT result STREQUAL "0")
  message(FATAL_ERROR "${SOURCE} should compile as it stands, but does not:\n${message}")
endif()

file(STRINGS "${SOURCE}" flags REGEX "^// flag: .")
list(TRANSFORM flags REPLACE "^// flag: " "")
compile_source(result message -DLOWP_EXPECT_FAILURE ${flags})
if(result STREQUAL "0")
  message(FATAL_ERROR "${SOURCE} should not compile with LOWP_EXPECT_FAILURE, but does")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^// expect: " "" expectation "${expectation}")
  if(NOT message MATCHES "${expectation}")
    message(FATAL_ERROR "${SOURCE} fails, but its message does not match '${expectation}':\n${message}")
  endif()
endforeach()
file(STRINGS "${SOURCE}" limit REGEX "^// errors: [0-9]+$")
if(limit)
  string(REGEX REPLACE "^// errors: " "" limit "${limit}")
  string(REGEX MATCHALL "error: " errors "${message}")
  list(LENGTH errors count)
  if(count GREATER limit)
    message(FATAL_ERROR "${SOURCE} fails with ${count} errors, expected at most ${limit}:\n${message}")
  endif()
endif()
