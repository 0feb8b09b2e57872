import Testing

@testable import OData

@Suite("CSDL JSON that is wrong, or meant to do harm")
struct CSDLJSONHostileTests {
    private static func error(_ text: String, limits: MetadataLimits = .init()) -> MetadataError? {
        do {
            _ = try Metadata(csdlJSON: Array(text.utf8), limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private static func schema(_ members: String) -> String { "{\"$Version\":\"4.0\",\"a\":{\n\(members)}}" }

    @Test(arguments: [
        ("", MetadataError.Reason.syntax), ("{", .syntax), ("[]", .unknownFormat), ("{}", nil),
        ("\"x\"", .unknownFormat),
        (#"{"$Version":"3.0"}"#, .unknownFormat), (#"{"$Version":4}"#, nil), (#"{"$Version":"4.0"} x"#, .syntax),
        (#"{"$Version":"4.0","a":1}"#, nil), (#"{"$Version":"4.0","$Version":"4.0"}"#, .duplicate),
        (#"{"$Version":"4.0","a":{"T":{"$Kind":"EntityType"},"T":{"$Kind":"EntityType"}}}"#, .duplicate),
        (
            #"{"$Version":"4.0","a":{"C":{"$Kind":"EntityContainer","S":{"$Type":"a.T"}},"D":{"$Kind":"EntityContainer","S":{"$Type":"a.T"}}}}"#,
            .duplicate
        ),
        (#"{"$Version":"4.0","a":{"$Alias":"x"},"b":{"$Alias":"x"}}"#, .duplicate),
        (#"{"$Version":"4.0","a":{"T":{"$Kind":"EntityType","$BaseType":"a.T"}}}"#, .inheritanceCycle),
    ])
    func `a document as a whole is refused for what it is`(text: String, reason: MetadataError.Reason?) {
        let error = Self.error(text)
        #expect(error != nil)
        if let reason { #expect(error?.reason == reason) }
    }

    @Test(arguments: [
        (#""T":{"$Kind":"Entity"}"#, "SchemaElement", "$Kind"), (#""T":{}"#, "SchemaElement", "$Kind"),
        (#""T":{"$Kind":"EntityType","P":1}"#, "Property", nil),
        (#""T":{"$Kind":"EntityType","P":{"$Kind":"Other"}}"#, "Property", "$Kind"),
        (#""T":{"$Kind":"EntityType","P":{"$Type":1}}"#, "Property", "$Type"),
        (#""T":{"$Kind":"EntityType","P":{"$Type":"NoNamespace"}}"#, "Property", "$Type"),
        (#""T":{"$Kind":"EntityType","P":{"$Type":"Collection(a.T)"}}"#, "Property", "$Type"),
        (#""T":{"$Kind":"EntityType","P":{"$MaxLength":"max"}}"#, "Property", "$MaxLength"),
        (#""T":{"$Kind":"EntityType","P":{"$MaxLength":-1}}"#, "Property", "$MaxLength"),
        (#""T":{"$Kind":"EntityType","P":{"$Precision":1e9}}"#, "Property", "$Precision"),
        (#""T":{"$Kind":"EntityType","P":{"$Scale":"x"}}"#, "Property", "$Scale"),
        (#""T":{"$Kind":"EntityType","P":{"$Nullable":"true"}}"#, "Property", "$Nullable"),
        (#""T":{"$Kind":"EntityType","P":{"$DefaultValue":[]}}"#, "Property", "$DefaultValue"),
        (#""T":{"$Kind":"EntityType","$Key":[{"a":"b","c":"d"}]}"#, "EntityType", "$Key"),
        (#""T":{"$Kind":"EntityType","$Key":"ID"}"#, "EntityType", "$Key"),
        (#""T":{"$Kind":"EntityType","N":{"$Kind":"NavigationProperty"}}"#, "NavigationProperty", "$Type"),
        (
            #""T":{"$Kind":"EntityType","N":{"$Kind":"NavigationProperty","$Type":"a.T","$OnDelete":"Explode"}}"#,
            "NavigationProperty", "$OnDelete"
        ),
        (#""E":{"$Kind":"EnumType","M":1.5}"#, "EnumType", "$Value"),
        (#""E":{"$Kind":"EnumType","M":9223372036854775808}"#, "EnumType", "$Value"),
        (#""E":{"$Kind":"EnumType","$UnderlyingType":"Edm.String"}"#, "EnumType", "$UnderlyingType"),
        (#""D":{"$Kind":"TypeDefinition","$UnderlyingType":"a.D"}"#, "TypeDefinition", "$UnderlyingType"),
        (#""F":[{"$Kind":"Function","$IsBound":true}]"#, "Operation", "$Parameter"),
        (#""F":[{"$Kind":"Function","$Parameter":[{}]}]"#, "Parameter", "$Name"), (#""F":[1]"#, "Operation", nil),
        (#""C":{"$Kind":"EntityContainer","S":{"$Collection":true}}"#, "EntitySet", "$Type"),
        (#""C":{"$Kind":"EntityContainer","S":{"$Action":"x"}}"#, "EntityContainer", "$Action"),
        (#""@NoDot.":1"#, "Annotation", nil), (#""@a.b#":1"#, "Annotation", nil),
        (#""$Annotations":{"a.T":1}"#, "Annotations", nil),
    ])
    func `an element that is wrong is named, with its line`(members: String, element: String, attribute: String?) {
        let error = Self.error(Self.schema(members))
        #expect(error?.reason == .invalid(element: element, attribute: attribute))
        #expect(error?.line == 2)
    }

    @Test func `the column is that of the value that is wrong`() {
        let text = Self.schema(
            "\"T\": {\n  \"$Kind\": \"EntityType\",\n  \"Größe\": {\"$Type\": \"Edm.String\", \"$Scale\": []}}")
        let error = Self.error(text)
        #expect((error?.line, error?.column) == (4, 14))
    }

    @Test func `a document larger than allowed is not read`() {
        #expect(Self.error(#"{"$Version":"4.0"}"#, limits: MetadataLimits(maxBytes: 10))?.reason == .tooLarge)
    }

    @Test func `nesting beyond the limit is refused at the place`() {
        let deep = Self.schema("\"@a.b\":" + String(repeating: "[", count: 200) + String(repeating: "]", count: 200))
        let error = Self.error(deep)
        #expect(error?.reason == .tooDeep)
        #expect(error?.line == 2)
    }

    @Test func `a limit above what the stack bears doesn't help`() {
        let count = 100_000
        let text = Self.schema(
            "\"@a.b\":" + String(repeating: "{\"$Not\":", count: count) + "1" + String(repeating: "}", count: count))
        #expect(Self.error(text, limits: MetadataLimits(maxDepth: .max))?.reason == .tooDeep)
    }

    @Test func `annotations of annotations end at eight`() {
        func chain(_ depth: Int) -> String {
            var name = ""
            var members: [String] = []
            for _ in 0..<depth {
                name += "@a.b"
                members.append("\"\(name)\":1")
            }
            return Self.schema(members.joined(separator: ","))
        }
        #expect(Self.error(chain(8)) == nil)
        #expect(Self.error(chain(9))?.reason == .tooDeep)
    }

    @Test func `one name with a million annotation signs is harmless`() {
        let name = String(repeating: "@a.b", count: 1_000_000)
        #expect(Self.error(Self.schema("\"\(name)\":1")) == nil)
    }

    @Test func `20,000 properties, members and targets are read in one go`() throws {
        let properties = (0..<20_000).map { "\"P\($0)\":{}" }.joined(separator: ",")
        let members = (0..<20_000).map { "\"M\($0)\":\($0),\"M\($0)@a.b\":1" }.joined(separator: ",")
        let targets = (0..<20_000).map { "\"a.T/P\($0)\":{\"@a.b\":1}" }.joined(separator: ",")
        let text = Self.schema(
            #""T":{"$Kind":"EntityType",\#(properties)},"E":{"$Kind":"EnumType",\#(members)},"$Annotations":{\#(targets)}"#
        )
        let metadata = try Metadata(csdlJSON: Array(text.utf8))
        #expect(metadata.property("P19999", of: QualifiedName("a", "T"))?.annotations.count == 1)
        #expect(metadata.enumerationType(QualifiedName("a", "E"))?.members.last?.annotations.count == 1)
    }

    @Test func `a chain of 65 base types is a circle to the reader`() {
        let types = (0..<66).map {
            "\"T\($0)\":{\"$Kind\":\"EntityType\"\($0 == 0 ? "" : ",\"$BaseType\":\"a.T\($0 - 1)\"")}"
        }
        #expect(Self.error(Self.schema(types.joined(separator: ",")))?.reason == .inheritanceCycle)
    }

    @Test func `invalid UTF-8 has a place`() {
        let bytes = Array(#"{"$Version":"4.0","#.utf8) + [0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]
        #expect(throws: MetadataError(.syntax, line: 1, column: 20)) { try Metadata(csdlJSON: bytes) }
    }
}
