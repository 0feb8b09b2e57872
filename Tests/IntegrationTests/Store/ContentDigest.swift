import Postgres

extension PostgresClient {
    /// A digest of every row of every table, for a superuser: equal before and after means that nothing changed.
    func contentDigest() async throws -> String {
        try await read(Statement("SELECT md5(schema_to_xml('sallyport', true, false, '')::text)")).exactlyOne().text(0)
    }

    /// The first column of the only row.
    func number(_ statement: Statement) async throws -> Int64 {
        try await read(statement).exactlyOne().int(0)
    }
}
