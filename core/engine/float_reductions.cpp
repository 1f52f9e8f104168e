#include "core/engine/float_kernels.h"

#include <algorithm>
#include <cmath>

namespace widthwise::engine::float_kernels {
namespace {

/// The elements that one output is made of.
struct Members {
    std::span<const float> in;
    std::span<const int32_t> index;
    [[nodiscard]] size_t size() const { return index.size(); }
    double operator[](size_t k) const { return static_cast<double>(in[static_cast<size_t>(index[k])]); }

    template <typename Term> [[nodiscard]] double sum(Term term) const {
        double total = 0;
        for (size_t k = 0; k < size(); ++k) total += term((*this)[k]);
        return total;
    }
    template <typename Better> [[nodiscard]] double best(Better better) const {
        double found = (*this)[0];
        for (size_t k = 1; k < size(); ++k)
            if (better((*this)[k], found)) found = (*this)[k];
        return found;
    }
};

double reduce(Reduction reduction, const Members& m) {
    const auto itself = [](double x) { return x; };
    const auto square = [](double x) { return x * x; };
    switch (reduction) {
    case Reduction::mean:
        return m.sum(itself) / static_cast<double>(m.size());
    case Reduction::sum:
        return m.sum(itself);
    case Reduction::max:
        return m.best(std::greater<>());
    case Reduction::min:
        return m.best(std::less<>());
    case Reduction::prod: {
        double product = 1;
        for (size_t k = 0; k < m.size(); ++k) product *= m[k];
        return product;
    }
    case Reduction::l1:
        return m.sum([](double x) { return std::fabs(x); });
    case Reduction::l2:
        return std::sqrt(m.sum(square));
    case Reduction::sum_square:
        return m.sum(square);
    case Reduction::log_sum:
        return std::log(m.sum(itself));
    case Reduction::log_sum_exp: {
        const double top = m.best(std::greater<>());
        if (!std::isfinite(top)) return top;
        return top + std::log(m.sum([top](double x) { return std::exp(x - top); }));
    }
    }
    return 0;
}

} // namespace

void run(const ReduceOperation& s, Inputs in, std::span<float> out) {
    const auto count = static_cast<size_t>(s.count);
    for (size_t i = 0; i < out.size(); ++i)
        out[i] =
            static_cast<float>(reduce(s.reduction, {in[0], std::span(s.members).subspan(i * count, count)}));
}

void run(const ArgMaxOperation& s, Inputs in, std::span<float> out) {
    const auto count = static_cast<size_t>(s.count);
    for (size_t i = 0; i < out.size(); ++i) {
        const Members members{in[0], std::span(s.members).subspan(i * count, count)};
        size_t best = 0;
        for (size_t k = 1; k < count; ++k) {
            const double x = s.minimum ? -members[k] : members[k];
            const double top = s.minimum ? -members[best] : members[best];
            if (x > top || (s.last && x == top)) best = k;
        }
        out[i] = static_cast<float>(best);
    }
}

} // namespace widthwise::engine::float_kernels
