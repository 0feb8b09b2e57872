package import Connections
import Domain
package import Logging
package import Postgres

/// Caller-token signing keys, each sealed under its environment's key.
package struct PostgresSigningKeyStore: SigningKeyStore {
    private let database: Database

    package init(client: PostgresClient, logger: Logger) {
        database = Database(client: client, logger: logger)
    }

    package func all() async throws(StoreError) -> [StoredSigningKey] {
        try await database.read(Statement(Self.all), in: .installation).decoded(Self.key)
    }

    package func insertFirst(_ key: StoredSigningKey) async throws(StoreError) -> StoredSigningKey {
        let insert = Statement(
            Self.insertFirst,
            [
                key.environmentID.value, .text(key.kid), .text(key.state.rawValue), .bytes(key.publicKey),
                .bytes(key.seed.envelope), .int(Int64(key.seed.keyVersion)), .int(key.seed.recordVersion),
                .timestamp(key.notBefore), .timestamp(key.createdAt),
            ])
        // The second statement sees what another instance committed while the first one waited for it.
        let results = try await database.write(
            [insert, Statement(Self.active, [key.environmentID.value])], in: .environment(key.environmentID))
        guard let active = try results.last?.atMostOne(Self.key) else { throw .stale }
        return active
    }

    private static func key(_ row: inout RowReader) throws(StoreError) -> StoredSigningKey {
        StoredSigningKey(
            environmentID: try row.id(), kid: try row.text(), state: try row.code(), publicKey: try row.bytes(),
            seed: try row.secret(), notBefore: try row.timestamp(), createdAt: try row.timestamp())
    }
}

extension PostgresSigningKeyStore {
    private static let all: StaticString = """
        SELECT environment_id, kid, state, public_key, seed, seed_key_version, seed_version, not_before, created_at
        FROM sallyport.signing_keys
        ORDER BY environment_id, created_at, kid
        """

    private static let active: StaticString = """
        SELECT environment_id, kid, state, public_key, seed, seed_key_version, seed_version, not_before, created_at
        FROM sallyport.signing_keys
        WHERE environment_id = $1 AND state = 'active'
        """

    private static let insertFirst: StaticString = """
        INSERT INTO sallyport.signing_keys
            (environment_id, kid, state, public_key, seed, seed_key_version, seed_version, not_before, created_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
        WHERE NOT EXISTS (
            SELECT FROM sallyport.signing_keys WHERE environment_id = $1 AND state = 'active'
        )
        ON CONFLICT DO NOTHING
        """
}
