#pragma once
// Curves of a benchmark as CSV and as a plain SVG picture.

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace widthwise::bench {

struct Course {
    std::string name; ///< "nsga2 1": curves whose first words agree share a colour
    std::vector<std::pair<double, double>> points; ///< by rising first number
};

inline void write_svg(const std::string& path, const std::vector<Course>& courses) {
    constexpr double width = 720, height = 420, left = 60, right = 20, top = 20, bottom = 40;
    double x_max = 1, y_max = 1e-9;
    for (const Course& course : courses)
        for (const auto& [x, y] : course.points) x_max = std::max(x_max, x), y_max = std::max(y_max, y);
    const auto px = [&](double x) { return left + (width - left - right) * x / x_max; };
    const auto py = [&](double y) { return height - bottom - (height - top - bottom) * y / y_max; };
    // Okabe and Ito 2008.
    constexpr std::array colours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"};
    std::ofstream svg(path);
    svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << height
        << "\" font-family=\"sans-serif\" font-size=\"12\">\n";
    for (int tick = 0; tick <= 4; ++tick) {
        const double y = y_max * tick / 4, x = x_max * tick / 4;
        char text[32];
        std::snprintf(text, sizeof text, "%.3f", y);
        svg << "<line x1=\"" << left << "\" x2=\"" << width - right << "\" y1=\"" << py(y) << "\" y2=\""
            << py(y) << "\" stroke=\"#ddd\"/><text x=\"" << left - 6 << "\" y=\"" << py(y) + 4
            << "\" text-anchor=\"end\">" << text << "</text>\n<text x=\"" << px(x) << "\" y=\""
            << height - bottom + 18 << "\" text-anchor=\"middle\">" << static_cast<int>(x) << "</text>\n";
    }
    svg << "<text x=\"" << width / 2 << "\" y=\"" << height - 6
        << "\" text-anchor=\"middle\">designs run</text>\n<text x=\"14\" y=\"" << height / 2
        << "\" transform=\"rotate(-90 14 " << height / 2 << ")\" text-anchor=\"middle\">hypervolume</text>\n";
    std::vector<std::string> families;
    for (const Course& course : courses) {
        const std::string family = course.name.substr(0, course.name.find(' '));
        auto at = std::ranges::find(families, family);
        if (at == families.end()) {
            families.push_back(family);
            at = families.end() - 1;
            svg << "<text x=\"" << left + 12 << "\" y=\"" << top + 16.0 * static_cast<double>(families.size())
                << "\" fill=\"" << colours[(families.size() - 1) % colours.size()] << "\">" << family
                << "</text>\n";
        }
        svg << "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\""
            << colours[static_cast<size_t>(at - families.begin()) % colours.size()] << "\" points=\"";
        for (const auto& [x, y] : course.points) svg << px(x) << ',' << py(y) << ' ';
        svg << "\"/>\n";
    }
    svg << "</svg>\n";
}

/// NAME.csv (course,x,y) and NAME.svg.
inline void write_courses(const std::string& name, const std::vector<Course>& courses) {
    std::ofstream csv(name + ".csv");
    csv << "course,designs,hypervolume\n";
    for (const Course& course : courses)
        for (const auto& [x, y] : course.points) csv << course.name << ',' << x << ',' << y << '\n';
    write_svg(name + ".svg", courses);
    std::printf("  curves: %s.csv, %s.svg\n", name.c_str(), name.c_str());
}

} // namespace widthwise::bench
