#pragma once
// Activations kept between runs, within a number of bytes that is never exceeded.

#include "core/engine/content_table.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace widthwise::engine {

/// Pages from the system, given back at once: a heap would keep them. Errors leave it empty.
class Pages {
public:
    Pages() = default;
    explicit Pages(size_t bytes);
    ~Pages();
    Pages(Pages&& other) noexcept;
    Pages& operator=(Pages&& other) noexcept;
    [[nodiscard]] std::byte* data() const { return m_data; }
    [[nodiscard]] static size_t rounded(size_t bytes); ///< what `bytes` really take

private:
    std::byte* m_data = nullptr;
    size_t m_bytes = 0;
};

/// One buffer's bytes for the images at positions [begin, ready) of a run's order; room for [begin, end).
class KeptActivation {
public:
    int64_t begin = 0, ready = 0, end = 0;
    [[nodiscard]] std::span<std::byte> images(int64_t first, int64_t count) const {
        return {m_pages.data() + static_cast<size_t>(first - begin) * m_per_image,
                static_cast<size_t>(count) * m_per_image};
    }

private:
    friend class ActivationStore;
    size_t m_per_image = 0;
    Pages m_pages;
    size_t m_bytes = 0;
    double m_worth = 0; ///< seconds saved per byte, when last used
    int64_t m_last_used = 0;
};

/// Not thread-safe, but images() of distinct positions may be filled by several threads.
class ActivationStore {
public:
    void set_budget(int64_t bytes); ///< drops what is beyond it, least worthy first
    [[nodiscard]] int64_t budget() const { return m_budget; }
    [[nodiscard]] int64_t used() const { return m_used; }

    [[nodiscard]] const KeptActivation* find(ContentId id) const;
    /// Says that this program uses it: keeps it from being evicted for the same program's other activations.
    void touch(ContentId id, int64_t generation);

    /// Room for positions [begin, end) at `bytes_per_image`, for fewer when no more fits (not below a tenth),
    /// null when nothing does. Others are evicted whose worth, halved for each program that did not use them,
    /// is lower; those that this program uses stay.
    [[nodiscard]] KeptActivation* reserve(ContentId id, int64_t begin, int64_t end, size_t bytes_per_image,
                                          double worth, int64_t generation);
    void drop(ContentId id);
    void clear();

private:
    void make_room(size_t bytes, double worth, int64_t generation);
    std::map<ContentId, KeptActivation> m_kept;
    int64_t m_budget = 0, m_used = 0;
};

} // namespace widthwise::engine
