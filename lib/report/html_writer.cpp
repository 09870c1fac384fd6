// Pieces of HTML: texts in both languages, numbers, tables.
#include "report/html_writer.hpp"

#include <fmt/format.h>

#include <array>

#include "report/escape.hpp"

namespace pyojun {

namespace {

struct TextRow {
  std::string_view en, ko;
};

constexpr std::array<TextRow, static_cast<std::size_t>(Text::count)> texts{{
#define PYOJUN_TEXT(name, en, ko) {en, ko},
#include "report/texts.def"
#undef PYOJUN_TEXT
}};

// `{}` takes the arguments in turn, `{0}` and the like take one by its place.
std::string fill(std::string_view text, std::initializer_list<std::string_view> arguments) {
  std::string out;
  std::size_t turn = 0;
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{')) {
    const std::size_t end = text.find('}', at);
    const std::size_t place = end == at + 1 ? turn++ : static_cast<std::size_t>(text[at + 1] - '0');
    out += escape_html(text.substr(0, at));
    if (place < arguments.size()) out += arguments.begin()[place];
    text.remove_prefix(end + 1);
  }
  return out + escape_html(text);
}

// Letters, digits, '.', '-' and '_' as they are, every other byte in the form given.
std::string spelled(std::string_view text, std::string_view form) {
  std::string out;
  for (const char c : text) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    out += fits ? std::string(1, c) : fmt::format(fmt::runtime(form), static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace

std::string_view english(Text text) { return texts[static_cast<std::size_t>(text)].en; }
std::string_view korean(Text text) { return texts[static_cast<std::size_t>(text)].ko; }

std::string with_commas(std::uint64_t value) {
  const std::string digits = fmt::format("{}", value);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  const double value = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part != whole && value > 99.9) return "99.9 %";
  if (part != 0 && value < 0.1) return "0.1 %";
  return part == whole ? "100 %" : fmt::format("{:.1f} %", value);
}

std::string say(Text text, std::initializer_list<std::string_view> arguments) {
  return fmt::format("<span lang=\"en\">{}</span><span lang=\"ko\">{}</span>", fill(english(text), arguments),
                     fill(korean(text), arguments));
}

std::string say(std::string_view en, std::string_view ko) {
  return fmt::format("<span lang=\"en\">{}</span><span lang=\"ko\">{}</span>", escape_html(en), escape_html(ko));
}

std::string plain(std::string_view text) { return "<bdi>" + escape_html(text) + "</bdi>"; }

std::string plain_code(std::string_view text) { return "<bdi class=\"code\">" + escape_html(text) + "</bdi>"; }

std::string anchor(std::string_view text) { return spelled(text, "_{:02x}"); }

std::string link_to_file(std::string_view name) { return "./" + spelled(name, "%{:02x}"); }

HtmlTable::HtmlTable(std::string& out, std::string_view id, std::string_view caption, bool filter) : out_(out) {
  if (filter)
    out_ += fmt::format(
        "<p class=\"tools\" hidden><label>{} <input type=\"search\" autocomplete=\"off\" spellcheck=\"false\" data-for=\"{}\"></label> "
        "<output aria-live=\"polite\"></output></p>\n",
        say(Text::filter_rows), id);
  out_ += fmt::format("<div class=\"scroll\"><table id=\"{}\"><caption>{}</caption><thead><tr>", id, caption);
}

HtmlTable& HtmlTable::head(Text text, Align align) {
  out_ += fmt::format("<th scope=\"col\" data-sort=\"{0}\"{1}>{2}</th>",
                      align == Align::right  ? "number"
                      : align == Align::rank ? "rank"
                                             : "text",
                      align == Align::right ? " class=\"n\"" : "", say(text));
  return *this;
}

HtmlTable& HtmlTable::plain_head(Text text, Align align) {
  out_ += fmt::format("<th scope=\"col\"{}>{}</th>", align == Align::right ? " class=\"n\"" : "", say(text));
  return *this;
}

void HtmlTable::start_body() {
  if (row_open_) out_ += "</tr>\n";
  row_open_ = false;
  if (head_open_) out_ += "</tr></thead>\n<tbody>\n";
  head_open_ = false;
}

void HtmlTable::row(std::string_view id, std::string_view attributes) {
  start_body();
  out_ += id.empty() ? std::string("<tr") : fmt::format("<tr id=\"{}\"", escape_html(id));
  if (!attributes.empty()) out_ += fmt::format(" {}", attributes);
  out_ += '>';
  row_open_ = first_ = true;
}

std::string_view HtmlTable::tag() {
  const bool header = first_;
  first_ = false;
  return header ? "th scope=\"row\"" : "td";
}

HtmlTable& HtmlTable::cell(std::string_view html) {
  const std::string_view with = tag();
  out_ += fmt::format("<{}>{}</{}>", with, html, with.substr(0, 2));
  return *this;
}

HtmlTable& HtmlTable::cell_by(std::string_view html, std::int64_t key, std::string_view name) {
  const std::string_view with = tag();
  out_ += fmt::format("<{}{} data-k=\"{}\">{}</{}>", with, name.empty() ? "" : fmt::format(" class=\"{}\"", name), key, html,
                      with.substr(0, 2));
  return *this;
}

HtmlTable& HtmlTable::long_cell(std::string_view html) {
  out_ += fmt::format("<td class=\"any\">{}</td>", html);
  return *this;
}

HtmlTable& HtmlTable::number(std::uint64_t value) { return right(with_commas(value)); }

HtmlTable& HtmlTable::right(std::string_view html) {
  out_ += fmt::format("<td class=\"n{}\">{}</td>", html == "0" ? " zero" : "", html);
  return *this;
}

void HtmlTable::foot() {
  start_body();
  out_ += "</tbody>\n<tfoot>\n";
  foot_ = true;
}

void HtmlTable::done() {
  start_body();
  out_ += foot_ ? "</tfoot></table></div>\n" : "</tbody></table></div>\n";
}

}  // namespace pyojun
