#include "core/data/labels_csv.h"

#include "core/base/text.h"
#include "core/data/array_set.h"
#include "core/data/byte_source.h"

#include <utility>

namespace widthwise {

Result<std::vector<LabelledFile>> read_labels_csv(const std::filesystem::path& path) {
    Result<std::vector<uint8_t>> bytes = read_whole_file(path);
    if (!bytes) return forward_error(bytes);
    std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3); // spreadsheets write a byte order mark
    std::vector<LabelledFile> files;
    int64_t number = 0;
    bool header_may_come = true;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        const std::string line = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        ++number;
        if (line.empty()) continue;
        const size_t comma = line.rfind(',');
        std::string file = trim(std::string_view(line).substr(0, comma));
        const std::string label =
            comma == std::string::npos ? "" : trim(std::string_view(line).substr(comma + 1));
        if (std::exchange(header_may_come, false) && file == "file" && label == "label") continue;
        if (file.size() >= 2 && file.front() == '"' && file.back() == '"')
            file = file.substr(1, file.size() - 2);
        const std::optional<long long> value = parse_int(label);
        const std::string where = path.string() + ":" + std::to_string(number);
        if (!value || *value < 0 || *value > k_max_label)
            return fail(ErrorCode::invalid_input, "label \"" + label.substr(0, 40) + "\" is no class number",
                        where, "lines are file,label with labels from 0");
        if (file.empty() || file.find('\0') != std::string::npos)
            return fail(ErrorCode::invalid_input, "line names no file", where, "lines are file,label");
        files.push_back({std::move(file), static_cast<int32_t>(*value)});
    }
    if (files.empty())
        return fail(ErrorCode::invalid_input, "names no image", path.string(), "add lines file,label");
    return files;
}

} // namespace widthwise
