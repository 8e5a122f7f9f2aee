"""The optional CPU step library: one decoder step for all rows in C++, at the speed of memory.

Not needed: without a compiler the package has no library, and torch does the work. `library.why_not` says which it is.
Source: the kernels follow docs/decisions/011-native-step.md; what a step computes is said in `musicgen/decoder.py`.
"""
