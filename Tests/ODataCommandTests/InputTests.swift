import ArgumentParser
import OData
import Testing

@testable import odata

@Suite("What the command is given")
struct InputTests {
    private let root: ServiceRoot

    init() throws { root = try ServiceRoot("https://example.com/sap/opu/odata/sap/X/") }

    private func url(_ path: String, _ arguments: [String] = [], _ version: ODataVersion = .v401) throws -> String {
        try QueryArguments.parse(arguments).query(path, root: root, version: version, metadata: nil).encoded(version)
            .relativeURL
    }

    @Test func `options are escaped, whatever is in them`() throws {
        let text = try url("Products", ["--filter", "Name eq 'a&b+c #1'", "--top", "3"])
        #expect(text == "Products?$filter=Name%20eq%20'a%26b%2Bc%20%231'&$top=3")
    }

    @Test func `a whole URL below the root is the path below it`() throws {
        #expect(try url("https://example.com/sap/opu/odata/sap/X/Products?$top=1") == "Products?$top=1")
        #expect(try url("/Products") == "Products")
    }

    @Test func `options of the path and of the arguments come together`() throws {
        #expect(try url("Products?$top=1", ["--select", "ID,Name"]) == "Products?$select=ID,Name&$top=1")
    }

    @Test func `the metadata document can be asked for`() throws {
        #expect(try url("$metadata") == "$metadata")
    }

    @Test func `a filter that can't be read is no query`() {
        #expect(throws: Failure.self) { try url("Products", ["--filter", "Name eq"]) }
        #expect(throws: Failure.self) { try url("Products", ["--search", "x"], .v2) }
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func `Base64 as in RFC 4648 §10`(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
    }

    @Test func `the origin of a URL ends before its path`() {
        #expect(ServiceArguments.origin(of: "https://a.example:8443/b/c") == "https://a.example:8443")
        #expect(ServiceArguments.origin(of: "https://a.example") == "https://a.example")
    }

    @Test func `a proxy without a connection or without a token is wrong usage`() {
        #expect(throws: (any Error).self) { try ServiceArguments.parse(["--sallyport", "https://x"]) }
        #expect(throws: (any Error).self) {
            try ServiceArguments.parse(["--sallyport", "https://x", "--connection", "c"])
        }
        #expect(throws: (any Error).self) { try ServiceArguments.parse(["--protocol-version", "3"]) }
        #expect(throws: (any Error).self) { try ServiceArguments.parse(["--timeout", "0"]) }
    }

    @Test func `links to what exists are set, nested ones too, and other annotations aren't`() throws {
        var item = Entity()
        item.annotations = ["Product@odata.bind": .string("Products(7)")]
        var order = Entity()
        order["Items"] = .entities(EntityCollection([item]))
        order.annotations = [
            "Customer@odata.bind": .string("Customers(1)"),
            "Tags@bind": .array([.string("Tags(1)"), .string("Tags(2)")]),
            "Note@odata.type": .string("Edm.String"),
        ]
        try EntityInput.bind(&order, "order.json")
        #expect(order["Customer"] == .deferred(DeferredLink(url: "Customers(1)")))
        let tags = ["Tags(1)", "Tags(2)"].map { ODataValue.deferred(DeferredLink(url: $0)) }
        #expect(order["Tags"] == .collection(tags))
        #expect(order["Note"] == nil)
        guard case .entities(let items)? = order["Items"] else { throw Failure("no items", code: .data) }
        #expect(items.entities.first?["Product"] == .deferred(DeferredLink(url: "Products(7)")))
    }

    @Test(arguments: [JSONNode.number("1"), .array([.string("Tags(1)"), .null]), .object([])])
    func `a link that is no text is refused`(node: JSONNode) {
        var order = Entity()
        order.annotations = ["Tags@odata.bind": node]
        #expect(throws: Failure.self) { try EntityInput.bind(&order, "order.json") }
    }

    @Test func `a file that isn't there is named`() {
        let failure = #expect(throws: Failure.self) { try InputFile.bytes("/nonexistent/file") }
        #expect(failure?.description.contains("/nonexistent/file") == true)
    }
}
