#pragma once
// Bytes that begin as zeros. Of a large buffer the system hands out zero pages: they take time and memory
// only where something is written, so that a network without weights costs nothing.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace widthwise {

class ZeroedBuffer {
public:
    /// Throws std::bad_alloc, as containers do.
    explicit ZeroedBuffer(size_t size)
        : m_size(size), m_bytes(size == 0 ? nullptr : static_cast<std::byte*>(std::calloc(size, 1))) {
        if (size != 0 && !m_bytes) throw std::bad_alloc();
    }
    ZeroedBuffer(const ZeroedBuffer& other) : ZeroedBuffer(other.m_size) {
        if (m_size != 0) std::memcpy(m_bytes.get(), other.m_bytes.get(), m_size);
    }
    ZeroedBuffer(ZeroedBuffer&& other) noexcept
        : m_size(std::exchange(other.m_size, 0)), m_bytes(std::move(other.m_bytes)) {}
    ZeroedBuffer& operator=(ZeroedBuffer other) noexcept {
        std::swap(m_size, other.m_size);
        m_bytes.swap(other.m_bytes);
        return *this;
    }
    ~ZeroedBuffer() = default;

    [[nodiscard]] size_t size() const { return m_size; }
    [[nodiscard]] const std::byte* data() const { return m_bytes.get(); }
    [[nodiscard]] std::byte* data() { return m_bytes.get(); }

private:
    struct Free {
        void operator()(std::byte* bytes) const { std::free(bytes); }
    };
    size_t m_size;
    std::unique_ptr<std::byte[], Free> m_bytes;
};

} // namespace widthwise
