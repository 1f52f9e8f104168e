// Files that hold a run's state: what is written is read, and nothing else is.

#include "core/base/hash.h"
#include "core/train/checkpoint.h"
#include "core/train/options_json.h"
#include "tests/core/train/toy_problem.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <limits>

using namespace widthwise;
using namespace widthwise::train;
using widthwise::test::toy_network;
using widthwise::test::ToyDataset;

namespace {

constexpr RunShape k_run{5, 2, true, true, true, 20, 6};

TrainingState some_state() {
    TrainingState state;
    state.trained = {1, -2, 3, 0.5F, std::numeric_limits<float>::denorm_min()};
    state.running = {4, 5};
    state.optimizer = {8, {0, 1, 2, 3, 4}, {9, 8, 7, 6, 5}};
    state.progress = {8, {12.5, 77}, 3.25, 0.01, {{0.7, 0.5, 0.6, 0.1, 2.5}}, 0};
    state.best_trained = {5, 4, 3, 2, 1};
    state.best_running = {0, 1};
    state.average_trained = {2, 3, 5, 7, 11};
    state.average_running = {1, 0};
    return state;
}

RunIdentity some_identity() {
    return {"a network", "some images", option_values({})};
}

/// The file's bytes with the right checksum behind them.
QByteArray sealed(QByteArray bytes) {
    bytes.chop(64);
    return bytes + QByteArray::fromStdString(sha256(bytes.toStdString()));
}

} // namespace

class TestCheckpoint : public QObject {
    Q_OBJECT
private slots:
    void init();
    void gives_back_what_was_written();
    void state_without_extras();
    void missing_and_foreign_files();
    void truncated_anywhere();
    void flipped_bits();
    void hostile_sizes_with_a_right_checksum();
    void contradicting_counts();
    void numbers_that_no_run_has();
    void other_versions();
    void names_what_differs();
    void nowhere_to_write();
    void network_hash_sees_structure_and_numbers();
    void data_hash_sees_sets();
    void options_as_text();

private:
    std::filesystem::path path() const { return m_folder.filePath("run.checkpoint").toStdString(); }
    QByteArray bytes() const {
        QFile file(QString::fromStdString(path()));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void replace(const QByteArray& bytes) const {
        QFile file(QString::fromStdString(path()));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size());
    }
    /// Empty where it is read.
    std::string refusal(const RunIdentity& identity = some_identity(), const RunShape& run = k_run) const {
        const auto read = read_checkpoint(path(), identity, run);
        if (read) return {};
        const bool named = read.error().code == ErrorCode::invalid_input && read.error().where == path();
        return named ? read.error().message : "unexpected: " + read.error().to_line();
    }
    QTemporaryDir m_folder;
};

void TestCheckpoint::init() {
    QVERIFY(write_checkpoint(path(), some_identity(), some_state()));
}

void TestCheckpoint::gives_back_what_was_written() {
    const auto read = read_checkpoint(path(), some_identity(), k_run);
    QVERIFY2(read, read ? "" : read.error().to_line().c_str());
    QVERIFY(*read == some_state());
}

void TestCheckpoint::state_without_extras() {
    TrainingState state = some_state();
    state.optimizer.second.clear();
    state.best_trained.clear();
    state.best_running.clear();
    state.average_trained.clear();
    state.average_running.clear();
    QVERIFY(write_checkpoint(path(), some_identity(), state));
    RunShape run = k_run;
    run.second_moment = run.keeps_best = run.averages = false;
    const auto read = read_checkpoint(path(), some_identity(), run);
    QVERIFY(read && *read == state);
}

void TestCheckpoint::missing_and_foreign_files() {
    replace("");
    QVERIFY(refusal().find("no checkpoint") != std::string::npos);
    replace(QByteArray(1000, 'x'));
    QVERIFY(refusal().find("no checkpoint") != std::string::npos);
    QVERIFY(QFile::remove(QString::fromStdString(path())));
    QVERIFY(refusal().find("cannot read") != std::string::npos);
}

void TestCheckpoint::truncated_anywhere() {
    const QByteArray whole = bytes();
    for (qsizetype size = 0; size < whole.size(); size += size < 40 ? 1 : 13) {
        replace(whole.left(size));
        QVERIFY2(!refusal().empty(), qPrintable(QString::number(size)));
    }
    replace(whole + "x");
    QVERIFY(!refusal().empty());
}

void TestCheckpoint::flipped_bits() {
    const QByteArray whole = bytes();
    for (qsizetype at = 0; at < whole.size(); at += at < 40 ? 1 : 7) {
        QByteArray changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
        replace(changed);
        QVERIFY2(!refusal().empty(), qPrintable(QString::number(at)));
    }
}

void TestCheckpoint::hostile_sizes_with_a_right_checksum() {
    // Eight bytes of the content after others become a huge number: lengths among them must not be believed.
    const QByteArray whole = bytes();
    const TrainingState state = some_state();
    for (const uint64_t size : {UINT64_MAX, uint64_t{1} << 40})
        for (qsizetype at = 20; at + 8 + 64 <= whole.size(); at += 3) {
            QByteArray changed = whole;
            std::memcpy(changed.data() + at, &size, sizeof size);
            replace(sealed(changed));
            const auto read = read_checkpoint(path(), some_identity(), k_run);
            // Some places hold numbers that may be anything; all sizes are right then.
            if (!read) continue;
            QCOMPARE(read->trained.size(), state.trained.size());
            QCOMPARE(read->progress.epochs.size(), state.progress.epochs.size());
            QVERIFY(read->progress.best_epoch == 0);
        }
}

void TestCheckpoint::contradicting_counts() {
    const auto refused = [&](auto change) {
        TrainingState state = some_state();
        change(state);
        return write_checkpoint(path(), some_identity(), state) && !refusal().empty();
    };
    QVERIFY(refused([](TrainingState& s) { s.trained.push_back(1); }));
    QVERIFY(refused([](TrainingState& s) { s.running.clear(); }));
    QVERIFY(refused([](TrainingState& s) { s.optimizer.second.clear(); }));
    QVERIFY(refused([](TrainingState& s) { s.optimizer.steps = 7; }));
    QVERIFY(refused([](TrainingState& s) { s.best_trained.clear(); }));
    QVERIFY(refused([](TrainingState& s) { s.average_trained.pop_back(); }));
    QVERIFY(refused([](TrainingState& s) { s.average_running.clear(); }));
    QVERIFY(refused([](TrainingState& s) { s.progress.best_epoch = 1; }));
    QVERIFY(refused([](TrainingState& s) { s.progress.best_epoch = -2; }));
    // One epoch of six steps is finished: the run is between steps 6 and 12.
    for (const int64_t step : {int64_t{-1}, int64_t{5}, int64_t{13}, int64_t{21}, INT64_MAX, INT64_MIN})
        QVERIFY(refused([&](TrainingState& s) { s.progress.step = s.optimizer.steps = step; }));
}

void TestCheckpoint::numbers_that_no_run_has() {
    const auto refused = [&](auto change) {
        TrainingState state = some_state();
        change(state);
        return write_checkpoint(path(), some_identity(), state) && !refusal().empty();
    };
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
        QVERIFY(refused([&](TrainingState& s) { s.trained[4] = bad; }));
        QVERIFY(refused([&](TrainingState& s) { s.running[1] = bad; }));
        QVERIFY(refused([&](TrainingState& s) { s.optimizer.first[0] = bad; }));
        QVERIFY(refused([&](TrainingState& s) { s.optimizer.second[2] = bad; }));
        QVERIFY(refused([&](TrainingState& s) { s.best_trained[3] = bad; }));
        QVERIFY(refused([&](TrainingState& s) { s.best_running[0] = bad; }));
        QVERIFY(refused([&](TrainingState& s) { s.average_trained[1] = bad; }));
    }
    QVERIFY(refused([](TrainingState& s) { s.optimizer.second[1] = -1e-20F; }));
    QVERIFY(!refused([](TrainingState& s) { s.optimizer.first[1] = -1e-20F; }));
}

void TestCheckpoint::other_versions() {
    QByteArray changed = bytes();
    changed[8] = 4;
    replace(sealed(changed));
    QVERIFY(refusal().find("newer version") != std::string::npos);
    changed[8] = 2;
    replace(sealed(changed));
    QVERIFY(refusal().find("older version") != std::string::npos);
    changed[8] = 0;
    replace(sealed(changed));
    QVERIFY(!refusal().empty());
}

void TestCheckpoint::names_what_differs() {
    RunIdentity other = some_identity();
    other.network = "another";
    QVERIFY(refusal(other).find("another network") != std::string::npos);
    other = some_identity();
    other.data = "others";
    QVERIFY(refusal(other).find("other images") != std::string::npos);
    Options options;
    options.learning_rate = 0.05;
    other.data = some_identity().data;
    other.options = option_values(options);
    QCOMPARE(refusal(other), std::string("the checkpoint was made with learning_rate 0.1, not 0.05"));
    options = {};
    options.qat = QatOptions{};
    other.options = option_values(options);
    QVERIFY(refusal(other).find("design") != std::string::npos);
    other.options = option_values({});
    other.options.pop_back();
    QVERIFY(refusal(other).find("unknown") != std::string::npos);
    other.options = option_values({});
    other.options.emplace_back("new_option", "1");
    QVERIFY(refusal(other).find("new_option") != std::string::npos);
}

void TestCheckpoint::nowhere_to_write() {
    const auto written = write_checkpoint(path() / "below", some_identity(), some_state());
    QVERIFY(!written && written.error().code == ErrorCode::io);
    QVERIFY(refusal().empty()); // the old one stands
}

void TestCheckpoint::network_hash_sees_structure_and_numbers() {
    const std::string hash = network_hash(*toy_network());
    QCOMPARE(hash, network_hash(*toy_network()));
    QVERIFY(hash != network_hash(*toy_network(2)));    // other weights
    QVERIFY(hash != network_hash(*toy_network(1, 4))); // other classes
    const auto clipped = [](float hi) {
        GraphBuilder builder("net", 13);
        const ValueId x = builder.input("x", {1, 3});
        builder.output(*builder.add(Op::clip, "Clip", "clip", ClipAttributes{0, hi}, {x}));
        return network_hash(**builder.build());
    };
    QVERIFY(clipped(6) != clipped(1));
    // Shapes and constants alike: attributes alone tell these apart.
    const auto of = [](Op op, Attributes attributes, Shape shape = {1, 4, 8, 8}) {
        GraphBuilder builder("net", 13);
        const ValueId x = builder.input("x", std::move(shape));
        builder.output(*builder.add(op, "Op", "layer", std::move(attributes), {x}));
        return network_hash(**builder.build());
    };
    const auto function = [&](Function f, float alpha = 0) {
        return of(Op::function, FunctionAttributes{f, alpha, 0});
    };
    QVERIFY(function(Function::silu) != function(Function::gelu));
    QVERIFY(function(Function::elu, 1) != function(Function::elu, 0.5F));
    const auto pool = [&](bool ceil_mode) {
        return of(Op::max_pool, PoolAttributes{{2, 2}, {2, 2}, {}, ceil_mode, false});
    };
    QVERIFY(pool(true) != pool(false));
    const auto lrn = [&](int64_t size, float bias) { return of(Op::lrn, LrnAttributes{size, 1, 1, bias}); };
    QVERIFY(lrn(5, 1) != lrn(3, 1));
    QVERIFY(lrn(5, 1) != lrn(5, 2));
    const auto block = [&](bool crd) { return of(Op::depth_to_space, BlockAttributes{2, crd}); };
    QVERIFY(block(true) != block(false));
    const auto mean = [&](std::vector<int64_t> axes) {
        return of(Op::reduce_mean, ReduceAttributes{std::move(axes), true, Reduction::mean}, {1, 4, 4, 4});
    };
    QVERIFY(mean({1}) == mean({1}) && mean({2}) != mean({1}));
}

void TestCheckpoint::data_hash_sees_sets() {
    const ToyDataset ten(10, 1), eleven(11, 1), classes(10, 1, 4);
    QCOMPARE(data_hash(ten, nullptr), data_hash(ten, nullptr));
    QVERIFY(data_hash(ten, nullptr) != data_hash(eleven, nullptr));
    QVERIFY(data_hash(ten, nullptr) != data_hash(classes, nullptr));
    QVERIFY(data_hash(ten, nullptr) != data_hash(ten, &eleven));
    QVERIFY(data_hash(ten, &ten) != data_hash(ten, &eleven));
}

void TestCheckpoint::options_as_text() {
    const std::string text = to_json({});
    QVERIFY2(text.starts_with(R"({"epochs": 10, "steps": 0, "batch_size": 64, "optimizer": "sgd", )"
                              R"("learning_rate": 0.1, "momentum": 0.9, "nesterov": false)"),
             text.c_str());
    QVERIFY2(text.ends_with(R"("seed": 1, "qat": null})"), text.c_str());
    Options options;
    options.checkpoint = {"/some/where", 5, true};
    QCOMPARE(to_json(options), text); // where a state is kept decides nothing
    options.qat = QatOptions{};
    QVERIFY(to_json(options).find(R"("qat": {"weights": "lsq", "activations": "lsq", "design": {)") !=
            std::string::npos);
}

QTEST_APPLESS_MAIN(TestCheckpoint)
#include "tst_checkpoint.moc"
