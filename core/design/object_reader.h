#pragma once
// Reads the JSON objects of files that users write (targets, mappings): what is there, leaving the default
// where nothing is.

#include "core/design/key_path.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace widthwise {

/// The first thing that is wrong with a document; later ones are not heard.
struct Complaint {
    std::optional<Error> first;
    void add(const KeyPath& where, std::string message, std::string remedy = {}) {
        if (!first)
            first = Error{ErrorCode::invalid_input, std::move(message), where.to_string(), std::move(remedy)};
    }
    [[nodiscard]] Result<void> done() const {
        if (first) return tl::unexpected<Error>(*first);
        return {};
    }
};

/// `list[i]`.
[[nodiscard]] KeyPath element(const KeyPath& list, size_t i);

/// Parses; a key that stands twice in one object is an error, for which of the two counts is anyone's guess,
/// and so is nesting deeper than any of these files has.
[[nodiscard]] Result<nlohmann::json> parse_document(std::string_view text, const KeyPath& top);

/// One object of the document; keys other than `keys` (empty: any may stand there) are complained of.
class ObjectReader {
public:
    ObjectReader(const nlohmann::json& object, KeyPath at, const std::vector<std::string>& keys,
                 Complaint& complaint);

    [[nodiscard]] bool has(const char* key) const { return m_object.is_object() && m_object.contains(key); }
    [[nodiscard]] const nlohmann::json& at(const char* key) const { return m_object.at(key); }
    [[nodiscard]] KeyPath path(const char* key) const { return m_at.key(key); }
    [[nodiscard]] const KeyPath& path() const { return m_at; }
    /// The object under `key`, if there is one.
    template <typename Read> void section(const char* key, std::vector<std::string> keys, Read read) {
        if (!has(key)) return;
        ObjectReader reader(at(key), path(key), keys, m_complaint);
        read(reader);
    }

    void text(const char* key, std::string& out);
    void flag(const char* key, bool& out);
    void number(const char* key, double lo, double hi, double& out);
    void number(const char* key, double lo, double hi, std::optional<double>& out);
    template <typename Int> void integer(const char* key, int64_t lo, int64_t hi, Int& out) {
        if (has(key)) out = static_cast<Int>(whole(key, lo, hi, static_cast<int64_t>(out)));
    }
    /// One of the names; values of Enum are positions in it.
    template <typename Enum, size_t N>
    void choice(const char* key, const std::array<std::string_view, N>& names, Enum& out) {
        out = static_cast<Enum>(position(key, {names.begin(), names.end()}, static_cast<size_t>(out)));
    }
    /// An array of different names out of `names`, at least one; what is absent stays.
    template <size_t N>
    void names(const char* key, const std::array<std::string_view, N>& names, std::array<bool*, N> out) {
        if (!has(key)) return;
        const std::vector<bool> there = chosen(key, {names.begin(), names.end()});
        for (size_t i = 0; i < there.size(); ++i) *out[i] = there[i];
    }
    void missing(const char* key, const std::string& remedy) {
        if (!has(key)) complain(m_at, "missing key \"" + std::string(key) + "\"", remedy);
    }

    void complain(const KeyPath& where, std::string message, std::string remedy = {}) {
        m_complaint.add(where, std::move(message), std::move(remedy));
    }
    [[nodiscard]] Complaint& complaint() { return m_complaint; }

private:
    int64_t whole(const char* key, int64_t lo, int64_t hi, int64_t otherwise);
    size_t position(const char* key, const std::vector<std::string_view>& names, size_t otherwise);
    std::vector<bool> chosen(const char* key, const std::vector<std::string_view>& names);
    void out_of_range(const char* key, const std::string& lo, const std::string& hi, const std::string& what);

    const nlohmann::json& m_object;
    KeyPath m_at;
    Complaint& m_complaint;
};

} // namespace widthwise
