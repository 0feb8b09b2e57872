/// One SQL statement and its parameters `$1`, `$2`, …
///
/// The text is a literal of the program: it cannot be put together at run time, and its address names its prepared
/// form. What varies is bound.
package struct Statement: Sendable {
    package let sql: StaticString
    /// At most 65,535 (the protocol's bound).
    package let parameters: [PostgresValue]

    package init(_ sql: StaticString, _ parameters: [PostgresValue] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}
