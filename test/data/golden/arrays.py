"""Files of arrays as NumPy and the safetensors format write them: python3 arrays.py > arrays.json"""

import base64
import gzip
import io
import json
import struct
import sys

import numpy as np

files = []


def described(arrays):
    return {
        name: {"shape": list(array.shape), "data": array.astype(np.float64).reshape(-1).tolist()}
        for name, array in arrays.items()
    }


def add(name, data, arrays):
    files.append({"name": name, "base64": base64.b64encode(data).decode(), "arrays": described(arrays)})


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


steps = np.arange(24).reshape(4, 3, 2)
for dtype in ["u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8", ">i2", ">f4", ">f8"]:
    array = (steps * 0.5 if "f" in dtype else steps).astype(dtype)
    add(f"{dtype.replace('<', '').replace('>', 'big-')}.npy", npy(array), {"": array})
flags = np.array([True, False, True])
add("b1.npy", npy(flags), {"": flags})
vector = np.arange(3, dtype="<f4")
add("version-2.npy", npy(vector, (2, 0)), {"": vector})
add("version-3.npy", npy(vector, (3, 0)), {"": vector})
add("packed.npy.gz", gzip.compress(npy(vector), mtime=0), {"": vector})
half = np.array([65504, 6e-8, -0.0, 1 / 3, 2**-14], dtype="<f2")
add("half.npy", npy(half), {"": half})

pair = {"a": np.arange(4, dtype="<f8").reshape(2, 2), "b": np.arange(3, dtype="<i4")}
for name, save in [("pair.npz", np.savez), ("packed.npz", np.savez_compressed)]:
    out = io.BytesIO()
    save(out, **pair)
    add(name, out.getvalue(), pair)

for code, dtype in [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]:
    array = steps.astype(dtype)
    header = bytes([0, 0, code, 3]) + struct.pack(">III", *array.shape)
    add(f"{dtype[1:]}-idx3-ubyte", header + array.tobytes(), {"": array})

header, data, tensors = {"__metadata__": {"format": "pt"}}, b"", {}
kinds = [("F32", "<f4"), ("F64", "<f8"), ("F16", "<f2"), ("I64", "<i8"), ("I32", "<i4"), ("I16", "<i2"), ("I8", "i1")]
for dtype, code in [*kinds, ("U8", "u1"), ("BOOL", "?")]:
    array = np.arange(6).reshape(2, 3).astype(code)
    header[dtype] = {"dtype": dtype, "shape": [2, 3], "data_offsets": [len(data), len(data) + array.nbytes]}
    data += array.tobytes()
    tensors[dtype] = array
brain = np.array([1.0, -2.5], dtype="<f4")
raw = (brain.view("<u4") >> 16).astype("<u2").tobytes()
header["BF16"] = {"dtype": "BF16", "shape": [2], "data_offsets": [len(data), len(data) + len(raw)]}
data += raw
tensors["BF16"] = brain
text = json.dumps(header).encode()
add("kinds.safetensors", struct.pack("<Q", len(text)) + text + data, tensors)

json.dump({"files": files}, sys.stdout, indent=1)
