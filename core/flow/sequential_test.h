#pragma once
// When a running comparison may stop: a group-sequential test.

#include "core/engine/scores.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace widthwise::flow {

/// Decides whether top-1 is at least the reference's less `within`, from a growing random sample. Looks are
/// taken when the sample has doubled. At each of K looks the paired interval of the difference (Newcombe
/// 1998, method 10) is taken at confidence 1 - 0.05 / K; the first one that lies wholly above or below
/// -within decides. By Bonferroni's inequality all intervals hold together with 95 %, whatever the dependence
/// between looks. The question is about all the images asked for: with the last one it is answered exactly.
class SequentialTest {
public:
    SequentialTest(int64_t total, double within);
    /// Sample sizes of the looks, ascending, multiples of 16 but for the last, `total`.
    [[nodiscard]] const std::vector<int64_t>& looks() const { return m_looks; }
    [[nodiscard]] std::optional<bool> decide(const engine::PairedCounts& counts, bool complete) const;

    static constexpr int64_t k_first_look = 64;

private:
    std::vector<int64_t> m_looks;
    double m_within = 0, m_z = 0;
};

} // namespace widthwise::flow
