#include "core/engine/activation_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sys/mman.h>
#include <utility>

namespace widthwise::engine {
namespace {

constexpr size_t k_page = 4096;
/// Fewer images than this share of a run are not worth a second compiled program.
constexpr int64_t k_least_share = 10;
/// Prefixes end where any micro-batch may end.
constexpr int64_t k_multiple = 16;

} // namespace

size_t Pages::rounded(size_t bytes) {
    return (bytes + k_page - 1) / k_page * k_page;
}

Pages::Pages(size_t bytes) : m_bytes(rounded(bytes)) {
    void* p = ::mmap(nullptr, m_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        m_bytes = 0;
    else
        m_data = static_cast<std::byte*>(p);
}

Pages::~Pages() {
    if (m_data) ::munmap(m_data, m_bytes);
}

Pages::Pages(Pages&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_bytes(std::exchange(other.m_bytes, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

void ActivationStore::set_budget(int64_t bytes) {
    m_budget = std::max<int64_t>(bytes, 0);
    make_room(0, std::numeric_limits<double>::infinity(), std::numeric_limits<int64_t>::max());
}

const KeptActivation* ActivationStore::find(ContentId id) const {
    const auto found = m_kept.find(id);
    return found == m_kept.end() || found->second.ready == found->second.begin ? nullptr : &found->second;
}

void ActivationStore::touch(ContentId id, int64_t generation) {
    if (const auto found = m_kept.find(id); found != m_kept.end()) found->second.m_last_used = generation;
}

void ActivationStore::make_room(size_t bytes, double worth, int64_t generation) {
    while (m_used + static_cast<int64_t>(bytes) > m_budget) {
        auto least = m_kept.end();
        double least_worth = worth;
        for (auto it = m_kept.begin(); it != m_kept.end(); ++it) {
            const KeptActivation& kept = it->second;
            if (kept.m_last_used == generation) continue;
            const double age =
                static_cast<double>(std::clamp<int64_t>(generation - kept.m_last_used, 0, 900));
            const double now = kept.m_worth * std::exp2(-age);
            if (now < least_worth) {
                least_worth = now;
                least = it;
            }
        }
        if (least == m_kept.end()) return;
        m_used -= static_cast<int64_t>(least->second.m_bytes);
        m_kept.erase(least);
    }
}

KeptActivation* ActivationStore::reserve(ContentId id, int64_t begin, int64_t end, size_t bytes_per_image,
                                         double worth, int64_t generation) {
    if (const auto found = m_kept.find(id); found != m_kept.end()) {
        KeptActivation& kept = found->second;
        kept.m_last_used = generation;
        if (kept.begin == begin) return &kept;
        drop(id); // another stretch of images
    }
    make_room(Pages::rounded(static_cast<size_t>(end - begin) * bytes_per_image), worth, generation);
    const int64_t room = (m_budget - m_used) / static_cast<int64_t>(k_page) * static_cast<int64_t>(k_page);
    int64_t images = std::min(end - begin, room / static_cast<int64_t>(bytes_per_image));
    if (images < end - begin) images = images / k_multiple * k_multiple;
    if (images <= 0 || images * k_least_share < end - begin) return nullptr;

    KeptActivation kept;
    kept.begin = kept.ready = begin;
    kept.end = begin + images;
    kept.m_per_image = bytes_per_image;
    kept.m_bytes = Pages::rounded(static_cast<size_t>(images) * bytes_per_image);
    kept.m_pages = Pages(kept.m_bytes);
    kept.m_worth = worth;
    kept.m_last_used = generation;
    if (!kept.m_pages.data()) return nullptr; // the system gives no more: run without
    m_used += static_cast<int64_t>(kept.m_bytes);
    return &m_kept.insert_or_assign(id, std::move(kept)).first->second;
}

void ActivationStore::drop(ContentId id) {
    const auto found = m_kept.find(id);
    if (found == m_kept.end()) return;
    m_used -= static_cast<int64_t>(found->second.m_bytes);
    m_kept.erase(found);
}

void ActivationStore::clear() {
    m_kept.clear();
    m_used = 0;
}

} // namespace widthwise::engine
