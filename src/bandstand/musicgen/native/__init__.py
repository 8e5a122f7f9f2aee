"""The optional CPU step library: one decoder step for all rows in C++, at the speed of memory.

Not needed: without a compiler the package has no library, and torch does the work. `library.why_not` says which it is.

    build.py      compiles           library.py   loads, or says why not       decoder.py   the step, for Python
    mapped.py     gives mapped weights back once they are packed

    step.h        the C interface    step.cpp     the decoder, top to bottom   state.h      what a decoder holds
    formats.h     how numbers lie in memory       packing.cpp  weights into panels          team.h       threads
    kernels.h     the arithmetic as a table       products.h, rows.h           its code, on sixteen lanes
    draw.h        from logits to codes
    lanes_*.h     sixteen lanes in plain C++, AVX2, AVX-512                    kernels_*.cpp  one table for each

Source: docs/decisions/011-native-step.md says why; what a step computes is said in `musicgen/decoder.py`.
"""
