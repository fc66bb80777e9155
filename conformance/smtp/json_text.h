// The recordings' JSON: bytes are kept one to one as the characters U+0000 to U+00FF.
#ifndef STAGEPOST_CONFORMANCE_SMTP_JSON_TEXT_H_
#define STAGEPOST_CONFORMANCE_SMTP_JSON_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"

namespace stagepost {

using JsonObject = google::protobuf::Struct;
using JsonValue = google::protobuf::Value;

std::string BytesOf(absl::string_view text);  // "é" -> "\xe9"
std::string TextOf(absl::string_view bytes);  // and back

// The member `name`; null: there is none.
const JsonValue* Find(const JsonObject& object, const std::string& name);
// Its bytes, number, or `otherwise`.
std::string StringAt(const JsonObject& object, const std::string& name,
                     const std::string& otherwise = "");
double NumberAt(const JsonObject& object, const std::string& name, double otherwise);
bool BoolAt(const JsonObject& object, const std::string& name, bool otherwise);

void Set(JsonObject& object, const std::string& name, absl::string_view bytes);
void Set(JsonObject& object, const std::string& name, int64_t number);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_JSON_TEXT_H_
