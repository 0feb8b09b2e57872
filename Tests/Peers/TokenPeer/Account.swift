import StrictJSON

/// What the peer counted; `GET /account`.
struct Account {
    private static let maxDetails = 10_000

    var requests = 0
    var granted = 0
    /// Refused because the family was revoked before, or the token is none of ours.
    var refused = 0
    var clientCredentials = 0
    /// Granted, and the answer did not reach the caller whole.
    var lostAnswers = 0
    /// Tokens that came a second time; each revoked its family.
    private(set) var reused = 0
    /// The first 10,000 of them.
    private(set) var reuses: [Reuse] = []
    var faults: [Fault: Int] = [:]
    var connections = 0

    mutating func add(_ reuse: Reuse) {
        reused += 1
        if reuses.count < Self.maxDetails { reuses.append(reuse) }
    }

    func json(families: Int, revoked: Int) -> JSONValue {
        .object([
            JSONMember("requests", .int(Int64(requests))),
            JSONMember("granted", .int(Int64(granted))),
            JSONMember("refused", .int(Int64(refused))),
            JSONMember("reused", .int(Int64(reused))),
            JSONMember("lost_answers", .int(Int64(lostAnswers))),
            JSONMember("client_credentials", .int(Int64(clientCredentials))),
            JSONMember("connections", .int(Int64(connections))),
            JSONMember("families", .int(Int64(families))),
            JSONMember("revoked", .int(Int64(revoked))),
            JSONMember(
                "faults",
                .object(
                    Fault.allCases.map { fault in JSONMember(fault.rawValue, .int(Int64(faults[fault] ?? 0))) })),
            JSONMember("reuses", .array(reuses.map(\.json))),
        ])
    }
}

extension Reuse {
    var json: JSONValue {
        .object([
            JSONMember("family", .string(family)),
            JSONMember("generation", .int(Int64(generation))),
            JSONMember("at", .int(at)),
            JSONMember("first_use_at", firstUseAt.map(JSONValue.int) ?? .null),
            JSONMember("was_in_progress", .bool(wasInProgress)),
            JSONMember("first_answer", firstAnswer.map { .string($0.rawValue) } ?? .null),
        ])
    }
}

extension Families.Family {
    func json(named name: String) -> JSONValue {
        .object([
            JSONMember("family", .string(name)),
            JSONMember("generation", .int(Int64(generation))),
            JSONMember("revoked", .bool(isRevoked)),
            JSONMember("granted", .int(Int64(grants))),
            JSONMember("presented", .int(Int64(presented))),
            JSONMember("last_use_at", .int(lastUseAt)),
            JSONMember("last_answer", lastAnswer.map { .string($0.rawValue) } ?? .null),
        ])
    }
}
