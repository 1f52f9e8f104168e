#pragma once
// Surrogate-assisted evolutionary search: thousands of designs are predicted, few are run.

#include "core/explore/algorithm.h"

namespace widthwise::explore {

/// The default algorithm. The problem has noise.
///
/// 1. It asks for the problem's start and a tenth of the budget (4..16 designs), spread along the front of
///    the additive model (additive_front.h: integer programming on sensitivities, as HAWQ-V3, Yao et al.
///    2021).
/// 2. The surrogate (surrogate.h: the additive model, corrected by a Gaussian process) learns from the
///    designs that were run, of many from the 512 nearest to the front. Costs are not predicted but priced.
/// 3. NSGA-II (Deb et al. 2002; predicted_evolution.h) looks through about a thousand designs as predicted,
///    from seeds: the measured front, the additive one, what was promising before, and random ones. Spaces of
///    at most 1024 designs are looked through whole.
/// 4. A twentieth of the budget (1..8 designs) is asked for: those with the largest expected improvement of
///    the hypervolume (EHVI; Emmerich et al. 2006) in turn, each believed to turn out as predicted
///    (Ginsbourger et al. 2010; improvement.h), while they promise a twentieth of what the first does. The
///    volume's reference is the useful drop (front_places.h) and w8a8's costs. Then again from 2.
///
/// It is content when nothing is expected to improve the front even if predictions are half as sure as they
/// say they are, and when a small space that the budget is enough for is used up. Steps 2 to 4 as a whole are
/// surrogate-assisted multi-objective search as in Lu et al. 2020, "NSGANetV2" (from memory).
[[nodiscard]] std::unique_ptr<Algorithm> make_surrogate_search(Problem problem);

} // namespace widthwise::explore
