import Connections
import Domain

/// What an administrative command works with: the installation, one environment in it, and the way to write its answer.
struct AdministrativeSession: Sendable {
    let installation: Installation
    let environment: Environment
    let output: CommandOutput

    /// A fresh call context of the command line's principal.
    func context() -> CallContext { .ofCommandLine(in: environment.id) }

    static func run(
        _ options: InstallationOptions, _ selection: EnvironmentOptions, for use: Installation.Use = .command,
        _ body: @Sendable (AdministrativeSession) async throws -> Void
    ) async throws {
        try await CommandFailure.run {
            let settings = try await options.settings()
            try await Installation.open(settings, for: use) { installation in
                let environment = try await installation.environment(named: selection.environment)
                try await body(
                    AdministrativeSession(installation: installation, environment: environment, output: options.output))
            }
        }
    }
}

extension CallContext {
    /// A fresh one of the command line's principal, which may do everything in an environment.
    static func ofCommandLine(in environment: EnvironmentID) -> CallContext {
        CallContext(
            principal: Principal(
                identity: .commandLine, environmentID: environment, tenantID: nil, permissions: .all),
            requestID: "cli-" + String(SystemRandomSource().next(), radix: 16),
            deadline: .now.advanced(by: .seconds(30)))
    }
}

extension Installation {
    /// The environment of that name, or the only one there is.
    func environment(named name: String?) async throws(CommandFailure) -> Environment {
        let all: [Environment]
        do throws(UseCaseError) {
            if let name {
                guard let slug = Slug(name) else { throw .notFound(.environment) }
                return try await environments.find(name: slug)
            }
            all = try await environments.list()
        } catch {
            throw CommandFailure(error)
        }
        guard let only = all.first else {
            throw CommandFailure(.notFound, "there is no environment yet: `sallyport environments create NAME`")
        }
        guard all.count == 1 else {
            throw CommandFailure(.badData, "--environment says which of \(all.count) is meant")
        }
        return only
    }
}

/// Parses what stands on a command line; names the argument, not what it held.
enum CommandArgument {
    static func id<Kind: EntityKind>(_ text: String, _: Kind.Type = Kind.self) throws(CommandFailure) -> EntityID<Kind>
    {
        guard let id = EntityID<Kind>(text) else {
            throw CommandFailure(.badData, "an identifier that begins with \(Kind.prefix)_ is needed")
        }
        return id
    }

    static func slug(_ text: String, _ what: String) throws(CommandFailure) -> Slug {
        guard let slug = Slug(text) else {
            throw CommandFailure(.badData, "\(what) is 1 to 63 of a–z, 0–9 and -, not beginning or ending with -")
        }
        return slug
    }

    static func page<Kind: EntityKind>(
        _ options: ListOptions, _: Kind.Type = Kind.self
    ) throws(CommandFailure) -> PageRequest<Kind> {
        var start = PageStart<Kind>.first
        if let after = options.after { start = .after(try id(after)) }
        guard let page = PageRequest(start: start, limit: options.limit) else {
            throw CommandFailure(.badData, "--limit is 1 to 200")
        }
        return page
    }

    /// `name=value` pairs; the value may be empty and may hold `=`.
    static func pairs(_ texts: [String], _ option: String) throws(CommandFailure) -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw CommandFailure(.badData, "\(option) takes NAME=VALUE")
            }
            pairs[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return pairs
    }
}
