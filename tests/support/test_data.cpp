#include "tests/support/test_data.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace widthwise::test {
namespace {

std::filesystem::path from_environment(const char* variable, const char* fallback) {
    const char* value = std::getenv(variable);
    if (value && *value) return value;
    return std::filesystem::path(WIDTHWISE_SOURCE_DIR).parent_path() / "shared" / fallback;
}

struct Scratch {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("widthwise-test-" + std::to_string(::getpid()));
    Scratch() { std::filesystem::create_directories(path); }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
};

} // namespace

std::filesystem::path data_dir() {
    return from_environment("WIDTHWISE_TEST_DATA", "data");
}
std::filesystem::path reference_dir() {
    return from_environment("WIDTHWISE_TEST_REFERENCE", "reference");
}

std::filesystem::path fixture_dir() {
    return std::filesystem::path(WIDTHWISE_SOURCE_DIR) / "tests" / "data";
}

std::filesystem::path scratch_dir() {
    static const Scratch scratch;
    return scratch.path;
}

void write_file(const std::filesystem::path& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
}

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

} // namespace widthwise::test
