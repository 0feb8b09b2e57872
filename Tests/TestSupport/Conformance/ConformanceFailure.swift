/// A port did not do what its protocol says.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Fails with what should have held.
func require(_ holds: Bool, _ what: String) throws {
    guard holds else { throw ConformanceFailure(what) }
}
