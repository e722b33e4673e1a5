"""Unpacks brotli with the system's library, since Python has nothing for it."""

import ctypes
import ctypes.util


def decompress(data, most=1 << 24):
    name = ctypes.util.find_library("brotlidec")
    if name is None:
        raise ValueError("libbrotlidec is not there to check the answer with: apt-get install libbrotli1")
    decode = ctypes.CDLL(name).BrotliDecoderDecompress
    decode.argtypes = [ctypes.c_size_t, ctypes.c_char_p, ctypes.POINTER(ctypes.c_size_t), ctypes.c_char_p]
    size = ctypes.c_size_t(most)
    output = ctypes.create_string_buffer(most)
    if decode(len(data), data, ctypes.byref(size), output) != 1:
        raise ValueError("what came is not brotli")
    return output.raw[: size.value]
