# Script: cmake -DOUTPUT=x.cpp -DROOT=dir -DFILES="a;b" -P EmbedResources.cmake
# Writes the files as byte arrays with the table that core/base/resource.h reads.
set(arrays "")
set(table "")
set(index 0)
foreach(path IN LISTS FILES)
    file(READ ${ROOT}/${path} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "const unsigned char k_data_${index}[] = {${bytes}0};\n")
    string(APPEND table "    {\"${path}\", k_data_${index}, sizeof k_data_${index} - 1},\n")
    math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"core/base/resource.h\"

#include <algorithm>
#include <cstddef>

namespace widthwise {
namespace {
${arrays}
struct Resource {
    std::string_view path;
    const unsigned char* data;
    size_t size;
};
const Resource k_resources[] = {
${table}};
} // namespace

std::string_view resource(std::string_view path) {
    for (const Resource& r : k_resources)
        if (r.path == path) return {static_cast<const char*>(static_cast<const void*>(r.data)), r.size};
    return {};
}

std::vector<std::string_view> resource_paths(std::string_view prefix) {
    std::vector<std::string_view> paths;
    for (const Resource& r : k_resources)
        if (r.path.starts_with(prefix)) paths.push_back(r.path);
    std::sort(paths.begin(), paths.end());
    return paths;
}

} // namespace widthwise
")
