# SPDX-License-Identifier: MIT
"""The C face by ctypes: sums and products of all pairs of E4M3 codes are the nearest numbers to the exact
ones, which Python's fractions give.

usage: python3 tests/lowp_c.py <shared library> <source directory>
"""

import bisect
import ctypes
import re
import sys
from fractions import Fraction

library = ctypes.CDLL(sys.argv[1])
library.lowp_operation_open.restype = ctypes.c_void_p
library.lowp_operation_open.argtypes = [ctypes.c_char_p] * 4
library.lowp_error_text.restype = ctypes.c_char_p
library.lowp_evaluate2.argtypes = [
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_uint64,
    ctypes.c_uint64,
    ctypes.POINTER(ctypes.c_uint64),
    ctypes.POINTER(ctypes.c_uint32),
]
library.lowp_function_close.argtypes = [ctypes.c_void_p]

NAN = 0x7F


def magnitude(code):
    """The value of a code of E4M3 without its sign."""
    exponent, mantissa = code >> 3 & 15, code & 7
    return Fraction(8 + mantissa, 8) * Fraction(2) ** (exponent - 7) if exponent else Fraction(mantissa, 512)


magnitudes = [magnitude(code) for code in range(NAN)] + [Fraction(480)]
values = [-magnitude(code) if code & 0x80 else magnitude(code) for code in range(256)]


def nearest(x):
    """The magnitude code nearest to |x|, ties to even; 0x7F if it is out of range."""
    x = abs(x)
    if x >= magnitudes[-1]:
        return NAN
    high = bisect.bisect_left(magnitudes, x)
    if magnitudes[high] == x:
        return high
    low = high - 1
    middle = (magnitudes[low] + magnitudes[high]) / 2
    return low if x < middle or (x == middle and low % 2 == 0) else high


def check(operation, exact, is_negative):
    function = library.lowp_operation_open(operation, b"e4m3fn", None, b"riscv")
    assert function, library.lowp_error_text()
    result, flags = ctypes.c_uint64(), ctypes.c_uint32()
    wrong = 0
    for a in range(256):
        for b in range(256):
            status = library.lowp_evaluate2(
                function, 0, a, b, ctypes.byref(result), ctypes.byref(flags)
            )
            if a & NAN == NAN or b & NAN == NAN:
                expected, inexact = NAN, False
            else:
                x = exact(values[a], values[b])
                sign = 0x80 if is_negative(x, a, b) else 0
                expected = nearest(x) | sign
                inexact = expected & NAN == NAN or magnitudes[expected & NAN] != abs(x)
            if status or result.value != expected or bool(flags.value & 1) != inexact:
                wrong += 1
    library.lowp_function_close(function)
    print(f"{operation.decode()}: 65536 pairs, {wrong} wrong")
    return wrong


wrong = check(b"multiply", lambda x, y: x * y, lambda x, a, b: (a ^ b) & 0x80)
wrong += check(b"add", lambda x, y: x + y, lambda x, a, b: x < 0 or (x == 0 and a & b & 0x80))
assert library.lowp_operation_open(b"add", b"e4m3f", None, None) is None
assert b"near it: e4m3fn" in library.lowp_error_text()

# A long text is cut where the error has no room for it.
assert library.lowp_operation_open(b"x" * 5000, b"e4m3fn", None, None) is None
assert 500 < len(library.lowp_error_text()) < 5000

# What SystemVerilog imports is what the header declares, but for functions of arrays.
with open(sys.argv[2] + "/examples/dpi/lowp_c.h", encoding="utf-8") as header:
    text = header.read()
    declared = set(re.findall(r"LOWP_C_API [^;(]*?\b(lowp_\w+)\(", text))
    numbers = dict(re.findall(r"\bLOWP_(\w+) = (\d+)", text))
with open(sys.argv[2] + "/examples/dpi/lowp_dpi.sv", encoding="utf-8") as package:
    text = package.read()
    imported = set(re.findall(r'import "DPI-C" function [^(]*?\b(lowp_\w+)\(', text))
    stated = {re.sub("^(STATUS|FLAG)_", "", name): value for name, value in re.findall(r"\b([A-Z_]+) = (\d+)", text)}
assert len(declared) > 20 and declared - imported == {"lowp_evaluate"}, declared ^ imported
assert imported <= declared, imported - declared
stated.pop("C_VERSION")
assert stated == numbers, set(stated.items()) ^ set(numbers.items())
sys.exit(1 if wrong else 0)
