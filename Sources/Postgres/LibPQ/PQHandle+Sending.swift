internal import CLibPQ

extension PQHandle {
    /// Queues a statement to be prepared under `name`; `false` if the connection is lost.
    func prepare(_ sql: StaticString, name: String, types: [UInt32]) -> Bool {
        sql.withUTF8Buffer { text in
            unsafe text.withMemoryRebound(to: CChar.self) { text in
                unsafe types.withUnsafeBufferPointer { types in
                    unsafe PQsendPrepare(pointer, name, text.baseAddress, Int32(types.count), types.baseAddress) == 1
                }
            }
        }
    }

    /// Queues a prepared statement; all results in binary. `false` if the connection is lost.
    func execute(prepared name: String, _ parameters: borrowing EncodedParameters) -> Bool {
        let count = Int32(parameters.lengths.count)
        return unsafe parameters.withPointers { values, lengths, formats in
            unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1) == 1
        }
    }

    /// Queues a statement to be parsed and run at once; all results in binary. `false` if the connection is lost.
    func execute(_ sql: StaticString, _ parameters: borrowing EncodedParameters) -> Bool {
        sql.withUTF8Buffer { text in
            unsafe text.withMemoryRebound(to: CChar.self) { text in
                unsafe send(text.baseAddress, parameters)
            }
        }
    }

    /// As ``execute(_:_:)`` for text made at run time (`LISTEN` takes no parameters).
    func execute(text: String) -> Bool {
        unsafe text.withCString { unsafe send($0, EncodedParameters()) }
    }

    private func send(_ sql: UnsafePointer<CChar>?, _ parameters: borrowing EncodedParameters) -> Bool {
        let count = Int32(parameters.lengths.count)
        return unsafe parameters.types.withUnsafeBufferPointer { types in
            unsafe parameters.withPointers { values, lengths, formats in
                unsafe PQsendQueryParams(
                    pointer, sql, count, types.baseAddress, values, lengths, formats, 1) == 1
            }
        }
    }

    /// Queues a synchronisation point: what came since the last one is one transaction.
    func sync() -> Bool {
        unsafe PQpipelineSync(pointer) == 1
    }

    /// Sends several statements by the simple protocol; outside pipeline mode only.
    func runScript(_ sql: String) -> Bool {
        unsafe PQsendQuery(pointer, sql) == 1
    }
}
