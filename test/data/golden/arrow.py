"""Arrow files as pyarrow 25 and polars 1.44 write them, and what is in them: python3 arrow.py > arrow.json"""

import base64
import datetime
import decimal
import io
import json
import math

import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc

files = []
EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    """As Descent gives a value: JSON, "NaN" for a number that is missing."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else value
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.datetime):
        return math.floor((value.replace(tzinfo=None) - EPOCH) / datetime.timedelta(milliseconds=1))
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days * 86_400_000
    if isinstance(value, bytes):
        return list(value)
    return value


def column(array):
    type = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    if pa.types.is_timestamp(type) and type.unit == "ns":  # Python's times end at microseconds
        return [("NaN" if v is None else v // 1_000_000) for v in array.cast(pa.int64()).to_pylist()]
    if pa.types.is_fixed_size_list(type):
        none = ["NaN"] * type.list_size
        return [none if v is None else ["NaN" if e is None else plain(e) for e in v] for v in array.to_pylist()]
    is_list = any(
        is_a(type)
        for is_a in (
            pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary,
            pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary,
        )
    )  # fmt: skip
    return [(None if is_list else "NaN") if v is None else plain(v) for v in array.to_pylist()]


def add(name, data, table):
    columns = {name: column(table.column(name).combine_chunks()) for name in table.column_names}
    files.append({"name": name, "base64": base64.b64encode(data).decode(), "columns": columns})


def written(batches, schema, stream=False, **options):
    out = io.BytesIO()
    new = ipc.new_stream if stream else ipc.new_file
    with new(out, schema, options=ipc.IpcWriteOptions(**options)) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return out.getvalue()


numbers = [pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64()]
some = {str(type): pa.array([1, None, 100, 7, 3], type) for type in numbers}
some["wide"] = pa.array([2**63 - 1, -(2**63), 2**53 + 2, -1, None], pa.int64())
some["wider"] = pa.array([2**64 - 1, 0, 2**40, 1, 2], pa.uint64())
some["half"] = pa.array([0.5, -2.0, None, 65504.0, 6e-8], pa.float32()).cast(pa.float16())
some["float"] = pa.array([0.5, -2.25, None, float("inf"), 1e-40], pa.float32())
some["double"] = pa.array([0.1, None, 1e300, float("-inf"), float("nan")])
some["money"] = pa.array([decimal.Decimal(v) for v in ("1.25", "-7.50", "0.01", "99999.99")] + [None], pa.decimal128(9, 2))
some["vast"] = pa.array([decimal.Decimal(v) for v in ("-12345678901234567890", "1")] + [None] * 3, pa.decimal256(40, 0))
some["nothing"] = pa.nulls(5)
some["yes"] = pa.array([True, False, None, True, True])
table = pa.table(some)
add("numbers.arrow", written(table.to_batches(), table.schema), table)

day = datetime.date
time = datetime.datetime
whens = [time(2020, 2, 29, 12, 30, 15, 999999), time(1969, 12, 31, 23, 59, 59, 999001), None]
times = {"day": pa.array([day(2020, 2, 29), day(1969, 12, 31), None])}
times["day64"] = times["day"].cast(pa.date64())
for unit in ("s", "ms", "us"):
    times[unit] = pa.array(whens, pa.timestamp("us")).cast(pa.timestamp(unit), safe=False)
times["zoned"] = pa.array(whens, pa.timestamp("us", "UTC"))
times["ns"] = pa.array([1_600_000_000_123_000_000, -1, 1_600_000_000_122_999_999], pa.timestamp("ns"))
table = pa.table(times)
add("times.arrow", written(table.to_batches(), table.schema), table)

words = ["one", "", None, "zwölf und ein paar mehr", "五"]
texts = {str(type): pa.array(words, type) for type in (pa.string(), pa.large_string(), pa.string_view())}
raw = [b"\x00\xff", None, b"", b"thirteen bytes", b"1"]
texts |= {f"{type} of bytes": pa.array(raw, type) for type in (pa.binary(), pa.large_binary(), pa.binary_view())}
texts["four"] = pa.array([b"abcd", None, b"efgh", b"ijkl", b"mnop"], pa.binary(4))
texts["pairs"] = pa.array([[1, 2], None, [3, None], [4, 5], [6, 7]], pa.list_(pa.int16(), 2))
texts["kind"] = pa.array(["b", "a", None, "b", "c"]).dictionary_encode()
texts["code"] = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1, 1], pa.uint8()), pa.array([2.5, None]))
table = pa.table(texts)
add("texts.arrow", written(table.to_batches(), table.schema), table)
for codec in ("lz4", "zstd"):
    add(f"texts-{codec}.arrow", written(table.to_batches(), table.schema, compression=codec), table)

# Long enough to be worth packing; in several batches.
table = pa.table({
    "i": pa.array([None if i % 7 == 0 else i // 3 for i in range(300)], pa.int32()),
    "word": pa.array([f"word {i % 11}" for i in range(300)]),
})  # fmt: skip
out = io.BytesIO()
feather.write_feather(table, out, compression="lz4", chunksize=128)
add("long.feather", out.getvalue(), table)
out = io.BytesIO()
pl.from_arrow(table).write_ipc(out, compression="lz4", compat_level=pl.CompatLevel.newest())
add("polars.arrow", out.getvalue(), table)

# A stream whose dictionary grows, then is another; batches of no rows; one sliced in the middle of a byte of its bitmap.
schema = pa.schema([("word", pa.dictionary(pa.int8(), pa.string())), ("x", pa.float64())])


def batch(words, entries, xs):
    codes = [None if word is None else entries.index(word) for word in words]
    dictionary = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(entries))
    return pa.record_batch([dictionary, pa.array(xs, pa.float64())], schema=schema)


batches = [
    batch(["a", None], ["a"], [1, 2]),
    batch(["b", "a"], ["a", "b"], [3, None]),
    batch([], ["a", "b"], []),
    batch(["z", "y", "z"], ["y", "z"], [5, 6, 7]),
    batch(["a", None, "b", "a", "b"], ["a", "b"], [1, 2, 3, None, 5]).slice(3, 2),
]
whole = pa.table({
    "word": pa.concat_arrays([b.column(0).cast(pa.string()) for b in batches]),
    "x": pa.concat_arrays([b.column(1) for b in batches]),
})  # fmt: skip
add("stream.arrows", written(batches, schema, stream=True, emit_dictionary_deltas=True), whole)
legacy = [pa.record_batch([pa.array([1, 2], pa.int32())], names=["a"])]
add("legacy.arrows", written(legacy, legacy[0].schema, stream=True, use_legacy_format=True), pa.Table.from_batches(legacy))

# What every stage of datasets is tried on: x counts up, float32.
hundred = pa.table({"x": pa.array(range(100), pa.float64()).cast(pa.float32()), "word": [f"w{i}" for i in range(100)]})
add("hundred.arrow", written(hundred.to_batches(60), hundred.schema), hundred)

print(json.dumps({"files": files}, ensure_ascii=False, allow_nan=True).replace("-Infinity", '"-Infinity"').replace(" Infinity", ' "Infinity"'))
