#include "report/html_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/escape.hpp"
#include "report/html_writer.hpp"

namespace pyojun {

namespace {

constexpr std::string_view open_bar =
    "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"back\" width=\"100\" "
    "height=\"10\"/>";
constexpr double step = 50;  // width of a band

// Place of a score on a scale whose bands are equally wide.
double place_of(const std::vector<Band>& bands, double score) {
  double top = 100;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const double from = bands[i].from;
    if (score >= from) {
      const double within = top > from ? std::min(1.0, (score - from) / (top - from)) : 0.0;
      return step * (static_cast<double>(bands.size() - 1 - i) + within);
    }
    top = from;
  }
  return 0;
}

std::string number(double value) { return fmt::format("{:.{}f}", value, value == std::floor(value) ? 0 : 1); }

}  // namespace

std::string simple_bar(std::uint64_t part, std::uint64_t whole) {
  const double width = whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{}<rect class=\"fill\" width=\"{:.2f}\" height=\"10\"/></svg>", open_bar, width);
}

std::string stacked_bar(std::span<const std::uint64_t> counts, std::string_view prefix) {
  const std::uint64_t whole = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  std::string svg(open_bar);
  double at = 0;
  for (std::size_t i = 0; i < counts.size() && whole != 0; ++i) {
    const double width = 100.0 * static_cast<double>(counts[i]) / static_cast<double>(whole);
    if (counts[i] != 0) svg += fmt::format("<rect class=\"{}{}\" x=\"{:.2f}\" width=\"{:.2f}\" height=\"10\"/>", prefix, i, at, width);
    at += width;
  }
  return svg + "</svg>";
}

std::string colour_key(std::string_view name) {
  return fmt::format(
      "<svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{}\" width=\"10\" height=\"10\" rx=\"2\"/></svg>", name);
}

std::string band_scale(const PackResult& pack, std::string_view label_id) {
  const std::vector<Band>& bands = pack.pack.bands;
  if (bands.empty() || !pack.score) return {};
  std::string svg = fmt::format("<svg class=\"scale\" viewBox=\"-8 0 {:.0f} 32\" role=\"img\" aria-labelledby=\"{}\">",
                                step * static_cast<double>(bands.size()) + 24, label_id);
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const double x = step * static_cast<double>(bands.size() - 1 - i);
    const bool here = bands[i].band == pack.band;
    svg +=
        fmt::format("<rect class=\"{}\" x=\"{:.0f}\" y=\"9\" width=\"{:.0f}\" height=\"7\"/>", here ? "here" : "back", x + 0.5, step - 1);
    svg += fmt::format("<text x=\"{:.0f}\" y=\"29\" text-anchor=\"middle\">{}</text>", x, number(bands[i].from));
  }
  svg += fmt::format("<text x=\"{:.0f}\" y=\"29\" text-anchor=\"middle\">100</text>", step * static_cast<double>(bands.size()));
  const double x = place_of(bands, *pack.score);
  return svg + fmt::format("<path class=\"mark\" d=\"M{:.2f} 8l-4.5 -7h9z\"/></svg>", x);
}

std::string trend_chart(const std::vector<TrendDot>& all, std::string_view label_id) {
  constexpr std::size_t most = 60;
  constexpr double left = 34, right = 520, top = 10, bottom = 104;
  const std::vector<TrendDot> dots(all.end() - static_cast<std::ptrdiff_t>(std::min(most, all.size())), all.end());
  if (dots.size() < 2) return {};
  const auto by_score = [](const TrendDot& a, const TrendDot& b) { return a.score < b.score; };
  const auto [low, high] = std::minmax_element(dots.begin(), dots.end(), by_score);
  const double from = std::max(0.0, std::floor((low->score - 1) / 10) * 10);
  const double to = std::min(100.0, std::max(from + 10, std::ceil((high->score + 1) / 10) * 10));
  const auto y = [&](double score) { return bottom - (score - from) / (to - from) * (bottom - top); };
  const auto x = [&](std::size_t i) { return left + (right - left) * static_cast<double>(i) / static_cast<double>(dots.size() - 1); };
  std::string svg = fmt::format("<svg class=\"trend\" viewBox=\"0 0 560 128\" role=\"img\" aria-labelledby=\"{}\">", label_id);
  for (const double line : {from, (from + to) / 2, to}) {
    svg += fmt::format("<path class=\"grid\" d=\"M{:.0f} {:.1f}H{:.0f}\"/>", left, y(line), right);
    svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left - 7, y(line) + 4, number(line));
  }
  std::string path, circles;
  for (std::size_t i = 0; i < dots.size(); ++i) {
    path += fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x(i), y(dots[i].score));
    const bool last = i + 1 == dots.size();
    circles += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>", last ? "now" : "dot", x(i), y(dots[i].score),
                           last ? "4" : "2.5");
  }
  svg += fmt::format("<path class=\"line\" d=\"{}\"/>{}", path, circles);
  svg += fmt::format("<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", right + 2,
                     std::max(top + 2, y(dots.back().score) - 9), shown_score(dots.back().score));
  for (const std::size_t i : {std::size_t{0}, dots.size() - 1})
    svg +=
        fmt::format("<text x=\"{:.1f}\" y=\"122\" text-anchor=\"{}\">{}</text>", x(i), i == 0 ? "start" : "end", escape_html(dots[i].name));
  return svg + "</svg>";
}

}  // namespace pyojun
