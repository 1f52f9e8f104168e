#include "tests/arch/include_rules.h"

#include <optional>
#include <regex>
#include <sstream>

namespace widthwise::arch {
namespace {

using Rooms = std::set<std::string>;

/// A third-party library and the folders that may see it.
struct Library {
    const char* name;
    const char* headers; ///< regular expression over the whole included name
    std::vector<std::string> folders;
    bool also_in_headers; ///< may stand in a header that other rooms see
};

const std::vector<Library>& libraries() {
    static const std::vector<Library> list{
        {"oneDNN", R"((oneapi/)?dnnl/.*|dnnl.*\.h(pp)?)", {"core/engine/", "core/train/"}, false},
        {"OpenMP", R"(omp\.h)", {"core/engine/", "core/train/"}, false},
        {"ONNX or protobuf", R"(onnx/.*|google/protobuf/.*)", {"core/onnx/"}, false},
        {"SQLite", R"(sqlite3.*)", {"core/store/"}, false},
        {"an image or compression library", R"(jpeglib\.h|jerror\.h|png\.h|zlib\.h)", {"core/data/"}, false},
        {"nlohmann/json", R"(nlohmann/(?!json_fwd).*)", {"core/", "app/"}, false},
        {"CLI11", R"(CLI/.*)", {"app/cli/"}, true},
        {"QtCharts",
         R"(QtCharts.*|QChart.*|Q\w*Series|Q\w*Axis|QLegend\w*|QBarSet|QBoxSet|QPieSlice|QCandlestickSet|QPolarChart)",
         {"widgets/charts/"},
         true},
        {"Qt", R"(Q[A-Za-z].*|q[a-z]+\.h)", {"app/", "widgets/"}, true},
    };
    return list;
}

bool is_header(const std::string& path) {
    return path.ends_with(".h");
}

/// "graph" of "core/graph/graph.h".
std::string room_of(const std::string& path) {
    const size_t begin = std::string("core/").size();
    return path.substr(begin, path.find('/', begin) - begin);
}

std::optional<std::string> why_forbidden_library(const std::string& path, const std::string& name) {
    for (const Library& library : libraries()) {
        if (!std::regex_match(name, std::regex(library.headers))) continue;
        bool allowed = false;
        for (const std::string& folder : library.folders) allowed = allowed || path.starts_with(folder);
        if (!allowed) return std::string(library.name) + " is not for this folder";
        return std::nullopt; // the first that matches: charts before the rest of Qt
    }
    return std::nullopt;
}

std::optional<std::string> why_forbidden_project(const std::string& path, const std::string& name) {
    const bool to_core = name.starts_with("core/");
    const bool to_widgets = name.starts_with("widgets/");
    const bool to_app = name.starts_with("app/");
    if (path.starts_with("core/")) {
        if (to_widgets || to_app) return "core sees neither widgets nor app";
        if (!to_core) return std::nullopt;
        const std::string from = room_of(path), to = room_of(name);
        if (from == to) return std::nullopt;
        const auto edges = room_edges().find(from);
        if (edges == room_edges().end()) return "the architecture knows no room " + from;
        if (!edges->second.contains(to)) return from + " may not include " + to;
    }
    if (path.starts_with("widgets/") && to_app) return "widgets do not see app";
    return std::nullopt;
}

class Reader {
public:
    explicit Reader(const std::vector<SourceFile>& files) {
        for (const SourceFile& file : files) m_includes[file.path] = included_names(file.text);
    }

    [[nodiscard]] const std::map<std::string, std::vector<std::string>>& includes() const {
        return m_includes;
    }

    /// A library whose headers come along with core's header `path`, if any.
    [[nodiscard]] std::optional<std::string> library_behind(const std::string& path, Rooms& seen) const {
        const auto found = m_includes.find(path);
        if (found == m_includes.end() || !seen.insert(path).second) return std::nullopt;
        for (const std::string& name : found->second) {
            for (const Library& library : libraries())
                if (!library.also_in_headers && std::regex_match(name, std::regex(library.headers)))
                    return std::string(library.name) + " by " + path;
            if (auto behind = library_behind(name, seen)) return behind;
        }
        return std::nullopt;
    }

private:
    std::map<std::string, std::vector<std::string>> m_includes;
};

} // namespace

const std::map<std::string, Rooms>& room_edges() {
    static const std::map<std::string, Rooms> edges{
        {"base", {}},
        {"tensor", {"base"}},
        {"graph", {"base", "tensor"}},
        {"quant", {"base", "tensor"}},
        {"design", {"base", "tensor", "graph", "quant"}},
        {"onnx", {"base", "tensor", "graph", "quant", "design"}},
        {"data", {"base", "tensor"}},
        {"engine", {"base", "tensor", "graph", "quant", "design", "data"}},
        {"passes", {"base", "tensor", "graph", "quant", "design", "data", "engine"}},
        {"train", {"base", "tensor", "graph", "quant", "design", "data", "engine", "passes"}},
        {"cost", {"base", "graph", "quant", "design"}},
        {"explore", {"base", "quant", "design"}},
        {"store", {"base", "quant", "design"}},
        {"report", {"base", "quant", "design"}},
        {"flow",
         {"base", "tensor", "graph", "onnx", "data", "quant", "design", "engine", "passes", "train", "cost",
          "explore", "store", "report"}},
    };
    return edges;
}

std::vector<std::string> included_names(const std::string& text) {
    static const std::regex line_form(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
    std::vector<std::string> names;
    std::istringstream lines(text);
    std::smatch match;
    for (std::string line; std::getline(lines, line);)
        if (std::regex_match(line, match, line_form)) names.push_back(match[1]);
    return names;
}

std::vector<std::string> violations(const std::vector<SourceFile>& files) {
    const Reader reader(files);
    std::vector<std::string> found;
    for (const auto& [path, names] : reader.includes()) {
        for (const std::string& name : names) {
            const auto report = [&](const std::string& why) {
                found.push_back(path + " includes " + name + ": " + why);
            };
            if (auto why = why_forbidden_library(path, name)) report(*why);
            if (auto why = why_forbidden_project(path, name)) report(*why);
            if (name.starts_with("../") || name.starts_with("./"))
                report("paths start at the project's root");
            Rooms seen;
            const bool outsider = path.starts_with("widgets/") || path.starts_with("app/");
            const bool foreign_room =
                path.starts_with("core/") && name.starts_with("core/") && room_of(path) != room_of(name);
            if ((outsider || foreign_room) && name.starts_with("core/") && is_header(name))
                if (auto behind = reader.library_behind(name, seen))
                    report("no public header, it brings " + *behind);
        }
    }
    return found;
}

} // namespace widthwise::arch
