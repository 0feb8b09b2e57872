import StrictJSON

struct RawResponse: Sendable, CustomStringConvertible {
    let head: String
    let status: Int
    private let headers: [(name: String, value: String)]
    var body: [UInt8] = []

    init(head: String) {
        self.head = head
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        headers = lines.dropFirst().compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let name = parts.first else { return nil }
            return (name.lowercased(), parts.count == 2 ? String(parts[1].drop { $0 == " " }) : "")
        }
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: JSONValue {
        get throws {
            guard let value = try JSONValue.parse(body) else { throw RawHTTP.Failure(description: "not JSON: \(text)") }
            return value
        }
    }

    /// The stable code of a problem.
    var code: String? { (try? json)?["code"]?.string }

    /// `pointer code` of each error of an `invalid_request`.
    var errors: [String] {
        ((try? json)?["errors"]?.elements ?? []).map { error in
            "\(error["pointer"]?.string ?? error["parameter"].flatMap { "?" + ($0.string ?? "") } ?? "–") \(error["code"]?.string ?? "–")"
        }
    }

    var description: String { "\(head)\n\(text)" }
}
