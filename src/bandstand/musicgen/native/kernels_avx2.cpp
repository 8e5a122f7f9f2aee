#include "lanes_avx2.h"
#include "rows.h"

const bandstand::Kernels bandstand::avx2_kernels = table("AVX2");
