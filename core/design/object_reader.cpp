#include "core/design/object_reader.h"

#include "core/base/text.h"

#include <set>

namespace widthwise {
namespace {

using nlohmann::json;

/// Levels of objects and arrays; a loop of a mapping is the deepest, at 5.
constexpr int k_deepest = 8;

std::string joined(const std::vector<std::string_view>& names, std::string_view separator) {
    const std::vector<std::string> copies(names.begin(), names.end());
    return join(copies, separator);
}

/// A name or value may be as long as the file.
std::string cut(const std::string& text) {
    return text.size() > 40 ? text.substr(0, 40) + "..." : text;
}

std::string shown(const json& value) {
    return cut(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

} // namespace

KeyPath element(const KeyPath& list, size_t i) {
    return {list.file, list.path + "[" + std::to_string(i) + "]"};
}

Result<json> parse_document(std::string_view text, const KeyPath& top) {
    std::vector<std::set<std::string>> open;
    std::optional<std::string> doubled;
    bool too_deep = false;
    const json::parser_callback_t watch = [&](int depth, json::parse_event_t event, json& parsed) {
        if (depth > k_deepest) too_deep = true;
        if (too_deep) return false;
        if (event == json::parse_event_t::object_start) open.emplace_back();
        if (event == json::parse_event_t::object_end) open.pop_back();
        if (event == json::parse_event_t::key && !open.back().insert(parsed.get<std::string>()).second)
            doubled = parsed.get<std::string>();
        return true;
    };
    try {
        json document = json::parse(text, watch);
        if (too_deep) return fail_at(top, "objects and arrays are nested too deep");
        if (doubled) return fail_at(top, "the key \"" + cut(*doubled) + "\" stands twice in one object");
        return document;
    } catch (const json::parse_error& e) {
        const auto lines = std::count(text.begin(), text.begin() + std::min(e.byte, text.size()), '\n');
        return fail_at(top, "not valid JSON near line " + std::to_string(lines + 1));
    } catch (const json::exception&) {
        return fail_at(top, "not valid JSON: a number is out of range");
    }
}

ObjectReader::ObjectReader(const json& object, KeyPath at, const std::vector<std::string>& keys,
                           Complaint& complaint)
    : m_object(object), m_at(std::move(at)), m_complaint(complaint) {
    if (!object.is_object()) {
        complain(m_at, "expected an object");
        return;
    }
    if (keys.empty()) return;
    for (const auto& [key, value] : object.items()) {
        if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
        const std::string name = cut(key);
        const std::vector<std::string> near = nearest_names(name, keys, 1);
        complain(m_at, "unknown key \"" + name + "\"",
                 near.empty() ? "known keys: " + join(keys, ", ") : "did you mean \"" + near[0] + "\"?");
    }
}

void ObjectReader::text(const char* key, std::string& out) {
    if (!has(key)) return;
    if (!at(key).is_string()) return complain(path(key), "expected a string");
    out = at(key).get<std::string>();
}

void ObjectReader::flag(const char* key, bool& out) {
    if (!has(key)) return;
    if (!at(key).is_boolean()) return complain(path(key), "expected true or false");
    out = at(key).get<bool>();
}

void ObjectReader::number(const char* key, double lo, double hi, double& out) {
    if (!has(key)) return;
    const double value = at(key).is_number() ? at(key).get<double>() : std::nan("");
    if (!(value >= lo && value <= hi)) return out_of_range(key, json(lo).dump(), json(hi).dump(), "a number");
    out = value;
}

void ObjectReader::number(const char* key, double lo, double hi, std::optional<double>& out) {
    if (!has(key)) return;
    double value = lo;
    number(key, lo, hi, value);
    out = value;
}

int64_t ObjectReader::whole(const char* key, int64_t lo, int64_t hi, int64_t otherwise) {
    const double value = at(key).is_number() ? at(key).get<double>() : std::nan("");
    if (value == std::floor(value) && value >= static_cast<double>(lo) && value <= static_cast<double>(hi))
        return static_cast<int64_t>(value);
    out_of_range(key, std::to_string(lo), std::to_string(hi), "a whole number");
    return otherwise;
}

size_t ObjectReader::position(const char* key, const std::vector<std::string_view>& names, size_t otherwise) {
    if (!has(key)) return otherwise;
    if (at(key).is_string()) {
        const auto found = std::find(names.begin(), names.end(), at(key).get_ref<const std::string&>());
        if (found != names.end()) return static_cast<size_t>(found - names.begin());
    }
    complain(path(key), "unknown value " + shown(at(key)), "use " + joined(names, " or "));
    return otherwise;
}

std::vector<bool> ObjectReader::chosen(const char* key, const std::vector<std::string_view>& names) {
    std::vector<bool> there(names.size());
    const json& list = at(key);
    if (!list.is_array() || list.empty())
        complain(path(key), "expected an array of names", "choose among " + joined(names, ", "));
    for (const json& entry : list) {
        const auto found = entry.is_string()
                               ? std::find(names.begin(), names.end(), entry.get_ref<const std::string&>())
                               : names.end();
        if (found == names.end())
            complain(path(key), "unknown value " + shown(entry), "choose among " + joined(names, ", "));
        else if (const auto i = static_cast<size_t>(found - names.begin()); there[i])
            complain(path(key), shown(entry) + " stands twice");
        else
            there[i] = true;
    }
    return there;
}

void ObjectReader::out_of_range(const char* key, const std::string& lo, const std::string& hi,
                                const std::string& what) {
    complain(path(key), "expected " + what + " from " + lo + " to " + hi + ", not " + shown(at(key)));
}

} // namespace widthwise
