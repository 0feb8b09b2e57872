import Testing

@testable import OData

@Suite("Writing JSON")
struct JSONWritingTests {
    @Test func `what is written is the shortest text`() {
        let node = JSONNode.object([
            .init("a", .array([.number("1.50"), .null, .boolean(true)])), .init("", .object([])),
            .init("é\"\\", .string("/\u{1}\n")),
        ])
        #expect(
            String(decoding: node.serialized(), as: UTF8.self) == #"{"a":[1.50,null,true],"":{},"é\"\\":"/\u0001\n"}"#)
    }

    @Test func `a tree reads as what was written`() throws {
        var random = JSONRandom(seed: 2)
        for _ in 0..<5_000 {
            let node = random.node()
            let bytes = node.serialized()
            #expect(try JSONNode(parsing: bytes) == node)
            var reader = JSONReader(maxDepth: 64)
            try reader.skip(bytes.span)
            #expect(reader.position == bytes.count)
        }
    }

    @Test func `a tree deeper than any stack is written`() {
        var node = JSONNode.null
        for _ in 0..<20_000 { node = .array([node]) }
        #expect(node.serialized().count == 40_004)
        // Taken apart from the outside, because the standard library frees nested values by recursion.
        while case .array(let elements) = node { node = elements.first ?? .null }
    }
}
