# Writes OUTPUT, a C++ file with the table of migrations: number, name and text of each of FILES, in order.
list(SORT FILES)
set(rows "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^[0-9]+" number ${name})
  string(REGEX REPLACE "^0+" "" number ${number})
  file(READ ${file} text)
  string(APPEND rows "    {${number}, \"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new
"// Written by migrations/embed.cmake.
#include \"store/sqlite/migrations.hpp\"
namespace sluice {
static constexpr Migration table[] = {
${rows}};
std::span<const Migration> embedded_migrations() { return table; }
}  // namespace sluice
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
