#include "conformance/smtp/json_text.h"

namespace stagepost {

std::string BytesOf(absl::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80 || i + 1 == text.size()) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(((c & 0x03) << 6) | (text[++i] & 0x3f));
  }
  return bytes;
}

std::string TextOf(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (c < 0x80) {
      text += byte;
      continue;
    }
    text += static_cast<char>(0xc0 | (c >> 6));
    text += static_cast<char>(0x80 | (c & 0x3f));
  }
  return text;
}

const JsonValue* Find(const JsonObject& object, const std::string& name) {
  const auto found = object.fields().find(name);
  return found == object.fields().end() ? nullptr : &found->second;
}

std::string StringAt(const JsonObject& object, const std::string& name,
                     const std::string& otherwise) {
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->has_string_value() ? BytesOf(value->string_value()) : otherwise;
}

double NumberAt(const JsonObject& object, const std::string& name, double otherwise) {
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->has_number_value() ? value->number_value() : otherwise;
}

bool BoolAt(const JsonObject& object, const std::string& name, bool otherwise) {
  const JsonValue* value = Find(object, name);
  return value != nullptr && value->has_bool_value() ? value->bool_value() : otherwise;
}

void Set(JsonObject& object, const std::string& name, absl::string_view bytes) {
  (*object.mutable_fields())[name].set_string_value(TextOf(bytes));
}

void Set(JsonObject& object, const std::string& name, int64_t number) {
  (*object.mutable_fields())[name].set_number_value(static_cast<double>(number));
}

}  // namespace stagepost
