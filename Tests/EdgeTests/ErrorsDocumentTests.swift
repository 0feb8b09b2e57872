import Connections
import Domain
@testable import Edge
import Foundation
import HTTPTypes
import Testing

@Suite("docs/errors.md lists every error, and none that there isn't")
struct ErrorsDocumentTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// First cells of the tables under a heading, with the status beside them.
    private static func rows(_ heading: String) throws -> [(codes: [String], status: Int?)] {
        let text = try String(contentsOf: root.appending(path: "docs/errors.md"), encoding: .utf8)
        let start = try #require(text.range(of: "\n\(heading)\n"))
        let section = text[start.upperBound...].prefix(while: { _ in true })
            .split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.hasPrefix("#") }
        return section.filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            let codes = cells[1].split(separator: "`").map { String($0) }.filter { $0.first?.isLetter ?? false }
            return (codes, Int(cells[2].filter(\.isNumber)))
        }
    }

    @Test func `of the control plane, with its status`() throws {
        let rows = try Self.rows("## Control plane")
        #expect(rows.flatMap(\.codes) == ProblemCode.allCases.map(\.rawValue))
        for (row, code) in zip(rows, ProblemCode.allCases) { #expect(row.status == code.status.code, "\(code)") }
    }

    @Test func `of the token endpoint, with its status`() throws {
        let rows = try Self.rows("## Token endpoint")
        #expect(rows.flatMap(\.codes) == TokenError.Code.allCases.map(\.rawValue))
        for (row, code) in zip(rows, TokenError.Code.allCases) { #expect(row.status == code.status.code, "\(code)") }
    }

    @Test func `of members`() throws {
        let written = Set(try Self.rows("### Codes in `errors`").flatMap(\.codes))
        let edge = Set(InvalidMember.Code.allCases.map(\.rawValue))
        #expect(written == edge.union(InputProblemCode.allCases.map(\.rawValue)))
    }

    @Test func `of verifications`() throws {
        let failures: [VerificationFailure] = [
            .credentialRefused(status: 401), .destinationRefused, .unresolvable, .unreachable, .tlsFailed, .timedOut,
            .unexpectedStatus(500), .unreadableAnswer, .overloaded, .unusableFields, .tokenEndpoint(.invalidClient),
            .tokenEndpoint(.invalidGrant), .tokenEndpoint(.refused), .tokenEndpoint(.refusedWithoutReason),
            .tokenEndpoint(.rateLimited(retryAfter: nil)),
            .tokenEndpoint(.serverError(retryAfter: nil)), .tokenEndpoint(.redirected), .tokenEndpoint(.malformed),
            .tokenEndpoint(.destinationRefused), .tokenEndpoint(.unresolvable), .tokenEndpoint(.unreachable),
            .tokenEndpoint(.tlsFailed), .tokenEndpoint(.timedOut), .tokenEndpoint(.outcomeUnknown),
            .tokenEndpoint(.overloaded), .tokenEndpoint(.misconfigured),
        ]
        let codes = failures.map { VerificationProblem($0).failure }
        #expect(codes.count == Set(codes).count)
        #expect(Set(codes) == Set(try Self.rows("### Values of `failure`").flatMap(\.codes)))
    }

    @Test func `of reasons`() throws {
        let rows = try Self.rows("### Values of `reason`, `status_reason` and `last_error`")
        #expect(Set(rows.flatMap(\.codes)) == Set(StatusReason.allCases.map(\.rawValue)))
    }

    /// The data plane is no dependency of this target: its codes are read from its source.
    @Test func `of the data plane`() throws {
        let source = try String(
            contentsOf: Self.root.appending(path: "Sources/Proxy/Problems/DataPlaneProblem.swift"), encoding: .utf8)
        let body = try #require(source.range(of: "package enum DataPlaneProblem"))
        var codes: Set<String> = []
        for line in source[body.upperBound...].split(separator: "\n") {
            if line.contains("package var code") { break }
            guard let match = line.wholeMatch(of: #/    case (\w+)(?: = "(\w+)")?/#) else { continue }
            codes.insert(String(match.output.2 ?? match.output.1))
        }
        #expect(codes.count > 20)
        #expect(Set(try Self.rows("## Data plane").flatMap(\.codes)) == codes)
    }
}
