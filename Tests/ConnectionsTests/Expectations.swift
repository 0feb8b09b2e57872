import Connections
import Testing

/// Runs the body and returns the error that it throws; records an issue where it throws none.
func failure<T>(
    _ body: () async throws(UseCaseError) -> T, sourceLocation: SourceLocation = #_sourceLocation
) async -> UseCaseError? {
    do throws(UseCaseError) {
        _ = try await body()
        Issue.record("it succeeded", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}

/// As above, for uses of a connection.
func useFailure<T>(
    _ body: () async throws(UseError) -> T, sourceLocation: SourceLocation = #_sourceLocation
) async -> UseError? {
    do throws(UseError) {
        _ = try await body()
        Issue.record("it succeeded", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}
