internal import CLibPQ

/// libpq's keywords for one connection, and the order in which its hosts are tried.
///
/// libpq itself moves to the next host only when one refuses. One that swallows packets would hold every attempt until
/// the time is up, so each attempt begins one host further on.
struct ConnectionKeywords {
    private let fixed: [(name: String, value: String)]
    /// The comma-separated lists that belong together: `host`, `hostaddr`, `port`.
    private let lists: [(name: String, values: [String])]
    private let hostCount: Int

    /// - Parameters:
    ///   - connectionString: URI or keywords.
    ///   - sessionOptions: server settings for the start of the session, added to those of the string.
    /// - Returns: `nil` for a malformed connection string.
    init?(
        connectionString: String, password: PostgresPassword?, applicationName: String,
        sessionOptions: [(name: String, value: String)]
    ) {
        guard let given = Self.parse(connectionString) else { return nil }
        var options = given["options"].map { [$0] } ?? []
        options += sessionOptions.map { "-c \($0.name)=\($0.value)" }
        var keywords = [(name: "dbname", value: connectionString)]
        keywords.append((name: "client_encoding", value: "UTF8"))
        keywords.append((name: "application_name", value: applicationName))
        if !options.isEmpty { keywords.append((name: "options", value: options.joined(separator: " "))) }
        if let password { keywords.append((name: "password", value: password.text)) }
        fixed = keywords
        lists = ["host", "hostaddr", "port"].compactMap { name in
            given[name].map {
                (name: name, values: $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
            }
        }
        hostCount = lists.map(\.values.count).max() ?? 1
    }

    /// Keywords of an attempt that begins with host `first` (counted round and round).
    func rotated(by first: Int) -> [(name: String, value: String)] {
        guard hostCount > 1 else { return fixed }
        let shift = first % hostCount
        // A single port holds for every host and stays as it is.
        return fixed
            + lists.filter { $0.values.count == hostCount }.map { list in
                (name: list.name, value: (list.values[shift...] + list.values[..<shift]).joined(separator: ","))
            }
    }

    /// What a connection string says, without what the environment or files would add; `nil` if it is malformed.
    static func parse(_ connectionString: String) -> [String: String]? {
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(connectionString, &message)
        // The message quotes the string, so it goes nowhere.
        unsafe PQfreemem(message)
        guard let options = unsafe options else { return nil }
        defer { unsafe PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        var option = unsafe options
        while let name = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe keywords[String(cString: name)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return keywords
    }
}

extension PostgresConfiguration {
    /// Whether libpq can read the connection strings. It says nothing about whether anybody answers there.
    package var isWellFormed: Bool {
        ConnectionKeywords.parse(connectionString) != nil
            && listenConnectionString.map { ConnectionKeywords.parse($0) != nil } ?? true
    }
}
