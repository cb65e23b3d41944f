# What the dashboard is made of: its own files here, and uPlot as package-lock.json pins it. npm brings it when CMake
# configures, and esbuild with it, which makes our files small. Sets dashboard_cpp, a C++ file that takes the bytes of
# all of them into the program.
find_program(NPM npm)
if(NOT NPM)
  message(FATAL_ERROR "npm is needed for the dashboard's charting library: run samples/prepare.sh, or install npm.")
endif()

set(dashboard_packages ${PROJECT_BINARY_DIR}/dashboard_packages)
foreach(file package.json package-lock.json .npmrc)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${file} ${dashboard_packages}/${file} COPYONLY)
endforeach()
if(${dashboard_packages}/package-lock.json IS_NEWER_THAN ${dashboard_packages}/installed)
  execute_process(
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${dashboard_packages}
    RESULT_VARIABLE npm_failed
    ERROR_VARIABLE npm_words
    OUTPUT_QUIET)
  if(npm_failed)
    message(FATAL_ERROR "The dashboard's charting library could not be installed (npm ci):\n${npm_words}")
  endif()
  file(TOUCH ${dashboard_packages}/installed)
endif()

file(GLOB dashboard_files CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/*.html ${CMAKE_CURRENT_LIST_DIR}/*.css ${CMAKE_CURRENT_LIST_DIR}/*.js
  ${CMAKE_CURRENT_LIST_DIR}/*.svg)

# Browsers are sent the modules and styles without what is there for readers: comments, blanks, long names inside a
# module. Modules stay modules, one file each, and the files' names stay.
set(dashboard_sent ${PROJECT_BINARY_DIR}/generated/dashboard)
file(MAKE_DIRECTORY ${dashboard_sent})
list(TRANSFORM dashboard_files REPLACE ".*/" "${dashboard_sent}/" OUTPUT_VARIABLE sent_files)
set(dashboard_sources ${dashboard_files})
list(FILTER dashboard_sources INCLUDE REGEX "\\.(js|css)$")
set(dashboard_pages ${dashboard_files})
list(FILTER dashboard_pages EXCLUDE REGEX "\\.(js|css)$")
add_custom_command(
  OUTPUT ${sent_files}
  COMMAND ${dashboard_packages}/node_modules/.bin/esbuild ${dashboard_sources} --outdir=${dashboard_sent} --minify
    --target=es2022 --charset=utf8 --log-level=warning
    "--banner:js=// SPDX-License-Identifier: MIT" "--banner:css=/* SPDX-License-Identifier: MIT */"
  COMMAND ${CMAKE_COMMAND} -E copy ${dashboard_pages} ${dashboard_sent}
  DEPENDS ${dashboard_files} ${dashboard_packages}/installed
  COMMENT "Making the dashboard's files small"
  VERBATIM)

set(dashboard_files ${sent_files}
  ${dashboard_packages}/node_modules/uplot/dist/uPlot.iife.min.js
  ${dashboard_packages}/node_modules/uplot/dist/uPlot.min.css)

set(bytes "")
set(declarations "")
set(rows "")
set(number 0)
foreach(file ${dashboard_files})
  get_filename_component(name ${file} NAME)
  set(symbol dashboard_file_${number})
  string(APPEND bytes "${symbol}: .incbin \"${file}\"\n${symbol}_end: .byte 0\n")
  string(APPEND declarations "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
  string(APPEND rows "      DashboardFile{\"${name}\", {${symbol}, ${symbol}_end}},\n")
  math(EXPR number "${number} + 1")
endforeach()

set(dashboard_cpp ${PROJECT_BINARY_DIR}/generated/embedded_dashboard.cpp)
file(CONFIGURE OUTPUT ${dashboard_cpp} @ONLY CONTENT
"// Written by src/dashboard/embed.cmake.
#include \"http_api/dashboard.hpp\"
asm(R\"(.pushsection .rodata
@bytes@.popsection)\");
extern \"C\" {
@declarations@}
namespace sluice {
std::span<const DashboardFile> dashboard_files() {
  static const DashboardFile files[]{
@rows@  };
  return files;
}
}  // namespace sluice
")
set_source_files_properties(${dashboard_cpp} PROPERTIES OBJECT_DEPENDS "${dashboard_files}")
