#include "lanes_avx512.h"
#include "rows.h"

const bandstand::Kernels bandstand::avx512_kernels = table("AVX-512");
