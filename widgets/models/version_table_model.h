#pragma once
// The versions of the network, one row each.

#include "widgets/document/document.h"

#include <QAbstractTableModel>

namespace widthwise::gui {

class VersionTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Label, Top1, Parameters, Origin, ColumnCount };
    enum Role { IdRole = Qt::UserRole }; ///< int64

    explicit VersionTableModel(Document& document, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    /// -1: none.
    [[nodiscard]] int rowOf(int64_t version) const;

private:
    /// The best design measured of it; null: none.
    [[nodiscard]] const Design* bestDesign(const Version& version) const;
    [[nodiscard]] QString text(const Version& version, int column) const;

    Document& m_document;
    int m_shown = 0; ///< rows the views know of
};

} // namespace widthwise::gui
