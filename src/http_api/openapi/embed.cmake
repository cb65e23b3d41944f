# Writes OUTPUT, a C++ file with the texts of FILES, the parts of the OpenAPI document. A text of more than
# 16 KiB is written as several: that is the longest that a compiler must take.
list(SORT FILES)
set(rows "")
foreach(file ${FILES})
  file(READ ${file} text)
  string(LENGTH "${text}" length)
  string(APPEND rows "    std::string{}")
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 8000 piece)
    string(APPEND rows "\n        .append(R\"json(${piece})json\")")
    math(EXPR begin "${begin} + 8000")
  endwhile()
  string(APPEND rows ",\n")
endforeach()
file(WRITE ${OUTPUT}.new
"// Written by src/http_api/openapi/embed.cmake.
#include \"http_api/openapi.hpp\"
namespace sluice {
std::vector<std::string> openapi_parts() {
  return {
${rows}  };
}
}  // namespace sluice
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
