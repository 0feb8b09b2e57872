import ArgumentParser
import Glibc
import HTTPTypes
import OData
import ODataCurl

/// Which service is spoken with, and how.
struct ServiceArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The service's root URL; else ODATA_SERVICE of the environment.", valueName: "url"))
    var service: String?

    @Option(help: ArgumentHelp("A file with header lines (`Name: value`), such as an API key.", valueName: "file"))
    var headerFile: String?

    @Option(help: ArgumentHelp("A file with `user:password`, for Basic.", valueName: "file"))
    var userFile: String?

    @Option(help: ArgumentHelp("A file with a token, for Bearer; for the proxy with --sallyport.", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("SAP's client, such as 100.", valueName: "client"))
    var sapClient: String?

    @Option(help: ArgumentHelp("Language of labels and messages, such as de or zh-Hant.", valueName: "tag"))
    var language: String?

    @Option(help: ArgumentHelp("2, 4 or 4.01; else what the metadata says.", valueName: "version"))
    var protocolVersion: String?

    @Option(help: ArgumentHelp("Metadata from a file instead of the service.", valueName: "file"))
    var metadata: String?

    @Option(help: ArgumentHelp("Authorities to trust, a PEM bundle; else the system's.", valueName: "file"))
    var caFile: String?

    @Option(help: ArgumentHelp("Send through this Sallyport proxy (its data plane's origin).", valueName: "url"))
    var sallyport: String?

    @Option(help: ArgumentHelp("The linked connection, with --sallyport.", valueName: "id"))
    var connection: String?

    @Option(help: ArgumentHelp("Seconds for each request, repetitions included.", valueName: "seconds"))
    var timeout: Int = 120

    @Flag(help: "Tell the requests on standard error: methods, URLs and statuses, no headers and no bodies.")
    var verbose = false

    func validate() throws {
        guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout is from 1 to 86400 seconds.") }
        guard (sallyport == nil) == (connection == nil) else {
            throw ValidationError("--sallyport and --connection belong together.")
        }
        guard sallyport == nil || tokenFile != nil else {
            throw ValidationError("--sallyport needs the caller token in --token-file.")
        }
        if let protocolVersion, Self.versions[protocolVersion] == nil {
            throw ValidationError("--protocol-version is 2, 4 or 4.01.")
        }
        if let language, ServiceLanguage(language) == nil { throw ValidationError("'\(language)' is no language tag.") }
    }

    private static let versions: [String: ODataVersion] = [
        "2": .v2, "2.0": .v2, "4": .v4, "4.0": .v4, "4.01": .v401,
    ]

    func rootURL() throws -> String {
        if let service { return service }
        guard let value = unsafe getenv("ODATA_SERVICE") else {
            throw ValidationError("Name the service: --service URL, or ODATA_SERVICE in the environment.")
        }
        return unsafe String(cString: value)
    }

    func root() throws -> ServiceRoot {
        let url = try rootURL()
        do {
            return try ServiceRoot(url)
        } catch {
            // Not shown: there may be a password in it.
            throw ValidationError("The service's URL is no absolute http or https URL, or has a user name in it.")
        }
    }

    /// Runs with a client, and ends its transport whatever happens.
    func withClient(_ run: (ODataClient) async throws -> Void) async throws {
        let root = try root()
        var curl = CurlOptions()
        if let caFile { curl.caFile = caFile }
        let transport: CurlTransport
        do {
            transport = try CurlTransport(options: curl)
        } catch {
            throw Failure("libcurl can't be used: \(error)", code: .unreachable)
        }
        do {
            let client = ODataClient(
                root: root, transport: try outermost(transport, root), options: try clientOptions(),
                session: try sessionOptions())
            try await run(client)
        } catch {
            await transport.shutdown(within: .zero)
            throw Failure(of: error)
        }
        await transport.shutdown(within: .zero)
    }

    private func outermost(_ transport: CurlTransport, _ root: ServiceRoot) throws -> any ODataTransport {
        let told: any ODataTransport = verbose ? TellingTransport(transport) : transport
        guard let sallyport, let connection, let tokenFile else { return told }
        let token = try InputFile.line(tokenFile)
        return try SallyportTransport(
            proxy: sallyport, connection: connection, system: Self.origin(of: root.url), over: told,
            callerToken: { token })
    }

    /// Scheme and authority: what a connection is linked with.
    static func origin(of url: String) -> String {
        guard let scheme = url.range(ofSeparator: "://") else { return url }
        let rest = url[scheme.upperBound...]
        return String(url[..<scheme.upperBound])
            + (rest.firstIndex(of: "/").map { String(rest[..<$0]) } ?? String(rest))
    }

    private func clientOptions() throws -> ClientOptions {
        var options = ClientOptions()
        if let protocolVersion, let version = Self.versions[protocolVersion] { options.version = .exactly(version) }
        if let metadata { options.metadata = .given(try MetadataFile.read(metadata)) }
        return options
    }

    private func sessionOptions() throws -> SessionOptions {
        var options = SessionOptions()
        options.timeout = .seconds(timeout)
        options.sapClient = sapClient
        options.language = language.flatMap { ServiceLanguage($0) }
        if let headerFile { options.headers = try InputFile.headers(headerFile) }
        if let fields = try authorization() { options.authorization = { fields } }
        return options
    }

    private func authorization() throws -> HTTPFields? {
        if let userFile { return [.authorization: "Basic " + Base64.encode(Array(try InputFile.line(userFile).utf8))] }
        if let tokenFile, sallyport == nil { return [.authorization: "Bearer " + (try InputFile.line(tokenFile))] }
        return nil
    }
}

extension String {
    fileprivate func range(ofSeparator separator: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(separator) { return index..<self.index(index, offsetBy: separator.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
