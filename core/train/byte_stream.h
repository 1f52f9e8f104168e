#pragma once
// Numbers, texts and arrays in a row of bytes: little endian, lengths as u64. Reading never goes past the end
// and never takes memory for more than is there.

#include "core/base/result.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace widthwise::train {

static_assert(std::endian::native == std::endian::little, "checkpoints are little endian");

class ByteWriter {
public:
    template <typename Number>
    requires std::is_arithmetic_v<Number>
    void put(Number value) { m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value); }
    void put(std::string_view text) {
        put(static_cast<uint64_t>(text.size()));
        m_bytes.append(text);
    }
    void put(const std::vector<float>& values) {
        put(static_cast<uint64_t>(values.size()));
        m_bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    }
    [[nodiscard]] const std::string& bytes() const { return m_bytes; }

private:
    std::string m_bytes;
};

/// After the first read that fails all others give zeros and empty values, and ok() is false.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : m_rest(bytes) {}

    template <typename Number>
    requires std::is_arithmetic_v<Number> Number number() {
        Number value{};
        const std::string_view bytes = take(sizeof value);
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::string text() { return std::string(take(number<uint64_t>())); }
    std::vector<float> floats() {
        const auto count = number<uint64_t>();
        if (count > m_rest.size() / sizeof(float)) m_ok = false;
        if (!m_ok) return {};
        std::vector<float> values(static_cast<size_t>(count));
        if (count > 0)
            std::memcpy(values.data(), take(count * sizeof(float)).data(), values.size() * sizeof(float));
        return values;
    }
    /// How many elements of at least `bytes` each follow; no more than could.
    size_t count(size_t bytes) {
        const auto count = number<uint64_t>();
        if (count > m_rest.size() / bytes) m_ok = false;
        return m_ok ? static_cast<size_t>(count) : 0;
    }
    [[nodiscard]] bool ok() const { return m_ok; }
    [[nodiscard]] bool at_end() const { return m_rest.empty(); }

private:
    std::string_view take(uint64_t size) {
        if (!m_ok || size > m_rest.size()) {
            m_ok = false;
            return {};
        }
        const std::string_view taken = m_rest.substr(0, static_cast<size_t>(size));
        m_rest.remove_prefix(static_cast<size_t>(size));
        return taken;
    }
    std::string_view m_rest;
    bool m_ok = true;
};

} // namespace widthwise::train
