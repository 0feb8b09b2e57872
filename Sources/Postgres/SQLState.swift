/// A five-character SQLSTATE (PostgreSQL documentation, appendix "PostgreSQL Error Codes").
package struct SQLState: Sendable, Hashable, CustomStringConvertible {
    /// Five ASCII capitals and digits.
    package let code: String

    /// Anything but five capitals and digits becomes `XX000` (internal error): a peer's text goes no further.
    package init(_ code: String) {
        let isWellFormed =
            code.utf8.count == 5
            && code.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
            }
        self.code = isWellFormed ? code : "XX000"
    }

    package var description: String { code }

    package static let uniqueViolation = SQLState("23505")
    package static let foreignKeyViolation = SQLState("23503")
    package static let checkViolation = SQLState("23514")
    package static let notNullViolation = SQLState("23502")
    package static let exclusionViolation = SQLState("23P01")
    package static let serializationFailure = SQLState("40001")
    package static let deadlockDetected = SQLState("40P01")
    package static let lockNotAvailable = SQLState("55P03")
    package static let insufficientPrivilege = SQLState("42501")
    package static let undefinedTable = SQLState("42P01")
    package static let readOnlyTransaction = SQLState("25006")
    package static let inFailedTransaction = SQLState("25P02")
    package static let queryCancelled = SQLState("57014")
    package static let adminShutdown = SQLState("57P01")
    package static let crashShutdown = SQLState("57P02")
    package static let cannotConnectNow = SQLState("57P03")
    package static let unknownPreparedStatement = SQLState("26000")
    package static let internalError = SQLState("XX000")

    /// Whether the server undid everything and the same transaction may pass when it is repeated.
    package var isTransient: Bool {
        switch self {
        case .serializationFailure, .deadlockDetected, .lockNotAvailable, .readOnlyTransaction, .queryCancelled,
            .adminShutdown, .crashShutdown, .cannotConnectNow, .unknownPreparedStatement:
            true
        default: false
        }
    }

    /// Whether the session that reported it is of no more use: the server stops, or is no primary any more.
    var endsSession: Bool {
        switch self {
        case .readOnlyTransaction, .adminShutdown, .crashShutdown, .cannotConnectNow: true
        default: false
        }
    }
}
