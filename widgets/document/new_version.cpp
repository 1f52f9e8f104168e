#include "widgets/document/new_version.h"

#include "core/base/hash.h"
#include "widgets/document/version_io.h"

#include <QDateTime>

#include <atomic>

namespace widthwise::gui {

KeptVersion keep_version(Version version, const std::map<std::string, std::string>& recipe,
                         ProjectStore& store, const TrainingBackend& backend) {
    static std::atomic<int64_t> last_unstored{0};
    version.created = QDateTime::currentDateTimeUtc().toString(Qt::ISODate);
    version.id = --last_unstored;
    // Unlike every other network's, until its bytes say better.
    version.model.hash += "#" + std::to_string(version.id);
    const auto bytes = backend.write(version.model, version.model.scales.get(), recipe);
    if (!bytes) return {std::move(version), to_problem(bytes.error())};
    version.model.hash = sha256(*bytes);
    const auto id = store.add_version(to_stored(version), *bytes);
    if (!id) return {std::move(version), to_problem(id.error(), Problem::Remedy::save_as)};
    version.id = *id;
    return {std::move(version), std::nullopt};
}

} // namespace widthwise::gui
