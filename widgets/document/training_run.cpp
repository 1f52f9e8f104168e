#include "widgets/document/training_run.h"

#include "widgets/number_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace widthwise::gui {

void DecimatedCurve::add(double value) {
    ++m_count;
    m_sum += value;
    if (++m_summed < m_stride) return;
    m_means.push_back(m_sum / static_cast<double>(m_stride));
    m_sum = 0;
    m_summed = 0;
    if (m_means.size() < 2 * k_most) return;
    for (size_t i = 0; i < k_most; ++i) m_means[i] = (m_means[2 * i] + m_means[2 * i + 1]) / 2;
    m_means.resize(k_most);
    m_stride *= 2;
}

std::vector<DecimatedCurve::Point> DecimatedCurve::points() const {
    std::vector<Point> points;
    points.reserve(m_means.size() + 1);
    const auto stride = static_cast<double>(m_stride);
    for (size_t i = 0; i < m_means.size(); ++i)
        points.push_back({static_cast<double>(i) * stride + (stride + 1) / 2, m_means[i]});
    if (m_summed > 0) points.push_back({static_cast<double>(m_count), m_sum / static_cast<double>(m_summed)});
    return points;
}

std::optional<double> TrainingRun::best_top1() const {
    if (epochs.empty()) return std::nullopt;
    const auto member = validated ? &train::Epoch::validation_top1 : &train::Epoch::train_top1;
    return (*std::ranges::max_element(epochs, {}, member)).*member;
}

std::optional<double> TrainingRun::loss_now() const {
    if (!epochs.empty()) return epochs.back().loss;
    return last.step > 0 ? std::optional(last.loss) : std::nullopt;
}

double TrainingRun::remaining_s() const {
    if (!active() || last.step <= 0 || seconds < 0.5) return -1;
    return seconds * static_cast<double>(last.steps - last.step) / static_cast<double>(last.step);
}

StoredRun to_stored(const TrainingRun& run) {
    StoredRun stored;
    stored.id = run.stored_id;
    stored.parent = run.parent;
    stored.version = run.version;
    stored.label = run.label.toStdString();
    stored.kind = run.kind.toStdString();
    stored.options_json = run.options_json;
    stored.created_utc = run.created.toStdString();
    QJsonArray epochs;
    for (const train::Epoch& epoch : run.epochs)
        epochs.append(
            QJsonObject{{QStringLiteral("loss"), epoch.loss},
                        {QStringLiteral("train_top1"), epoch.train_top1},
                        {QStringLiteral("validation_top1"),
                         run.validated ? QJsonValue(epoch.validation_top1) : QJsonValue(QJsonValue::Null)},
                        {QStringLiteral("seconds"), epoch.seconds}});
    stored.epochs_json = QJsonDocument(epochs).toJson(QJsonDocument::Compact).toStdString();
    switch (run.status) {
    case TrainingRun::Status::finished:
        stored.status = "finished";
        break;
    case TrainingRun::Status::cancelled:
        stored.status = "cancelled";
        break;
    case TrainingRun::Status::failed:
        stored.status = "failed: " + run.problem.toStdString();
        break;
    default:
        stored.status = "running";
        break;
    }
    return stored;
}

TrainingRun from_stored(const StoredRun& stored) {
    TrainingRun run;
    run.stored_id = stored.id;
    run.parent = stored.parent;
    run.version = stored.version;
    run.label = qt(stored.label);
    run.kind = qt(stored.kind);
    run.options_json = stored.options_json;
    run.created = qt(stored.created_utc);
    const QString status = qt(stored.status);
    if (status == QLatin1String("finished")) {
        run.status = TrainingRun::Status::finished;
    } else if (status.startsWith(QLatin1String("failed"))) {
        run.status = TrainingRun::Status::failed;
        run.problem = status.section(QStringLiteral(": "), 1);
    } else {
        // One that was running when the program ended never came to its end.
        run.status = TrainingRun::Status::cancelled;
    }
    const QJsonArray epochs = QJsonDocument::fromJson(QByteArray::fromStdString(stored.epochs_json)).array();
    for (const QJsonValue& value : epochs) {
        const QJsonValue validation = value[QStringLiteral("validation_top1")];
        run.validated = run.validated || validation.isDouble();
        train::Epoch epoch;
        epoch.loss = value[QStringLiteral("loss")].toDouble();
        epoch.train_top1 = value[QStringLiteral("train_top1")].toDouble();
        epoch.validation_top1 = validation.toDouble();
        epoch.seconds = value[QStringLiteral("seconds")].toDouble();
        run.seconds += epoch.seconds;
        run.epochs.push_back(epoch);
    }
    return run;
}

QString status_text(const TrainingRun& run) {
    switch (run.status) {
    case TrainingRun::Status::waiting:
        return QObject::tr("waiting");
    case TrainingRun::Status::running:
        return QObject::tr("running");
    case TrainingRun::Status::paused:
        return QObject::tr("paused");
    case TrainingRun::Status::finished:
        return QObject::tr("finished");
    case TrainingRun::Status::cancelled:
        return QObject::tr("cancelled");
    case TrainingRun::Status::failed:
        return QObject::tr("failed");
    }
    return {};
}

} // namespace widthwise::gui
