import Testing

@testable import OData

@Suite("Reading entities of version 4")
struct Version4EntityTests {
    private let decoder = EntitySamples.decoder(.v4)

    @Test func `pitfall 51: control information is understood with and without its prefix`() throws {
        for prefix in ["odata.", ""] {
            let text =
                ##"{"@\##(prefix)context":"$metadata#P/$entity","@\##(prefix)id":"P('1')","@\##(prefix)etag":"W/\"1\"","##
                + ##""@\##(prefix)editLink":"e","@\##(prefix)readLink":"r","@\##(prefix)mediaReadLink":"m","##
                + ##""@\##(prefix)mediaEditLink":"me","@\##(prefix)mediaContentType":"a/b","@\##(prefix)mediaEtag":"t","##
                + ##""@\##(prefix)type":"#Sample.Person","ID":"1","Born":"2020-01-02"}"##
            let entity = try decoder.entity(text)
            #expect((entity.context, entity.id, entity.etag?.text) == ("$metadata#P/$entity", "P('1')", ##"W/"1""##))
            #expect((entity.editLink, entity.readLink) == ("e", "r"))
            #expect(entity.media == StreamReference(readURL: "m", editURL: "me", mediaType: "a/b", etag: "t"))
            #expect(entity.type == EntitySamples.name("Person"))
            #expect(entity.annotations.isEmpty)
            #expect(entity.properties.names == ["ID", "Born"])
            if case .date = entity["Born"] {} else { Issue.record("no date") }
            let page = try decoder.collection(
                ##"{"@\##(prefix)context":"c","@\##(prefix)count":"3","value":[],"@\##(prefix)nextLink":"n","@\##(prefix)deltaLink":"d"}"##
            )
            #expect((page.context, page.count, page.nextLink, page.deltaLink) == ("c", 3, "n", "d"))
            #expect(page.annotations.isEmpty)
        }
    }

    @Test func `pitfall 47: contexts and next links stay relative as they came`() throws {
        let page = try decoder.collection(
            ##"{"@odata.context":"../$metadata#P","value":[],"@odata.nextLink":"P?$skiptoken=1"}"##)
        #expect((page.context, page.nextLink) == ("../$metadata#P", "P?$skiptoken=1"))
    }

    @Test func `pitfall 48: long numbers are exact as strings and as numbers`() throws {
        for quote in ["", "\""] {
            let text =
                ##"{"Total":\##(quote)9007199254740993\##(quote),"Price":\##(quote)0.1000000000000000000000000001\##(quote)}"##
            let entity = try decoder.entity(text)
            #expect(entity["Total"] == .int64(9_007_199_254_740_993))
            #expect(try entity["Price"] == EntitySamples.decimal("0.1000000000000000000000000001"))
        }
    }

    @Test func `pitfall 52: missing is not null and not deferred`() throws {
        let entity = try decoder.entity(##"{"ID":"1","Name":null,"to_Items@odata.navigationLink":"P('1')/to_Items"}"##)
        #expect(entity["Name"] == .null)
        #expect(entity["Size"] == nil)
        #expect(entity["to_Parent"] == nil)
        #expect(entity["to_Items"] == .deferred(DeferredLink(url: "P('1')/to_Items")))
        #expect(entity.properties.names == ["ID", "Name", "to_Items"])
    }

    @Test func `pitfall 14: SAP's messages are a property of the entity`() throws {
        let entity = try decoder.entity(
            ##"{"ID":"1","SAP__Messages":[{"code":"M7/021","numericSeverity":4,"transition":false}]}"##)
        let message = ComplexValue(
            ["code": "M7/021", "numericSeverity": .byte(4), "transition": .boolean(false)],
            of: EntitySamples.name("Message"))
        #expect(entity["SAP__Messages"] == .collection([.complex(message)]))
    }

    @Test func `pitfall 53: a delta of 4.0 and one of 4.01 name what is gone`() throws {
        let text =
            ##"{"@odata.context":"$metadata#P/$delta","value":[{"ID":"1"},"##
            + ##"{"@odata.context":"$metadata#P/$deletedEntity","id":"P('2')","reason":"deleted"},"##
            + ##"{"@removed":{"reason":"changed"},"@id":"P('3')","ID":"3"},{"@odata.removed":{},"ID":"4"},"##
            + ##"{"@odata.context":"$metadata#P/$link","source":"P('1')","relationship":"to_Parent","target":"P('5')"},"##
            + ##"{"@odata.context":"$metadata#P/$deletedLink","source":"P('1')","relationship":"to_Parent","target":"P('6')"}],"##
            + ##""@odata.deltaLink":"P?$deltatoken=8"}"##
        let page = try decoder.collection(text)
        #expect(page.entities.map { $0["ID"] } == ["1"])
        #expect(
            page.removed == [
                RemovedEntity(id: "P('2')", reason: .deleted),
                RemovedEntity(id: "P('3')", key: ["ID": "3"], reason: .changed),
                RemovedEntity(id: nil, key: ["ID": "4"]),
            ])
        #expect(
            page.linkChanges == [
                LinkChange(isDeleted: false, source: "P('1')", relationship: "to_Parent", target: "P('5')"),
                LinkChange(isDeleted: true, source: "P('1')", relationship: "to_Parent", target: "P('6')"),
            ])
        #expect(page.deltaLink == "P?$deltatoken=8")
        #expect(try decoder.streamed(Array(text.utf8), by: 3) == page)
    }

    @Test func `expanded navigations have their own counts and links, wherever these stand`() throws {
        for text in [
            ##"{"ID":"1","to_Items@odata.count":7,"to_Items":[{"Order":"1","Position":2}],"to_Items@odata.nextLink":"n"}"##,
            ##"{"ID":"1","to_Items":[{"Order":"1","Position":2}],"to_Items@nextLink":"n","to_Items@count":"7"}"##,
        ] {
            for typed in [true, false] {
                let entity = try EntitySamples.decoder(.v4, typed: typed).entity(text)
                guard case .entities(let items) = entity["to_Items"] else {
                    Issue.record("not expanded")
                    continue
                }
                #expect((items.count, items.nextLink) == (7, "n"))
                #expect(items.entities.first?["Order"] == "1")
            }
        }
        #expect(
            try decoder.entity(##"{"to_Items@odata.count":7}"##)["to_Items"]
                == .entities(
                    {
                        var items = EntityCollection()
                        items.count = 7
                        return items
                    }()))
    }

    @Test func `expansions nest, and each entity may be of a derived type`() throws {
        let entity = try decoder.entity(
            ##"{"to_Parent":{"@odata.type":"#Sample.Person","ID":"2","Born":"2020-01-02","to_Items":[{"Position":3,"to_Partner":null}]}}"##
        )
        guard case .entity(let parent) = entity["to_Parent"], case .entities(let items) = parent["to_Items"] else {
            Issue.record("not expanded")
            return
        }
        #expect(parent.type == EntitySamples.name("Person"))
        #expect(items.entities.first?.properties == ["Position": .int32(3), "to_Partner": .null])
    }

    @Test func `streams are known by their links, in whatever order`() throws {
        let entity = try decoder.entity(
            ##"{"Photo@odata.mediaEtag":"t","ID":"1","Photo@odata.mediaReadLink":"r","Photo@odata.mediaContentType":"image/png","##
                + ##""Photo@odata.mediaEditLink":"e"}"##)
        #expect(
            entity["Photo"] == .stream(StreamReference(readURL: "r", editURL: "e", mediaType: "image/png", etag: "t")))
    }

    @Test func `types that the payload names count where the metadata has none`() throws {
        let text =
            ##"{"@odata.type":"#Sample.Person","A@odata.type":"#Date","A":"2020-01-02","B@type":"Collection(Int32)","B":[1,null],"##
            + ##""C@odata.type":"#Sample.Color","C":"Red,Green","D@odata.type":"#Edm.Guid","##
            + ##""D":"01234567-89ab-cdef-0123-456789abcdef","E@odata.type":"#Sample.Address","E":{"City":"Rome","Number":4},"##
            + ##""F@odata.type":"#Nonsense","F":5,"Size@odata.type":"#String","Size":6}"##
        let entity = try decoder.entity(text)
        if case .date = entity["A"] {} else { Issue.record("A") }
        #expect(entity["B"] == .collection([.int32(1), .null]))
        #expect(entity["C"] == .enumeration(EnumerationValue("Red,Green", of: EntitySamples.name("Color"))))
        if case .guid = entity["D"] {} else { Issue.record("D") }
        #expect(
            entity["E"]
                == .complex(ComplexValue(["City": "Rome", "Number": .int32(4)], of: EntitySamples.name("Address"))))
        #expect(entity["F"] == .int64(5))
        #expect(entity["Size"] == .int32(6))
    }

    @Test func `types that come behind their values count too`() throws {
        let text =
            ##"{"A":"2020-01-02","A@odata.type":"#Date","B":[1,2],"B@odata.type":"#Collection(Int16)","##
            + ##""Born":"2021-01-02","@odata.type":"#Sample.Person","C":"x"}"##
        let entity = try decoder.entity(text)
        if case .date = entity["A"] {} else { Issue.record("A") }
        #expect(entity["B"] == .collection([.int16(1), .int16(2)]))
        if case .date = entity["Born"] {} else { Issue.record("Born") }
        #expect(entity["C"] == "x")
        #expect(entity.properties.names == ["A", "B", "Born", "C"])
    }

    @Test func `annotations and operations are kept by their names`() throws {
        let entity = try decoder.entity(
            ##"{"ID":"1","@sap.note":{"a":1},"Name@sap.label":"L","##
                + ##""#Sample.Block":{"title":"Block","target":"P('1')/Sample.Block"},"##
                + ##""#Sample.Copy":[{"target":"a"},{"target":"b"}],"to_Items@odata.associationLink":"x"}"##)
        #expect(entity.annotations["@sap.note"] == .object([.init("a", .number("1"))]))
        #expect(entity.annotations["Name@sap.label"] == .string("L"))
        #expect(entity.annotations["to_Items@odata.associationLink"] == .string("x"))
        #expect(
            entity.operations == [
                AdvertisedOperation(name: "Sample.Block", title: "Block", target: "P('1')/Sample.Block"),
                AdvertisedOperation(name: "Sample.Copy", target: "a"),
                AdvertisedOperation(name: "Sample.Copy", target: "b"),
            ])
        #expect(entity.properties.names == ["ID"])
    }

    @Test func `values of each shape have their types`() throws {
        let text =
            ##"{"Tags":["a",null],"Addresses":[{"City":"Rome"}],"Color":1,"Amount":1.50,"Free":{"a":[1]},"##
            + ##""Place":{"type":"Point","coordinates":[1.0,2]},"Data":"AQI=","Address":null}"##
        let entity = try decoder.entity(text)
        #expect(entity["Tags"] == .collection(["a", .null]))
        #expect(
            entity["Addresses"]
                == .collection([.complex(ComplexValue(["City": "Rome"], of: EntitySamples.name("Address")))]))
        #expect(entity["Color"] == .enumeration(EnumerationValue("1", of: EntitySamples.name("Color"))))
        #expect(try entity["Amount"] == EntitySamples.decimal("1.5"))
        #expect(entity["Free"] == .untyped(.object([.init("a", .array([.number("1")]))])))
        if case .geo(let place) = entity["Place"] {
            #expect(place.type == .geographyPoint)
        } else {
            Issue.record("Place")
        }
        #expect(entity["Data"] == .binary([1, 2]))
        #expect(entity["Address"] == .null)
    }

    @Test func `values stand bare or under their wrapper`() throws {
        #expect(try decoder.value(##"{"@odata.context":"$metadata#Edm.Int32","value":5}"##) == .int32(5))
        #expect(
            try decoder.value(##"{"@odata.context":"x/$metadata#Collection(Edm.String)","value":["a"]}"##)
                == .collection(["a"]))
        #expect(try decoder.value(##"{"value":"1.5"}"##, of: .primitive(.decimal)) == EntitySamples.decimal("1.5"))
        let address = ODataValue.complex(ComplexValue(["City": "Rome"], of: EntitySamples.name("Address")))
        #expect(try decoder.value(##"{"@odata.context":"$metadata#Sample.Address","City":"Rome"}"##) == address)
        let partner = TypeReference(.named(EntitySamples.name("Partner")))
        guard case .entity(let entity) = try decoder.value(##"{"@odata.context":"c","ID":"1"}"##, of: partner) else {
            Issue.record("no entity")
            return
        }
        #expect(entity["ID"] == "1")
        guard
            case .entities(let page) = try decoder.value(
                ##"{"value":[{"ID":"1"}]}"##,
                of: TypeReference(.named(EntitySamples.name("Partner")), isCollection: true))
        else {
            Issue.record("no entities")
            return
        }
        #expect(page.entities.count == 1)
    }

    @Test func `pitfall 12: a service document of version 4 says what each element is`() throws {
        let document = try decoder.serviceDocument(
            Array(##"{"value":[{"name":"P","url":"P"},{"name":"Me","kind":"Singleton","url":"Me","title":"I"}]}"##.utf8)
        )
        #expect(
            document.elements == [
                .init(name: "P", url: "P"), .init(name: "Me", kind: "Singleton", url: "Me", title: "I"),
            ])
    }

    @Test(arguments: [
        ##"{"Size":"x"}"##, ##"{"Size":2147483648}"##, ##"{"Size":true}"##, ##"{"Size":{}}"##, ##"{"Size":[1]}"##,
        ##"{"Size":1.5}"##,
        ##"{"Size":"1"}"##,
    ])
    func `a value that doesn't fit its type names the property, or is kept by a lenient decoder`(text: String) throws {
        let error = entityFailure { () throws(PayloadError) in try decoder.entity(text) }
        guard case .value = error?.reason else {
            Issue.record("no value error: \(String(describing: error))")
            return
        }
        #expect((error?.name, error?.offset) == ("Size", 8))
        let lenient = EntitySamples.decoder(.v4, lenient: true)
        let entity = try lenient.entity(text)
        guard case .untyped(let node) = entity["Size"] else {
            Issue.record("not kept")
            return
        }
        #expect("{\"Size\":\(String(decoding: node.serialized(), as: UTF8.self))}" == text)
    }

    @Test(arguments: [
        ##"{"Address":5}"##, ##"{"Tags":"a"}"##, ##"{"Tags":{"results":[]}}"##, ##"{"Tags":[["a"]]}"##,
        ##"{"to_Items":"x"}"##,
        ##"{"Color":[]}"##, ##"{"Addresses":[1]}"##, ##"{"Place":{"type":1},"Blocked":"true"}"##,
    ])
    func `another shape than the type has is an error, never a guess`(text: String) {
        let error = entityFailure { () throws(PayloadError) in try decoder.entity(text) }
        guard case .value = error?.reason else {
            Issue.record("no value error: \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["7", "[]", "null", ##"{"value":[]}"##, ##"{"@odata.context":"c","value":[{"ID":"1"}]}"##])
    func `what is no entity is refused`(text: String) {
        #expect(entityFailure { () throws(PayloadError) in try decoder.entity(text) }?.reason == .unexpectedShape)
    }

    @Test func `a property that comes twice is refused where its second value stands`() {
        for (text, offset) in [
            (##"{"ID":"1","Name":"a","ID":"2"}"##, 26), (##"{"x":1,"x":2}"##, 11),
            (##"{"@odata.etag":"a","@odata.etag":"b"}"##, 33),
            (##"{"Address":{"City":"a","City":"b"}}"##, 30),
        ] {
            let error = entityFailure { () throws(PayloadError) in try decoder.entity(text) }
            #expect(error == PayloadError(.duplicateName, offset: offset))
        }
    }
}
