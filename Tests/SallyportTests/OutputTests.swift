import StrictJSON
import Testing

@testable import sallyport

@Suite("What commands write: a table for people, one document for programs")
struct OutputTests {
    private static let objects: [JSONValue] = [
        ["id": "tnt_1", "name": "Müller", "external_id": .null, "count": 3, "is_new": true, "tags": ["a", "b"]],
        ["id": "tnt_22", "name": "N", "external_id": "x", "count": 12, "is_new": false, "tags": []],
    ]

    @Test func `a list has a head and aligned columns`() {
        let text = CommandOutput(json: false).text(listing: Self.objects, columns: ["id", "name", "external_id"])
        #expect(text == "ID      NAME    EXTERNAL_ID\ntnt_1   Müller  -\ntnt_22  N       x\n")
    }

    @Test func `a list of nothing is its head`() {
        #expect(CommandOutput(json: false).text(listing: [], columns: ["id", "name"]) == "ID  NAME\n")
    }

    @Test func `a column that an object lacks shows a dash`() {
        #expect(
            CommandOutput(json: false).text(listing: [["id": "a"]], columns: ["id", "name"]) == "ID  NAME\na   -\n")
    }

    @Test func `values of every kind have a cell`() {
        let columns = ["count", "is_new", "tags"]
        #expect(
            CommandOutput(json: false).text(listing: Self.objects, columns: columns)
                == "COUNT  IS_NEW  TAGS\n3      true    a,b\n12     false   \n")
    }

    @Test func `no value forges a row or steers the terminal`() {
        let object: JSONValue = ["id": "a\nFORGED row", "name": "\u{1B}[31mred\u{9B}0m\r", "tags": ["x\u{0}y"]]
        let text = CommandOutput(json: false).text(listing: [object], columns: ["id", "name", "tags"])
        #expect(text.split(separator: "\n").count == 2)
        let controls = text.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
        #expect(controls.isEmpty)
    }

    @Test func `one object is a line for each member`() {
        let text = CommandOutput(json: false).text(showing: ["id": "a", "name": .null])
        #expect(text == "id    a\nname  -\n")
    }

    @Test func `an object in it has a line for each of its members`() {
        let text = CommandOutput(json: false).text(showing: ["id": "a", "refresh": ["due": 3, "last": .null]])
        #expect(text == "id            a\nrefresh.due   3\nrefresh.last  -\n")
    }

    @Test func `for programs it is one line of JSON with everything`() throws {
        let output = CommandOutput(json: true)
        let list = output.text(listing: Self.objects, columns: ["id"])
        #expect(list.hasSuffix("\n") && list.utf8.count { $0 == 10 } == 1)
        #expect(try JSONValue.parse(Array(list.utf8)) == ["result": .array(Self.objects)])
        let object = output.text(showing: Self.objects[0])
        #expect(try JSONValue.parse(Array(object.utf8)) == Self.objects[0])
    }
}
