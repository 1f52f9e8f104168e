#include "core/passes/huffman.h"

#include "core/base/rng.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

using namespace widthwise;
using passes::huffman_bits;
using passes::huffman_lengths;

namespace {

using Counts = std::vector<int64_t>;

Counts random_counts(Rng& rng, size_t n) {
    Counts counts(n);
    const double skew = rng.uniform(0, 8);
    for (int64_t& count : counts)
        count = rng.below(4) == 0 ? 0 : static_cast<int64_t>(std::exp(skew * rng.uniform()) * 3);
    return counts;
}

double kraft_sum(const std::vector<int>& lengths) {
    double sum = 0;
    for (const int length : lengths)
        if (length > 0) sum += std::ldexp(1.0, -length);
    return sum;
}

/// The least bits over all lengths that a prefix code can have, tried one after another.
int64_t exhaustive_bits(const Counts& counts, size_t symbol = 0, double kraft = 0) {
    if (kraft > 1) return INT64_MAX / 2;
    if (symbol == counts.size()) return 0;
    int64_t best = INT64_MAX / 2;
    for (int length = 1; length < static_cast<int>(counts.size()) + 1; ++length)
        best = std::min(best, counts[symbol] * length +
                                  exhaustive_bits(counts, symbol + 1, kraft + std::ldexp(1.0, -length)));
    return best;
}

/// RFC 1951, section 3.2.2: codes of one length are consecutive, shorter ones come first.
std::vector<std::string> canonical_codes(const std::vector<int>& lengths) {
    std::vector<std::string> codes(lengths.size());
    uint64_t code = 0;
    for (int length = 1; length < 64; ++length, code <<= 1)
        for (size_t i = 0; i < lengths.size(); ++i) {
            if (lengths[i] != length) continue;
            for (int bit = length; bit-- > 0;) codes[i] += (code >> bit & 1) != 0 ? '1' : '0';
            ++code;
        }
    return codes;
}

} // namespace

class TestHuffman : public QObject {
    Q_OBJECT
private slots:
    /// Cormen, Leiserson, Rivest, Stein, figure 16.3.
    void by_hand() {
        const Counts counts{45, 13, 12, 16, 9, 5};
        QCOMPARE(huffman_lengths(counts), (std::vector<int>{1, 3, 3, 3, 4, 4}));
        QCOMPARE(huffman_bits(counts), int64_t{224});
    }

    void few_symbols() {
        QCOMPARE(huffman_bits(Counts{}), int64_t{0});
        QCOMPARE(huffman_bits(Counts{0, 0}), int64_t{0});
        QCOMPARE(huffman_lengths(Counts{0, 7, 0}), (std::vector<int>{0, 1, 0}));
        QCOMPARE(huffman_bits(Counts{0, 7, 0}), int64_t{7});
        QCOMPARE(huffman_lengths(Counts{1, 1000000, 0}), (std::vector<int>{1, 1, 0}));
    }

    /// Each count is more than all before it: the deepest tree there is.
    void the_deepest_tree() {
        Counts counts;
        for (int i = 0; i < 40; ++i) counts.push_back(int64_t{1} << i);
        const std::vector<int> lengths = huffman_lengths(counts);
        QCOMPARE(lengths.front(), 39);
        QCOMPARE(lengths.back(), 1);
    }

    void no_prefix_code_is_shorter() {
        for (uint64_t seed = 0; seed < 40; ++seed) {
            Rng rng(seed);
            Counts counts = random_counts(rng, 2 + rng.below(4));
            for (int64_t& count : counts) count = std::max<int64_t>(count, 1);
            QCOMPARE(huffman_bits(counts), exhaustive_bits(counts));
        }
    }

    /// Shannon's bounds: the entropy, and less than a bit more for each symbol.
    void within_a_bit_of_the_entropy() {
        for (uint64_t seed = 0; seed < 100; ++seed) {
            Rng rng(seed);
            Counts counts = random_counts(rng, 2 + rng.below(300));
            counts[0] = counts[1] = 1;
            const auto total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
            double entropy = 0;
            for (const int64_t count : counts)
                if (count > 0)
                    entropy -= static_cast<double>(count) * std::log2(static_cast<double>(count) / total);
            const auto bits = static_cast<double>(huffman_bits(counts));
            QVERIFY2(bits >= entropy * (1 - 1e-12) && bits < entropy + total,
                     qPrintable(QStringLiteral("seed %1").arg(seed)));
            QCOMPARE(kraft_sum(huffman_lengths(counts)), 1.0);
        }
    }

    void what_is_coded_can_be_decoded() {
        for (uint64_t seed = 0; seed < 20; ++seed) {
            Rng rng(seed);
            std::vector<size_t> message(200);
            for (size_t& symbol : message) symbol = rng.below(1 + rng.below(30));
            Counts counts(30);
            for (const size_t symbol : message) ++counts[symbol];
            const std::vector<std::string> codes = canonical_codes(huffman_lengths(counts));
            std::string bits;
            for (const size_t symbol : message) bits += codes[symbol];
            QCOMPARE(static_cast<int64_t>(bits.size()), huffman_bits(counts));
            std::map<std::string, size_t> symbols;
            for (size_t i = 0; i < codes.size(); ++i)
                if (!codes[i].empty()) QVERIFY(symbols.emplace(codes[i], i).second);
            std::vector<size_t> decoded;
            std::string read;
            for (const char bit : bits) {
                read += bit;
                const auto found = symbols.find(read);
                if (found == symbols.end()) continue;
                decoded.push_back(found->second);
                read.clear();
            }
            QVERIFY(read.empty());
            QCOMPARE(decoded, message);
        }
    }
};

QTEST_APPLESS_MAIN(TestHuffman)
#include "tst_huffman.moc"
