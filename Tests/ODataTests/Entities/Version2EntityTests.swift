import Testing

@testable import OData

@Suite("Reading entities of version 2")
struct Version2EntityTests {
    private let decoder = EntitySamples.decoder(.v2)

    @Test(arguments: [
        #"{"d":{"ID":"1","Name":"A"}}"#, #"{"d":{"results":{"ID":"1","Name":"A"}}}"#, #"{"d":[{"ID":"1","Name":"A"}]}"#,
        #"{"d":{"results":[{"ID":"1","Name":"A"}]}}"#, #"{"ID":"1","Name":"A"}"#,
        #"{"d":{"CopyPartner":{"ID":"1","Name":"A"}}}"#,
        #"[{"ID":"1","Name":"A"}]"#,
    ])
    func `pitfall 1: an entity is found in every wrapper`(text: String) throws {
        let entity = try decoder.entity(text)
        #expect(entity.properties == ["ID": "1", "Name": "A"])
        #expect(entity.type == EntitySamples.name("Partner"))
    }

    @Test(arguments: [
        #"{"d":{"results":[{"ID":"1"},{"ID":"2"}]}}"#, #"{"d":[{"ID":"1"},{"ID":"2"}]}"#, #"[{"ID":"1"},{"ID":"2"}]"#,
        #"{"results":[{"ID":"1"},{"ID":"2"}]}"#, #"{"d":{"Find":[{"ID":"1"},{"ID":"2"}]}}"#,
        #"{"d":{"Find":{"results":[{"ID":"1"},{"ID":"2"}]}}}"#,
        #"{ "d" : { "__count" : "2" , "results" : [ {"ID":"1"} , {"ID":"2"} ] } } "#,
    ])
    func `pitfall 1: a collection is found in every wrapper`(text: String) throws {
        let page = try decoder.collection(text)
        #expect(page.entities.map { $0["ID"] } == ["1", "2"])
        #expect(try decoder.streamed(Array(text.utf8), by: 1) == page)
    }

    @Test(arguments: [
        #"{"d":{"ID":"1","Address":{"City":"Rome"}}}"#, #"{"d":{"Address":{"City":"Rome"},"ID":"1"}}"#,
        #"{"d":{"__metadata":{"uri":"x"},"ID":"1","Address":{"City":"Rome"}}}"#,
        #"{"ID":"1","Address":{"City":"Rome"}}"#,
        #"{"d":{"results":{"ID":"1","Address":{"City":"Rome"}}}}"#,
    ])
    func `pitfall 1: one entity where a collection is expected is a collection of one`(text: String) throws {
        let page = try decoder.collection(text)
        #expect(page.entities.count == 1)
        #expect(page.entities.first?["ID"] == "1")
        #expect(
            page.entities.first?["Address"]
                == .complex(ComplexValue(["City": "Rome"], of: EntitySamples.name("Address"))))
        #expect(try decoder.streamed(Array(text.utf8), by: 1) == page)
    }

    @Test func `pitfall 1: what a function import returns is found under its name`() throws {
        #expect(
            try decoder.value(#"{"d":{"GetTotal":"12.30"}}"#, of: .primitive(.decimal))
                == EntitySamples.decimal("12.30"))
        #expect(try decoder.value(#"{"d":{"Ping":true}}"#) == .boolean(true))
        let address = TypeReference(.named(EntitySamples.name("Address")))
        let expected = ODataValue.complex(ComplexValue(["City": "Rome"], of: EntitySamples.name("Address")))
        #expect(try decoder.value(#"{"d":{"GetAddress":{"City":"Rome"}}}"#, of: address) == expected)
        #expect(try decoder.value(#"{"d":{"City":"Rome"}}"#, of: address) == expected)
        #expect(
            try decoder.value(#"{"d":{"__metadata":{"type":"Sample.Address"},"City":"Rome"}}"#, of: address) == expected
        )
        let texts = TypeReference(.primitive(.string), isCollection: true)
        #expect(try decoder.value(#"{"d":{"results":["a","b"]}}"#, of: texts) == .collection(["a", "b"]))
        #expect(
            try decoder.value(#"{"d":{"__metadata":{"type":"Collection(Edm.String)"},"results":["a"]}}"#, of: texts)
                == .collection(["a"]))
        #expect(try decoder.value(#"{"d":null}"#, of: .primitive(.string)) == .null)
    }

    @Test func `pitfall 2: numbers come in strings and as numbers`() throws {
        let text =
            #"{"d":{"Size":"7","Small":3,"Total":"-9007199254740993","Price":"1.50","Ratio":"1.0000000000000001E63","#
            + #""Weight":"-1.234567E-03"}}"#
        let entity = try decoder.entity(text)
        #expect(entity["Size"] == .int32(7))
        #expect(entity["Small"] == .byte(3))
        #expect(entity["Total"] == .int64(-9_007_199_254_740_993))
        #expect(try entity["Price"] == EntitySamples.decimal("1.50"))
        #expect(entity["Ratio"] == .double(1.0000000000000001E63))
        #expect(entity["Weight"] == .single(-1.234567E-03))
    }

    @Test func `pitfall 3: a date with escaped slashes is a wall time`() throws {
        let entity = try decoder.entity(
            #"{"d":{"When":"\/Date(1430784000000)\/","Stamp":"/Date(1430784000000+0120)/"}}"#)
        guard case .dateTime(let when) = entity["When"], case .dateTimeOffset(let stamp) = entity["Stamp"] else {
            Issue.record("no dates")
            return
        }
        #expect((when.date.year, when.date.month, when.date.day) == (2015, 5, 5))
        #expect(stamp.offsetMinutes == 120)
    }

    @Test func `pitfall 8: the count is a string and the link is kept byte for byte`() throws {
        let next = "http://internal:8000/sap/A?$skiptoken=%27a%20b%27&x=+"
        let page = try decoder.collection(#"{"d":{"results":[],"__count":"12","__next":"\#(next)"}}"#)
        #expect(page.count == 12)
        #expect(page.nextLink == next)
        #expect(try decoder.collection(#"{"d":{"__count":12,"results":[]}}"#).count == 12)
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.collection(#"{"d":{"results":[],"__count":"many"}}"#)
            }?.reason == .unexpectedShape)
    }

    @Test func `pitfall 9: deferred, null, empty, expanded and absent are five things`() throws {
        let text = #"{"d":{"ID":"1","to_Items":{"__deferred":{"uri":"P('1')/to_Items"}},"to_Parent":null}}"#
        let entity = try decoder.entity(text)
        #expect(entity["to_Items"] == .deferred(DeferredLink(url: "P('1')/to_Items")))
        #expect(entity["to_Parent"] == .null)
        #expect(entity["Name"] == nil)
        #expect(
            try decoder.entity(#"{"d":{"ID":"1","to_Items":{"results":[]}}}"#)["to_Items"]
                == .entities(EntityCollection()))
        let expanded = try decoder.entity(
            #"{"d":{"to_Items":{"results":[{"Position":1}],"__count":"5","__next":"n"},"to_Parent":{"ID":"2"}}}"#)
        guard case .entities(let items) = expanded["to_Items"], case .entity(let parent) = expanded["to_Parent"] else {
            Issue.record("not expanded")
            return
        }
        #expect(items.entities.map { $0["Position"] } == [.int32(1)])
        #expect((items.count, items.nextLink) == (5, "n"))
        #expect(items.entities.first?.type == EntitySamples.name("Item"))
        #expect(parent["ID"] == "2")
    }

    @Test func `pitfall 9: version 1's bare arrays are expanded navigations too`() throws {
        let entity = try decoder.entity(#"{"d":{"to_Items":[{"Position":1},{"Position":2}]}}"#)
        guard case .entities(let items) = entity["to_Items"] else {
            Issue.record("no entities")
            return
        }
        #expect(items.entities.count == 2)
    }

    @Test func `pitfall 10: identity and tag come as they are sent`() throws {
        let tag = #"W/"datetimeoffset'2020-01-01T00%3A00%3A00Z'""#
        let json = tag.replacing("\"", with: "\\\"")
        let entity = try decoder.entity(
            #"{"d":{"__metadata":{"id":"i","uri":"http://internal:8000/P('1')","type":"Sample.Partner","etag":"\#(json)"},"ID":"1"}}"#
        )
        #expect(entity.etag?.text == tag)
        #expect(entity.id == "http://internal:8000/P('1')")
        #expect(entity.properties.names == ["ID"])
    }

    @Test func `pitfall 12: the service document names the sets`() throws {
        let document = try decoder.serviceDocument(Array(#"{"d":{"EntitySets":["A","B"]}}"#.utf8))
        #expect(document.elements.map(\.name) == ["A", "B"])
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.serviceDocument(Array(#"{"d":{}}"#.utf8)) }?.reason
                == .unexpectedShape)
    }

    @Test func `pitfall 21: initial values are values and not null`() throws {
        let entity = try decoder.entity(#"{"d":{"Name":"","Price":"0.00","Size":0}}"#)
        #expect(entity["Name"] == "")
        guard case .decimal(let price) = entity["Price"] else {
            Issue.record("no decimal")
            return
        }
        #expect(price.description == "0.00")
        #expect(entity["Size"] == .int32(0))
    }

    @Test func `pitfall 22: a key with leading zeros stays text with and without metadata`() throws {
        let text = #"{"d":{"ID":"0001000001"}}"#
        #expect(try decoder.entity(text)["ID"] == "0001000001")
        #expect(try EntitySamples.decoder(.v2, typed: false).entity(text)["ID"] == "0001000001")
    }

    @Test func `pitfall 24: trailing blanks are kept`() throws {
        #expect(try decoder.entity(#"{"d":{"Name":"A  "}}"#)["Name"] == "A  ")
    }

    @Test func `pitfall 53: a delta names what is gone and where to go on`() throws {
        let text =
            #"{"d":{"results":[{"__metadata":{"uri":"u"},"ID":"1"},"#
            + #"{"@odata.context":"$metadata#Partners/$deletedEntity","id":"http://h/P('3')","when":"\/Date(1300561560000)\/"}],"#
            + #""__delta":"http://h/P?!deltatoken='4711'"}}"#
        let page = try decoder.collection(text)
        #expect(page.entities.map { $0["ID"] } == ["1"])
        #expect(page.removed == [RemovedEntity(id: "http://h/P('3')")])
        #expect(page.deltaLink == "http://h/P?!deltatoken='4711'")
    }

    @Test func `pitfall 53: an entity whose metadata says that it is deleted is gone`() throws {
        let text =
            #"{"d":{"results":[{"__metadata":{"uri":"u","deleted":false},"ID":"1"},"#
            + #"{"__metadata":{"id":"http://h/P('3')","uri":"http://h/P('3')","deleted":true,"type":"NS.Partner"}}]}}"#
        let page = try decoder.collection(text)
        #expect(page.entities.map { $0["ID"] } == ["1"])
        #expect(page.removed == [RemovedEntity(id: "http://h/P('3')", reason: .deleted)])
    }

    @Test func `a media entity and a named stream say where their bytes are`() throws {
        let entity = try EntitySamples.decoder(.v2, "Picture").entity(
            #"{"d":{"__metadata":{"uri":"u","media_src":"u/$value","edit_media":"u/$value?e","content_type":"image/png","#
                + #""media_etag":"W/\"1\""},"ID":"1"}}"#)
        #expect(
            entity.media
                == StreamReference(readURL: "u/$value", editURL: "u/$value?e", mediaType: "image/png", etag: #"W/"1""#))
        let stream = #"{"__mediaresource":{"media_src":"m","content_type":"image/png"}}"#
        for typed in [true, false] {
            let entity = try EntitySamples.decoder(.v2, typed: typed).entity(#"{"d":{"ID":"1","Photo":\#(stream)}}"#)
            #expect(entity["Photo"] == .stream(StreamReference(readURL: "m", mediaType: "image/png")))
        }
    }

    @Test func `actions that the service offers are listed`() throws {
        let entity = try decoder.entity(
            #"{"d":{"__metadata":{"actions":{"http://h/$metadata#C.Block":[{"title":"Block","target":"P('1')/Block"}]}},"ID":"1"}}"#
        )
        #expect(entity.operations == [AdvertisedOperation(name: "C.Block", title: "Block", target: "P('1')/Block")])
    }

    @Test func `the payload's type decides, and an unknown one leaves the declared`() throws {
        let person = try decoder.entity(#"{"d":{"__metadata":{"type":"Sample.Person"},"Born":"/Date(0)/"}}"#)
        #expect(person.type == EntitySamples.name("Person"))
        guard case .dateTime = person["Born"] else {
            Issue.record("no date")
            return
        }
        let other = try decoder.entity(#"{"d":{"__metadata":{"type":"Other.Partner"},"ID":"1"}}"#)
        #expect(other.type == EntitySamples.name("Partner"))
        let untyped = try EntitySamples.decoder(.v2, typed: false).entity(
            #"{"d":{"__metadata":{"type":"Other.Partner"},"ID":"1"}}"#)
        #expect(untyped.type == QualifiedName("Other", "Partner"))
    }

    @Test func `a type that comes behind the properties counts for them too`() throws {
        let person = try decoder.entity(
            #"{"d":{"ID":"1","Born":"/Date(0+0000)/","__metadata":{"type":"Sample.Person"}}}"#)
        #expect(person.type == EntitySamples.name("Person"))
        guard case .dateTime = person["Born"] else {
            Issue.record("Born is \(String(describing: person["Born"]))")
            return
        }
    }

    @Test func `without metadata strings stay strings and dates are dates`() throws {
        let text =
            #"{"d":{"__metadata":{"uri":"u"},"A":"1.50","B":"/Date(0)/","C":"/Date(0+0060)/","D":5,"E":1.5,"F":null,"#
            + #""G":{"__deferred":{"uri":"g"}},"H":{"results":[{"__metadata":{"uri":"h"},"X":1}]},"I":{"City":"Rome"},"J":"/Date(x)/"}}"#
        let entity = try EntitySamples.decoder(.v2, typed: false).entity(text)
        #expect(entity["A"] == "1.50")
        if case .dateTime = entity["B"] {} else { Issue.record("B") }
        if case .dateTimeOffset = entity["C"] {} else { Issue.record("C") }
        #expect(entity["D"] == .int64(5))
        #expect(try entity["E"] == EntitySamples.decimal("1.5"))
        #expect(entity["F"] == .null)
        #expect(entity["G"] == .deferred(DeferredLink(url: "g")))
        if case .entities(let items) = entity["H"] {
            #expect(items.entities.first?["X"] == .int64(1))
        } else {
            Issue.record("H")
        }
        #expect(entity["I"] == .complex(ComplexValue(["City": "Rome"])))
        #expect(entity["J"] == "/Date(x)/")
        #expect(entity.type == nil)
    }

    @Test func `extension properties stand beside those of the metadata`() throws {
        let entity = try decoder.entity(#"{"d":{"ID":"1","YY1_Field_SDH":"x","YY1_Number":3}}"#)
        #expect(entity["YY1_Field_SDH"] == "x")
        #expect(entity["YY1_Number"] == .int64(3))
    }

    @Test(arguments: [
        (#"{"d":null}"#, 5), (#"{"d":7}"#, 5), (#"{"d":[]}"#, 5), (#"{"d":[{"ID":"1"},{"ID":"2"}]}"#, 5), ("[]", 0),
        ("7", 0),
        (#"{"d":{"results":"x"}}"#, 16), (#"{"d":["x"]}"#, 6),
    ])
    func `what holds no single entity is refused`(text: String, offset: Int) {
        let error = entityFailure { () throws(PayloadError) in try decoder.entity(text) }
        #expect(error == PayloadError(.unexpectedShape, offset: offset))
    }
}
