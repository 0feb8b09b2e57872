internal import HTTPTypes

/// A request as the session means to send it, whatever number of times.
struct SessionPlan: Sendable {
    var method: HTTPRequest.Method
    var url: URLReference
    var headers: HTTPFields
    var body: [UInt8]?
    var isRepeatable: Bool
    var deadline: ContinuousClock.Instant
    /// What every URL carries.
    private let queryOptions: [String]
    /// It is for a token alone.
    var isFetch = false
    /// The fields that took the place of those that a 401 refused.
    var renewed: HTTPFields?

    /// Reads need no token and change nothing.
    var isRead: Bool { method == .get || method == .head || method == .options }

    /// HTML is an answer, not a logon page, to who asks for it or takes anything (media).
    var takesHTML: Bool {
        headers[values: .accept].contains { $0.contains("html") || $0.contains("*/*") || $0.contains("text/*") }
    }

    init(
        _ request: SessionRequest, root: ServiceRoot, options: SessionOptions, isSAP: Bool
    ) throws(ODataError) {
        guard var url = URLReference(try root.url(of: request.target)) else { throw .foreignLink }
        queryOptions = root.options + Self.queryOptions(options, isSAP: isSAP)
        url.appendMissing(queryOptions)
        (method, self.url, body) = (request.method, url, request.body)
        headers = Self.headers(request.headers, options)
        deadline = request.deadline ?? options.clock.now() + options.timeout
        isRepeatable = request.isRepeatable ?? [.get, .head, .options].contains(request.method)
        if isSAP, isRead, headers[HTTPField.Name.sapCancelOnClose] == nil {
            // A read that nobody waits for any more needn't keep a work process.
            headers[HTTPField.Name.sapCancelOnClose] = "true"
        }
    }

    mutating func follow(_ redirect: URLReference) {
        url = redirect
        url.appendMissing(queryOptions)
    }

    private static func queryOptions(_ options: SessionOptions, isSAP: Bool) -> [String] {
        var queryOptions: [String] = []
        if let client = options.sapClient { queryOptions.append("sap-client=" + encoded(client)) }
        if isSAP, let language = options.language { queryOptions.append("sap-language=" + language.sapKey) }
        return queryOptions
    }

    /// The request's own fields, then those of the options, then defaults. Without `Accept`, services answer Atom.
    private static func headers(_ own: HTTPFields, _ options: SessionOptions) -> HTTPFields {
        var headers = own
        for field in options.headers where own[field.name] == nil { headers.append(field) }
        if headers[.accept] == nil { headers[.accept] = "application/json" }
        if headers[.acceptLanguage] == nil, let language = options.language { headers[.acceptLanguage] = language.tag }
        return headers
    }

    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { encoded, byte in
            if (48...57).contains(byte) || (65...90).contains(byte & 0xDF) && byte < 0x80 {
                encoded.append(Character(Unicode.Scalar(byte)))
            } else {
                encoded += "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }
    }

    /// As it goes out.
    func head(_ outgoing: SessionState.Outgoing, authorization: HTTPFields) -> HTTPRequest {
        var fields = headers
        for field in authorization { fields[values: field.name] = authorization[values: field.name] }
        // The caller's own may be the credential (`MYSAPSSO2`), which the session's must not displace.
        if let cookie = outgoing.cookie { fields[.cookie] = fields[.cookie].map { $0 + "; " + cookie } ?? cookie }
        if outgoing.asksForToken {
            fields[HTTPField.Name.csrfToken] = "Fetch"
        } else if let token = outgoing.token {
            fields[HTTPField.Name.csrfToken] = token
        }
        let target = url.path + (url.query.map { "?" + $0 } ?? "")
        return HTTPRequest(
            method: method, scheme: url.scheme, authority: url.authority, path: target.isEmpty ? "/" : target,
            headerFields: fields)
    }
}
