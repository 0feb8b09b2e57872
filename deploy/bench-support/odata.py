#!/usr/bin/env python3
"""Measures the OData client beside pyodata on the same files, one after the other in each round.

    odata.py --program PATH --samples DIRECTORY [--rounds 5] [--stream-mib 100] [--keep]

Metadata: version 2 documents made of a sample's entity types, repeated under other names to 250 KB, 1 MB and 2.5 MB, and the
version 4 sample, which pyodata can't read, for our own rate. Entities: a version 2 feed of 100 properties of mixed types.
Both sides end with typed values of every property. Figures are medians of CPU seconds, each side in a process of its own.
Prints a table, and as the last line one JSON object.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

PYODATA = pathlib.Path(__file__).resolve().parent / "odata_peer.py"
KINDS = [
    ("Edm.String", 'MaxLength="40"', lambda r: "".join(r.choice("abcdefghij klmnop") for _ in range(r.randint(3, 24)))),
    ("Edm.String", 'MaxLength="10"', lambda r: f"{r.randint(0, 10**9):010}"),
    ("Edm.Decimal", 'Precision="15" Scale="3"', lambda r: f"{r.randint(0, 10**11) / 1000:.3f}"),
    ("Edm.DateTime", 'Precision="0"', lambda r: f"/Date({r.randint(0, 1_900_000_000) // 86400 * 86400}000)/"),
    ("Edm.Boolean", "", lambda r: r.random() < 0.5),
    ("Edm.Int32", "", lambda r: r.randint(-10**6, 10**6)),
    ("Edm.Int64", "", lambda r: str(r.randint(-10**15, 10**15))),
    ("Edm.String", 'MaxLength="3"', lambda r: r.choice(["EUR", "USD", "KG", "ST", ""])),
]


def say(text):
    print(text, file=sys.stderr, flush=True)


def repeated(sample, size):
    """The sample with its entity types, sets and annotations repeated under other names until it has this many bytes."""
    text = sample.read_text(encoding="utf-8")
    types = re.findall(r"<EntityType .*?</EntityType>", text, re.S)
    sets = re.findall(r"<EntitySet [^>]*?(?:/>|>.*?</EntitySet>)", text, re.S)
    names = [re.search(r'Name="([^"]+)"', t).group(1) for t in types]
    namespace = re.search(r'<Schema[^>]*Namespace="([^"]+)"', text).group(1)
    # Navigation stays with the originals: its associations are not repeated.
    plain = [re.sub(r"<NavigationProperty [^>]*?(?:/>|>.*?</NavigationProperty>)", "", t, flags=re.S) for t in types]
    more_types, more_sets, number, length = [], [], 0, len(text)
    while length < size:
        number += 1
        for name, body in zip(names, plain):
            copy = body.replace(f'Name="{name}"', f'Name="{name}_{number}"', 1)
            more_types.append(copy)
            length += len(copy)
            if length >= size:
                break
        for body in sets:
            kind = re.search(r'EntityType="([^"]+)"', body).group(1).rsplit(".", 1)[1]
            if kind in names and f'Name="{kind}_{number}"' in "".join(more_types[-len(names):]):
                body = re.sub(r'Name="([^"]+)"', lambda m: f'Name="{m.group(1)}_{number}"', body, count=1)
                body = re.sub(r'EntityType="[^"]+"', f'EntityType="{namespace}.{kind}_{number}"', body, count=1)
                more_sets.append(body)
                length += len(body)
    at = text.index("<EntityType ")
    text = text[:at] + "".join(more_types) + text[at:]
    at = text.index("<EntitySet ")
    return text[:at] + "".join(more_sets) + text[at:]


def wide_metadata(properties):
    rows = "".join(
        f'<Property Name="Property{n:03}" Type="{KINDS[n % len(KINDS)][0]}" {KINDS[n % len(KINDS)][1]} Nullable="true"/>'
        for n in range(properties - 1))
    return (
        '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="1.0" '
        'xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" '
        'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
        '<edmx:DataServices m:DataServiceVersion="2.0"><Schema Namespace="WIDE" '
        'xmlns="http://schemas.microsoft.com/ado/2008/09/edm"><EntityType Name="Row"><Key><PropertyRef Name="ID"/></Key>'
        f'<Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10"/>{rows}</EntityType>'
        '<EntityContainer Name="WIDE_Entities" m:IsDefaultEntityContainer="true">'
        '<EntitySet Name="Rows" EntityType="WIDE.Row"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>')


def wide_rows(properties, generator):
    number = 0
    while True:
        number += 1
        key = f"{number:010}"
        uri = f"https://example.com/sap/opu/odata/sap/WIDE/Rows('{key}')"
        row = {"__metadata": {"id": uri, "uri": uri, "type": "WIDE.Row"}, "ID": key}
        for n in range(properties - 1):
            row[f"Property{n:03}"] = KINDS[n % len(KINDS)][2](generator)
        yield row


def write_feed(path, properties, bytes_wanted, seed):
    generator = random.Random(seed)
    # Rows repeat after a thousand, so that writing 100 MB doesn't take longer than reading it.
    texts = []
    for row, _ in zip(wide_rows(properties, generator), range(1000)):
        texts.append(json.dumps(row, separators=(",", ":")))
    count = written = 0
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"d":{"results":[')
        while written < bytes_wanted:
            text = texts[count % len(texts)]
            file.write(("," if count else "") + text)
            written += len(text) + 1
            count += 1
        file.write("]}}")
    return count


# Freed memory stays with the process, so that what it has at the end is the most that it had.
KEEPS_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 32), "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}


def run(*command, environment=None):
    answer = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, timeout=900,
                            env={**os.environ, **(environment or {})})
    return json.loads(answer.stdout.decode().strip().splitlines()[-1])


def medians(rounds, *sides):
    """Each side once a round, in turn."""
    answers = [[] for _ in sides]
    for _ in range(rounds):
        for side, kept in zip(sides, answers):
            kept.append(side())
    return [sorted(kept, key=lambda a: a["seconds"])[len(kept) // 2] for kept in answers]


def measure_metadata(program, directory, samples, rounds):
    rows = []
    sources = [(size, samples / "v2" / "MMIM_DEADSTOCKMATERIAL_SRV.xml") for size in (250_000, 1_000_000, 2_500_000)]
    for size, sample in sources:
        path = directory / f"metadata-{size}.xml"
        path.write_text(repeated(sample, size), encoding="utf-8")
        times = max(1, 5_000_000 // size)
        ours, theirs = medians(
            rounds, lambda: run(program, "metadata", path, times),
            lambda: run(sys.executable, PYODATA, "metadata", path, 1))
        held = run(program, "metadata", path, 1, environment=KEEPS_MEMORY)
        rows.append({
            "bytes": path.stat().st_size, "ours": ours["seconds"] / times, "theirs": theirs["seconds"],
            "memory": held["held_kib"] * 1024 / path.stat().st_size})
    path = samples / "v4" / "sdMeta.xml"
    [ours] = medians(rounds, lambda: run(program, "metadata", path, 20))
    held = run(program, "metadata", path, 1, environment=KEEPS_MEMORY)
    rows.append({
        "bytes": path.stat().st_size, "ours": ours["seconds"] / 20, "theirs": None,
        "memory": held["held_kib"] * 1024 / path.stat().st_size})
    return rows


def measure_entities(program, directory, rounds):
    metadata, feed = directory / "wide.xml", directory / "wide.json"
    metadata.write_text(wide_metadata(100), encoding="utf-8")
    count = write_feed(feed, 100, 12_000_000, 7)
    ours, tree, theirs = medians(
        rounds, lambda: run(program, "entities", feed, metadata, "WIDE.Row", "2.0", 3),
        lambda: run(program, "tree", feed, 3),
        lambda: run(sys.executable, PYODATA, "entities", feed, metadata))
    for side in (ours, theirs):
        if side["entities"] not in (count, count * 3):
            raise SystemExit(f"expected {count} entities, got {side['entities']}")
    return {
        "count": count, "bytes": feed.stat().st_size, "ours": ours["seconds"] / 3, "tree": tree["seconds"] / 3,
        "theirs": theirs["seconds"], "metadata": metadata}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--samples", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stream-mib", type=int, default=100)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-odata-"))
    try:
        say("metadata")
        documents = measure_metadata(arguments.program, directory, arguments.samples, arguments.rounds)
        say("entities")
        entities = measure_entities(arguments.program, directory, arguments.rounds)
        say(f"streaming {arguments.stream_mib} MiB")
        large = directory / "large.json"
        write_feed(large, 100, arguments.stream_mib << 20, 8)
        stream = run(arguments.program, "stream", large, entities["metadata"], "WIDE.Row", "2.0")
    finally:
        if not arguments.keep:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{'document':>12} {'ours ms':>9} {'MB/s':>7} {'pyodata ms':>11} {'times':>6} {'memory/size':>12}")
    for row in documents:
        theirs = f"{row['theirs'] * 1e3:11.1f}" if row["theirs"] else f"{'-':>11}"
        times = f"{row['theirs'] / row['ours']:6.1f}" if row["theirs"] else f"{'-':>6}"
        print(f"{row['bytes']:>12} {row['ours'] * 1e3:9.2f} {row['bytes'] / row['ours'] / 1e6:7.1f} {theirs} {times} "
              f"{row['memory']:12.1f}")
    rate = entities["count"] / entities["ours"]
    print(f"entities of 100 properties: {rate:,.0f}/s ({entities['bytes'] / entities['ours'] / 1e6:.0f} MB/s), pyodata "
          f"{entities['count'] / entities['theirs']:,.0f}/s; {entities['ours'] / entities['tree']:.2f} times the JSON tree's time")
    print(f"{arguments.stream_mib} MiB streamed: {stream['entities']:,} entities, peak {stream['rss_kib'] / 1024:.1f} MiB, "
          f"{stream['seconds']:.1f} s")
    compared = [row for row in documents if row["theirs"]]
    print(json.dumps({
        "metadata_speedup": round(min(row["theirs"] / row["ours"] for row in compared), 2),
        "metadata_mb_per_second": round(min(row["bytes"] / row["ours"] for row in documents) / 1e6, 1),
        "metadata_memory_ratio": round(max(row["memory"] for row in documents), 2),
        "entities_speedup": round(entities["theirs"] / entities["ours"], 2),
        "entities_per_second": round(rate),
        "entities_tree_ratio": round(entities["ours"] / entities["tree"], 2),
        "stream_rss_mib": round(stream["rss_kib"] / 1024, 1),
    }))


if __name__ == "__main__":
    main()
