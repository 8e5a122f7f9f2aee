#include "lanes_plain.h"
#include "rows.h"

const bandstand::Kernels bandstand::plain_kernels = table("plain");
