"""Decodes Brotli with the system's library, because Python has no decoder."""

import ctypes
import ctypes.util


def decompress(data, most=1 << 24):
    name = ctypes.util.find_library("brotlidec")
    if name is None:
        raise ValueError("libbrotlidec is missing, so the response cannot be checked: apt-get install libbrotli1")
    decode = ctypes.CDLL(name).BrotliDecoderDecompress
    decode.argtypes = [ctypes.c_size_t, ctypes.c_char_p, ctypes.POINTER(ctypes.c_size_t), ctypes.c_char_p]
    size = ctypes.c_size_t(most)
    output = ctypes.create_string_buffer(most)
    if decode(len(data), data, ctypes.byref(size), output) != 1:
        raise ValueError("the body is not Brotli")
    return output.raw[: size.value]
