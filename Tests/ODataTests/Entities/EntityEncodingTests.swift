import Testing

@testable import OData

@Suite("Writing entities")
struct EntityEncodingTests {
    private func text(
        _ entity: Entity, _ version: ODataVersion, typed: Bool = true, ieee: Bool = true, wraps: Bool = false
    ) throws -> String {
        let encoder = EntityEncoder(
            metadata: typed ? EntitySamples.metadata(version) : nil, version: version, ieee754Compatible: ieee,
            declaredType: EntitySamples.name("Partner"), wrapsResults: wraps)
        return String(decoding: try encoder.entity(entity), as: UTF8.self)
    }

    @Test func `pitfall 7: a decimal is a string in version 2 and a number in version 4 without IEEE754Compatible`()
        throws
    {
        let entity = Entity(["Price": try EntitySamples.decimal("12.30"), "Total": .int64(7), "Size": .int32(3)])
        #expect(try text(entity, .v2) == #"{"Price":"12.30","Total":"7","Size":3}"#)
        #expect(try text(entity, .v4) == #"{"Price":"12.30","Total":"7","Size":3}"#)
        #expect(try text(entity, .v4, ieee: false) == #"{"Price":12.30,"Total":7,"Size":3}"#)
    }

    @Test func `literals become what the property wants`() throws {
        let entity = Entity([
            "Price": .int32(5), "Total": .int32(6), "Color": "Red", "Amount": .int64(2), "Name": .null,
        ])
        #expect(
            try text(entity, .v4, ieee: false) == #"{"Price":5,"Total":6,"Color":"Red","Amount":2,"Name":null}"#)
        #expect(throws: ValueError.self) { try text(Entity(["Size": "x"]), .v4) }
        #expect(throws: ValueError.self) { try text(Entity(["Size": .int64(1 << 40)]), .v4) }
        #expect(throws: ValueError.self) { try text(Entity(["Tags": "x"]), .v4) }
        #expect(throws: ValueError.self) { try text(Entity(["Size": .collection([.int32(1)])]), .v4) }
        #expect(throws: ValueError.self) { try text(Entity(["Color": "Blue"]), .v4) }
    }

    @Test func `an entity is replaced without what was expanded, unless that was set`() throws {
        let received = #"{"ID":"1","Name":"A","to_Items":[{"Position":1}],"to_Parent":{"ID":"2"}}"#
        var entity = try EntitySamples.decoder(.v4).entity(Array(received.utf8))
        let encoder = EntityEncoder(
            metadata: EntitySamples.metadata(.v4), version: .v4, declaredType: EntitySamples.name("Partner"))
        #expect(String(decoding: try encoder.replacement(of: entity), as: UTF8.self) == #"{"ID":"1","Name":"A"}"#)
        #expect(String(decoding: try encoder.entity(entity), as: UTF8.self) == received)
        entity["to_Parent"] = .entity(Entity(["ID": "3"]))
        #expect(
            String(decoding: try encoder.replacement(of: entity), as: UTF8.self)
                == #"{"ID":"1","Name":"A","to_Parent":{"ID":"3"}}"#)
        let new = Entity(["ID": "1", "to_Parent": .entity(Entity(["ID": "2"]))])
        #expect(try encoder.replacement(of: new) == encoder.entity(new))
    }

    @Test func `pitfall 20: what is below an entity is created with it, as an array or under results`() throws {
        let items = EntityCollection([
            Entity(["Position": .int32(1)]), Entity(["Position": .int32(2), "Net": .int32(3)]),
        ])
        let entity = Entity(["ID": "1", "to_Items": .entities(items), "to_Parent": .entity(Entity(["ID": "2"]))])
        let expected = #"{"ID":"1","to_Items":[{"Position":1},{"Position":2,"Net":"3"}],"to_Parent":{"ID":"2"}}"#
        #expect(try text(entity, .v2) == expected)
        #expect(try text(entity, .v4) == expected)
        #expect(
            try text(entity, .v2, wraps: true)
                == #"{"ID":"1","to_Items":{"results":[{"Position":1},{"Position":2,"Net":"3"}]},"to_Parent":{"ID":"2"}}"#
        )
        let reader = EntitySamples.decoder(.v2)
        #expect(
            try reader.entity(text(entity, .v2, wraps: true))["to_Parent"]
                == reader.entity(text(entity, .v2))["to_Parent"])
    }

    @Test func `links bind what exists, in the form of each version`() throws {
        let link = ODataValue.deferred(DeferredLink(url: "P('2')"))
        let entity = Entity([
            "to_Parent": link,
            "to_Items": .collection([.deferred(DeferredLink(url: "I(1)")), .entity(Entity(["Position": .int32(1)]))]),
        ])
        #expect(
            try text(entity, .v2)
                == #"{"to_Parent":{"__metadata":{"uri":"P('2')"}},"to_Items":[{"__metadata":{"uri":"I(1)"}},{"Position":1}]}"#
        )
        #expect(
            try text(entity, .v4)
                == #"{"to_Parent@odata.bind":"P('2')","to_Items@odata.bind":["I(1)"],"to_Items":[{"Position":1}]}"#)
        #expect(
            try text(entity, .v401) == #"{"to_Parent":{"@id":"P('2')"},"to_Items":[{"@id":"I(1)"},{"Position":1}]}"#)
        #expect(try text(Entity(["to_Items": link]), .v4) == #"{"to_Items@odata.bind":["P('2')"]}"#)
        #expect(try text(Entity(["to_Items": link]), .v401) == #"{"to_Items":[{"@id":"P('2')"}]}"#)
        #expect(try text(Entity(["to_Parent": .deferred(DeferredLink())]), .v4) == "{}")
    }

    @Test func `links that were read are not sent back, and those that were set are`() throws {
        var entity = try EntitySamples.decoder(.v2).entity(
            #"{"d":{"__metadata":{"uri":"P('1')"},"ID":"1","to_Parent":{"__deferred":{"uri":"P('1')/to_Parent"}}}}"#)
        #expect(try text(entity, .v2) == #"{"ID":"1"}"#)
        entity["to_Parent"] = .deferred(DeferredLink(url: "P('9')"))
        #expect(try text(entity, .v2) == #"{"ID":"1","to_Parent":{"__metadata":{"uri":"P('9')"}}}"#)
    }

    @Test func `changes are what was set since the entity was read, and nothing else`() throws {
        let encoder = EntitySamples.encoder(.v4)
        var entity = try EntitySamples.decoder(.v4).entity(#"{"@odata.etag":"t","ID":"1","Name":"A","Size":1}"#)
        #expect(String(decoding: try encoder.changes(of: entity), as: UTF8.self) == "{}")
        entity["Name"] = "B"
        entity["Blocked"] = .boolean(true)
        entity["Size"] = nil
        #expect(entity.changedNames == ["Name", "Blocked", "Size"])
        #expect(String(decoding: try encoder.changes(of: entity), as: UTF8.self) == #"{"Name":"B","Blocked":true}"#)
        entity.markUnchanged()
        #expect(String(decoding: try encoder.changes(of: entity), as: UTF8.self) == "{}")
    }

    @Test func `a derived type says which one it is`() throws {
        let person = Entity(of: EntitySamples.name("Person"), ["ID": "1"])
        #expect(try text(person, .v2) == #"{"__metadata":{"type":"Sample.Person"},"ID":"1"}"#)
        #expect(try text(person, .v4) == ##"{"@odata.type":"#Sample.Person","ID":"1"}"##)
        #expect(try text(Entity(of: EntitySamples.name("Partner"), ["ID": "1"]), .v4) == #"{"ID":"1"}"#)
        #expect(
            try text(Entity(["to_Parent": .entity(person)]), .v4)
                == ##"{"to_Parent":{"@odata.type":"#Sample.Person","ID":"1"}}"##)
    }

    @Test func `properties of open types carry their types`() throws {
        let person = Entity(
            of: EntitySamples.name("Person"), ["a": .int32(1), "b": "x", "c": .collection([.int16(1)])])
        #expect(
            try text(person, .v4)
                == ##"{"@odata.type":"#Sample.Person","a@odata.type":"#Int32","a":1,"b":"x","c@odata.type":"#Collection(Int16)","c":[1]}"##
        )
        #expect(try text(Entity(["YY1_A": .int32(1)]), .v4) == #"{"YY1_A":1}"#)
    }

    @Test func `streams are left out`() throws {
        #expect(try text(Entity(["Photo": .stream(StreamReference(readURL: "r")), "ID": "1"]), .v4) == #"{"ID":"1"}"#)
    }

    @Test func `values, parameters and references have bodies of their own`() throws {
        func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let (v2, v4) = (EntitySamples.encoder(.v2), EntitySamples.encoder(.v4))
        #expect(string(try v4.value("x")) == #"{"value":"x"}"#)
        #expect(string(try v2.value("x", name: "Name")) == #"{"Name":"x"}"#)
        #expect(string(try v4.value(.int32(1), of: .primitive(.decimal))) == #"{"value":"1"}"#)
        let address = ODataValue.complex(ComplexValue(["City": "Rome"]))
        let type = TypeReference(.named(EntitySamples.name("Address")))
        #expect(string(try v4.value(address, of: type)) == #"{"City":"Rome"}"#)
        #expect(string(try v2.value(address, of: type, name: "Address")) == #"{"Address":{"City":"Rome"}}"#)
        var operation = Operation(kind: .action, name: EntitySamples.name("Do"))
        operation.parameters = [.init(name: "amount", type: .primitive(.decimal))]
        let parameters: [String: ODataValue] = [
            "b": .collection([.boolean(true)]), "amount": .int32(1), "it": .deferred(DeferredLink(url: "P('1')")),
        ]
        #expect(
            string(try v4.parameters(parameters, of: operation))
                == #"{"amount":"1","b":[true],"it":{"@odata.id":"P('1')"}}"#)
        #expect(string(v4.reference(to: "P('1')")) == #"{"@odata.id":"P('1')"}"#)
        #expect(string(v2.reference(to: "P('1')")) == #"{"uri":"P('1')"}"#)
    }

    @Test func `an entity's key is made of its properties`() throws {
        let metadata = EntitySamples.metadata(.v4)
        let partner = Entity(of: EntitySamples.name("Person"), ["ID": "0001", "Name": "A"])
        #expect(partner.key(in: metadata) == EntityKey("0001"))
        var item = Entity(of: EntitySamples.name("Item"), ["Order": "1", "Position": .int32(2)])
        #expect(item.key(in: metadata) == EntityKey([.init("Order", "1"), .init("Position", .int32(2))]))
        item["Position"] = .null
        #expect(item.key(in: metadata) == nil)
        item["Position"] = nil
        #expect(item.key(in: metadata) == nil)
        #expect(Entity(["ID": "1"]).key(in: metadata) == nil)
        #expect(Entity(of: EntitySamples.name("Nothing"), ["ID": "1"]).key(in: metadata) == nil)
    }
}
