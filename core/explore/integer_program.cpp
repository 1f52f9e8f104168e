#include "core/explore/integer_program.h"

#include "core/explore/additive_front.h"
#include "core/explore/front_places.h"
#include "core/explore/measured_designs.h"
#include "core/explore/queued_algorithm.h"
#include "core/explore/spread.h"

#include <algorithm>

namespace widthwise::explore {
namespace {

constexpr size_t k_round = 16;
/// Of the largest useful drop: the prediction may be wrong by half.
constexpr double k_beyond = 1.5;

class IntegerProgram : public QueuedAlgorithm {
public:
    explicit IntegerProgram(Problem given)
        : QueuedAlgorithm(std::move(given))
        , m_noise(problem().space, *problem().noise)
        , m_front(additive_front(problem(), m_noise)) {}

private:
    std::optional<std::vector<Choices>> next_batch() override;

    DesignNoise m_noise;
    std::vector<AdditiveDesign> m_front;
    bool m_started = false;
};

std::optional<std::vector<Choices>> IntegerProgram::next_batch() {
    if (!m_started) {
        m_started = true;
        if (!problem().start.empty()) return problem().start;
    }
    Surrogate surrogate(m_noise.slot_count(), problem().worst_drop);
    surrogate.fit(measured_designs(known(), m_noise, problem().goals));
    const std::vector<Point> all = places(m_front, m_noise, surrogate, problem().goals);
    std::vector<Point> free, taken;
    std::vector<size_t> positions, beyond;
    for (size_t i = 0; i < all.size(); ++i) {
        if (outcome_of(m_front[i].choices)) {
            taken.push_back(all[i]);
        } else if (all[i].front() <= k_beyond) {
            free.push_back(all[i]);
            positions.push_back(i);
        } else {
            beyond.push_back(i);
        }
    }
    std::vector<Choices> batch;
    for (const size_t i : spread(free, taken, k_round)) batch.push_back(m_front[positions[i]].choices);
    // Then what hardly promises anything, the best of it first: the prediction may be wrong.
    if (batch.empty()) {
        std::ranges::stable_sort(beyond, {}, [&](size_t i) { return all[i].front(); });
        for (const size_t i : beyond)
            if (batch.size() < k_round) batch.push_back(m_front[i].choices);
    }
    if (batch.empty()) return std::nullopt;
    return batch;
}

} // namespace

std::unique_ptr<Algorithm> make_integer_program(Problem problem) {
    return std::make_unique<IntegerProgram>(std::move(problem));
}

} // namespace widthwise::explore
