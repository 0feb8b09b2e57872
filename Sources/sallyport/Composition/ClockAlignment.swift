import Domain
import Postgres

/// Keeps the installation's clock on the database's.
struct ClockAlignment: Sendable {
    let clock: AlignedClock

    /// Asks for the reference's time and takes the answer, with the time that the question took.
    func align(_ ask: () async throws -> Timestamp) async throws {
        let askedAt = ContinuousClock.now
        let reference = try await ask()
        clock.align(to: reference, askedAt: askedAt, answeredAt: .now)
    }

    /// For processes that give no sign of life.
    func align(with client: PostgresClient) async throws {
        try await align {
            let rows = try await client.read(Statement("SELECT clock_timestamp()"))
            guard let row = rows.first else { throw PostgresError.decoding(column: 0) }
            return Timestamp(microseconds: try row.timestampMicros(0))
        }
    }
}
