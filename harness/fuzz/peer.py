"""Reads what `npm run fuzz` sends, a JSON object a line, by NumPy, safetensors, zarr and Python's own modules, and says what
is in it: dtype, shape and a hash of the values. The first line it prints lists what it can read."""

import base64
import gzip
import hashlib
import io
import json
import struct
import sys
import warnings
import zipfile

warnings.simplefilter("ignore")


def sha(data):
    return hashlib.sha256(data).hexdigest()


def only(files):
    return next(iter(files.values()))


# JSON: keys by UTF-16 code unit, numbers as doubles.
def units(text):
    return text.encode("utf-16-le", "surrogatepass")


def canonical(value, out):
    if value is None:
        out.append(b"n")
    elif isinstance(value, bool):
        out.append(b"t" if value else b"f")
    elif isinstance(value, (int, float)):
        out.append(b"d" + struct.pack("<d", float(value) + 0.0))
    elif isinstance(value, str):
        data = units(value)
        out.append(b"s%d:" % (len(data) // 2))
        out.append(data)
    elif isinstance(value, list):
        out.append(b"[%d" % len(value))
        for item in value:
            canonical(item, out)
    else:
        out.append(b"{%d" % len(value))
        for key in sorted(value, key=units):
            canonical(key, out)
            canonical(value[key], out)


def read_json(files):
    out = []
    canonical(json.loads(only(files).decode("utf-8-sig")), out)
    return {"sha256": sha(b"".join(out))}


def read_gzip(files):
    return {"sha256": sha(gzip.decompress(only(files)))}


def read_zip(files):
    with zipfile.ZipFile(io.BytesIO(only(files))) as archive:
        entries = {"=" + name: archive.read(name).hex() for name in archive.namelist()}
    # Sorted as JavaScript compares texts.
    return {"entries": [[key, entries[key]] for key in sorted(entries, key=lambda key: key.encode("utf-16-be"))]}


READERS = {
    "json": (read_json, sys.version.split()[0]),
    "gzip": (read_gzip, sys.version.split()[0]),
    "zip": (read_zip, sys.version.split()[0]),
}

try:
    import numpy as np

    NPY = {
        "f2": "f16", "f4": "f32", "f8": "f64", "i1": "i8", "i2": "i16", "i4": "i32", "i8": "i64",
        "u1": "u8", "u2": "u16", "u4": "u32", "u8": "u64", "b1": "bool",
    }

    def read_npy(files):
        array = np.load(io.BytesIO(only(files)), allow_pickle=False)
        data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        if data.dtype == np.float16:
            # NaN has many spellings there, and one when it comes back from f32.
            data = np.where(np.isnan(data), np.float16(np.nan), data)
        if data.dtype == bool:
            data = data.view(np.uint8) != 0
        return {"dtype": NPY.get(data.dtype.str[1:], data.dtype.str), "shape": list(array.shape), "sha256": sha(data.tobytes())}

    def read_npz(files):
        with np.load(io.BytesIO(only(files)), allow_pickle=False) as archive:
            n, other = archive["shape"].tolist()
            if n != other:
                raise ValueError("not square")
            return {
                "n": n,
                "offsets": archive["indptr"].tolist(),
                "columns": archive["indices"].tolist(),
                "values": sha(archive["data"].astype("<f8").tobytes()),
            }

    READERS["npy"] = (read_npy, "numpy " + np.__version__)
    READERS["npz"] = (read_npz, "numpy " + np.__version__)

    try:
        import scipy
        import scipy.sparse

        def read_scipy(files):
            matrix = scipy.sparse.load_npz(io.BytesIO(only(files)))
            matrix.check_format(full_check=True)
            if matrix.format != "csr" or matrix.shape[0] != matrix.shape[1]:
                raise ValueError("not a square csr matrix")
            return {
                "n": matrix.shape[0],
                "offsets": matrix.indptr.tolist(),
                "columns": matrix.indices.tolist(),
                "values": sha(matrix.data.astype("<f8").tobytes()),
            }

        READERS["npz"] = (read_scipy, "scipy " + scipy.__version__)

        import scipy.io

        def read_mtx(files):
            matrix = scipy.io.mmread(io.BytesIO(only(files))).tocoo()
            if matrix.shape[0] != matrix.shape[1]:
                raise ValueError("not square")
            order = np.lexsort((matrix.col, matrix.row))
            entries = np.stack([matrix.row[order], matrix.col[order], matrix.data[order]], axis=1)
            return {"n": matrix.shape[0], "entries": sha(entries.astype("<f8").tobytes())}

        READERS["mtx"] = (read_mtx, "scipy " + scipy.__version__)
    except ImportError:
        pass
except ImportError:
    np = None

try:
    import pandas

    def matrix_facts(frame):
        values = frame.to_numpy(dtype="<f8")
        return {"rows": values.shape[0], "cols": values.shape[1], "sha256": sha(np.ascontiguousarray(values).tobytes())}

    def read_csv(files):
        return matrix_facts(pandas.read_csv(io.BytesIO(only(files)), float_precision="round_trip", comment="#"))

    READERS["csv"] = (read_csv, "pandas " + pandas.__version__)

    try:
        import pyarrow
        import pyarrow.parquet

        def read_parquet(files):
            table = pyarrow.parquet.read_table(io.BytesIO(only(files)))
            return matrix_facts(table.to_pandas().reset_index(drop=True))

        READERS["parquet"] = (read_parquet, "pyarrow " + pyarrow.__version__)
    except ImportError:
        pass
except ImportError:
    pass

try:
    import safetensors
    from safetensors import deserialize

    FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|u1"}

    def doubles(dtype, data):
        data = bytes(data)
        if dtype == "BF16":
            wide = np.frombuffer(data, "<u2").astype("<u4") << 16
            return wide.view("<f4").astype("<f8")
        return np.frombuffer(data, FLOATS[dtype]).astype("<f8")

    def read_safetensors(files):
        tensors = deserialize(only(files))
        found = [
            {"name": name, "dtype": own["dtype"], "shape": list(own["shape"]), "sha256": sha(doubles(own["dtype"], own["data"]).tobytes())}
            for name, own in tensors
        ]
        return {"tensors": sorted(found, key=lambda own: own["name"].encode("utf-16-be"))}

    if np is not None:
        READERS["safetensors"] = (read_safetensors, "safetensors " + safetensors.__version__)
except ImportError:
    pass

try:
    import zarr
    from zarr.core.buffer import default_buffer_prototype
    from zarr.storage import MemoryStore

    ZARR = {"float32": "f32", "float64": "f64", "int32": "i32", "uint32": "u32", "int64": "i64"}

    def read_zarr(files):
        make = default_buffer_prototype().buffer.from_bytes
        store = MemoryStore({name: make(data) for name, data in files.items()})
        group = zarr.open_group(store, mode="r", zarr_format=3)
        arrays = []
        for name in sorted(group.array_keys()):
            array = group[name]
            values = array[...]
            dtype = ZARR.get(str(array.dtype))
            if dtype is None:
                texts = [str(text) for text in np.asarray(values).ravel().tolist()]
                # As JavaScript spells it.
                data = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
                digest = sha(data)
                dtype = "string"
            else:
                digest = sha(np.ascontiguousarray(values).astype("<f8").tobytes())
            arrays.append({"name": name, "dtype": dtype, "shape": list(array.shape), "sha256": digest})
        return {"arrays": arrays}

    if np is not None:
        READERS["zarr"] = (read_zarr, "zarr " + zarr.__version__)
except ImportError:
    pass


def main():
    print(json.dumps({kind: version for kind, (_, version) in READERS.items()}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        files = {name: base64.b64decode(data) for name, data in asked["input"].items()}
        try:
            answer = {"id": asked["id"], "facts": READERS[asked["kind"]][0](files)}
        except BaseException as error:  # noqa: BLE001 - Rust panics of other packages are no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            answer = {"id": asked["id"], "refusal": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
