/// A condition did not come true in time.
package struct DidNotHappen: Error {}

/// Waits until a condition holds, looking every few milliseconds.
///
/// - Throws: ``DidNotHappen`` at the deadline, or what the condition throws.
package func eventually(
    within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw DidNotHappen() }
        try await Task.sleep(for: .milliseconds(2))
    }
}
