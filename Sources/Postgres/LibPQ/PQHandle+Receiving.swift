internal import CLibPQ

/// One answer out of the pipeline.
enum PQOutcome {
    /// The answers to one statement are complete, or there is nothing to read.
    case endOfStatement
    /// A synchronisation point was reached: the transaction is over.
    case synchronised
    /// A statement succeeded with rows.
    case rows(ResultTable)
    /// A statement succeeded without rows; `tag` says what it did (`COMMIT`, `ROLLBACK`, …).
    case command(tag: String)
    /// A statement failed.
    case failed(SQLState, constraint: String?)
    /// A statement was skipped because an earlier one failed.
    case skipped
    /// The connection broke, or the server said something that belongs to no statement here (such as `COPY`).
    case broken
}

extension PQHandle {
    /// Takes the next answer; call it only while ``isBusy`` is false.
    func nextOutcome() -> PQOutcome {
        guard let result = unsafe PQgetResult(pointer) else { return .endOfStatement }
        defer { unsafe PQclear(result) }
        switch unsafe PQresultStatus(result) {
        case PGRES_TUPLES_OK:
            return unsafe .rows(Self.table(of: result))
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return unsafe .command(tag: PQcmdStatus(result).map { unsafe String(cString: $0) } ?? "")
        case PGRES_PIPELINE_SYNC:
            return .synchronised
        case PGRES_PIPELINE_ABORTED:
            return .skipped
        case PGRES_FATAL_ERROR:
            // libpq's own errors carry no SQLSTATE: the connection is gone.
            guard let state = unsafe Self.field(libpq_field_sqlstate, of: result) else { return .broken }
            return unsafe .failed(SQLState(state), constraint: Self.field(libpq_field_constraint, of: result))
        default:
            return .broken
        }
    }

    private static func field(_ code: Int32, of result: OpaquePointer) -> String? {
        unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
    }

    /// Copies all rows out, so that nothing points into libpq's memory.
    private static func table(of result: OpaquePointer) -> ResultTable {
        let rowCount = unsafe Int(PQntuples(result))
        let columnCount = unsafe Int(PQnfields(result))
        let types = (0..<columnCount).map { unsafe PQftype(result, Int32($0)) }
        guard rowCount > 0, columnCount > 0 else {
            return ResultTable(types: types, rowCount: rowCount, starts: [], lengths: [], bytes: [])
        }
        var starts: [Int] = []
        var lengths: [Int32] = []
        starts.reserveCapacity(rowCount * columnCount)
        lengths.reserveCapacity(rowCount * columnCount)
        var total = 0
        for row in 0..<Int32(rowCount) {
            for column in 0..<Int32(columnCount) {
                starts.append(total)
                let isNull = unsafe PQgetisnull(result, row, column) == 1
                let length = unsafe isNull ? -1 : PQgetlength(result, row, column)
                lengths.append(length)
                total += Int(max(0, length))
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        var field = 0
        for row in 0..<Int32(rowCount) {
            for column in 0..<Int32(columnCount) {
                let length = Int(lengths[field])
                field += 1
                guard length > 0, let value = unsafe PQgetvalue(result, row, column) else { continue }
                unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
            }
        }
        return ResultTable(types: types, rowCount: rowCount, starts: starts, lengths: lengths, bytes: bytes)
    }
}
