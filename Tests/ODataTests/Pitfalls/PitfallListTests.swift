import OData
import Testing

@Suite("The list of pitfalls")
struct PitfallListTests {
    private static let files = [
        "Pitfall01PayloadTests", "Pitfall13ErrorTests", "Pitfall15RequestTests", "Pitfall26BatchTests",
        "Pitfall30SessionTests", "Pitfall36HeaderTests", "Pitfall41MetadataTests", "Pitfall47Version4Tests",
    ]

    private static func source(_ name: String) throws -> String {
        try String(decoding: ClientSample.bytes("../Pitfalls/\(name).swift"), as: UTF8.self)
    }

    /// The numbers of the tests in a file.
    private static func numbers(_ source: String) -> [Int] {
        let lines = source.split(separator: "\n")
        return lines.compactMap { line in
            guard let name = line.firstRange(of: "func `pitfall ") else { return nil }
            return Int(line[name.upperBound...].prefix { $0 != ":" })
        }
    }

    @Test func `each of the 53 has one test of its number`() throws {
        let numbers = try Self.files.flatMap { try Self.numbers(Self.source($0)) }
        #expect(numbers.count == 53)
        #expect(numbers.sorted() == Array(1...53))
    }

    @Test func `the document tells of each, in order, in which file its test is`() throws {
        let document = try String(decoding: ClientSample.bytes("../../../docs/odata-pitfalls.md"), as: UTF8.self)
        var told: [Int] = []
        for line in document.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.drop { $0 == " " } }
            guard cells.count == 4, let number = Int(cells[0].prefix { $0 != " " }) else { continue }
            told.append(number)
            let file = String(cells[3].prefix { $0 != " " })
            #expect(Self.files.contains(file), "\(number)")
            #expect(try Self.numbers(Self.source(file)).contains(number), "\(number)")
        }
        #expect(told == Array(1...53))
    }
}
