#!/usr/bin/env python3
"""pyodata's side of the measurement: the same file, every property read once, CPU seconds without start-up.

    odata_peer.py metadata FILE ROUNDS
    odata_peer.py entities FEED METADATA
"""

import json
import logging
import resource
import sys
import time

import pyodata
from pyodata.v2.model import Config, MetadataBuilder, PolicyIgnore


class Response:
    def __init__(self, content):
        self.content, self.status_code, self.headers = content, 200, {"content-type": "application/json"}
        self.text, self.url = None, ''

    def json(self):
        return json.loads(self.content)


class Session:
    """Stands where requests' session would: the network is not what is measured."""

    def __init__(self, metadata, feed):
        self.metadata, self.feed = metadata, feed

    def get(self, url, **_):
        answer = Response(self.metadata)
        answer.headers = {"content-type": "application/xml"}
        return answer

    def request(self, method, url, **_):
        return Response(self.feed)


def tell(seconds, size, entities):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "bytes": size, "entities": entities, "rss_kib": peak}))


def metadata(path, rounds):
    with open(path, "rb") as file:
        content = file.read()
    began = time.process_time()
    for _ in range(rounds):
        MetadataBuilder(content, config=Config(default_error_policy=PolicyIgnore())).build()
    tell(time.process_time() - began, len(content), 0)


def entities(feed_path, metadata_path):
    with open(feed_path, "rb") as file:
        feed = file.read()
    with open(metadata_path, "rb") as file:
        document = file.read()
    client = pyodata.Client("https://example.com/sap/opu/odata/sap/WIDE/", Session(document, feed))
    names = [p.name for p in client.schema.entity_type("Row").proprties()]
    began = time.process_time()
    rows = client.entity_sets.Rows.get_entities().execute()
    for row in rows:
        for name in names:
            getattr(row, name)
    tell(time.process_time() - began, len(feed), len(rows))


# It tells of every annotation that it skips.
logging.disable(logging.CRITICAL)
if sys.argv[1] == "metadata":
    metadata(sys.argv[2], int(sys.argv[3]))
else:
    entities(sys.argv[2], sys.argv[3])
