// The only way a name from outside gets into HTML or JSON.
#pragma once

#include <string>
#include <string_view>

namespace pyojun {

// For element content and for attribute values in double quotes. Bytes that are not UTF-8 and control characters become U+FFFD.
std::string escape_html(std::string_view text);

// A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; U+2028 and U+2029 are escaped too.
std::string json_string(std::string_view text);

// Standard alphabet, padded.
std::string base64_of_hex(std::string_view hex);

}  // namespace pyojun
