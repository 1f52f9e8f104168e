#include "core/base/input_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace widthwise {

Result<std::string> read_input(const std::filesystem::path& path, int64_t most) {
    const auto cannot_read = [&](int number) {
        return fail(ErrorCode::invalid_input, std::string("cannot read: ") + std::strerror(number),
                    path.string());
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
    if (!file) return cannot_read(errno);
    std::string content;
    std::array<char, 16384> chunk{};
    while (const size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
        content.append(chunk.data(), count);
        if (static_cast<int64_t>(content.size()) > most)
            return fail(ErrorCode::invalid_input, "larger than " + std::to_string(most >> 20) + " MiB",
                        path.string(), "name a smaller file");
    }
    if (std::ferror(file.get())) return cannot_read(errno);
    return content;
}

} // namespace widthwise
