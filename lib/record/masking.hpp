// What may be shown of a batch: no whole resident registration number.
#pragma once

#include "record/batch.hpp"

namespace pyojun {

// Masks every registration number in the batch's texts: seven digits stay of a value that is one, or whose node has a name of the number
// (schemas/registration_names.csv); six of one inside a text. What rrn_birth, rrn_sex and rrn_foreigner read is still there.
void mask_registrations(RecordBatch& batch, const SymbolTable& names);

}  // namespace pyojun
