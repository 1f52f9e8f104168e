#include "core/design/confidence_json.h"

#include "core/design/target_names.h"

namespace widthwise {

void read_confidence(ObjectReader& document, std::map<std::string, Confidence>& confidence) {
    if (!document.has("confidence")) return;
    const nlohmann::json& object = document.at("confidence");
    const KeyPath at = document.path("confidence");
    if (!object.is_object()) return document.complain(at, "expected an object of figures");
    for (const auto& [figure, value] : object.items()) {
        ObjectReader reader(value, at.key(figure), {"basis", "factor", "note"}, document.complaint());
        Confidence& known = confidence[figure];
        reader.missing("basis", "say how the figure is known: exact, measured, fitted or estimate");
        reader.choice("basis", k_basis_names, known.basis);
        if (known.basis == Basis::exact) known.factor = 1;
        reader.number("factor", 1, 1000, known.factor);
        if (known.basis == Basis::exact && known.factor > 1)
            reader.complain(reader.path("factor"), "what is exact has the factor 1", "leave it out");
        reader.text("note", known.note);
    }
}

nlohmann::ordered_json confidence_json(const std::map<std::string, Confidence>& confidence) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [figure, known] : confidence)
        object[figure] = {{"basis", to_string(known.basis)}, {"factor", known.factor}, {"note", known.note}};
    return object;
}

} // namespace widthwise
