/// The rows of one statement, copied out of libpq's result: immutable, so its rows may go anywhere.
final class ResultTable: Sendable {
    /// Type of each column (`pg_type.oid`).
    let types: [UInt32]
    let rowCount: Int
    /// Where each field starts in `bytes`, row by row.
    let starts: [Int]
    /// Bytes of each field, row by row; −1 is `NULL`.
    let lengths: [Int32]
    /// All fields end to end, in the binary format of their types.
    let bytes: [UInt8]

    init(types: [UInt32], rowCount: Int, starts: [Int], lengths: [Int32], bytes: [UInt8]) {
        self.types = types
        self.rowCount = rowCount
        self.starts = starts
        self.lengths = lengths
        self.bytes = bytes
    }

    /// Its rows, in the server's order.
    var rows: [Row] {
        rowCount == 0 ? [] : (0..<rowCount).map { Row(table: self, index: $0) }
    }
}

/// Numbers of the types this module can read and write (PostgreSQL's `pg_type.dat`; they never change).
enum TypeNumber {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let json: UInt32 = 114
    static let float8: UInt32 = 701
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let uuidArray: UInt32 = 2951
    static let jsonb: UInt32 = 3802

    /// Types whose binary form is something else than their text. All else (`varchar`, `name`, enumerations, …) is
    /// read as text, and is refused if it isn't UTF-8.
    static func isBinary(_ type: UInt32) -> Bool {
        switch type {
        case bool, bytea, int8, int2, int4, 26, 700, float8, textArray, int8Array, 1082, 1083, 1114, timestamptz, 1186,
            1266, 1700, uuid, uuidArray, 869, 650, 829:
            true
        default: false
        }
    }
}
