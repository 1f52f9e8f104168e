#pragma once
// What becomes of one design: priced, perhaps rejected, else run in looks until it is left or measured.

#include "core/flow/explore.h"
#include "core/flow/explore_meter.h"
#include "core/flow/explore_price.h"

#include <map>

namespace widthwise::flow {

/// Its answers depend on the designs that it remembers, in their order, and on nothing else.
class Judge {
public:
    /// `request` outlives it.
    Judge(const ExploreRequest& request, std::shared_ptr<Pricer> pricer, std::unique_ptr<Meter> meter);

    /// Number and seconds are left to the caller, who makes it remember the answer. Errors: of the data,
    /// cancelled.
    [[nodiscard]] Result<Candidate> judge(const explore::Choices& choices, const WorkControl& control);
    /// The rest of the images for a design that was measured on some, whose answers are given. Errors: as
    /// judge.
    [[nodiscard]] Result<Candidate> complete(const explore::Outcome& measured, explore::Answers answers,
                                             const WorkControl& control);
    void remember(const Candidate& candidate);
    /// On all images, without remembering. Errors: as judge; a design that cannot be run.
    [[nodiscard]] Result<explore::Answers> measure(const explore::Choices& choices,
                                                   const WorkControl& control);
    [[nodiscard]] const explore::Answers& reference() const { return m_meter->reference(); }

private:
    [[nodiscard]] Result<void> run_in_looks(Candidate& candidate, const WorkControl& control);
    /// Answers up to `end`: run, or known from another design that differs in hardware only.
    [[nodiscard]] Result<void> answer(Candidate& candidate, int64_t end,
                                      std::shared_ptr<Meter::Design>& design, const WorkControl& control);
    /// Samples and drop, of the answers so far.
    void take_answers(Candidate& candidate) const;
    [[nodiscard]] explore::Choices widths_of(const explore::Choices& choices) const;

    const ExploreRequest& m_request;
    std::shared_ptr<Pricer> m_pricer;
    std::unique_ptr<Meter> m_meter;
    explore::Race m_race;
    /// Until there is a front, when any design is better than none: drops without bound.
    explore::Race m_first_race;
    bool m_has_front = false;
    /// By widths, where hardware is searched too: it does not change what the network says.
    std::map<explore::Choices, explore::Answers> m_answers;
};

} // namespace widthwise::flow
