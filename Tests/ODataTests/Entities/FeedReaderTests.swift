import Testing

@testable import OData

@Suite("Reading a feed as it arrives")
struct FeedReaderTests {
    private static let version2 =
        #"{ "d" : {"__count":"3","results":[{"__metadata":{"uri":"P('1')","type":"Sample.Partner"},"ID":"1","#
        + #""Name":"a\"}]{\\","When":"\/Date(0)\/","to_Items":{"results":[{"Position":1},{"Position":2}]}} , {"ID":"2\\"},{}],"#
        + #""__next":"P?$skiptoken=2"} } "#
    private static let version4 =
        #"{"@odata.context":"$metadata#P","@odata.count":2,"@sap.x":{"a":["}"]},"value":[{"ID":"é\u00e9😀","#
        + #""Tags":["]","}"]},{"@removed":{},"@id":"x"},{"ID":"2","to_Parent":{"ID":"3"}}],"@odata.nextLink":"n"}"#

    static let pages: [(ODataVersion, String)] = [
        (.v2, version2), (.v4, version4), (.v2, #"[{"ID":"1"},{"ID":"2"}]"#), (.v4, #"[{"ID":"1"}]"#), (.v4, "[]"),
        (.v2, #"{"d":{"Find":{"results":[{"ID":"1"}]}}}"#), (.v2, #"{"d":{"ID":"1","Name":"x"}}"#),
        (.v2, #"{"ID":"1"}"#),
        (.v2, #"{"d":{"results":{"ID":"1"}}}"#), (.v4, #"{"value":[],"@odata.count":7}"#), (.v4, "\n[ \n] \n"),
    ]

    @Test(arguments: pages)
    func `pieces of any size make the same page as the whole`(version: ODataVersion, text: String) throws {
        let bytes = Array(text.utf8)
        for typed in [true, false] {
            let decoder = EntitySamples.decoder(version, typed: typed)
            let whole = try decoder.collection(bytes)
            for size in 1...min(bytes.count, 40) {
                #expect(try decoder.streamed(bytes, by: size) == whole, "by \(size)")
            }
        }
    }

    @Test func `what a page says beside its entities is known`() throws {
        let page = try EntitySamples.decoder(.v4).collection(Array(Self.version4.utf8))
        #expect((page.context, page.count, page.nextLink) == ("$metadata#P", 2, "n"))
        #expect(page.annotations == ["@sap.x": .object([.init("a", .array([.string("}")]))])])
        #expect(page.removed == [RemovedEntity(id: "x")])
        #expect(page.entities.map { $0["ID"] } == ["éé😀", "2"])
    }

    @Test(arguments: pages)
    func `a page that is cut anywhere is truncated, whole and in pieces`(version: ODataVersion, text: String) {
        let bytes = Array(text.utf8)
        let decoder = EntitySamples.decoder(version)
        let end = (bytes.lastIndex { $0 > 0x20 } ?? 0)
        for cut in 0...end {
            let part = Array(bytes[..<cut])
            for size in [1, 7, bytes.count] {
                let error = entityFailure { () throws(PayloadError) in try decoder.streamed(part, by: size) }
                #expect(error?.reason == .truncated, "cut at \(cut), by \(size)")
            }
            #expect(
                entityFailure { () throws(PayloadError) in try decoder.collection(part) }?.reason == .truncated,
                "cut at \(cut)")
        }
    }

    @Test(arguments: [
        (#"{"value":[{"ID":"1"} {"ID":"2"}]}"#, 21), (#"{"value":[{"ID":"1"},]}"#, 21),
        (#"{"value":[{"ID":"1"}],}"#, 22),
        (#"{"value":[{"ID":"1"}]}x"#, 22), (#"{"value":[{"ID":"1"}]]"#, 21), (#"{"value":[{"ID" "1"}]}"#, 16),
        (#"{"value":[{"ID":"1"]}"#, 19), (#"{"value":[{"ID":01}]}"#, 17), (#"{value:[]}"#, 1), (#"{"value":[,]}"#, 10),
        (#"{"@a.b":1 2,"value":[]}"#, 10), (#"{"@a.b":tru,"value":[]}"#, 11), ("x", 0), ("\u{FEFF}[]", 0),
        (#"{"value" []}"#, 9),
        (#"{"value":[{"ID":"1",}]}"#, 20), (#"{"value":[{"ID":"1"}garbage]}"#, 20),
    ])
    func `garbage is refused where it stands`(text: String, offset: Int) {
        let decoder = EntitySamples.decoder(.v4)
        let bytes = Array(text.utf8)
        for size in [1, 3, bytes.count] {
            let error = entityFailure { () throws(PayloadError) in try decoder.streamed(bytes, by: size) }
            #expect(error?.reason == .syntax || error?.reason == .unexpectedShape)
            #expect(error?.offset == offset, "by \(size)")
        }
        #expect(entityFailure { () throws(PayloadError) in try decoder.collection(bytes) }?.offset == offset)
    }

    @Test(arguments: [
        (ODataVersion.v4, #"{"ID":"1"}"#), (.v4, "{}"), (.v4, #"{"value":{}}"#), (.v4, #"{"value":["a"]}"#),
        (.v4, #"{"value":null}"#), (.v4, #"{"value":[{"ID":"1"}],"error":{"code":"X/1","message":"no"}}"#),
        (.v4, #"{"value":[null]}"#), (.v4, #"{"value":[[]]}"#), (.v2, #"{"d":{}}"#), (.v2, #"{"d":null}"#),
        (.v2, #"{"d":"x"}"#),
        (.v2, #"{"d":{"results":"x"}}"#), (.v2, #"{"d":{"results":[1]}}"#), (.v2, #"{"__count":"1"}"#), (.v2, "{}"),
    ])
    func `what is no page is refused`(version: ODataVersion, text: String) {
        let decoder = EntitySamples.decoder(version)
        for size in [1, 100] {
            let error = entityFailure { () throws(PayloadError) in try decoder.streamed(Array(text.utf8), by: size) }
            #expect(error?.reason == .unexpectedShape)
        }
    }

    @Test(arguments: [
        (ODataVersion.v4, #"{"value":[],"value":[]}"#), (.v4, #"{"value":[],"@odata.count":1,"@odata.count":2}"#),
        (.v2, #"{"d":{"results":[],"results":[]}}"#), (.v4, #"{"value":[{"ID":"1","ID":"2"}]}"#),
        (.v4, #"{"value":[{"ID":"1","Name":"2"},{"ID":"1","ID":"2"}]}"#),
        (.v4, #"{"value":[{"to_Items":[{"Net":1,"Net":2}]}]}"#),
    ])
    func `a name that comes twice is refused`(version: ODataVersion, text: String) {
        let decoder = EntitySamples.decoder(version)
        for size in [1, 100] {
            let error = entityFailure { () throws(PayloadError) in try decoder.streamed(Array(text.utf8), by: size) }
            #expect(error?.reason == .duplicateName)
        }
    }

    @Test func `an entity larger than the limit ends the feed before it is all there`() {
        let limits = PayloadLimits(maxEntityBytes: 1_000)
        let decoder = EntitySamples.decoder(.v4, limits: limits)
        let large = #"{"value":[{"ID":"1"},{"ID":""# + String(repeating: "x", count: 5_000) + #""}]}"#
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.streamed(Array(large.utf8), by: 100) }
                == PayloadError(.tooLarge(.entityBytes(1_000)), offset: 21))
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.collection(large) }
                == PayloadError(.tooLarge(.entityBytes(1_000)), offset: 21))
    }

    @Test(arguments: [#"{"value":[{"ID":""#, #"{"@odata.nextLink":""#, #"{""#, "[{\"a\":[\"b\",", #"{"@a.b":1234"#])
    func `a value that never ends is given up at the limit`(text: String) throws {
        var reader = FeedReader(decoder: EntitySamples.decoder(.v4, limits: PayloadLimits(maxEntityBytes: 100_000)))
        try reader.append(Array(text.utf8))
        let error = entityFailure { () throws(PayloadError) in
            // A gigabyte in pieces, of which a hundredth of a percent is looked at.
            for _ in 0..<100_000 {
                try reader.append([UInt8](repeating: UInt8(ascii: "1"), count: 10_000))
                guard try reader.next() == nil else { break }
            }
        }
        #expect(error?.reason == .tooLarge(.entityBytes(100_000)))
    }

    @Test func `members beside the entities are bounded together`() throws {
        var reader = FeedReader(decoder: EntitySamples.decoder(.v4, limits: PayloadLimits(maxEntityBytes: 10_000)))
        try reader.append(Array("{".utf8))
        let error = entityFailure { () throws(PayloadError) in
            for number in 0..<10_000 {
                try reader.append(Array("\"@a.b\(number)\":1,".utf8))
                guard try reader.next() == nil else { break }
            }
        }
        #expect(error?.reason == .tooLarge(.entityBytes(10_000)))
    }

    @Test(arguments: [
        #"{"value":[],"@odata.nextLink":5}"#, #"{"value":[],"@odata.deltaLink":{}}"#,
        #"{"d":{"results":[],"__next":true}}"#,
    ])
    func `a link to go on with that is no text is an error, not the end of the result`(text: String) {
        let decoder = EntitySamples.decoder(text.contains("__next") ? .v2 : .v4)
        let error = entityFailure { () throws(PayloadError) in try decoder.streamed(Array(text.utf8), by: 7) }
        #expect(error?.reason == .unexpectedShape)
    }

    @Test func `a body larger than the limit is refused whole, and may be read in pieces`() throws {
        let decoder = EntitySamples.decoder(.v4, limits: PayloadLimits(maxBodyBytes: 1_000))
        let text = #"{"value":["# + (0..<1_000).map { #"{"ID":"\#($0)"}"# }.joined(separator: ",") + "]}"
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.collection(text) }?.reason
                == .tooLarge(.bodyBytes(1_000)))
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.entity(text) }?.reason
                == .tooLarge(.bodyBytes(1_000)))
        #expect(try decoder.streamed(Array(text.utf8), by: 64).entities.count == 1_000)
        let removed =
            #"{"value":["# + (0..<1_000).map { #"{"@removed":{},"@id":"\#($0)"}"# }.joined(separator: ",") + "]}"
        #expect(
            entityFailure { () throws(PayloadError) in try decoder.streamed(Array(removed.utf8), by: 64) }?.reason
                == .tooLarge(.bodyBytes(1_000)))
    }

    @Test func `depth is bounded in wrappers, entities and what is beside them`() {
        let deep = String(repeating: #"{"to_Parent":"#, count: 100_000)
        let arrays = String(repeating: "[", count: 100_000)
        for text in [
            #"{"value":["# + deep, #"{"value":[{"Free":"# + arrays, #"{"@a.b":"# + arrays, #"{"value":[{"x":"# + arrays,
            arrays,
        ] {
            for size in [1_000, 1_000_000] {
                let decoder = EntitySamples.decoder(.v4)
                let error = entityFailure { () throws(PayloadError) in try decoder.streamed(Array(text.utf8), by: size)
                }
                #expect(error?.reason == .tooDeep || error?.reason == .unexpectedShape)
            }
            #expect(
                entityFailure { () throws(PayloadError) in try EntitySamples.decoder(.v4).entity(text) }?.reason
                    == .tooDeep)
        }
    }

    @Test func `a million names in one feed are no burden, nor is each entity's own`() throws {
        let decoder = EntitySamples.decoder(.v4)
        let text =
            #"{"value":["# + (0..<20_000).map { #"{"ID":"1","n\#($0)":1,"m\#($0)":2}"# }.joined(separator: ",") + "]}"
        let page = try decoder.streamed(Array(text.utf8), by: 65_536)
        #expect(page.entities.count == 20_000)
        #expect(page.entities.last?.properties.names == ["ID", "n19999", "m19999"])
    }

    @Test func `entities alike share the names of their properties`() throws {
        let text =
            #"{"value":["# + (0..<50).map { #"{"ID":"\#($0)","Name":"x","Size":\#($0)}"# }.joined(separator: ",") + "]}"
        let page = try EntitySamples.decoder(.v4).collection(text)
        let layout = page.entities[0].properties.layout
        #expect(page.entities.allSatisfy { $0.properties.layout === layout })
        var changed = page.entities[0]
        changed["New"] = "y"
        #expect(page.entities[1].properties.names == ["ID", "Name", "Size"])
        #expect(changed.properties.names == ["ID", "Name", "Size", "New"])
    }

    @Test func `an object makes room for what objects like it had, never for what an unusual one had`() throws {
        var parser = EntitySamples.decoder(.v4, typed: false).makeParser()
        func read(_ members: [String]) throws {
            let text = Array("{\(members.map { "\"\($0)\":1" }.joined(separator: ","))}".utf8)
            parser.start(at: 0, depth: 0)
            _ = try parser.object(0, text.span)
        }
        let many = (0..<900).map { "n\($0)" }
        try read(many)
        #expect(parser.expectedCount(of: 0) == 900)
        try read(["a"])
        #expect(parser.expectedCount(of: 0) == 1)
        for number in 0..<100 { try read(["a", "b\(number)"]) }
        try read(many)
        #expect(parser.expectedCount(of: 0) == 900)
        try read(["x", "y"])
        #expect(parser.expectedCount(of: 0) == 0)
        try read((0..<3_000).map { "m\($0)" })
        #expect(parser.expectedCount(of: 0) == 0)
    }

    @Test func `a decoder reads on after an error`() throws {
        let decoder = EntitySamples.decoder(.v4)
        for text in [#"{"ID":"1","Size":1,"Name":"#, #"{"Size":"x"}"#, #"{"ID":"1","ID":"2"}"#] {
            #expect(entityFailure { () throws(PayloadError) in try decoder.entity(text) } != nil)
            #expect(try decoder.entity(#"{"ID":"1","Size":1}"#).properties == ["ID": "1", "Size": .int32(1)])
        }
    }
}
