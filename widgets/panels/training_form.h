#pragma once

#include "widgets/document/training.h"

#include <QWidget>

class QCheckBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QToolButton;

namespace widthwise::gui {

class ChoiceBox;
class NumberBox;
class RealBox;

/// What to train and how: data, mode and the few options that matter; the rest under "More". Remembers what
/// was started, mode by mode.
class TrainingForm : public QWidget {
    Q_OBJECT
public:
    TrainingForm(Document& document, Training& training, QWidget* parent = nullptr);
    /// As the fields have it.
    [[nodiscard]] TrainingSetup setup() const;
    void setMode(TrainingMode mode);
    /// What was started comes up again next time.
    void remember();
    /// Why it cannot start; empty: it can.
    [[nodiscard]] QString whyNot() const;

signals:
    void edited();

private:
    void buildEssentials();
    void buildMore();
    QWidget* dataField(QLineEdit*& edit, const QString& name, const QString& tip);
    void addCheck(const QString& text, const QString& tip, const QString& name, bool& value,
                  QFormLayout& form);
    NumberBox* addNumber(const QString& text, const QString& tip, const QString& name, int smallest,
                         int largest, QFormLayout& form);
    RealBox* addReal(const QString& text, const QString& tip, const QString& name, double smallest,
                     double largest, int decimals, double step, double& value, QFormLayout& form);
    template <typename Enum>
    void addChoice(const QString& text, const QString& tip, const QString& name,
                   std::vector<std::pair<Enum, QString>> choices, Enum& value, QFormLayout& form);
    void browse(QLineEdit* edit, bool folder);
    void loadMode(TrainingMode mode);
    void networkChanged();
    void refresh();
    void refreshModes();
    void setRowVisible(QFormLayout& form, const QString& name, bool visible);

    Document& m_document;
    Training& m_training;
    TrainingSetup m_setup;
    QFormLayout *m_essentials = nullptr, *m_rest = nullptr;
    ChoiceBox* m_mode = nullptr;
    QLabel* m_note = nullptr;
    QLineEdit *m_data = nullptr, *m_validation = nullptr;
    QLabel* m_count_label = nullptr;
    NumberBox* m_count = nullptr;
    QToolButton* m_more = nullptr;
    QWidget* m_more_page = nullptr;
    std::vector<std::function<void()>> m_shows; ///< each brings one field up to date
};

} // namespace widthwise::gui
