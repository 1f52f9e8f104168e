#include "core/explore/plain_search.h"

#include "core/explore/queued_algorithm.h"

#include <algorithm>

namespace widthwise::explore {
namespace {

constexpr int64_t k_batch = 16;

class RandomSearch final : public QueuedAlgorithm {
public:
    explicit RandomSearch(Problem problem) : QueuedAlgorithm(std::move(problem)) {}

private:
    std::optional<std::vector<Choices>> next_batch() override {
        std::set<Choices> batch;
        std::vector<Choices> in_order;
        while (static_cast<int64_t>(in_order.size()) < k_batch) {
            std::optional<Choices> fresh = fresh_design(batch);
            if (!fresh) break;
            batch.insert(*fresh);
            in_order.push_back(*std::move(fresh));
        }
        if (in_order.empty()) return std::nullopt;
        return in_order;
    }
};

class ExhaustiveSearch final : public QueuedAlgorithm {
public:
    explicit ExhaustiveSearch(Problem problem) : QueuedAlgorithm(std::move(problem), Rejections::unbounded) {}

private:
    std::optional<std::vector<Choices>> next_batch() override {
        if (m_next < 0) {
            m_next = 0;
            return problem().start;
        }
        std::vector<Choices> batch;
        const int64_t designs = problem().space.designs().value_or(0);
        for (const int64_t end = std::min(m_next + k_batch, designs); m_next < end; ++m_next)
            batch.push_back(design_at(problem().space, m_next));
        if (batch.empty()) return std::nullopt;
        return batch;
    }

    int64_t m_next = -1; ///< -1: the start comes first
};

} // namespace

std::unique_ptr<Algorithm> make_random_search(Problem problem) {
    return std::make_unique<RandomSearch>(std::move(problem));
}

std::unique_ptr<Algorithm> make_exhaustive_search(Problem problem) {
    return std::make_unique<ExhaustiveSearch>(std::move(problem));
}

} // namespace widthwise::explore
