// Weights into panels; see formats.h for what they look like.

#pragma once

#include "formats.h"

namespace bandstand {

// One panel: rows [16 panel, 16 panel + 16) of `values` [outputs, inputs], row-major. inputs is the number before padding.
void pack_panel(BandstandPrecision precision, const float* values, int inputs, const Matrix& matrix, int panel);

uint16_t to_bfloat16(float value);

}  // namespace bandstand
