"""A reader of checkpoint stores written from docs/formats/checkpoint.md alone, with nothing but Python's own library. It checks no
checksums (XXH3 is in none of Python's modules)."""
import itertools
import json
import math
import os
import struct
import zlib

TYPES = {"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
         "float32": "f", "float64": "d"}


def read_manifest(store, generation):
    with open(os.path.join(store, str(generation), "manifest.json"), "rb") as file:
        first, rest = file.read().split(b"\n", 1)
    told = json.loads(first)
    assert (told["format"], told["version"], len(told["xxh3"])) == ("bsub-checkpoint", 1, 16)
    return json.loads(rest)


def block_elements(part, number):
    """How many numbers block `number` holds, and how many one of full size."""
    along, count = part["along"], part["count"]
    faster = math.prod(count[along + 1:])
    per_row = math.ceil(count[along] / part["rows"])
    first = number % per_row * part["rows"]
    return min(part["rows"], count[along] - first) * faster, part["rows"] * faster


def read_part(store, rank, part, code):
    """Its numbers, row by row: the blocks in order."""
    size, numbers = struct.calcsize(code), []
    for number, stored in enumerate(part["stored"]):
        elements, full = block_elements(part, number)
        with open(os.path.join(store, str(stored[0]), f"shard-{rank:05d}.h5"), "rb") as shard:
            shard.seek(stored[1])
            data = shard.read(stored[2] if len(stored) > 2 else elements * size)
        if len(stored) > 2:
            data = zlib.decompress(data)
            assert len(data) == full * size
        numbers += struct.unpack(f"<{elements}{code}", data[:elements * size])
    return numbers


def read(store, generation):
    """Of each array: its shape, and its numbers row by row."""
    manifest, arrays = read_manifest(store, generation), {}
    for dataset in manifest["datasets"]:
        shape, code = dataset["shape"], TYPES[dataset["type"]]
        numbers = [None] * math.prod(shape)
        for shard in manifest["shards"]:
            for part in (part for part in shard["parts"] if part["dataset"] == dataset["name"]):
                cells = itertools.product(*(range(o, o + n) for o, n in zip(part["offset"], part["count"])))
                for cell, value in zip(cells, read_part(store, shard["rank"], part, code), strict=True):
                    at = 0
                    for index, extent in zip(cell, shape):
                        at = at * extent + index
                    numbers[at] = value
        assert None not in numbers, f"{dataset['name']} has a hole"
        arrays[dataset["name"]] = (shape, numbers)
    return arrays
