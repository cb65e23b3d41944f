# SPDX-License-Identifier: MIT
# Fails unless the tests of the areas, added up, are all the tests of the program.
# Usage: cmake -DPROGRAM=sluice_tests "-DFILTERS=area=pattern,pattern;…" -P count_areas.cmake

function(count_tests result)
  execute_process(COMMAND ${PROGRAM} --count ${ARGN} OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
  if(NOT said MATCHES "current filters: ([0-9]+)")
    message(FATAL_ERROR "${PROGRAM} --count said: ${said}")
  endif()
  set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

count_tests(all)
set(sum 0)
foreach(filter IN LISTS FILTERS)
  string(REGEX MATCH "^[^=]+" area "${filter}")
  string(REGEX REPLACE "^[^=]+=" "" files "${filter}")
  count_tests(count "--source-file=${files}")
  message("${area}: ${count}")
  math(EXPR sum "${sum} + ${count}")
endforeach()

if(NOT sum EQUAL all)
  message(FATAL_ERROR "The areas hold ${sum} tests, the program has ${all}. Is a test in a file that is not named "
                      "*_test.cpp, or in no folder below tests/?")
endif()
