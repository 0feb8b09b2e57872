import Postgres

/// Statements of several scopes for one transaction: each runs in its own, entered where it differs from the one before.
struct ScopedStatements {
    /// The scope that the transaction begins in.
    let firstScope: RowScope
    private(set) var statements: [Statement] = []
    private var scope: RowScope

    init(beginningIn scope: RowScope) {
        firstScope = scope
        self.scope = scope
    }

    /// - Returns: where its rows stand among the transaction's results.
    @discardableResult
    mutating func append(_ statement: Statement, in scope: RowScope) -> Int {
        if scope != self.scope {
            self.scope = scope
            statements.append(AuditStatements.enter(scope))
        }
        statements.append(statement)
        return statements.count - 1
    }
}
