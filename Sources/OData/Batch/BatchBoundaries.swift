/// Boundaries of a batch, random and in none of its bodies.
struct BatchBoundaries {
    let batch: String
    let changeSet: String

    /// With 128 random bits one try is all it ever takes; a generator that isn't random gets this many.
    private static let maxTries = 64

    init(for request: BatchRequest, using generator: inout some RandomNumberGenerator) throws(ODataError) {
        for attempt in 0..<Self.maxTries {
            let suffix =
                Self.hex(generator.next()) + Self.hex(generator.next()) + (attempt == 0 ? "" : "_" + String(attempt))
            let found = request.parts.contains { part in
                part.items.contains { $0.body.map { Self.contains($0, Array(suffix.utf8)) } ?? false }
            }
            if !found {
                (batch, changeSet) = ("batch_" + suffix, "changeset_" + suffix)
                return
            }
        }
        throw .query(.misplaced("boundary"))
    }

    init(batch: String, changeSet: String) { (self.batch, self.changeSet) = (batch, changeSet) }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func contains(_ body: [UInt8], _ needle: [UInt8]) -> Bool {
        guard body.count >= needle.count else { return false }
        return (0...body.count - needle.count).contains { start in
            body[start] == needle[0] && body[start..<start + needle.count].elementsEqual(needle)
        }
    }
}
