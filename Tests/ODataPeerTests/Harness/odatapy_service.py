"""A small OData 4.01 service on odatapy's own server and in-memory store: only the model, the rows and two operations are ours.

usage: odatapy_service.py PORT [PAGE_SIZE]
PORT 0 is any free one. Prints "ready" and its port when it listens; ends when its standard input does.
"""

import json
import socketserver
import sys
import threading
from decimal import Decimal
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from odatapy.data import ComplexValue, Entity, Property, ValueType
from odatapy.edm.csdl import (
    CsdlAbstractEdmProvider,
    CsdlAction,
    CsdlActionImport,
    CsdlComplexType,
    CsdlEntityContainer,
    CsdlEntitySet,
    CsdlEntityType,
    CsdlEnumMember,
    CsdlEnumType,
    CsdlFunction,
    CsdlFunctionImport,
    CsdlNavigationProperty,
    CsdlNavigationPropertyBinding,
    CsdlParameter,
    CsdlProperty,
    CsdlPropertyRef,
    CsdlReturnType,
    CsdlSchema,
    CsdlSingleton,
)
from odatapy.http.header import HttpHeader
from odatapy.http.status import HttpStatusCode
from odatapy.server import OData
from odatapy.server.adapters import ODataWSGIApp
from odatapy.server.default_processor import DefaultProcessor
from odatapy.server.inmemory import InMemoryDataStore, InMemoryProcessor
from odatapy.server.processor import ActionProcessor

NAMESPACE = "Shop"
PRODUCT, CATEGORY, PHOTO = f"{NAMESPACE}.Product", f"{NAMESPACE}.Category", f"{NAMESPACE}.Photo"


class Provider(CsdlAbstractEdmProvider):
    def get_schemas(self):
        product = CsdlEntityType(
            name="Product",
            key=[CsdlPropertyRef(name="ID")],
            properties=[
                CsdlProperty(name="ID", type="Edm.Int32", nullable=False),
                CsdlProperty(name="Name", type="Edm.String", max_length=80),
                CsdlProperty(name="Price", type="Edm.Decimal", precision=30, scale=10),
                CsdlProperty(name="Stock", type="Edm.Int64"),
                CsdlProperty(name="Released", type="Edm.DateTimeOffset", precision=3),
                CsdlProperty(name="Made", type="Edm.Date"),
                CsdlProperty(name="Opens", type="Edm.TimeOfDay"),
                CsdlProperty(name="Shelf", type="Edm.Duration"),
                CsdlProperty(name="Code", type="Edm.Guid"),
                CsdlProperty(name="Tags", type="Edm.String", collection=True),
                CsdlProperty(name="Size", type=f"{NAMESPACE}.Size"),
                CsdlProperty(name="Color", type=f"{NAMESPACE}.Color"),
            ],
            navigation_properties=[CsdlNavigationProperty(name="Category", type=CATEGORY, partner="Products")],
        )
        category = CsdlEntityType(
            name="Category",
            key=[CsdlPropertyRef(name="ID")],
            properties=[
                CsdlProperty(name="ID", type="Edm.Int32", nullable=False),
                CsdlProperty(name="Name", type="Edm.String"),
            ],
            navigation_properties=[
                CsdlNavigationProperty(name="Products", type=PRODUCT, collection=True, partner="Category")
            ],
        )
        photo = CsdlEntityType(
            name="Photo",
            key=[CsdlPropertyRef(name="ID")],
            has_stream=True,
            properties=[
                CsdlProperty(name="ID", type="Edm.Int32", nullable=False),
                CsdlProperty(name="Title", type="Edm.String"),
            ],
        )
        container = CsdlEntityContainer(
            name="Container",
            entity_sets=[
                CsdlEntitySet(
                    name="Products",
                    type=PRODUCT,
                    navigation_property_bindings=[CsdlNavigationPropertyBinding("Category", "Categories")],
                ),
                CsdlEntitySet(
                    name="Categories",
                    type=CATEGORY,
                    navigation_property_bindings=[CsdlNavigationPropertyBinding("Products", "Products")],
                ),
                CsdlEntitySet(name="Photos", type=PHOTO),
            ],
            singletons=[CsdlSingleton(name="Bestseller", type=PRODUCT)],
            action_imports=[CsdlActionImport(name="Reprice", action=f"{NAMESPACE}.Reprice")],
            function_imports=[
                CsdlFunctionImport(
                    name="Cheapest", function=f"{NAMESPACE}.Cheapest", entity_set="Products",
                    include_in_service_document=True)
            ],
        )
        return [
            CsdlSchema(
                namespace=NAMESPACE,
                entity_types=[product, category, photo],
                complex_types=[
                    CsdlComplexType(
                        name="Size",
                        properties=[
                            CsdlProperty(name="Width", type="Edm.Decimal", precision=10, scale=3),
                            CsdlProperty(name="Unit", type="Edm.String"),
                        ],
                    )
                ],
                enum_types=[
                    CsdlEnumType(
                        name="Color",
                        is_flags=True,
                        members=[CsdlEnumMember("Red", 1), CsdlEnumMember("Green", 2), CsdlEnumMember("Blue", 4)],
                    )
                ],
                actions=[
                    CsdlAction(
                        name="Reprice",
                        parameters=[CsdlParameter(name="Factor", type="Edm.Decimal", precision=10, scale=4)],
                        return_type=CsdlReturnType(type="Edm.Int32"),
                    ),
                    CsdlAction(
                        name="Discontinue",
                        bound=True,
                        parameters=[CsdlParameter(name="product", type=PRODUCT)],
                    ),
                ],
                functions=[
                    CsdlFunction(
                        name="Cheapest",
                        composable=True,
                        parameters=[CsdlParameter(name="count", type="Edm.Int32")],
                        return_type=CsdlReturnType(type=PRODUCT, collection=True),
                    )
                ],
                entity_container=container,
            )
        ]


def product(identifier, name, price, stock, color, tags):
    entity = Entity(type=PRODUCT)
    entity.set_property("ID", identifier, ValueType.PRIMITIVE, "Edm.Int32")
    entity.set_property("Name", name, ValueType.PRIMITIVE, "Edm.String")
    entity.set_property("Price", Decimal(price), ValueType.PRIMITIVE, "Edm.Decimal")
    entity.set_property("Stock", stock, ValueType.PRIMITIVE, "Edm.Int64")
    entity.set_property("Color", color, ValueType.ENUM, f"{NAMESPACE}.Color")
    entity.set_property("Tags", tags, ValueType.COLLECTION_PRIMITIVE, "Edm.String")
    size = ComplexValue(type_name=f"{NAMESPACE}.Size")
    size.properties.append(Property("Width", Decimal("1.500"), ValueType.PRIMITIVE, "Edm.Decimal"))
    size.properties.append(Property("Unit", "m", ValueType.PRIMITIVE, "Edm.String"))
    entity.set_property("Size", size, ValueType.COMPLEX, f"{NAMESPACE}.Size")
    return entity


def category(identifier, name):
    entity = Entity(type=CATEGORY)
    # Categories are versioned; products are not.
    entity.etag = 'W/"1"'
    entity.set_property("ID", identifier, ValueType.PRIMITIVE, "Edm.Int32")
    entity.set_property("Name", name, ValueType.PRIMITIVE, "Edm.String")
    return entity


class Actions(ActionProcessor):
    def __init__(self, store):
        self.store = store

    def process_action(self, request, response, uri_info, request_ct, response_ct):
        name = request.raw_odata_path.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
        if name == "Reprice":
            factor = Decimal(str(json.loads(request.body, parse_float=Decimal)["Factor"]))
            products = self.store.entities("Products")
            for entity in products:
                entity.set_property("Price", entity.get_value("Price") * factor, ValueType.PRIMITIVE, "Edm.Decimal")
            response.set_content(('{"value":%d}' % len(products)).encode(), "application/json")
            response.set_status(HttpStatusCode.OK)
        else:
            key = int(request.raw_odata_path.split("(", 1)[1].split(")", 1)[0])
            for entity in list(self.store.entities("Products")):
                if entity.get_value("ID") == key:
                    self.store.remove_entity("Products", entity)
            response.set_status(HttpStatusCode.NO_CONTENT)
        response.set_header(HttpHeader.ODATA_VERSION, request.negotiated_version or "4.0")


def fill(store):
    colors = ["Red", "Green", "Blue", "Red,Blue"]
    products = [
        product(n, f"Product {n:03}", f"{n}.1234567890", 9_007_199_254_740_993 + n, colors[n % 4], [f"t{n % 3}", "all"])
        for n in range(1, 101)
    ]
    categories = [category(n, f"Category {n}") for n in (1, 2, 3)]
    store.set_entities("Products", products)
    store.set_entities("Categories", categories)
    store.set_entities("Photos", [])
    store.set_entities("Bestseller", [product(1, "Bestseller", "1.5", 1, "Red", [])])
    store.declare_key_auto_generating("Photos")
    for n, entity in enumerate(products):
        owner = categories[n % 3]
        store.add_relation("Products", str(n + 1), "Category", owner)
        store.add_relation("Categories", str(n % 3 + 1), "Products", entity)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main():
    port = int(sys.argv[1])
    page_size = int(sys.argv[2]) if len(sys.argv) > 2 else None
    odata = OData.new_instance()
    handler = odata.create_handler(odata.create_service_metadata(Provider()))
    store = InMemoryDataStore()
    fill(store)
    processor = InMemoryProcessor(store, page_size=page_size)
    processor.register_function(
        "Cheapest",
        lambda _target, part: sorted(store.entities("Products"), key=lambda e: e.get_value("Price") or Decimal("Infinity"))[
            : int(str(next(iter(part.parameters)).value if not isinstance(part.parameters, dict)
                      else next(iter(part.parameters.values()))))
        ],
    )
    handler.register(processor)
    handler.register(Actions(store))
    server = make_server("127.0.0.1", port, ODataWSGIApp(handler), server_class=Server, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", server.server_port, flush=True)
    sys.stdin.read()


main()
